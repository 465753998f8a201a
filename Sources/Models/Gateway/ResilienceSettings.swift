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
