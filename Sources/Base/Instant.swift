/// A point on the monotonic clock, in nanoseconds since an arbitrary start. Never compare it with wall time.
public struct Instant: Comparable, Hashable, Sendable {
    public var nanoseconds: UInt64

    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Saturates at both ends, so that no duration read from outside can trap.
    public func advanced(by duration: Duration) -> Instant {
        let delta = duration.saturatingNanoseconds
        if delta >= 0 {
            let (sum, overflow) = nanoseconds.addingReportingOverflow(UInt64(delta))
            return Instant(nanoseconds: overflow ? .max : sum)
        }
        let (rest, overflow) = nanoseconds.subtractingReportingOverflow(delta.magnitude)
        return Instant(nanoseconds: overflow ? 0 : rest)
    }

    /// The time from `earlier` to this instant; negative when `earlier` is later.
    public func since(_ earlier: Instant) -> Duration {
        if nanoseconds >= earlier.nanoseconds {
            return Duration(nanoseconds: Int64(clamping: nanoseconds - earlier.nanoseconds))
        }
        return Duration(nanoseconds: -Int64(clamping: earlier.nanoseconds - nanoseconds))
    }
}

/// A point in civil time, in milliseconds since 1970 (UTC). For logs, ids and `created` fields; never for durations.
public struct WallTime: Comparable, Hashable, Sendable {
    public var milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public var seconds: Int64 { milliseconds / 1000 }

    public static func < (left: WallTime, right: WallTime) -> Bool { left.milliseconds < right.milliseconds }
}

/// Where drivers read time and wait for it. State machines never hold a clock: they take *now* as an input.
///
/// A class, because then reading a clock that somebody holds counts no reference, and a chat reads it some forty times.
public protocol TimeSource: AnyObject, Sendable {
    func now() -> Instant
    func wallTime() -> WallTime

    /// Returns at the instant or soon after it, at once for one that has passed. Throws as soon as the task is cancelled.
    func sleep(until instant: Instant) async throws(CancellationError)

    /// Begins work at the instant or soon after it. A clock of event loops makes no task before; until it has begun or
    /// has been cancelled, the clock keeps the work.
    func schedule(at instant: Instant, _ work: @escaping @Sendable () async -> Void) -> any ScheduledTask

    /// Whether several others are ready to run on the caller's thread, so that it pays to let them go first. `false`
    /// without a loop. About 5 ns.
    var isCrowded: Bool { get }

    /// Goes on once those who are ready now have had their turn, also when the task is cancelled. Between two stages
    /// of a request, when ``isCrowded``: all who wait then go through the same code one after the other, while it is
    /// in the processor's caches.
    func giveWay() async
}

extension TimeSource {
    public var isCrowded: Bool { false }

    public func giveWay() async {}
}

extension Duration {
    /// One multiplication; the generic `nanoseconds(_:)` of the standard library costs some hundred instructions.
    init(nanoseconds: Int64) { self.init(attoseconds: Int128(nanoseconds) * 1_000_000_000) }

    /// Nanoseconds, clamped to what 64 bits hold (292 years either way).
    public var saturatingNanoseconds: Int64 {
        let all = attoseconds
        // Up to 78 minutes: 10⁹ is 2⁹ · 5⁹, and a division of 64 bits costs a fraction of one of 128.
        let part = all &>> 9
        if all >= 0, part <= Int128(Int64.max) { return Int64(truncatingIfNeeded: part) / 1_953_125 }
        return Int64(clamping: all / 1_000_000_000)
    }

    /// Milliseconds with their fraction, for logs and events.
    public var milliseconds: Double { Double(saturatingNanoseconds) / 1_000_000 }

    /// Seconds with their fraction, for metrics.
    public var seconds: Double { Double(saturatingNanoseconds) / 1_000_000_000 }
}
