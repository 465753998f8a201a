public import Resilience

/// The time limits that a model's name sets for its calls; those that it does not set are the provider's.
public struct TimeoutOverrides: Sendable, Hashable {
    public var connect: Duration?
    public var firstByte: Duration?
    public var firstToken: Duration?
    public var betweenTokens: Duration?
    public var total: Duration?
    public var minimum: Duration?

    public init() {}

    public var isEmpty: Bool { self == TimeoutOverrides() }

    /// What holds for a call to a provider with these limits. None is longer than the total, which would end the call
    /// before it, and a call may begin with a good part of it.
    public func applied(to timeouts: Timeouts) -> Timeouts {
        if isEmpty { return timeouts }
        let total = total ?? timeouts.total
        let minimum = minimum ?? timeouts.minimum
        return Timeouts(
            connect: min(connect ?? timeouts.connect, total),
            firstByte: min(firstByte ?? timeouts.firstByte, total),
            firstToken: min(firstToken ?? timeouts.firstToken, total),
            betweenTokens: min(betweenTokens ?? timeouts.betweenTokens, total), total: total,
            minimum: minimum < total / 2 ? minimum : total / 4)
    }
}
