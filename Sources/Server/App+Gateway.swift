internal import Base
internal import LocalModels
internal import Models
internal import Resilience
internal import Telemetry
internal import Transport

/// What the gateway is built of.
extension App {
    static func resilience(
        _ configuration: Configuration, total: Limiter?, time: any TimeSource, generator: SeededGenerator,
        onEvent: @escaping @Sendable (KeyedTarget, CircuitEvent) -> Void
    ) -> GatewayResilience {
        var own: [String: ResilienceSettings] = [:]
        var keys: [String: GatewayResilience.Keys] = [:]
        for provider in configuration.providers {
            own[provider.name] = provider.resilience
            if case .remote(let remote) = provider.service, remote.apiKeys.count > 1 {
                keys[provider.name] = .init(count: remote.apiKeys.count, strategy: remote.keyStrategy)
            }
        }
        return GatewayResilience(
            configuration.resilience, providers: own, keys: keys, total: total, time: time, generator: generator,
            onEvent: onEvent)
    }

    /// What may take an answer's place when every target has failed.
    static func standIns(_ configuration: Configuration) -> Gateway.StandIns {
        for provider in configuration.providers {
            guard case .local = provider.service, let model = provider.models.first else { continue }
            return Gateway.StandIns(local: Target(provider: provider.name, model: model))
        }
        return Gateway.StandIns()
    }

    static func health(
        _ configuration: Configuration, _ knownTargets: Set<Target>, _ resilience: GatewayResilience,
        _ metrics: ServerMetrics
    ) -> @Sendable () -> GatewayHealth {
        let providers = configuration.providers.map(\.name)
        return {
            let limits = resilience.limiters.map { ($0.provider, $0.limiter.snapshot) }
            return GatewayHealth(
                providers: providers, knownTargets: knownTargets, circuits: resilience.circuits.snapshot(),
                limits: Dictionary(limits) { first, _ in first }, total: resilience.total?.snapshot,
                rates: metrics.recentCalls)
        }
    }

    /// The providers' models by their names.
    static func models(_ configuration: Configuration, _ lasting: Lasting) -> [String: any ChatModel] {
        let (client, time) = (lasting.client, lasting.time)
        var models: [String: any ChatModel] = [:]
        for provider in configuration.providers {
            switch provider.service {
            case .remote(let remote):
                var settings = ProviderConfiguration(name: provider.name, baseURL: remote.baseURL.text)
                settings.keys = remote.apiKeys
                settings.proxy = remote.proxy?.text
                settings.asksForUsage = remote.asksForUsage
                settings.timeouts = provider.resilience.timeouts
                models[provider.name] =
                    switch remote.dialect {
                    case .anthropic: Provider<Anthropic>(settings, client: client, clock: time)
                    case .openai, .local:
                        OpenAIProvider(settings, hasResponses: remote.hasResponses, client: client, clock: time)
                    }
            case .local(let name, let path):
                let files = LocalConfiguration(model: path ?? name, environment: lasting.environment)
                let local = lasting.locals.model(files) {
                    LocalModel(configuration: files, generator: lasting.randomness(), time: time)
                }
                models[provider.name] = LocalChatModel(local)
            }
        }
        return models
    }
}
