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
        /// Between which texts its matches lie.
        var least: [UInt8]
        var greatest: [UInt8]
        var length: PatternLength
        /// How much of the text is looked at, from where a match may begin: one byte more than the longest has.
        var window: Int { min(length.most.map { $0 + 1 } ?? GuardPatterns.window, GuardPatterns.window) }
    }

    private(set) var patterns: [Pattern] = []
    private var instructions = 0
    /// What each byte may begin, of the built-in kinds and of these, as ``SecretScanner/Starts``.
    private(set) var starts = SecretScanner.Starts.builtIn

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
        let bounds = expression.bounds ?? ([], [])
        patterns.append(
            Pattern(
                kind: .pattern(name), source: pattern, expression: expression, least: bounds.least,
                greatest: bounds.greatest, length: PatternLength(of: pattern)))
        let first = (bounds.least.first ?? 0)...max(bounds.greatest.first ?? 0xFF, bounds.least.first ?? 0)
        // No match begins within a character.
        for byte: UInt8 in first where !byte.isContinuation {
            starts[Int(byte)] |= SecretScanner.Starts.pattern.rawValue
        }
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

    /// The first pattern, in their order, with a match that begins here.
    func find(at start: Int, _ text: Span<UInt8>, isFinal: Bool, _ probe: inout Probe) -> Finding? {
        for pattern in patterns where mayMatch(pattern, at: start, text, &probe) {
            let end = start + pattern.window
            // What is not there yet may make a match, or a longer one.
            if probe.byte(end - 1, text) == 0, !isFinal, end > text.count { return nil }
            // Assertions see what is before.
            let begin = max(0, start - 4)
            let window = text.extracting(begin..<min(end, text.count))
            guard let match = pattern.expression.matchEnd(at: start - begin, in: window), begin + match > start
            else { continue }
            var last = begin + match
            while probe.byte(last, text).isContinuation { last += 1 }
            return Finding(start: start, end: last, kind: pattern.kind)
        }
        return nil
    }

    /// Whether the first bytes here are those of a match, as far as its bounds tell.
    private func mayMatch(_ pattern: Pattern, at start: Int, _ text: Span<UInt8>, _ probe: inout Probe) -> Bool {
        var isAbove = false
        var isBelow = false
        for place in 0..<max(pattern.least.count, min(pattern.greatest.count, max(pattern.length.least, 1))) {
            let byte = probe.byte(start + place, text)
            if !isAbove, place < pattern.least.count {
                if byte < pattern.least[place] { return false }
                isAbove = byte > pattern.least[place]
            }
            // A match that is over before this byte may lie below the greatest, whatever the byte.
            if !isBelow, place < pattern.greatest.count, place < max(pattern.length.least, 1) {
                if byte > pattern.greatest[place] { return false }
                isBelow = byte < pattern.greatest[place]
            } else {
                isBelow = true
            }
            if isAbove, isBelow { break }
        }
        return true
    }
}
