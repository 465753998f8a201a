public import Base

/// How busy a target is: calls under way, and a peak average of its times to the first token, which jumps up to a slow
/// one at once and comes down in time. Pure, O(1), without allocation. Times may go back a little: the latest counts.
public struct TargetLoad: Sendable {
    /// What a target is taken for that has been asked and has never answered: 1000 s. Whoever is first finds out.
    private static let unknown = 1e12
    /// Failures count as so many calls at most.
    private static let mostFailures = 1e6

    /// Calls under way.
    public private(set) var inFlight = 0
    /// Nanoseconds, as they were at ``latest``; 0 while unknown. Whole answers have one of their own: they say nothing
    /// before their end, and their length is in it.
    private var peak = 0.0
    private var wholePeak = 0.0
    private var failures = 0.0
    private var latest = Instant(nanoseconds: 0)
    private let halfLife: UInt64

    /// A time out of range is taken as the nearest in it.
    public init(halfLife: Duration = BalancePolicy().halfLife) {
        self.halfLife = UInt64(halfLife.clamped(to: BalancePolicy.halfLives).saturatingNanoseconds)
    }

    public mutating func begin() { inFlight += 1 }

    /// A call's first token has come.
    public mutating func note(firstToken time: Duration, now: Instant) {
        let kept = age(to: now)
        peak = Self.average(peak, time, kept)
        wholePeak *= kept
    }

    /// A whole answer has come.
    public mutating func note(whole time: Duration, now: Instant) {
        let kept = age(to: now)
        wholePeak = Self.average(wholePeak, time, kept)
        peak *= kept
    }

    private static func average(_ peak: Double, _ time: Duration, _ kept: Double) -> Double {
        let sample = Double(max(1, time.saturatingNanoseconds))
        return sample >= peak ? sample : peak * kept + sample * (1 - kept)
    }

    /// A call is over. A failure counts for a while as a call that is still under way: whoever fails fastest would
    /// otherwise look the least busy, and draw all calls.
    public mutating func end(failed: Bool, now: Instant) {
        inFlight = max(0, inFlight - 1)
        guard failed else { return }
        _ = age(to: now)
        failures = min(failures + 1, Self.mostFailures)
    }

    /// Calls under way, and recent failures.
    public func busy(now: Instant) -> Double {
        failures == 0 ? Double(inFlight) : Double(inFlight) + failures * kept(until: now)
    }

    /// The average time to the first token as a call would have to expect it, in nanoseconds; 0 while unknown.
    public func latency(now: Instant) -> Double { peak * kept(until: now) }

    /// The time to the first token, or to a whole answer, times the calls that wait for one, this one included. Where
    /// only the other is known, that stands for it.
    public func cost(now: Instant, isWhole: Bool = false) -> Double {
        let (own, other) = isWhole ? (wholePeak, peak) : (peak, wholePeak)
        let peak = own == 0 ? other : own
        let kept = kept(until: now)
        let busy = Double(inFlight) + failures * kept
        if peak == 0 { return busy == 0 ? 0 : Self.unknown * (busy + 1) }
        return peak * kept * (busy + 1)
    }

    /// Moves on to a time, and answers with the part that the past is still worth. The peak is the caller's to lower.
    private mutating func age(to now: Instant) -> Double {
        let kept = kept(until: now)
        failures *= kept
        latest = max(latest, now)
        return kept
    }

    private func kept(until now: Instant) -> Double {
        guard now > latest else { return 1 }
        return Self.halved(now.nanoseconds - latest.nanoseconds, halfLife)
    }

    /// 2^(-time / halfLife), to a hundredth.
    static func halved(_ time: UInt64, _ halfLife: UInt64) -> Double {
        let (halves, rest) = time.quotientAndRemainder(dividingBy: max(1, halfLife))
        guard halves < 63 else { return 0 }
        let part = Double(rest) / Double(halfLife)
        // The series of 2^-x, without its smaller terms.
        let fraction = 1 - part * (0.693147 - part * (0.240227 - part * (0.055504 - part * 0.009618)))
        return fraction / Double(UInt64(1) << halves)
    }
}
