internal import Base

public struct GuardSettings: Sendable, Equatable {
    public enum InputPolicy: String, Sendable, CaseIterable { case off, flag, refuse }
    public enum OutputPolicy: String, Sendable, CaseIterable { case off, flag, redact }

    public var input: InputPolicy
    public var output: OutputPolicy
    public var patterns: GuardPatterns

    public init(
        input: InputPolicy = .flag, output: OutputPolicy = .flag, patterns: GuardPatterns = GuardPatterns()
    ) {
        self.input = input
        self.output = output
        self.patterns = patterns
    }
}

public struct GuardPatterns: Sendable, Equatable {
    public static let maxCount = 64
    public private(set) var names: [String] = []
    private var sources: [String] = []

    public init() {}

    public mutating func add(name: String, pattern: String) -> String? {
        guard names.count < Self.maxCount else {
            return "There are more than \(Self.maxCount) patterns; join some of them with `|`."
        }
        guard RegularExpression(pattern) != nil else { return "The pattern is no regular expression of RE2's syntax." }
        names.append(name)
        sources.append(pattern)
        return nil
    }
}
