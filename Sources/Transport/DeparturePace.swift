internal import Base

/// Whether a peer takes what is sent to it fast enough. Only time in which bytes wait for the peer counts, so that who
/// has nothing to say never counts against it; and each byte that it takes makes up for its time, but saves none for
/// later. A pure machine over given time, a few additions and a division for each piece that had to wait.
struct DeparturePace: Sendable {
    /// Bytes a second; 0 for no such limit.
    private let rate: Int
    /// How far a peer may be behind that.
    private let grace: Duration
    /// How far the peer is behind, up to `since`; in nanoseconds.
    private var debt: Int64 = 0
    /// Up to when the time in which bytes wait has been counted; `nil` while none do.
    private var since: Instant?

    init(rate: Int = 0, grace: Duration = .zero) {
        self.rate = rate
        self.grace = grace
    }

    /// Whether what is taken makes up for anything.
    var isBehind: Bool { since != nil || debt > 0 }

    /// Bytes wait for the peer from now on.
    mutating func wait(at now: Instant) {
        if rate > 0, since == nil { since = now }
    }

    /// The peer has taken `count` bytes.
    mutating func take(_ count: Int, at now: Instant) {
        guard isBehind else { return }
        settle(now)
        let earned = min(Double(count) / Double(rate), 1e9) * 1e9
        debt = max(0, debt - Int64(earned))
    }

    /// Nothing waits any more.
    mutating func rest(at now: Instant) {
        settle(now)
        since = nil
    }

    /// By when the peer must have taken something; `nil` when nothing waits for it.
    var deadline: Instant? {
        since?.advanced(by: grace - .nanoseconds(debt))
    }

    private mutating func settle(_ now: Instant) {
        guard let since, now > since else { return }
        let (sum, overflow) = debt.addingReportingOverflow(now.since(since).saturatingNanoseconds)
        debt = overflow ? .max : sum
        self.since = now
    }
}
