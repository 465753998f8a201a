internal import Base
internal import HTTP
internal import HTTPClient
internal import HTTPServer
internal import LocalModels
internal import Models
internal import Orchestrator
internal import Resilience
internal import Telemetry
internal import Transport

/// The world of a running server, built by plain initialisers from one configuration.
final class App: Sendable {
    let logger: Logger
    let spans: MemorySpans
    private let configuration: Configuration
    private let group: EventLoopGroup
    private let client: HTTPClient
    private let locals: [LocalModel]
    private let server: HTTPServer
    private let registry = RunRegistry()
    private let drainState = DrainState()

    /// What the world takes from outside.
    struct Surroundings: Sendable {
        var environment: [String: String]
        var log: any LogSink
        /// The event loops' own clock, unless another one is given.
        var time: (any TimeSource)?
        var generator: SeededGenerator
        /// Event loops; one a core.
        var loops: Int
        var client = HTTPClient.Configuration()
    }

    init(_ configuration: Configuration, _ surroundings: Surroundings) throws(CodedError) {
        self.configuration = configuration
        var generator = surroundings.generator
        group = EventLoopGroup(count: surroundings.loops)
        let time: any TimeSource = surroundings.time ?? LoopClock(group)
        client = HTTPClient(group: group, configuration: surroundings.client)
        logger = Logger(sink: surroundings.log, level: App.level(configuration.log.level), time: time)
        spans = MemorySpans()

        let directory = configuration.modelDirectory()
        let knownTargets = Set(directory.names.compactMap { Target($0) })
        let metrics = ServerMetrics(knownTargets: knownTargets, time: time)
        let telemetry = ModelTelemetry(
            metrics: metrics, spans: spans, logger: logger, time: time, generator: generator.split())
        let (models, locals) = App.models(
            configuration, client: client, environment: surroundings.environment, time: time,
            generator: &generator)
        self.locals = locals
        let catalogue = configuration.modelCatalogue()
        for target in configuration.targetsWithoutPrice(directory, catalogue) {
            logger.log(
                .warning, "price unknown, answers will have no cost", .string("provider", target.provider),
                .string("model", target.model))
        }
        let resilience = App.resilience(configuration, time: time, generator: generator.split()) {
            telemetry.circuitChanged($0, $1)
        }
        let gateway = Gateway(
            models: configuration.chaos.applied(
                to: models, observer: telemetry, time: time, generator: generator.split()),
            catalogue: catalogue, resilience: resilience, standIns: App.standIns(configuration), observer: telemetry,
            clock: time)
        let orchestrator = try ChatOrchestrator(
            directory: directory, gateway: gateway, recorder: telemetry,
            onViolation: configuration.structuredOutput.onViolation, spans: spans, time: time,
            generator: generator.split())
        let limits = Turns.Settings(
            maxBody: configuration.server.maxBody, total: configuration.resilience.timeouts.total,
            heartbeat: configuration.server.heartbeat)
        let turns = Turns(
            orchestrator: orchestrator, registry: registry, drainState: drainState, metrics: metrics,
            settings: limits, time: time, generator: generator.split())

        let repaired = { @Sendable repairs in metrics.repaired(repairs) }
        let routes =
            HealthRoutes(
                drainState: drainState, metrics: metrics,
                health: App.health(configuration, knownTargets, resilience, metrics)
            ).routes
            + ModelsRoutes(directory: directory, catalogue: catalogue, created: time.wallTime().seconds).routes
            + [
                ChatRoute(OpenAI.self, at: "/v1/chat/completions", ids: .completion, turns: turns, repaired: repaired)
                    .route,
                ChatRoute(Responses.self, at: "/v1/responses", ids: .response, turns: turns, repaired: repaired).route,
                ChatRoute(Anthropic.self, at: "/v1/messages", ids: .message, turns: turns, repaired: repaired).route,
                CountTokensRoute(turns: turns, directory: directory, gateway: gateway).route,
                EmbeddingsRoute(turns: turns, directory: directory, gateway: gateway).route,
                OrchestratorChatRoute(turns: turns).route,
                CancelRoute(registry: registry).route,
            ]
        let pipeline = RequestPipeline(
            routes: routes,
            hostAndOrigin: HostAndOrigin(hosts: configuration.server.hosts, origins: configuration.server.origins),
            logger: logger, metrics: metrics, drainState: drainState, time: time, generator: generator.split())
        server = HTTPServer(
            group: group, limits: App.limits(configuration.server), time: time,
            protocolError: { pipeline.refuse($0) }
        ) { request, writer in await pipeline.handle(request, writer) }
    }

    /// Begins to listen; gives the port, also when 0 was asked for.
    func start() async throws(TransportError) -> UInt16 {
        let address = configuration.server.listen
        return try await server.start(address: address.host, port: address.port)
    }

    /// Stops: no new work, running answers get their time, then an error event. Returns when all is closed, within
    /// the configured drain time.
    func stop() async {
        drainState.begin()
        let loop = group.loops[0]
        let grace = max(.zero, configuration.server.drain - .seconds(6))
        let end = loop.now().advanced(by: grace)
        // The listener stays open meanwhile, so that probes see `/readyz` turn.
        while registry.count > 0, loop.now() < end {
            do throws(CancellationError) { try await loop.sleep(for: .milliseconds(20)) } catch { break }
        }
        await server.drain(grace: registry.count > 0 ? .zero : .milliseconds(200))
        for local in locals { local.shutdown() }
        await client.shutdown()
        await group.shutdown()
    }

    /// Calls back on a loop when the process is asked to stop: once for each signal. Returns when that is sure.
    func onStopSignal(_ received: @escaping @Sendable () -> Void) async {
        let loop = group.loops[0]
        await withCheckedContinuation { continuation in
            loop.execute {
                for signal in [Int32(2), 15] { _ = SignalWatcher(loop: loop, signal: signal, received: received) }
                continuation.resume()
            }
        }
    }
}

extension App {
    private static func level(_ level: Configuration.LogLevel) -> LogLevel {
        switch level {
        case .trace: .trace
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }

    private static func limits(_ server: Configuration.Server) -> ServerLimits {
        var limits = ServerLimits()
        limits.http = HTTPLimits(
            maxRequestLine: server.maxLine, maxHeaderBytes: server.maxHeaders, maxBody: .max)
        limits.headTimeout = server.headerTimeout
        limits.bodyTimeout = server.bodyTimeout
        limits.idleTimeout = server.idleTimeout
        limits.writeTimeout = server.writeTimeout
        limits.maxConnections = server.maxConnections
        return limits
    }
}
