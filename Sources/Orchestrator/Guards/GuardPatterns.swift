internal import Base

/// The user's own patterns, compiled. Bounded when they are loaded: in number, each in its program's size and memory, and
/// the programs together.
public struct GuardPatterns: Sendable, Equatable {
    /// How many there may be.
    public static let maxCount = 64
    /// How many instructions all programs may have together: what a byte of text may cost at worst.
    public static let maxInstructions = 8000
    /// In bytes. What is longer is no match, so that no more than this is ever held back for one.
    public static let window = 256

    struct Pattern: Sendable {
        var kind: GuardKind
        var source: String
        var expression: RegularExpression
    }

    private(set) var patterns: [Pattern] = []
    private var instructions = 0

    public init() {}

    public var isEmpty: Bool { patterns.isEmpty }
    public var names: [String] { patterns.map(\.kind.name) }

    public static func == (left: GuardPatterns, right: GuardPatterns) -> Bool {
        left.patterns.elementsEqual(right.patterns) { $0.kind == $1.kind && $0.source == $1.source }
    }

    /// Adds one, in the syntax of RE2.
    /// - Parameter name: `[A-Za-z0-9_]{1,32}`, once; upper-cased it stands in the mark.
    /// - Returns: What is wrong, as a sentence for whoever wrote the configuration; `nil` when it was added.
    public mutating func add(name: String, pattern: String) -> String? {
        guard patterns.count < Self.maxCount else {
            return "There are more than \(Self.maxCount) patterns; join some of them with `|`."
        }
        guard (1...32).contains(name.utf8.count), name.utf8.allSatisfy(Self.mayBeInName) else {
            return "The name of a pattern has 1 to 32 letters, digits and underscores."
        }
        guard !names.contains(where: { $0.uppercased() == name.uppercased() }) else {
            return "There is a pattern `\(name)` already, and the marks in the text would be the same."
        }
        guard let expression = RegularExpression(pattern) else {
            return """
                The pattern is no regular expression of RE2's syntax (no look-around, no back references), has more than \
                \(RegularExpression.maxLength) bytes, or becomes a program of more than \
                \(RegularExpression.maxProgramSize) instructions.
                """
        }
        guard !expression.occurs(in: "") else { return "The pattern matches the empty text, and so every text." }
        guard instructions + expression.programSize <= Self.maxInstructions else {
            return "With this pattern all of them have more than \(Self.maxInstructions) instructions together."
        }
        instructions += expression.programSize
        patterns.append(Pattern(kind: .pattern(name), source: pattern, expression: expression))
        return nil
    }

    private static func mayBeInName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
