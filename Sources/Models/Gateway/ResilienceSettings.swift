public import Resilience

/// What the gateway does when providers fail, as it is configured. A plain value.
public struct ResilienceSettings: Sendable, Hashable {
    public var timeouts = Timeouts()
    public var retry = RetryPolicy()
    public var breaker = BreakerPolicy()
    public var hedge = HedgePolicy()
    public var limits = LimitsPolicy()
    /// What happens to a stream that breaks when a part of it has been shown.
    public var midstream = Midstream.error
    /// How much of a stream is held back before the first of it is shown: until then it can begin anew elsewhere.
    public var hold = Hold.tokens(0)
    /// What answers when every target has failed, in order of preference.
    public var degrade: [Degradation] = []
    /// The answer of ``Degradation/text``.
    public var degradedText = ""

    public init() {}
}

/// What happens to a stream that breaks when a part of it has been shown.
public enum Midstream: String, Sendable, Hashable, CaseIterable {
    /// It ends in a typed error.
    case error
    /// The next target continues the text where it broke off, if it can; else it ends in a typed error.
    case `continue`
}

/// How much of a stream is held back before the first of it is shown.
public enum Hold: Sendable, Hashable {
    /// So many pieces beside the first one, at most ``mostTokens``.
    case tokens(Int)
    /// The whole answer.
    case all

    public static let mostTokens = 100_000
}

/// What answers when every target has failed.
public enum Degradation: String, Sendable, Hashable, CaseIterable {
    /// The model inside this process.
    case local
    /// An earlier answer to the same question, older than it may be otherwise.
    case stale
    /// A configured text.
    case text
}

/// What was done to an answer that a caller should know of: it is marked with it, and never cached.
public struct AnswerMarks: Sendable, Hashable {
    /// What took the place of an answer.
    public var degraded: Degradation?
    /// Whether faults were put into it on purpose.
    public var isChaotic = false

    public init() {}

    /// Whether it may be kept for others.
    public var isClean: Bool { degraded == nil && !isChaotic }
}

/// A target and which of its provider's keys it is asked with: what fails, rests and comes back as one.
public struct KeyedTarget: Sendable, Hashable {
    public var target: Target
    /// The place of the key in the provider's configuration; 0 for the only one, or for none.
    public var key: Int

    public init(_ target: Target, key: Int = 0) {
        self.target = target
        self.key = key
    }
}

/// Where a request may go, as the directory says of its model's name.
public struct Route: Sendable, Hashable {
    /// In order of preference; never empty.
    public var chain: [Target]
    /// How calls are spread over the chain. What fails goes on in the chain's order.
    public var strategy = BalanceStrategy.order
    /// Those of the chain's targets, in its order; 1 for what is missing.
    public var weights: [Double] = []
    /// The window that the configuration gives the name; `nil` leaves it to what is known of the models.
    public var window: Int?
    /// What the configuration of the name changes; `nil` where it changes nothing.
    public var settings: ResilienceSettings?
    /// The time limits that the name sets itself; a call to one of its targets has these over its provider's.
    public var timeouts = TimeoutOverrides()

    public init(chain: [Target], window: Int? = nil) {
        self.chain = chain
        self.window = window
    }
}

/// What a provider says of how many more calls it takes.
public struct RateCount: Sendable, Hashable {
    public var remaining: Double
    /// In so many seconds the count begins anew.
    public var reset: Double

    public init(remaining: Double, reset: Double) {
        self.remaining = remaining
        self.reset = reset
    }
}
