// Owns nothing: the C functions read the kernel's clocks and return values.
internal import CShims

/// The machine's own clocks. Only drivers hold one. About 25 ns a reading (vDSO).
public struct SystemClock: TimeSource {
    public init() {}

    public func now() -> Instant { Instant(nanoseconds: tutti_monotonic_nanoseconds()) }

    public func wallTime() -> WallTime { WallTime(milliseconds: tutti_wall_milliseconds()) }
}
