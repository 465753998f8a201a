/// When a circuit breaker opens, and for how long. A plain value: ``faults`` says what is wrong with it, and a breaker
/// that is given a wrong one works with the nearest sane figures.
public struct BreakerPolicy: Hashable, Sendable {
    /// Opens after so many failures without a success in between; at least 1.
    public var failures: Int
    /// Opens when this part of the calls in the window has failed; over 0, at most 1.
    public var failureRate: Double
    /// Opens when this part of the calls in the window was slow; over 0, at most 1.
    public var slowRate: Double
    /// A success that took longer is slow.
    public var slowAfter: Duration
    /// The time that both rates look back over, in tenths: what counts is between nine tenths of it and all of it.
    public var window: Duration
    /// The rates say nothing before so many calls in the window; at least 1.
    public var minimum: Int
    /// How long the breaker stays open before it sends a probe.
    public var reset: Duration
    /// What ``reset`` doubles up to while probes fail.
    public var maxReset: Duration
    /// How long a probe may go without a first token before it counts as failed; longer than the time limits of the
    /// call, which say so earlier and better.
    public var probeLease: Duration
    public var mode: BreakerMode

    public init(
        failures: Int = 5, failureRate: Double = 0.5, slowRate: Double = 0.8, slowAfter: Duration = .seconds(20),
        window: Duration = .seconds(10), minimum: Int = 20, reset: Duration = .seconds(30),
        maxReset: Duration = .seconds(300), probeLease: Duration = .seconds(60), mode: BreakerMode = .automatic
    ) {
        self.failures = failures
        self.failureRate = failureRate
        self.slowRate = slowRate
        self.slowAfter = slowAfter
        self.window = window
        self.minimum = minimum
        self.reset = reset
        self.maxReset = maxReset
        self.probeLease = probeLease
        self.mode = mode
    }
}

/// Whether a breaker decides by itself.
public enum BreakerMode: String, CaseIterable, Sendable {
    case automatic
    /// Refuses every call until told otherwise.
    case forcedOpen = "forced_open"
    /// Lets every call through, whatever comes of it. What a provider has asked for itself, a rest or another key,
    /// still holds.
    case forcedClosed = "forced_closed"
    /// No circuit at all: who calls under this policy asks none, and remembers nothing of what a provider has said.
    case off
}

/// What is wrong with one setting of a policy.
public struct PolicyFault: Hashable, Sendable {
    /// The setting's name in the configuration: `failure_rate`.
    public let key: String
    /// What is wrong, and what would be right.
    public let sentence: String

    public init(key: String, sentence: String) {
        self.key = key
        self.sentence = sentence
    }
}

extension BreakerPolicy {
    /// Windows, resets and leases end here at the latest.
    static let longest = Duration.seconds(86_400)
    /// Shorter windows and resets could not be told from none.
    static let shortest = Duration.milliseconds(1)
    static let mostCalls = 1_000_000

    /// Everything that is wrong, in the order of the settings; empty for a policy that can be used.
    public var faults: [PolicyFault] {
        var faults: [PolicyFault] = []
        func check(_ isRight: Bool, _ key: String, _ sentence: @autoclosure () -> String) {
            if !isRight { faults.append(PolicyFault(key: key, sentence: sentence())) }
        }
        func checkTime(_ time: Duration, _ key: String) {
            check(
                time >= Self.shortest && time <= Self.longest, key, "It is \(time): let it be from 1ms to 24h.")
        }
        func checkCount(_ count: Int, _ key: String) {
            check(
                (1...Self.mostCalls).contains(count), key, "It is \(count): let it be from 1 to \(Self.mostCalls).")
        }
        func checkRate(_ rate: Double, _ key: String) {
            check(rate > 0 && rate <= 1, key, "It is \(rate): let it be over 0 and at most 1.")
        }
        checkCount(failures, "failures")
        checkRate(failureRate, "failure_rate")
        checkRate(slowRate, "slow_rate")
        checkTime(slowAfter, "slow_after")
        checkTime(window, "window")
        checkCount(minimum, "minimum")
        checkTime(reset, "reset")
        checkTime(maxReset, "max_reset")
        check(reset <= maxReset, "max_reset", "It is \(maxReset), less than the reset of \(reset).")
        checkTime(probeLease, "probe_lease")
        return faults
    }

    /// The nearest policy without faults; the mode stays.
    var sane: BreakerPolicy {
        func time(_ time: Duration) -> Duration { min(max(time, Self.shortest), Self.longest) }
        func count(_ count: Int) -> Int { min(max(count, 1), Self.mostCalls) }
        // A rate that is no number or none at all would open on nothing; 1 opens on everything's failing.
        func rate(_ rate: Double) -> Double { rate > 0 && rate <= 1 ? rate : 1 }
        return BreakerPolicy(
            failures: count(failures), failureRate: rate(failureRate), slowRate: rate(slowRate),
            slowAfter: time(slowAfter), window: time(window), minimum: count(minimum), reset: time(reset),
            maxReset: max(time(maxReset), time(reset)), probeLease: time(probeLease), mode: mode)
    }
}
