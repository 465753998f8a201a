/// Reads a run's events, each once and in order. One task at a time calls ``next()``.
public final class RunReader: Sendable {
    /// As many bytes as a reader gets at once; little, so that one on a slow line is seen to get on.
    private static let batch = 16 << 10

    private let run: LiveRun
    private let id: RunMachine.ReaderID

    init(_ run: LiveRun, _ id: RunMachine.ReaderID) {
        self.run = run
        self.id = id
    }

    deinit { run.detach(id) }

    /// Waits for events after those that it gave last, which count as received from now on. Empty when the run is over
    /// and all of it was read. Throws when the task is cancelled, or when this reader has held up the run for too long
    /// and was left behind; the client may attach again with its cursor.
    public func next() async throws(CancellationError) -> [LoggedEvent] {
        while true {
            if Task.isCancelled { throw CancellationError() }
            switch run.read(id, limit: RunReader.batch) {
            case .events(let events): return Array(events)
            case .over: return []
            case .left: throw CancellationError()
            case .wait: await run.wait(id)
            }
        }
    }

    /// What ``next()`` would give without waiting, also to a task that is cancelled; `nil` for nothing yet, or nothing
    /// for this reader any more.
    public func ready() -> [LoggedEvent]? {
        switch run.read(id, limit: RunReader.batch) {
        case .events(let events): Array(events)
        case .over: []
        case .wait, .left: nil
        }
    }

    /// Reads no more; the run is left alone when nobody else is attached. Also done when the reader goes.
    public func detach() { run.detach(id) }
}
