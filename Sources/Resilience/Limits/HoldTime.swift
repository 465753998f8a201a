internal import Base

/// How long calls hold their permits, of which follows how fast those who wait are served. Pure and O(1).
struct HoldTime: Sendable {
    /// The mean looks back over about so many calls.
    private static let memory = 32

    /// In nanoseconds; 0 before the first call has ended.
    private var mean = 0.0
    private var ended = 0
    /// The sum of the times at which the calls under way began.
    private var beginnings: UInt128 = 0

    mutating func begin(_ now: Instant) { beginnings &+= UInt128(now.nanoseconds) }

    mutating func end(_ began: Instant, now: Instant) {
        beginnings &-= UInt128(began.nanoseconds)
        let held = Double(now.nanoseconds &- began.nanoseconds)
        if ended < HoldTime.memory { ended += 1 }
        mean += (held - mean) / Double(ended)
    }

    /// What a call is expected to take, in nanoseconds, with `inFlight` of them under way. Calls that hang are in no
    /// mean before they end, but they age. Half of the mean age says more than the mean only when calls take longer
    /// than before: it is a quarter of what even calls take, and half of what they take if they are very uneven.
    func expected(inFlight: Int, now: Instant) -> Double {
        guard inFlight > 0 else { return mean }
        let ages = UInt128(now.nanoseconds) &* UInt128(inFlight) &- beginnings
        return max(mean, Double(ages) / Double(inFlight) / 2)
    }
}
