// Owns nothing: the C functions read the kernel's clocks and return values.
internal import CShims

/// The machine's own clocks. Only drivers hold one. About 25 ns a reading (vDSO).
public final class SystemClock: TimeSource {
    public init() {}

    public func now() -> Instant { Instant(nanoseconds: tutti_monotonic_nanoseconds()) }

    public func wallTime() -> WallTime { WallTime(milliseconds: tutti_wall_milliseconds()) }

    /// Costs a timer of the Swift runtime; goes on, as every await does, on the executor that the task prefers.
    public func sleep(until instant: Instant) async throws(CancellationError) {
        if Task.isCancelled { throw CancellationError() }
        // The runtime's clock is another one than ours and may wake a little early.
        while case let rest = instant.since(now()), rest > .zero {
            do { try await Task.sleep(for: min(rest, .seconds(86_400))) } catch { throw CancellationError() }
        }
    }
}
