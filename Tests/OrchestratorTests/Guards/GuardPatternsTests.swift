import Base
import Testing

@testable import Orchestrator

@Suite("The user's own patterns of the output guard")
struct GuardPatternsTests {
    private static func settings(_ patterns: [(String, String)]) -> GuardSettings {
        var settings = GuardSettings(output: .redact)
        for (name, pattern) in patterns {
            let problem = settings.patterns.add(name: name, pattern: pattern)
            #expect(problem == nil)
        }
        return settings
    }

    /// Macros cannot change what they look at.
    private static func expect(_ problem: String?, isFine: Bool) { #expect((problem == nil) == isFine) }

    @Test(
        "they are found beside the built-in kinds, however the text is cut",
        arguments: [
            ("ACME-\\d{6}", "id ACME-123456 and ACME-12345", "id [PATTERN_OWN] and ACME-12345"),
            ("(?i)project\\s+x\\w*", "About Project Xenon, project x.", "About [PATTERN_OWN], [PATTERN_OWN]."),
            ("\\bK\\d+\\b", "K1 aK2 K3b K44.", "[PATTERN_OWN] aK2 K3b [PATTERN_OWN]."),
            ("^top", "top of the top", "[PATTERN_OWN] of the top"),
            ("a|ab", "az ab", "[PATTERN_OWN]z [PATTERN_OWN]b"),
            ("[0-9]{3}€", "100€ und 20€", "[PATTERN_OWN] und 20€"),
            ("世界+", "你好世界界!", "你好[PATTERN_OWN]!"),
            ("x.*y", "x12y34y z", "[PATTERN_OWN] z"),
            ("ACME", "jane@ACME.example.com", "[EMAIL]"),
            ("jane", "jane@example.com", "[PATTERN_OWN]@example.com"),
        ])
    func found(pattern: String, text: String, expected: String) {
        let settings = Self.settings([("own", pattern)])
        #expect(OutputGuardTests.run([text], settings).0 == expected)
        #expect(OutputGuardTests.run(text.unicodeScalars.map { String($0) }, settings).0 == expected)
    }

    @Test("a match is looked for within the window, and no more is held back than that")
    func window() {
        let settings = Self.settings([("own", "b.*e")])
        let long = "b" + String(repeating: "x", count: 400) + "e"
        #expect(OutputGuardTests.run([long], settings).0 == long)
        var finder = SecretFinder(settings.patterns)
        var edits: [SecretFinder.Edit] = []
        for scalar in (long + long).unicodeScalars {
            finder.take(String(scalar), &edits)
            #expect(finder.end - finder.settled <= GuardPatterns.window + EmailDetector.maxLocal)
        }
    }

    @Test("a pattern whose matches have a length holds back no more than that")
    func shortWindow() {
        let settings = Self.settings([("own", "#[0-9]{4}")])
        let pieces = ["so # ", "#123", "4", " "]
        #expect(OutputGuardTests.decided(pieces, settings) == [5, 5, 5, 11])
        #expect(OutputGuardTests.run(pieces, settings).0 == "so # [PATTERN_OWN] ")
    }

    @Test(
        "how long matches are is read from the pattern, or not known",
        arguments: [
            ("abc", 3, 3), ("a{2,4}", 2, 4), ("(ab|c)?d", 1, 3), ("[0-9]{3}", 3, 3), ("[^a]{2}", 2, 8), ("[ü-ÿ]", 1, 4),
            ("(?i)[a]", 1, 4), (#"[\x{e9}]"#, 1, 4), ("\\d{3}-\\d{2}", 6, 6),
            ("a+", 1, nil), ("\\bab\\b", 2, 2), ("ü", 2, 2), ("(?i)ab", 2, 8), ("(?P<n>a)b", 2, 2), ("\\p{L}", 0, nil),
            ("a{2", 0, nil), ("(?:a|bcd){2}", 2, 6),
        ] as [(String, Int, Int?)])
    func lengths(pattern: String, least: Int, most: Int?) {
        #expect(PatternLength(of: pattern) == PatternLength(least: least, most: most))
    }

    @Test(
        "a broken pattern is refused with a sentence",
        arguments: [
            ("own", "("), ("own", "(?=x)"), ("own", "a*"), ("own", ""), ("", "a"), ("my name", "a"),
            ("own", "((a{1000}){1000}){1000}"), (String(repeating: "n", count: 33), "a"),
        ])
    func broken(name: String, pattern: String) throws {
        var patterns = GuardPatterns()
        let problem = patterns.add(name: name, pattern: pattern)
        let sentence = try #require(problem)
        #expect(sentence.hasSuffix("."))
        #expect(patterns.isEmpty)
    }

    @Test("names are unique, and there are at most 64 patterns, of bounded size together")
    func bounded() {
        var patterns = GuardPatterns()
        for number in 0..<GuardPatterns.maxCount {
            Self.expect(patterns.add(name: "p\(number)", pattern: "x\(number)"), isFine: true)
        }
        Self.expect(patterns.add(name: "more", pattern: "x"), isFine: false)
        var twice = GuardPatterns()
        Self.expect(twice.add(name: "One", pattern: "x"), isFine: true)
        Self.expect(twice.add(name: "one", pattern: "y"), isFine: false)
        var large = GuardPatterns()
        var accepted = 0
        for number in 0..<20 where large.add(name: "p\(number)", pattern: "a{900}") == nil { accepted += 1 }
        #expect(accepted == GuardPatterns.maxInstructions / 900)
    }
}
