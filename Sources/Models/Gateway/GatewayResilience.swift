public import Base
public import Resilience
internal import Synchronization

/// What the gateway does when providers fail: the policies, and what is remembered of each provider and model. From any
/// thread.
public final class GatewayResilience: Sendable {
    /// What holds where neither the provider nor the model's name says otherwise.
    public let settings: ResilienceSettings
    /// The circuits by target and key. A key that its provider rejects rests for all models of the provider.
    public let circuits: BreakerBoard<KeyedTarget>
    private let providers: [String: ResilienceSettings]
    private let time: any TimeSource
    /// By provider, so there are no more of them than the configuration names.
    private let budgets = Mutex<[String: ProviderBudget]>([:])
    private let generator: Mutex<SeededGenerator>

    /// - Parameters:
    ///   - providers: The settings of those that have their own, complete.
    ///   - onEvent: Told of circuits that open and close, of rests and of rejected keys; called outside of all locks,
    ///     must not block.
    public init(
        _ settings: ResilienceSettings = ResilienceSettings(), providers: [String: ResilienceSettings] = [:],
        time: any TimeSource, generator: SeededGenerator,
        onEvent: (@Sendable (KeyedTarget, CircuitEvent) -> Void)? = nil
    ) {
        self.settings = settings
        self.providers = providers
        self.time = time
        self.generator = Mutex(generator)
        circuits = BreakerBoard(
            time: time, credential: { KeyedTarget(Target(provider: $0.target.provider, model: ""), key: $0.key) },
            onEvent: onEvent
        ) { (providers[$0.target.provider] ?? settings).breaker }
    }

    /// One attempt on each target, and nothing remembered.
    static func none(time: any TimeSource) -> GatewayResilience {
        var settings = ResilienceSettings()
        settings.retry = RetryPolicy(retries: 0, maxAttempts: 100)
        settings.breaker.mode = .off
        return GatewayResilience(settings, time: time, generator: SeededGenerator(seed: 0))
    }

    /// What holds for calls to a provider, whoever asks.
    func settings(of provider: String) -> ResilienceSettings { providers[provider] ?? settings }

    /// The right to ask a target; `nil` where its provider has no circuits.
    func permit(for target: KeyedTarget) throws(CallRefusal) -> CallPermit? {
        if settings(of: target.target.provider).breaker.mode == .off { return nil }
        return try circuits.circuit(for: target).permit()
    }

    func budget(of provider: String) -> ProviderBudget {
        let policy = settings.retry
        return budgets.withLock { budgets in
            if let known = budgets[provider] { return known }
            let budget = ProviderBudget(policy, time: time)
            budgets[provider] = budget
            return budget
        }
    }

    /// Randomness of its own, so that no lock is held while a decision is taken.
    func randomness() -> SeededGenerator { generator.withLock { $0.split() } }
}
