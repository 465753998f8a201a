public import Base

/// Watches over the time limits of one attempt: it is told what happens and says what has to happen until when. Pure,
/// O(1), without allocation. Whoever waits sleeps until ``next``, and asks ``expired(now:)`` after that.
///
/// An event counts when it is told, also after its limit, as long as nobody has asked before whether the limit has run
/// out: an answer that is there is better than one that is late.
public struct AttemptClock: Sendable {
    public enum Event: Hashable, Sendable {
        /// There is a connection; need not be told of one that is used again.
        case connected
        /// The first byte of the answer's head is there.
        case byte
        /// Something of the answer itself is there: text, thinking, a piece of a tool's call. Signs of life are none.
        case token
        /// The reader has what there is, and waits no more: until it does again the time is its own.
        case paused
        /// The reader waits again: the time since it paused does not count between tokens. Without a pause before, the
        /// time since the last token does not.
        case reading
        /// The answer is whole, or the attempt was given up.
        case done
    }

    private enum Phase: Int, Sendable { case connecting, waiting, beginning, flowing, over }

    private var phase = Phase.connecting
    /// Where each limit ends; at the end of time for one that is off.
    private let connectEnd, firstByteEnd, firstTokenEnd, totalEnd, deadline: Instant
    /// Nanoseconds.
    private let betweenTokens: UInt64
    /// The last token, later by as long as nobody has waited since.
    private var lastToken: Instant
    private var pausedAt: Instant?
    private var ranOut: TimeLimit?

    /// Begins an attempt.
    /// - Parameters:
    ///   - isLast: Whether no further target would be asked: the first-token limit is off.
    ///   - isStream: `false` for an answer that comes as a whole, whose head comes with its end: only connection and
    ///     total are limited.
    /// - Throws: `deadline_exceeded` when the run has less left than ``Timeouts/minimum``.
    public init(
        _ timeouts: Timeouts = Timeouts(), now: Instant, deadline: Instant? = nil, isLast: Bool = false,
        isStream: Bool = true
    ) throws(CodedError) {
        let timeouts = timeouts.sane
        if let deadline, deadline <= now || deadline.since(now) < timeouts.minimum { throw TimeLimit.deadline.error }
        let never = Instant(nanoseconds: .max)
        connectEnd = now.advanced(by: timeouts.connect)
        firstByteEnd = isStream ? now.advanced(by: timeouts.firstByte) : never
        firstTokenEnd = isStream && !isLast ? now.advanced(by: timeouts.firstToken) : never
        betweenTokens = isStream ? UInt64(timeouts.betweenTokens.saturatingNanoseconds) : .max
        totalEnd = now.advanced(by: timeouts.total)
        self.deadline = deadline ?? never
        lastToken = now
    }

    /// Later phases contain the earlier ones: a byte needs a connection. What comes after the end is ignored.
    public mutating func record(_ event: Event, now: Instant) {
        guard phase != .over else { return }
        switch event {
        case .connected: enter(.waiting)
        case .byte: enter(.beginning)
        case .token:
            enter(.flowing)
            lastToken = max(lastToken, now)
        case .paused: pausedAt = now
        case .reading: endPause(now)
        case .done: phase = .over
        }
    }

    /// A server that only shows signs of life wins no time by them: they are taken, and the time runs on.
    private mutating func endPause(_ now: Instant) {
        let pause = max(lastToken, pausedAt ?? lastToken)
        pausedAt = nil
        guard now > pause else { return }
        // Never beyond `now`, as the last token was not after the pause.
        lastToken = Instant(nanoseconds: lastToken.nanoseconds + (now.nanoseconds - pause.nanoseconds))
    }

    private mutating func enter(_ next: Phase) {
        if next.rawValue > phase.rawValue { phase = next }
    }

    /// What runs out next, and when; `nil` when the attempt is over.
    public var next: (limit: TimeLimit, at: Instant)? {
        if phase == .over { return nil }
        var first = (limit: TimeLimit.total, at: totalEnd)
        // Of limits that end together the one that says most is told, the run's deadline last.
        func consider(_ limit: TimeLimit, _ at: Instant) { if at <= first.at { first = (limit, at) } }
        if phase == .flowing {
            let (end, overflow) = lastToken.nanoseconds.addingReportingOverflow(betweenTokens)
            consider(.betweenTokens, Instant(nanoseconds: overflow ? .max : end))
        } else {
            consider(.firstToken, firstTokenEnd)
        }
        if phase.rawValue < Phase.beginning.rawValue { consider(.firstByte, firstByteEnd) }
        if phase == .connecting { consider(.connect, connectEnd) }
        if deadline < first.at { first = (.deadline, deadline) }
        return first
    }

    /// When the attempt is over in any case, and which limit that is.
    public var end: (limit: TimeLimit, at: Instant) {
        deadline < totalEnd ? (.deadline, deadline) : (.total, totalEnd)
    }

    /// Until when there must be a connection, and the head of the answer, for whoever keeps these two by itself: within
    /// all other limits.
    public var connectionEnd: Instant { min(connectEnd, headEnd) }
    public var headEnd: Instant { min(firstByteEnd, firstTokenEnd, end.at) }

    /// Which limit has run out by now; the attempt is over with that, and the answer stays the same.
    public mutating func expired(now: Instant) -> TimeLimit? {
        if let next, now >= next.at {
            ranOut = next.limit
            phase = .over
        }
        return ranOut
    }
}
