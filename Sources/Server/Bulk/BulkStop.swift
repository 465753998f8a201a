internal import Synchronization

/// Why a bulk request begins no more lines; told from wherever.
final class BulkStop: Sendable {
    enum Reason: Sendable {
        /// Those at work end as well.
        case cancelled
        /// Those at work have their time; the client goes on elsewhere.
        case draining
    }

    private struct State {
        var reason: Reason?
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    var reason: Reason? { state.withLock(\.reason) }

    func stop(_ reason: Reason) {
        let waiter = state.withLock { state in
            if state.reason != .cancelled { state.reason = reason }
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// Waits until there is another reason than this one, or the task is cancelled. One waits at a time.
    func wait(after known: Reason?) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let goesOn = state.withLock { state in
                    if state.reason != known || Task.isCancelled { return true }
                    state.waiter = continuation
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiter.take() }?.resume()
        }
    }
}
