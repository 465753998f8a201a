/// What is looked for in what goes in and comes out, and what is done about it.
public struct GuardSettings: Sendable, Equatable {
    public enum InputPolicy: String, Sendable, CaseIterable {
        case off
        /// Findings are told; the turn goes on.
        case flag
        /// A turn with control characters, or that looks like an injection, is refused.
        case refuse
    }

    public enum OutputPolicy: String, Sendable, CaseIterable {
        case off
        /// Findings are counted; every piece passes at once as it came.
        case flag
        /// Findings are replaced; what may be the beginning of one is held back until it is certain.
        case redact
    }

    public var input: InputPolicy
    public var output: OutputPolicy
    /// The user's own, besides those that are built in.
    public var patterns: GuardPatterns

    public init(
        input: InputPolicy = .flag, output: OutputPolicy = .flag, patterns: GuardPatterns = GuardPatterns()
    ) {
        self.input = input
        self.output = output
        self.patterns = patterns
    }
}
