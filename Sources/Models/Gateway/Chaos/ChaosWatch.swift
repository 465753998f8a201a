internal import Base
internal import Resilience

/// The time limits of a call on which faults are rehearsed. The provider below does not see what is done above it, so
/// what it would have said of so long a silence is said here.
struct ChaosWatch: Sendable {
    private var clock: AttemptClock
    private let started: Instant

    /// A call without limits of its own ends with the run alone.
    private static let unlimited = Timeouts(
        connect: longest, firstByte: longest, firstToken: longest, betweenTokens: longest, total: longest,
        minimum: .zero)
    private static let longest = Duration.seconds(86_400)

    init(_ call: ModelCall, deadline: Instant?, now: Instant) throws(CodedError) {
        clock = try AttemptClock(
            call.timeouts ?? Self.unlimited, now: now, deadline: deadline, isLast: call.isLast,
            isStream: call.streaming)
        // A slow answer is rehearsed, not a slow connection.
        clock.record(.connected, now: now)
        started = now
    }

    /// Where a silence that begins now ends: by itself, or by a limit that is over before or then.
    /// - Parameter hasBegun: whether a part of the answer has been seen.
    mutating func silence(
        of duration: Duration, hasBegun: Bool, now: Instant
    ) -> (end: Instant, limit: TimeLimit?) {
        if hasBegun { clock.record(.token, now: now) }
        let end = now.advanced(by: duration)
        guard let next = clock.next, next.at <= end else { return (end, nil) }
        return (next.at, next.limit)
    }

    /// What is left of the call's limits after a wait before it.
    func rest(of timeouts: Timeouts?, now: Instant) -> Timeouts? {
        guard var timeouts else { return nil }
        let spent = now.since(started)
        func left(_ limit: Duration) -> Duration { max(.milliseconds(1), limit - spent) }
        timeouts.firstByte = left(timeouts.firstByte)
        timeouts.firstToken = left(timeouts.firstToken)
        timeouts.total = left(timeouts.total)
        return timeouts
    }
}
