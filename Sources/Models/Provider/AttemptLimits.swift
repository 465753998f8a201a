internal import Base
internal import HTTPClient
internal import Resilience

/// The time limits of one attempt at a provider, and the clock that they run by. Connection and head are kept by the
/// client, which is told how long they may take; the rest by whoever reads the answer.
struct AttemptLimits: Sendable {
    let time: any TimeSource
    private let start: Instant
    var clock: AttemptClock

    /// Begins an attempt. Throws `deadline_exceeded` when the run has too little time left for one.
    init(
        _ timeouts: Timeouts, time: any TimeSource, deadline: Instant?, isLast: Bool, isStream: Bool
    ) throws(CodedError) {
        self.time = time
        start = time.now()
        clock = try AttemptClock(timeouts, now: start, deadline: deadline, isLast: isLast, isStream: isStream)
    }

    /// For the client. The reader of a body brings its own instants.
    var ofRequest: OutgoingRequest.Timeouts {
        let total = clock.end.at.since(start)
        return OutgoingRequest.Timeouts(
            connect: clock.connectionEnd.since(start), firstByte: clock.headEnd.since(start), betweenBytes: total,
            total: total)
    }

    /// The answer's head is there.
    mutating func recordHead() { clock.record(.byte, now: time.now()) }

    /// Until when the next thing must have come.
    var nextEnd: Instant { (clock.next ?? clock.end).at }

    /// The body of an error is short, and says less than its status: nobody waits long for it.
    var errorEnd: Instant { min(nextEnd, time.now().advanced(by: .seconds(2))) }

    /// The limit that has run out when the client says so: its phases have the lengths of the limits that end first.
    func limit(of phase: HTTPClientError.Phase) -> TimeLimit {
        var clock = clock
        if phase != .connect { clock.record(.connected, now: start) }
        return switch phase {
        case .connect, .firstByte: (clock.next ?? clock.end).limit
        case .betweenBytes, .total: clock.expired(now: time.now()) ?? clock.end.limit
        }
    }
}
