public import Base
public import Resilience
internal import Synchronization

/// What the gateway does when providers fail: the policies, and what is remembered of each provider and model. From any
/// thread.
public final class GatewayResilience: Sendable {
    /// The keys of one provider.
    public struct Keys: Sendable, Hashable {
        public var count: Int
        public var strategy: KeyStrategy

        public init(count: Int, strategy: KeyStrategy = .leastLimited) {
            self.count = count
            self.strategy = strategy
        }
    }

    /// What holds where neither the provider nor the model's name says otherwise.
    public let settings: ResilienceSettings
    /// The circuits by target and key. A key that its provider rejects rests for all models of the provider.
    public let circuits: BreakerBoard<KeyedTarget>
    /// All calls at once; `nil` where they are not limited.
    public let total: Limiter?
    private let common: ProviderPolicies
    private let own: [String: ProviderPolicies]
    private let keys: [String: Keys]
    let time: any TimeSource
    let records = Mutex(TargetRecords())
    let choices = Mutex<[BalancerKey: Balancer]>([:])
    private let generator: Mutex<SeededGenerator>

    /// - Parameters:
    ///   - providers: The settings of those that have their own, complete.
    ///   - keys: Of the providers that have more than one.
    ///   - total: The limit on all calls of who is going to be taken over, so that calls under way count.
    ///   - isOn: Whether calls are limited at all, in their time and in how many there are at once.
    ///   - onEvent: Told of circuits that open and close, of rests and of rejected keys; called outside of all locks,
    ///     must not block.
    public init(
        _ settings: ResilienceSettings = ResilienceSettings(), providers: [String: ResilienceSettings] = [:],
        keys: [String: Keys] = [:], total: Limiter? = nil, isOn: Bool = true, time: any TimeSource,
        generator: SeededGenerator,
        onEvent: (@Sendable (KeyedTarget, CircuitEvent) -> Void)? = nil
    ) {
        self.settings = settings
        common = ProviderPolicies(settings, isOn: isOn)
        own = providers.mapValues { ProviderPolicies($0, isOn: isOn) }
        self.keys = keys
        self.time = time
        self.generator = Mutex(generator)
        self.total = isOn ? total ?? Limiter(total: settings.limits, time: time) : nil
        circuits = BreakerBoard(
            time: time, credential: { KeyedTarget(Target(provider: $0.target.provider, model: ""), key: $0.key) },
            onEvent: onEvent
        ) { keyed in
            let own = providers[keyed.target.provider] ?? settings
            var policy = own.breaker
            // A probe has its own time limits; the lease is for one whose caller has vanished.
            policy.probeLease = max(policy.probeLease, min(own.timeouts.total, .seconds(86_000)) + .seconds(5))
            return policy
        }
    }

    /// One attempt on each target, and nothing remembered.
    static func none(time: any TimeSource) -> GatewayResilience {
        var settings = ResilienceSettings()
        settings.retry = RetryPolicy(retries: 0, maxAttempts: 100)
        settings.breaker.mode = .off
        return GatewayResilience(
            settings, isOn: false, time: time, generator: SeededGenerator(seed: 0))
    }

    /// What holds for calls to a provider, whoever asks.
    public func settings(of provider: String) -> ResilienceSettings { policies(of: provider).settings }

    private func policies(of provider: String) -> ProviderPolicies { own[provider] ?? common }

    /// The time limits of a call to a provider; `nil` leaves them to what it was made with.
    func timeouts(of provider: String) -> Timeouts? { policies(of: provider).timeouts }

    /// The limits on calls at once, of the providers that have been asked.
    public var limiters: [(provider: String, limiter: Limiter)] { records.withLock { $0.limiters } }

    /// Randomness of its own, so that no lock is held while a decision is taken.
    func randomness() -> SeededGenerator { generator.withLock { $0.split() } }

    func meter(of target: Target) -> TargetMeter {
        records.withLock { $0.meter(of: target) { TargetMeter(time: time) } }
    }

    func hedge(of target: Target, _ policy: HedgePolicy) -> Hedge {
        records.withLock { $0.hedge(of: target, policy) { Hedge(policy, time: time) } }
    }

    func record(of provider: String) -> ProviderRecord {
        records.withLock {
            $0.record(of: provider) {
                ProviderRecord(
                    provider, settings(of: provider).retry, limits: total == nil ? nil : settings(of: provider).limits,
                    within: total, keys: keys[provider]?.count ?? 1, keys[provider]?.strategy ?? .leastLimited,
                    time: time)
            }
        }
    }

    /// The circuit of a target; `nil` where its provider has none.
    func circuit(of target: KeyedTarget) -> CircuitBreaker? {
        policies(of: target.target.provider).hasCircuits ? circuits.circuit(for: target) : nil
    }

