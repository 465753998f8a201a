internal import Base

/// How long a body that is coming in may still take: its pieces must follow each other, it must come at a rate, and where
/// it is gathered it must end. Only time in which something is waited for counts: what a handler does between two
/// pieces is not the client's. A pure machine; a few additions and a division for each piece that is waited for, no
/// timer of its own.
struct ArrivalPace: Sendable {
    private var waited: Duration = .zero
    private var received = 0

    /// So many bytes have come, after so long.
    mutating func note(_ count: Int, after wait: Duration) {
        waited += wait
        let (sum, overflow) = received.addingReportingOverflow(count)
        received = overflow ? .max : sum
    }

    /// By when something more must have come, waited for from now on.
    /// - Parameter isGathered: Whether nothing is done with the body before all of it is there.
    func deadline(at now: Instant, _ limits: borrowing ServerLimits, isGathered: Bool) -> Instant {
        var left = limits.bodyTimeout
        if isGathered { left = min(left, limits.bodyTotal - waited) }
        if limits.minRate > 0 {
            // What has come so far is worth so much time, at the least rate.
            let earned = min(Double(received) / Double(limits.minRate), 1e9)
            left = min(left, limits.rateGrace + .nanoseconds(Int64(earned * 1e9)) - waited)
        }
        return now.advanced(by: left)
    }
}
