public import Base
internal import Synchronization

/// A clock that stands still until a test moves it.
public final class TestClock: TimeSource {
    private struct Sleeper {
        let end: Instant
        let ticket: Int
        let wake: @Sendable (Bool) -> Void
    }

    private struct State {
        var now: Instant
        var wall: WallTime
        var sleepers: [Sleeper] = []
        var tickets = 0
    }

    private let state: Mutex<State>
    private let executor: (any TaskExecutor)?

    /// Starts at one second monotonic, and at `wall` milliseconds since 1970 (by default 2025-01-01T00:00:00Z). Tasks
    /// that it begins prefer `executor`.
    public init(wall: Int64 = 1_735_689_600_000, executor: (any TaskExecutor)? = nil) {
        self.executor = executor
        state = Mutex(State(now: Instant(nanoseconds: 1_000_000_000), wall: WallTime(milliseconds: wall)))
    }

    public func now() -> Instant { state.withLock(\.now) }

    public func wallTime() -> WallTime { state.withLock(\.wall) }

    /// How many wait for a later time.
    public var sleeperCount: Int { state.withLock(\.sleepers.count) }

    /// Moves both clocks forward, and wakes whoever waits for a time that has come: the earliest first.
    public func advance(by duration: Duration) {
        let awake = state.withLock { state in
            state.now = state.now.advanced(by: duration)
            state.wall = WallTime(milliseconds: state.wall.milliseconds + duration.saturatingNanoseconds / 1_000_000)
            let now = state.now
            let awake = state.sleepers.filter { $0.end <= now }.sorted { ($0.end, $0.ticket) < ($1.end, $1.ticket) }
            state.sleepers.removeAll { $0.end <= now }
            return awake
        }
        for sleeper in awake { sleeper.wake(true) }
    }

    /// Moves both clocks to the time for which somebody waits next; whether anybody did.
    public func advanceToNext() -> Bool {
        let next = state.withLock { state in state.sleepers.map(\.end).min().map { $0.since(state.now) } }
        guard let next else { return false }
        advance(by: next)
        return true
    }

    public func sleep(until instant: Instant) async throws(CancellationError) {
        let ticket = nextTicket()
        let isAwake = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
                add(Sleeper(end: instant, ticket: ticket) { continuation.resume(returning: $0) })
                // A cancellation before this found nobody to wake.
                if Task.isCancelled { cancel(ticket) }
            }
        } onCancel: {
            cancel(ticket)
        }
        if !isAwake { throw CancellationError() }
    }

    /// Makes its task when the time has come, and waits as one sleeper until then.
    public func schedule(at instant: Instant, _ work: @escaping @Sendable () async -> Void) -> any ScheduledTask {
        let task = TimedTask(clock: self, ticket: nextTicket(), executor, work)
        add(Sleeper(end: instant, ticket: task.ticket) { if $0 { task.begin() } })
        return task
    }

    private func nextTicket() -> Int {
        state.withLock { state in
            state.tickets += 1
            return state.tickets
        }
    }

    private func add(_ sleeper: Sleeper) {
        let isOver = state.withLock { state in
            if state.now >= sleeper.end { return true }
            state.sleepers.append(sleeper)
            return false
        }
        if isOver { sleeper.wake(true) }
    }

    fileprivate func cancel(_ ticket: Int) {
        let sleeper = state.withLock { state -> Sleeper? in
            guard let index = state.sleepers.firstIndex(where: { $0.ticket == ticket }) else { return nil }
            return state.sleepers.remove(at: index)
        }
        sleeper?.wake(false)
    }
}

private final class TimedTask: ScheduledTask {
    private enum State {
        case waiting(@Sendable () async -> Void)
        case running(Task<Void, Never>)
        case cancelled
    }

    let ticket: Int
    private let clock: TestClock
    private let executor: (any TaskExecutor)?
    private let state: Mutex<State>

    init(
        clock: TestClock, ticket: Int, _ executor: (any TaskExecutor)?, _ work: @escaping @Sendable () async -> Void
    ) {
        self.clock = clock
        self.ticket = ticket
        self.executor = executor
        state = Mutex(.waiting(work))
    }

    func begin() {
        state.withLock { state in
            guard case .waiting(let work) = state else { return }
            state = .running(Task(executorPreference: executor) { await work() })
        }
    }

    func cancel() -> Bool {
        let running = state.withLock { state -> Task<Void, Never>? in
            if case .running(let task) = state { return task }
            state = .cancelled
            return nil
        }
        running?.cancel()
        clock.cancel(ticket)
        return running != nil
    }

    func end() async {
        guard case .running(let task) = state.withLock({ $0 }) else { return }
        await task.value
    }
}
