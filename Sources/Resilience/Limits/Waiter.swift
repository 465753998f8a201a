internal import Synchronization

/// One task that waits in a limiter's queue. Its fate may be decided before it has gone to sleep, and is decided once.
final class Waiter: Sendable {
    enum Fate: Sendable {
        case admitted(Bulkhead.Ticket)
        case refused(LimitRefusal)
        case cancelled
    }

    private enum State {
        case awake
        case asleep(CheckedContinuation<Fate, Never>)
        case decided(Fate)
    }

    private let state = Mutex(State.awake)

    func decide(_ fate: Fate) {
        let sleeper = state.withLock { state -> CheckedContinuation<Fate, Never>? in
            defer { state = .decided(fate) }
            if case .asleep(let continuation) = state { return continuation }
            return nil
        }
        sleeper?.resume(returning: fate)
    }

    func sleep(_ continuation: CheckedContinuation<Fate, Never>) {
        let fate = state.withLock { state -> Fate? in
            if case .decided(let fate) = state { return fate }
            state = .asleep(continuation)
            return nil
        }
        if let fate { continuation.resume(returning: fate) }
    }
}
