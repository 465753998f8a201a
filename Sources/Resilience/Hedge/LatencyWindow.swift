public import Base

/// The times to the first token of the last while, as a histogram whose steps grow with the times: a percentile is
/// right to a sixteenth. Two halves take turns: what counts is between a half of the window and all of it, and at most
/// twice ``halfLimit`` times, so that a busy target forgets sooner.
///
/// Pure, about 2 KB whatever the load, without allocation. A note is O(1), a percentile looks at 41 counts, a
/// delay is worked out for every 16th note.
public struct LatencyWindow: Sendable {
    /// A half that holds so many times is full.
    public static let halfLimit = 1000

    /// Times under 2¹⁶ ns (66 µs) are one step; those over 2⁴¹ ns (37 min) are the last one.
    private static let firstOctave = 16
    private static let octaves = 25
    private static let steps = 16
    /// A delay holds for so many notes.
    private static let patience = 16

    private struct Half: Sendable {
        var counts = InlineArray<400, UInt16>(repeating: 0)
        var octaves = InlineArray<25, UInt16>(repeating: 0)
        var total = 0
    }

    private let part: Double
    private let minimum: Int
    /// Nanoseconds of a half.
    private let width: UInt64
    private var newer = Half()
    private var older = Half()
    /// The last delay that was worked out, and how many times have been noted since.
    private var last: UInt64?
    private var noted = 0
    private var start = Instant(nanoseconds: 0)
    private var latest = Instant(nanoseconds: 0)

    /// A window out of range is taken as the nearest in it, as in ``HedgePolicy``.
    public init(_ policy: HedgePolicy = HedgePolicy()) {
        let policy = policy.sane
        part = policy.percentile
        minimum = policy.minimum
        width = UInt64(policy.window.saturatingNanoseconds / 2)
    }

    /// How many times count now.
    public mutating func count(now: Instant) -> Int {
        moveOn(to: now)
        return newer.total + older.total
    }

    /// Counts the time of a call's first token, or the time that a call which was stopped had gone without one. Times
    /// under zero count as zero.
    public mutating func note(_ time: Duration, now: Instant) {
        moveOn(to: now)
        if newer.total >= LatencyWindow.halfLimit { rotate(at: latest) }
        let step = LatencyWindow.step(of: time)
        newer.counts[step] += 1
        newer.octaves[step / LatencyWindow.steps] += 1
        newer.total += 1
        noted += 1
    }

    /// The time that this part of the calls has stayed under, from 0 to 1; `nil` when none counts.
    public mutating func percentile(_ part: Double, now: Instant) -> Duration? {
        moveOn(to: now)
        return nanoseconds(atRank: part * Double(newer.total + older.total)).map(LatencyWindow.duration)
    }

    /// How long to wait for a first token before a second target is asked; `nil` while too little is known.
    ///
    /// It is the policy's percentile. But where the slow calls are about as many as the percentile leaves out, a
    /// few more of them make it a slow call's time, and hedging would stop just where it helps. So it is at most half
    /// as much again as the lower end of what the percentile may really be (three standard errors of its rank). Too
    /// short a delay does no harm, because the budget holds.
    public mutating func delay(now: Instant) -> Duration? {
        let count = count(now: now)
        guard count >= minimum else { return nil }
        if let last, noted < LatencyWindow.patience { return LatencyWindow.duration(last) }
        let rank = part * Double(count)
        let low = rank - 3 * (rank * (1 - part)).squareRoot()
        guard let time = nanoseconds(atRank: rank), let floor = nanoseconds(atRank: low) else { return nil }
        let delay = min(time, floor + floor / 2)
        last = delay
        noted = 0
        return LatencyWindow.duration(delay)
    }

    /// Instants subtract without the cost of the general way from nanoseconds to a duration.
    private static func duration(_ nanoseconds: UInt64) -> Duration {
        Instant(nanoseconds: nanoseconds).since(Instant(nanoseconds: 0))
    }

    /// The time of the call at a rank, counted from 1; between two ranks it is the later one.
    private func nanoseconds(atRank rank: Double) -> UInt64? {
        let total = newer.total + older.total
        guard total > 0, !rank.isNaN else { return nil }
        // 0.07 × 100 is a little more than 7, and is meant to be 7.
        var left = Int((rank - 1e-6).clamped(to: 0...Double(total)).rounded(.up)).clamped(to: 1...total)
        var octave = 0
        while octave < LatencyWindow.octaves - 1 {
            let count = Int(newer.octaves[octave]) + Int(older.octaves[octave])
            if left <= count { break }
            left -= count
            octave += 1
        }
        var step = octave * LatencyWindow.steps
        while step < LatencyWindow.octaves * LatencyWindow.steps - 1 {
            let count = Int(newer.counts[step]) + Int(older.counts[step])
            if left <= count { return LatencyWindow.nanoseconds(of: step, part: Double(left) / Double(max(1, count))) }
            left -= count
            step += 1
        }
        return LatencyWindow.nanoseconds(of: step, part: 0)
    }

    private static func step(of time: Duration) -> Int {
        let nanoseconds = UInt64(max(1, time.saturatingNanoseconds))
        let exponent = 63 - nanoseconds.leadingZeroBitCount
        if exponent < firstOctave { return 0 }
        if exponent >= firstOctave + octaves { return octaves * steps - 1 }
        return (exponent - firstOctave) * steps + Int(nanoseconds >> UInt64(exponent - 4)) - steps
    }

    private static func nanoseconds(of step: Int, part: Double) -> UInt64 {
        let width = UInt64(1) << UInt64(step / steps + firstOctave - 4)
        return width * UInt64(steps + step % steps) + UInt64(Double(width) * part)
    }

    private mutating func moveOn(to now: Instant) {
        latest = max(latest, now)
        let age = latest.nanoseconds - start.nanoseconds
        if age < width { return }
        rotate(at: latest)
        if age / 2 >= width { older = Half() }
    }

    private mutating func rotate(at now: Instant) {
        last = nil
        older = newer
        newer = Half()
        start = now
    }
}
