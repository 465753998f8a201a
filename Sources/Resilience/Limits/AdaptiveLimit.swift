public import Base

/// How many calls at once a provider can take, found from how long it takes to its first token. Pure, O(1), without
/// allocation.
///
/// Samples are gathered in rounds, each of calls that began in it: a round shows what its limit does, and nothing of
/// the one before. While the latency stays near the baseline, the limit grows; above, it shrinks with the gradient of
/// the two. When the latency has doubled, and now and then without a reason, the limit is lowered for a round to learn
/// whose queue that is: if the latency falls as well, it is ours, and the limit goes on down; if it does not, the
/// provider takes that long by itself, the limit is restored, and the latency is the new baseline.
///
/// A whole answer's time is its length's, and no latency. That it has come is a reason to grow again all the same:
/// otherwise a provider that is only asked for whole answers would keep what it has lost to a few refusals for ever.
public struct AdaptiveLimit: Sendable {
    /// The latency may be so many times the baseline before the limit shrinks.
    static let tolerance = 1.5
    /// A latency of so many times the baseline is put to the test.
    static let alarm = 2.0
    /// What the limit is lowered to for a test.
    static let step = 0.7
    /// The latency has followed the limit if it is at most this part of what it was: half the way.
    static let followed = 0.85
    /// What is left of the limit when the provider says that it has too much to do.
    static let backoff = 0.9
    /// A round lasts at least so long, in nanoseconds, and has at least so many samples.
    static let shortestRound: UInt64 = 100_000_000
    static let samples = 16
    /// How often a limit that is in use is tested without a reason. The first baseline, and one that has risen, may
    /// have been taken in a queue: they are tested soon, and later each time in a row that it rises again.
    static let longestPause = Duration.seconds(60)
    static let shortestPause = Duration.seconds(5)
    /// A round of successes without a latency lasts at least so long. Where a latency is known within it, that decides.
    static let successRound = Duration.seconds(1)
    /// A limit that nobody uses is restored when so long nothing has lowered it.
    static let memory = Duration.seconds(60)

    private enum Phase {
        case steady
        /// The latency has doubled; the next round says whether it stays so.
        case alarmed
        /// The limit has been lowered, from `limit`, at which the latency was `latency`.
        case testing(limit: Double, latency: Double)
    }

    public let least: Int
    public let most: Int
    private var exact: Double
    /// In nanoseconds; `nil` before the first round has ended.
    private var noLoad: Double?
    private var phase = Phase.steady
    private var pause = AdaptiveLimit.shortestPause
    private var nextTest = Instant(nanoseconds: 0)
    private var latest = Instant(nanoseconds: 0)
    private var lastDrop = Instant(nanoseconds: 0)
    private var lastLowered = Instant(nanoseconds: 0)

    private var roundStart = Instant(nanoseconds: 0)
    private var sum = 0.0
    private var count = 0
    private var peak = 0

    private var successStart = Instant(nanoseconds: 0)
    private var successes = 0
    private var successPeak = 0

    /// Begins with all that is allowed, and shrinks when that turns out to be too much.
    public init(atMost most: Int) {
        self.most = min(max(most, 1), LimitsPolicy.mostCalls)
        least = max(1, self.most / 16)
        exact = Double(self.most)
    }

    public var limit: Int { Int(exact) }

    /// The time to the first token without a queue, as far as it is known.
    public var baseline: Duration? { noLoad.map { .nanoseconds(Int64(min($0, 1e15))) } }

    /// A call has got its first token, `latency` after it began; `inFlight` are under way with it.
    public mutating func sample(_ latency: Duration, inFlight: Int, now: Instant) {
        latest = max(latest, now)
        let nanoseconds = max(latency.saturatingNanoseconds, 1_000)
        guard latest.nanoseconds &- roundStart.nanoseconds >= UInt64(nanoseconds) else { return }
        beginSuccesses()
        // One call that takes a minute says little about the others.
        sum += min(Double(nanoseconds), 8 * (noLoad ?? .infinity))
        count += 1
        peak = max(peak, inFlight)
        guard count >= needed, latest.nanoseconds &- roundStart.nanoseconds >= Self.shortestRound else { return }
        close(sum / Double(count))
        beginRound()
    }

