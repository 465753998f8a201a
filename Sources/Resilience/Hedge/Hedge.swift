public import Base
internal import Synchronization

/// Hedges the calls of one target: knows its recent times to the first token, and what part of its calls may be made
/// twice. From any thread; decisions are taken under a short lock.
public final class Hedge: Sendable {
    struct Core {
        var window: LatencyWindow
        var budget: HedgeBudget
    }

    private let policy: HedgePolicy
    let core: Mutex<Core>
    let time: any TimeSource

    /// A policy with faults is taken as the nearest one without.
    public init(_ policy: HedgePolicy = HedgePolicy(), time: any TimeSource) {
        self.policy = policy.sane
        core = Mutex(Core(window: LatencyWindow(policy), budget: HedgeBudget(policy)))
        self.time = time
    }

    /// How long a call waits before it is hedged; `nil` while it is not.
    public var delay: Duration? {
        guard policy.isEnabled else { return nil }
        let now = time.now()
        return core.withLock { $0.window.delay(now: now) }
    }

    /// Counts the time to the first token of a call that was not made here.
    public func note(_ time: Duration) { note(time, now: self.time.now()) }

    func note(since start: Instant) {
        let now = time.now()
        note(now.since(start), now: now)
    }

    func note(_ time: Duration, now: Instant) { core.withLock { $0.window.note(time, now: now) } }

    /// A call is about to ask its first target. Until the delay has passed a race costs a timer and no task; while
    /// hedging is off, or knows too little, there is none.
    /// - Parameter hasEffects: Whether the call runs tools that change something; it is then made once.
    public func begin(_ call: any HedgedCall, hasEffects: Bool = false) -> HedgeRun {
        guard policy.isEnabled else { return HedgeRun() }
        let start = time.now()
        guard let delay = hasEffects ? nil : offer(now: start) else { return HedgeRun(self, since: start) }
        let race = HedgeRace(delay: delay, hasEffects: false, now: start)
        return HedgeRun(HedgeCourse(self, race, since: start, call), due: start.advanced(by: delay))
    }

    /// Pays for a call that may be hedged; when it would be.
    private func offer(now: Instant) -> Duration? {
        core.withLock { core in
            core.budget.offer()
            return core.window.delay(now: now)
        }
    }
}
