public import Base
internal import Synchronization

/// A provider's ``RetryBudget`` for any number of requests on any threads. A call costs a short lock.
public final class ProviderBudget: Sendable {
    /// What has become of a budget, for metrics.
    public struct Counts: Hashable, Sendable {
        public var offered = 0
        public var retries = 0
        /// Retries that the budget has refused.
        public var refused = 0
    }

    private struct Core {
        var budget: RetryBudget
        var counts = Counts()
    }

    private let core: Mutex<Core>
    private let time: any TimeSource

    public init(_ budget: RetryBudget = RetryBudget(), time: any TimeSource) {
        core = Mutex(Core(budget: budget))
        self.time = time
    }

    public convenience init(_ policy: RetryPolicy, time: any TimeSource) {
        self.init(RetryBudget(part: policy.budget), time: time)
    }

    /// See ``RetryBudget/offer(now:)``.
    public func offer() {
        let now = time.now()
        core.withLock { core in
            core.budget.offer(now: now)
            core.counts.offered &+= 1
        }
    }

    /// See ``RetryBudget/spend(now:)``.
    public func spend() -> Bool {
        let now = time.now()
        return core.withLock { core in
            let isAffordable = core.budget.spend(now: now)
            if isAffordable { core.counts.retries &+= 1 } else { core.counts.refused &+= 1 }
            return isAffordable
        }
    }

    public var counts: Counts { core.withLock(\.counts) }
}
