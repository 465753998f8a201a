internal import Base
internal import Resilience
internal import Synchronization

/// What is known of a provider, shared by all calls to it.
final class ProviderRecord: Sendable {
    let budget: ProviderBudget
    /// Those who wait to ask it again.
    let waiting: RetryRoom
    /// `nil` where calls at once are not limited.
    let limiter: Limiter?
    /// `nil` for one key, or none.
    let keys: KeyPool?
    let keyCount: Int

    /// The same with another budget for retries.
    init(_ other: ProviderRecord, budget: ProviderBudget) {
        self.budget = budget
        (waiting, limiter, keys, keyCount) = (other.waiting, other.limiter, other.keys, other.keyCount)
    }

    init(
        _ name: String, _ retry: RetryPolicy, limits: LimitsPolicy?, within all: Limiter?, keys: Int,
        _ strategy: KeyStrategy, time: any TimeSource
    ) {
        budget = ProviderBudget(retry, time: time)
        waiting = RetryRoom()
        limiter = limits.map { Limiter(provider: name, $0, within: all, time: time) }
        keyCount = max(1, keys)
        self.keys = keys > 1 ? KeyPool(count: keys, strategy, time: time) : nil
    }
}

/// The records of a gateway, made when first asked for. Providers are as many as the configuration names; of targets,
/// whose names may be a client's, at most ``mostTargets`` are remembered, and all begin anew beyond that.
struct TargetRecords: ~Copyable {
    static let mostTargets = 1024
    /// Of a target's hedges, the last ones that were asked for: names are few that have a policy of their own, but a
    /// configuration may be loaded again and again.
    static let mostPolicies = 64

    fileprivate struct OwnHedge {
        let policy: HedgePolicy
        let hedge: Hedge
    }

    private var meters: [Target: TargetMeter] = [:]
    /// Of a target one for each policy, the one that was asked for last at the end.
    private var hedges: [Target: [OwnHedge]] = [:]
    private var providers: [String: ProviderRecord] = [:]

    /// How busy and how fast a target is.
    mutating func meter(of target: Target, _ make: () -> TargetMeter) -> TargetMeter {
        if let known = meters[target] { return known }
        if meters.count >= Self.mostTargets { meters.removeAll() }
        let meter = make()
        meters[target] = meter
        return meter
    }

    /// How a target's calls are hedged under a policy.
    mutating func hedge(of target: Target, _ policy: HedgePolicy, _ make: () -> Hedge) -> Hedge {
        let known = hedges[target]
        if let known, let place = known.lastIndex(where: { $0.policy == policy }) {
            let own = known[place]
            if place < known.count - 1 {
                var others = known
                others.remove(at: place)
                hedges[target] = others + [own]
            }
            return own.hedge
        }
        if known == nil, hedges.count >= Self.mostTargets { hedges.removeAll() }
        let hedge = make()
        var own = known ?? []
        if own.count >= Self.mostPolicies { own.removeFirst() }
        own.append(OwnHedge(policy: policy, hedge: hedge))
        hedges[target] = own
        return hedge
    }

    mutating func record(of provider: String, _ make: () -> ProviderRecord) -> ProviderRecord {
        if let known = providers[provider] { return known }
        let record = make()
        providers[provider] = record
        return record
    }

    /// What is known of these providers and their targets.
    func part(of names: Set<String>) -> Part {
        Part(
            meters: meters.filter { names.contains($0.key.provider) },
            hedges: hedges.filter { names.contains($0.key.provider) },
            providers: providers.filter { names.contains($0.key) })
    }

    /// Goes on with what other records knew.
    mutating func takeOver(_ part: Part) { (meters, hedges, providers) = (part.meters, part.hedges, part.providers) }

    /// A part of the records, to go on with.
    struct Part: Sendable {
        fileprivate var meters: [Target: TargetMeter]
        fileprivate var hedges: [Target: [OwnHedge]]
        var providers: [String: ProviderRecord]
    }

    var limiters: [(provider: String, limiter: Limiter)] {
        providers.compactMap { name, record in record.limiter.map { (name, $0) } }
    }
}
