public import Base

/// Where earlier answers are kept: the seam of the cache.
public protocol StaleAnswers: Sendable {
    /// An answer to the same question within the caller's scope, older than it may be otherwise; `nil` where there is
    /// none. Must be quick and never ask a provider: somebody has waited for a long time already.
    func answer(to request: ChatRequest, context: RunContext) async -> StaleAnswer?
}

/// An answer that was given before.
public struct StaleAnswer: Sendable, Equatable {
    public var completion: ChatCompletion
    /// The model that gave it.
    public var target: Target

    public init(_ completion: ChatCompletion, of target: Target) {
        self.completion = completion
        self.target = target
    }
}
