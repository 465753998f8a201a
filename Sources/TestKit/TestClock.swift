public import Base
internal import Synchronization

/// A clock that stands still until a test moves it.
public final class TestClock: TimeSource {
    private struct State {
        var now: Instant
        var wall: WallTime
    }

    private let state: Mutex<State>

    /// Starts at one second monotonic, and at `wall` milliseconds since 1970 (by default 2025-01-01T00:00:00Z).
    public init(wall: Int64 = 1_735_689_600_000) {
        state = Mutex(State(now: Instant(nanoseconds: 1_000_000_000), wall: WallTime(milliseconds: wall)))
    }

    public func now() -> Instant { state.withLock(\.now) }

    public func wallTime() -> WallTime { state.withLock(\.wall) }

    /// Moves both clocks forward.
    public func advance(by duration: Duration) {
        state.withLock { state in
            state.now = state.now.advanced(by: duration)
            state.wall = WallTime(milliseconds: state.wall.milliseconds + duration.saturatingNanoseconds / 1_000_000)
        }
    }
}
