internal import Synchronization

/// Ends what is entered under a request's id; perhaps before it has begun.
final class Ending: Sendable {
    private struct State {
        var isCancelled = false
        var end: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    var isCancelled: Bool { state.withLock(\.isCancelled) }

    func cancel() {
        let end = state.withLock { state in
            state.isCancelled = true
            return state.end
        }
        end?()
    }

    /// What has begun, once. Called here when it was cancelled by then.
    func attach(_ end: @escaping @Sendable () -> Void) {
        let isCancelled = state.withLock { state in
            state.end = end
            return state.isCancelled
        }
        if isCancelled { end() }
    }
}
