internal import Base
internal import Models
internal import Resilience

/// Two settings of `resilience` of which one must not exceed the other, or half of it. One that nobody set follows the one that
/// somebody did, so that a short total contradicts no default; only what is set on both sides does.
struct SettingOrder: Sendable {
    /// The paths below `resilience`.
    let low: String
    let high: String
    /// What is wrong with a `low` that exceeds its `high`, around "the total of 10s".
    let complaint: (before: String, after: String)
    /// Whether a `high` that nobody set grows with its `low`; else it bounds what somebody pays for, and stays.
    private let grows: Bool
    private let isKept: @Sendable (ResilienceSettings) -> Bool
    private let lower: @Sendable (inout ResilienceSettings) -> Void
    private let raise: @Sendable (inout ResilienceSettings) -> Void

    private typealias Field<Value> = WritableKeyPath<ResilienceSettings, Value> & Sendable

    private init<Value: Comparable & Sendable>(
        _ low: String, _ lowField: any Field<Value>, _ high: String, _ highField: any Field<Value>, grows: Bool = false
    ) {
        self.low = low
        self.high = high
        self.grows = grows
        complaint = ("more than", "")
        isKept = { $0[keyPath: lowField] <= $0[keyPath: highField] }
        lower = { $0[keyPath: lowField] = $0[keyPath: highField] }
        raise = { $0[keyPath: highField] = $0[keyPath: lowField] }
    }

    /// One that has to be under half of the other, and is a quarter of it where nobody set it.
    private init(
        _ low: String, _ lowField: any Field<Duration>, underHalfOf high: String, _ highField: any Field<Duration>
    ) {
        self.low = low
        self.high = high
        grows = false
        complaint = ("not under half of", ", so that calls would hardly ever begin: lower it")
        isKept = { $0[keyPath: lowField] < $0[keyPath: highField] / 2 }
        lower = { settings in
            let whole = settings[keyPath: highField].saturatingNanoseconds / 4_000_000
            settings[keyPath: lowField] = .milliseconds(whole)
        }
        raise = { _ in }
    }

    /// One that has to be under the other, and is one less where nobody set it.
    private init(_ low: String, _ lowField: any Field<Int>, under high: String, _ highField: any Field<Int>) {
        self.low = low
        self.high = high
        grows = false
        complaint = ("not under", ", the first attempt included")
        isKept = { $0[keyPath: lowField] < $0[keyPath: highField] }
        lower = { $0[keyPath: lowField] = max(0, $0[keyPath: highField] - 1) }
        raise = { _ in }
    }

    static let all: [SettingOrder] = [
        SettingOrder(
            "timeouts.connect", \.timeouts.connect, "timeouts.first_byte", \.timeouts.firstByte, grows: true),
        SettingOrder("timeouts.connect", \.timeouts.connect, "timeouts.total", \.timeouts.total),
        SettingOrder("timeouts.first_byte", \.timeouts.firstByte, "timeouts.total", \.timeouts.total),
        SettingOrder("timeouts.first_token", \.timeouts.firstToken, "timeouts.total", \.timeouts.total),
        SettingOrder("timeouts.between_tokens", \.timeouts.betweenTokens, "timeouts.total", \.timeouts.total),
        SettingOrder("timeouts.minimum", \.timeouts.minimum, underHalfOf: "timeouts.total", \.timeouts.total),
        SettingOrder("breaker.slow_after", \.breaker.slowAfter, "timeouts.total", \.timeouts.total),
        SettingOrder("retry.initial_delay", \.retry.initialDelay, "retry.max_delay", \.retry.maxDelay, grows: true),
        SettingOrder("retry.retries", \.retry.retries, under: "retry.max_attempts", \.retry.maxAttempts),
        SettingOrder("breaker.reset", \.breaker.reset, "breaker.max_reset", \.breaker.maxReset, grows: true),
        SettingOrder("limits.per_provider", \.limits.perProvider, "limits.total", \.limits.total),
    ]

    /// What came of it.
    struct Settled {
        /// The orders that two settings contradict.
        var broken: [SettingOrder] = []
        /// What has followed another one, and that: paths below `resilience`.
        var moved: [(path: String, after: String)] = []
    }

    /// Lets what is not set follow what is.
    /// - Parameter isSet: Whether somebody set the key at this place, by its path below `resilience`.
    static func settle(_ settings: inout ResilienceSettings, isSet: (String) -> Bool) -> Settled {
        var settled = Settled()
        for order in all where !order.isKept(settings) {
            switch (isSet(order.low), isSet(order.high)) {
            case (false, true):
                order.lower(&settings)
                settled.moved.append((order.low, order.high))
            case (true, false) where order.grows:
                order.raise(&settings)
                settled.moved.append((order.high, order.low))
            case (true, _): settled.broken.append(order)
            // What is wrong where neither was set has been told where they were.
            case (false, false): break
            }
        }
        return settled
    }
}
