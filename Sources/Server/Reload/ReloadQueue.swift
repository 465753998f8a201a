internal import Synchronization

/// Lets one reload run at a time. Those who ask meanwhile share the next one, which begins after they have asked and so
/// reads what they mean: at most one waits, however many ask.
final class ReloadQueue: Sendable {
    private struct State {
        var last: Task<ReloadOutcome, Never>?
        /// The last one, as long as it has not begun.
        var waiting: Task<ReloadOutcome, Never>?
    }

    private let state = Mutex(State())

    /// Runs `body` on a thread that may block, no loop's.
    func run(_ body: @escaping @Sendable () -> ReloadOutcome) async -> ReloadOutcome {
        let task = state.withLock { state in
            if let waiting = state.waiting { return waiting }
            let before = state.last
            // A task of its own: the caller's would run on its connection's loop.
            let task = Task(name: "reload") { @concurrent [self] in
                _ = await before?.value
                self.state.withLock { $0.waiting = nil }
                return body()
            }
            state.last = task
            state.waiting = task
            return task
        }
        return await task.value
    }
}
