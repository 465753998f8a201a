/// Work that begins at an instant, as a task of its own, unless it is cancelled before.
public protocol ScheduledTask: AnyObject, Sendable {
    /// Before the instant: the work is never begun. Afterwards its task is cancelled.
    /// - Returns: Whether there is a task, whose end can be waited for.
    @discardableResult
    func cancel() -> Bool
    /// Returns when the task has ended; at once where there is none.
    func end() async
}

extension TimeSource {
    /// For clocks without timers: a task that sleeps until then.
    public func schedule(at instant: Instant, _ work: @escaping @Sendable () async -> Void) -> any ScheduledTask {
        SleepingTask(
            Task {
                do throws(CancellationError) { try await sleep(until: instant) } catch { return }
                await work()
            })
    }
}

private final class SleepingTask: ScheduledTask {
    private let task: Task<Void, Never>

    init(_ task: Task<Void, Never>) { self.task = task }

    func cancel() -> Bool {
        task.cancel()
        return true
    }

    func end() async { await task.value }
}
