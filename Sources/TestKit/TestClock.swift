public import Base
internal import Synchronization

/// A clock that stands still until a test moves it.
public final class TestClock: TimeSource {
    private struct Sleeper {
        let end: Instant
        let ticket: Int
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var now: Instant
        var wall: WallTime
        var sleepers: [Sleeper] = []
        var tickets = 0
    }

    private let state: Mutex<State>

    /// Starts at one second monotonic, and at `wall` milliseconds since 1970 (by default 2025-01-01T00:00:00Z).
    public init(wall: Int64 = 1_735_689_600_000) {
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
        for sleeper in awake { sleeper.continuation.resume(returning: true) }
    }

    /// Moves both clocks to the time for which somebody waits next; whether anybody did.
    public func advanceToNext() -> Bool {
        let next = state.withLock { state in state.sleepers.map(\.end).min().map { $0.since(state.now) } }
        guard let next else { return false }
        advance(by: next)
        return true
    }

    public func sleep(until instant: Instant) async throws(CancellationError) {
        let ticket = state.withLock { state in
            state.tickets += 1
            return state.tickets
        }
        let isAwake = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
                let isOver = state.withLock { state in
                    if state.now >= instant { return true }
                    state.sleepers.append(Sleeper(end: instant, ticket: ticket, continuation: continuation))
                    return false
                }
                if isOver { continuation.resume(returning: true) }
                // A cancellation before this found nobody to wake.
                if Task.isCancelled { cancel(ticket) }
            }
        } onCancel: {
            cancel(ticket)
        }
        if !isAwake { throw CancellationError() }
    }

    private func cancel(_ ticket: Int) {
        let sleeper = state.withLock { state -> Sleeper? in
            guard let index = state.sleepers.firstIndex(where: { $0.ticket == ticket }) else { return nil }
            return state.sleepers.remove(at: index)
        }
        sleeper?.continuation.resume(returning: false)
    }
}