    /// What a call to a target goes through.
    /// - Parameter minimum: Of the name that is asked by, where it has its own.
    func pipeline(to target: KeyedTarget, minimum: Duration?) -> Pipeline {
        let provider = target.target.provider
        let common = timeouts(of: provider)?.minimum
        return Pipeline(
            minimum: common.map { minimum ?? $0 } ?? .zero, circuit: circuit(of: target),
            limiter: record(of: provider).limiter, meter: meter(of: target.target))
    }

    /// Why a target would not be asked now. Takes nothing.
    func refusal(of target: KeyedTarget) -> CallRefusal? { circuit(of: target)?.refusal }

    /// For how long none of the target's keys would be let through; `nil` when one of them would be.
    func rest(of target: Target) -> Duration? {
        var shortest = Duration.seconds(Int64.max)
        for key in 0..<record(of: target.provider).keyCount {
            guard let refusal = refusal(of: KeyedTarget(target, key: key)) else { return nil }
            if let wait = refusal.wait { shortest = min(shortest, wait) }
        }
        return shortest
    }

    /// What a provider has said of how many more calls it takes.
    func note(_ count: RateCount, of target: KeyedTarget) {
        circuit(of: target)?.note(remaining: count.remaining, reset: count.reset)
    }
}

/// What is configured for a provider. An object, so that each look at it does not copy all of its settings.
private final class ProviderPolicies: Sendable {
    let settings: ResilienceSettings
    let hasCircuits: Bool
    let timeouts: Timeouts?

    init(_ settings: ResilienceSettings, isOn: Bool) {
        self.settings = settings
        hasCircuits = settings.breaker.mode != .off
        timeouts = isOn ? settings.timeouts : nil
    }
}

// MARK: Which target first

extension GatewayResilience {
    struct BalancerKey: Hashable {
        let chain: [Target]
        let weights: [Double]
        let strategy: BalanceStrategy
    }

    /// So many chains have balancers of their own at a time.
    private static var mostChoices: Int { 1024 }

    /// The targets of a request in the order in which they are to be asked: first the one that the route's strategy
    /// chooses, then the others in their own order.
    /// - Parameter price: What a call of a target costs, for `lowest_cost`.
    func targets(
        of route: Route, isWhole: Bool, conversation: () -> UInt64, price: (Target) -> Double?
    ) -> (targets: [Target], chosen: ChosenCall?) {
        guard route.strategy != .order, route.chain.count > 1, route.chain.count <= TargetSet.limit,
            let call = choose(of: route, isWhole, conversation: conversation(), price: price)
        else { return (route.chain, nil) }
        var chain = route.chain
        let first = chain.remove(at: call.place)
        return ([first] + chain, ChosenCall(first, call))
    }

    /// The target with each of its provider's keys, the one whose turn it is first.
    func seats(of target: Target) -> [KeyedTarget] {
        if keys.isEmpty { return [KeyedTarget(target)] }
        let record = record(of: target.provider)
        guard let pool = record.keys else { return [KeyedTarget(target)] }
        var available = TargetSet()
        for key in 0..<record.keyCount where refusal(of: KeyedTarget(target, key: key)) == nil { available.insert(key) }
        let first = pool.next(from: available) ?? 0
        return (0..<record.keyCount).map { KeyedTarget(target, key: (first + $0) % record.keyCount) }
    }

    private func choose(
        of route: Route, _ isWhole: Bool, conversation: UInt64, price: (Target) -> Double?
    ) -> MeteredCall? {
        var available = TargetSet()
        for (place, target) in route.chain.enumerated() where isAvailable(target) { available.insert(place) }
        let balancer = balancer(of: route, price: price)
        return balancer.begin(
            from: available.isEmpty ? balancer.all : available, conversation: conversation, isWhole: isWhole)
    }

    /// Whether any of its keys would be let through. Takes nothing, and no key's turn.
    func isAvailable(_ target: Target) -> Bool {
        (0..<record(of: target.provider).keyCount).contains { refusal(of: KeyedTarget(target, key: $0)) == nil }
    }

    private func balancer(of route: Route, price: (Target) -> Double?) -> Balancer {
        let key = BalancerKey(chain: route.chain, weights: route.weights, strategy: route.strategy)
        if let known = choices.withLock({ $0[key] }) { return known }
        let targets = route.chain.enumerated().map { place, target in
            BalanceTarget(
                target.name, weight: place < route.weights.count ? route.weights[place] : 1, price: price(target))
        }
        var generator = randomness()
        let made = Balancer(
            BalancePolicy(route.strategy), targets: targets, meters: route.chain.map { meter(of: $0) },
            seed: generator.next(), time: time)
        return choices.withLock { choices in
            // Another call may have been faster, and its turns count.
            if let known = choices[key] { return known }
            if choices.count >= Self.mostChoices { choices.removeAll() }
            choices[key] = made
            return made
        }
    }
}
