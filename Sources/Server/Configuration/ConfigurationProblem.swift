/// Where a value or a problem comes from.
public enum ConfigurationSource: Sendable, Equatable, CustomStringConvertible {
    case builtIn
    /// Line and column count from one.
    case file(name: String, line: Int, column: Int)
    case environment(name: String)
    case flag(name: String)

    public var description: String {
        switch self {
        case .builtIn: "default"
        case .file(let name, let line, let column): "\(name):\(line):\(column)"
        case .environment(let name): "environment \(name)"
        case .flag(let name): "flag \(name)"
        }
    }
}

/// One thing that is wrong and what to do about it. No sentence quotes a value: it might be a secret.
public struct ConfigurationProblem: Sendable, Equatable, CustomStringConvertible {
    /// `nil` where the whole is at fault and no single place.
    public let source: ConfigurationSource?
    public let sentence: String

    public init(source: ConfigurationSource?, sentence: String) {
        self.source = source
        self.sentence = sentence
    }

    public var description: String { source.map { "\($0): \(sentence)" } ?? sentence }
}

/// Everything that is wrong with a configuration: never empty, the file's problems first in the order of its lines,
/// then the environment's and the flags'. Bounded; the last sentence says so where there were more.
public struct ConfigurationErrors: Error, Sendable, Equatable, CustomStringConvertible {
    public let problems: [ConfigurationProblem]

    public init(_ problems: [ConfigurationProblem]) { self.problems = problems }

    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
