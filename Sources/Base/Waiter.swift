internal import Synchronization

/// One task that waits for its fate, which somebody else decides: perhaps before it has gone to sleep, and once.
/// Each call takes one short lock.
public final class Waiter<Fate: Sendable>: Sendable {
    private enum State {
        case awake
        case asleep(CheckedContinuation<Fate, Never>)
        case decided(Fate)
    }

    private let state = Mutex(State.awake)

    public init() {}

    /// Wakes the task, or spares it the sleep. Only the first fate counts.
    public func decide(_ fate: Fate) {
        let sleeper = state.withLock { state -> CheckedContinuation<Fate, Never>? in
            if case .decided = state { return nil }
            defer { state = .decided(fate) }
            if case .asleep(let continuation) = state { return continuation }
            return nil
        }
        sleeper?.resume(returning: fate)
    }

    /// Suspends until there is a fate. For one task, once. A cancelled task goes on sleeping: whoever may be cancelled
    /// decides so from a cancellation handler.
    public func sleep() async -> Fate {
        await withCheckedContinuation { continuation in
            let fate = state.withLock { state -> Fate? in
                if case .decided(let fate) = state { return fate }
                state = .asleep(continuation)
                return nil
            }
            if let fate { continuation.resume(returning: fate) }
        }
    }
}
