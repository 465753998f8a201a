internal import Base

/// How long a body that is coming in may still take: its pieces must follow each other, it must come at a rate, and it
/// must end. A pure machine; a few additions and a division for each piece that is waited for, no timer of its own.
struct ArrivalPace: Sendable {
    private let start: Instant
    private var received = 0

    init(start: Instant) { self.start = start }

    mutating func note(_ count: Int) {
        let (sum, overflow) = received.addingReportingOverflow(count)
        received = overflow ? .max : sum
    }

    /// By when something more must have come.
    func deadline(at now: Instant, _ limits: borrowing ServerLimits) -> Instant {
        let deadline = min(now.advanced(by: limits.bodyTimeout), start.advanced(by: limits.bodyTotal))
        guard limits.minRate > 0 else { return deadline }
        // What has come so far is worth so much time, at the least rate.
        let earned = min(Double(received) / Double(limits.minRate), 1e9)
        let due = limits.rateGrace + .nanoseconds(Int64(earned * 1e9))
        return min(deadline, start.advanced(by: due))
    }
}
