internal import Base
internal import Synchronization

/// Work that a timer of an event loop begins, as a task that prefers the loop.
final class LoopTask: ScheduledTask {
    private enum State {
        case new
        case scheduled(EventLoop.TimerID)
        case running(Task<Void, Never>)
        case cancelled
    }

    private let loop: EventLoop
    private let work: @Sendable () async -> Void
    private let state = Mutex(State.new)

    init(loop: EventLoop, _ work: @escaping @Sendable () async -> Void) {
        self.loop = loop
        self.work = work
    }

    /// On the loop, once.
    func schedule(at instant: Instant) {
        let timer = loop.schedule(at: instant, self)
        state.withLock { $0 = .scheduled(timer) }
    }

    /// On the loop, by the timer.
    func begin() {
        state.withLock { state in
            guard case .scheduled = state else { return }
            state = .running(Task(executorPreference: loop) { [work] in await work() })
        }
    }

    func cancel() -> Bool {
        let last = state.withLock { state in
            let last = state
            if case .running = last { return last }
            state = .cancelled
            return last
        }
        switch last {
        case .scheduled(let timer):
            if loop.isCurrent { loop.cancel(timer) } else { loop.execute { [loop] in loop.cancel(timer) } }
        case .running(let task):
            task.cancel()
            return true
        case .new, .cancelled: break
        }
        return false
    }

    func end() async {
        guard case .running(let task) = state.withLock({ $0 }) else { return }
        await task.value
    }
}
