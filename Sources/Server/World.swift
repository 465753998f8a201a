internal import Base
internal import Models
internal import Orchestrator
internal import Resilience
internal import Telemetry

/// Everything that depends on the configuration, built whole and never changed: another configuration is another world.
/// A request keeps the one in which it began, which lives until the last of them has ended.
final class World: Sendable {
    let configuration: Configuration
    /// Every value that is in force, secrets masked.
    let settings: [EffectiveSetting]
    /// Those that the configuration names.
    let knownTargets: Set<Target>
    let pipeline: RequestPipeline
    /// The table of routes.
    let routes: [Route]
    /// Who may ask.
    let rule: Gatekeeper.Rule
    /// What turns are answered with.
    let turns: Turns
    private let resilience: GatewayResilience
    private let unpriced: Set<Target>

    /// Nothing of it is in force yet, and nothing of `earlier` is touched.
    /// - Parameters:
    ///   - earlier: The one whose place it is to take.
    ///   - admin: The routes that reach beyond one world: those of whoever runs the server, and the socket.
    init(
        _ loaded: LoadedConfiguration, _ lasting: Lasting, after earlier: World? = nil, admin: [Route]
    ) throws(CodedError) {
        let configuration = loaded.configuration
        self.configuration = configuration
        settings = loaded.settings
        rule = try Gatekeeper.Rule(configuration)
        let directory = configuration.modelDirectory()
        let catalogue = configuration.modelCatalogue()
        knownTargets = Set(directory.names.compactMap { Target($0) })
        let withoutPrice = configuration.targetsWithoutPrice(directory, catalogue)
        unpriced = Set(withoutPrice)
        for target in withoutPrice where earlier?.unpriced.contains(target) != true {
            lasting.logger.log(
                .warning, "price unknown, answers will have no cost", .string("provider", target.provider),
                .string("model", target.model))
        }
        let models = App.models(configuration, lasting)
        let telemetry = lasting.telemetry
        resilience = App.resilience(
            configuration, total: earlier?.resilience.total, time: lasting.time, generator: lasting.randomness()
        ) { telemetry.circuitChanged($0, $1) }
        let gateway = Gateway(
            models: configuration.chaos.applied(
                to: models, observer: telemetry, time: lasting.time, generator: lasting.randomness()),
            catalogue: catalogue, resilience: resilience, standIns: App.standIns(configuration), observer: telemetry,
            clock: lasting.time)
        let plans = try configuration.planBook(directory)
        let orchestrator = try ChatOrchestrator(
            directory: directory, plans: plans, gateway: gateway, recorder: telemetry,
            onViolation: configuration.structuredOutput.onViolation,
            experts: ExpertSettings(cache: lasting.expertCache), guards: configuration.guards,
            conversations: ConversationSettings(
                lasting.conversationMemory, messages: configuration.conversations.messages),
            spans: lasting.spans, time: lasting.time, generator: lasting.randomness())
        let turns = Turns(
            orchestrator: orchestrator, registry: lasting.registry, liveRuns: lasting.liveRuns,
            drainState: lasting.drainState, metrics: lasting.metrics,
            settings: Turns.Settings(
                maxBody: configuration.server.maxBody, total: configuration.resilience.timeouts.total,
                heartbeat: configuration.server.heartbeat, runs: RunSettings(configuration.runs),
                bottlenecks: configuration.phases.rule),
            time: lasting.time, generator: lasting.randomness())
        self.turns = turns
        let health = App.health(configuration, knownTargets, resilience, lasting.metrics)
        let asking = World.turnRoutes(configuration.flags, turns, plans, directory, gateway, lasting)
        let routes = ContractRoutes.describing(
            HealthRoutes(
                drainState: lasting.drainState, metrics: lasting.metrics, health: health,
                folderProblem: { [folder = configuration.server.data] in DataFolder.problem(now: folder) },
                locals: App.localFiles(configuration, lasting.environment)
            ).routes
                + ModelsRoutes(plans: plans, directory: directory, catalogue: catalogue, created: lasting.started)
                .routes
                + asking + [World.statistics(lasting)] + admin,
            asksForKeys: configuration.auth.mode == .keys)
        self.routes = routes
        pipeline = RequestPipeline(
            routes: routes,
            hostAndOrigin: HostAndOrigin(hosts: configuration.server.hosts, origins: configuration.server.origins),
            crossOrigin: App.crossOrigin(configuration.server, routes), proxies: App.proxies(configuration.server),
            gatekeeper: lasting.gatekeeper, logger: lasting.logger, metrics: lasting.metrics,
            drainState: lasting.drainState, time: lasting.time,
            generator: lasting.randomness())
    }

    private static func statistics(_ lasting: Lasting) -> Route {
        StatisticsRoute(metrics: lasting.metrics) { [time = lasting.time, started = lasting.started] in
            max(0, time.wallTime().seconds - started)
        }.route
    }

    private static func turnRoutes(
        _ flags: Configuration.Flags, _ turns: Turns, _ plans: PlanBook, _ directory: ModelDirectory,
        _ gateway: Gateway, _ lasting: Lasting
    ) -> [Route] {
        let repaired = { @Sendable [metrics = lasting.metrics] repairs in metrics.repaired(repairs) }
        var routes = [
            ChatRoute(
                OpenAI.self, at: "/v1/chat/completions", .chatCompletions, ids: .completion, turns: turns,
                repaired: repaired
            ).route,
            ChatRoute(
                Anthropic.self, at: "/v1/messages", .messages, ids: .message, turns: turns, repaired: repaired
            ).route,
            CountTokensRoute(turns: turns, plans: plans, gateway: gateway).route,
            OrchestratorChatRoute(turns: turns).route,
            BulkRoute(turns: turns).route,
            RunEventsRoute(liveRuns: lasting.liveRuns, heartbeat: turns.settings.heartbeat).route,
        ]
        routes += CancelRoute(registry: lasting.registry).routes
        if flags.responses {
            routes.append(
                ChatRoute(
                    Responses.self, at: "/v1/responses", .responses, ids: .response, turns: turns, repaired: repaired
                ).route)
        }
        if flags.embeddings {
            routes.append(EmbeddingsRoute(turns: turns, directory: directory, gateway: gateway).route)
        }
        return routes
    }

    /// Goes on with what the earlier one remembered of the providers that are reached as before. Called once, before
    /// the first request.
    func takeOver(_ earlier: World) {
        let same = configuration.providers.filter { earlier.configuration.provider($0.name)?.service == $0.service }
        resilience.takeOver(earlier.resilience, providers: Set(same.map(\.name)))
    }
}
