public import Base
internal import Synchronization

/// Spreads calls over the targets of a pool, for any number of callers on any threads: chooses and counts the call in
/// one step, under one lock, so that simultaneous callers see each other. No allocation.
public final class Balancer: Sendable {
    private struct Core {
        var balance: Balance
        var random: SeededGenerator
    }

    public let targets: [BalanceTarget]
    private let meters: [TargetMeter]
    private let core: Mutex<Core>
    private let time: any TimeSource

    /// - Parameters:
    ///   - meters: Those of the targets, in their order, where they are shared with other pools; what is missing is made.
    ///   - seed: Of the random choices.
    public init(
        _ policy: BalancePolicy, targets: [BalanceTarget], meters: [TargetMeter] = [], seed: UInt64,
        time: any TimeSource
    ) {
        let balance = Balance(policy, targets: targets)
        self.targets = balance.targets
        self.meters = balance.targets.indices.map { place in
            place < meters.count ? meters[place] : TargetMeter(halfLife: policy.halfLife, time: time)
        }
        core = Mutex(Core(balance: balance, random: SeededGenerator(seed: seed)))
        self.time = time
    }

    /// All targets.
    public var all: TargetSet { TargetSet(first: targets.count) }

    /// The load of the target at a place; `nil` where there is none.
    public func load(at place: Int) -> TargetLoad? {
        meters.indices.contains(place) ? meters[place].load : nil
    }

    /// Chooses a target for a call, which is counted from now on; `nil` when none is available. See
    /// ``Balance/pick(from:conversation:isWhole:now:randomness:load:)``.
    public func begin(
        from available: TargetSet, conversation: UInt64? = nil, isWhole: Bool = false
    ) -> MeteredCall? {
        let now = time.now()
        let place = core.withLock { core -> Int? in
            let randomness = core.random.next()
            let place = core.balance.pick(
                from: available, conversation: conversation, isWhole: isWhole, now: now, randomness: randomness
            ) { meters[$0].load }
            if let place { meters[place].count() }
            return place
        }
        guard let place else { return nil }
        return MeteredCall(meters[place], place: place)
    }
}
