public import Base
internal import Synchronization

/// What a hedged call tells while it runs.
public enum HedgeEvent: Hashable, Sendable {
    /// The second target is being asked.
    case hedged(after: Duration)
    case skipped(HedgeRace.Skip)
    /// Of two that were asked, this one was first.
    case won(HedgeRace.Side, after: Duration)
    /// The target has worked for nothing, and that is to be booked.
    case lost(HedgeRace.Loss)
}

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

    func note(_ time: Duration, now: Instant) { core.withLock { $0.window.note(time, now: now) } }

    /// Asks a target in the caller's own task, and a second one in a task of its own while the first is silent for too
    /// long. Whoever is first wins and the other one is cancelled at once. The answer waits until the loser has ended,
    /// so a call must end soon after its cancellation. Until the delay has passed a race costs a timer and no task;
    /// while it is off, or knows too little, it is a plain call.
    /// - Parameters:
    ///   - second: Chooses the target to ask when it is time, and takes nothing yet; `nil` where there is none.
    ///   - hasEffects: Whether the call runs tools that change something; it is then made once.
    ///   - discard: Gets the value of a loser that was too late to be stopped.
    ///   - onEvent: Told of what happens, with the target that it is about, on the task of whom it happens to.
    ///   - call: Returns when the first valid token is there. An error frame in its place must be thrown. Its end
    ///     before that is its task's cancellation, or the token's where it gets one: the call in the caller's task.
    /// - Throws: the error of the only target; of two the more telling one; `cancelled` after a cancellation.
    public func race<Target: Sendable, Value: Sendable>(
        from first: Target, to second: @escaping @Sendable () -> Target?, hasEffects: Bool = false,
        discard: @escaping @Sendable (Value) async -> Void = { _ in },
        onEvent: @escaping @Sendable (Target, HedgeEvent) -> Void = { _, _ in },
        call: @escaping @Sendable (Target, CancellationToken?) async throws(CodedError) -> Value
    ) async throws(CodedError) -> Value {
        guard policy.isEnabled else { return try await call(first, nil) }
        let start = time.now()
        guard let delay = hasEffects ? nil : offer(now: start) else {
            let value = try await call(first, nil)
            let now = time.now()
            note(now.since(start), now: now)
            return value
        }
        let course = HedgeCourse(
            self, first, HedgeRace(delay: delay, hasEffects: false, now: start), start: start, second: second,
            discard: discard, onEvent: onEvent, call: call)
        return try await course.run(hedgingAt: start.advanced(by: delay))
    }

    /// Pays for a call that may be hedged; when it would be.
    private func offer(now: Instant) -> Duration? {
        core.withLock { core in
            core.budget.offer()
            return core.window.delay(now: now)
        }
    }
}