    /// A call that began at `began` has succeeded, and nothing is known of its latency; `inFlight` are under way with
    /// it. After as many of them as there are places, the limit grows as it does after a round with a good latency.
    public mutating func succeed(began: Instant, inFlight: Int, now: Instant) {
        latest = max(latest, now)
        // Those from before the last refusal say nothing of the limit since.
        guard began >= lastDrop else { return }
        successes += 1
        successPeak = max(successPeak, inFlight)
        guard successes >= limit, latest.since(successStart) >= Self.successRound else { return }
        if case .testing(let limit, _) = phase {
            // Without latencies a test has no end.
            exact = limit
        } else if successPeak >= (limit + 1) / 2 {
            set(exact + growth)
        }
        phase = .steady
        beginSuccesses()
    }

    /// A call comes, and no other is under way. All is allowed again, as at the beginning, if nothing has spoken against
    /// it for long: few calls are no reason to grow, and the next burst would be refused for what is over.
    public mutating func beginAlone(now: Instant) {
        latest = max(latest, now)
        guard exact < Double(most), latest.since(lastLowered) >= Self.memory else { return }
        exact = Double(most)
        phase = .steady
        beginRound()
    }

    /// The provider has said, or shown, that it has too much to do, to a call that began at `began`. Calls that were
    /// under way together count once.
    public mutating func drop(began: Instant, now: Instant) {
        latest = max(latest, now)
        guard began >= lastDrop else { return }
        lastDrop = latest
        lastLowered = latest
        set(exact * Self.backoff)
        phase = .steady
        beginRound()
    }

    private var needed: Int {
        if case .testing = phase { return max(Self.samples, min(2 * Self.samples, 2 * limit)) }
        return Self.samples
    }

    private mutating func beginRound() {
        roundStart = latest
        (sum, count, peak) = (0, 0, 0)
        beginSuccesses()
    }

    private mutating func beginSuccesses() {
        successStart = latest
        (successes, successPeak) = (0, 0)
    }

    /// What a good round adds.
    private var growth: Double { exact.squareRoot() / 2 }

    private mutating func set(_ limit: Double) {
        let next = min(max(limit, Double(least)), Double(most))
        if next < exact { lastLowered = latest }
        exact = next
    }

    private mutating func close(_ latency: Double) {
        guard let noLoad else {
            noLoad = latency
            nextTest = latest.advanced(by: pause)
            return
        }
        if case .testing(let limit, let before) = phase { return judge(latency, limit, before) }
        if latency < noLoad { self.noLoad = noLoad + (latency - noLoad) * (latency < noLoad / 2 ? 0.5 : 0.2) }
        let isUsed = peak * 2 >= limit
        if latency > noLoad * Self.alarm {
            if !isUsed {
                // So few calls are no queue.
                self.noLoad = latency
            } else if case .alarmed = phase {
                test(latency)
            } else {
                phase = .alarmed
            }
            return
        }
        phase = .steady
        if isUsed, latest >= nextTest { test(latency) } else { follow(noLoad / latency, isUsed) }
    }

    private mutating func follow(_ ratio: Double, _ isUsed: Bool) {
        let gradient = min(1, Self.tolerance * ratio)
        let limit = exact * gradient + growth
        if limit < exact || isUsed { set(limit) }
    }

    private mutating func test(_ latency: Double) {
        phase = .testing(limit: exact, latency: latency)
        set(min(exact, Double(peak)) * Self.step)
    }

    private mutating func judge(_ latency: Double, _ limit: Double, _ before: Double) {
        let baseline = noLoad ?? latency
        if latency <= before * Self.followed, exact > Double(least) {
            noLoad = min(baseline, latency)
            test(latency)
            return
        }
        noLoad = latency
        exact = limit
        phase = .steady
        let hasRisen = latency > baseline * Self.tolerance
        nextTest = latest.advanced(by: hasRisen ? pause : Self.longestPause)
        pause = hasRisen ? min(pause * 2, Self.longestPause) : Self.shortestPause
    }
}
