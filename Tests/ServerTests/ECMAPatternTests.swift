import Base
import Testing

@testable import Orchestrator

@Suite("Patterns of JSON schemas")
struct ECMAPatternTests {
    private static let dot = #"[^\n\r\x{2028}\x{2029}]"#

    @Test(
        "what both syntaxes write alike stays, and the rest is rewritten",
        arguments: [
            ("", ""), ("^a|b$", "^a|b$"), ("a{2,3}?", "a{2,3}?"), ("é👍", "é👍"), ("(a)(?:b)", "(a)(?:b)"),
            (#"\d\D\w\W\b\B\t\n\v\f\r"#, #"\d\D\w\W\b\B\t\n\v\f\r"#), (#"\p{Lu}\P{Lu}"#, #"\p{Lu}\P{Lu}"#),
            (#"\/\.\\\-\$"#, #"\/\.\\\-\$"#), ("(?<year>a)", "(?P<year>a)"), ("a.", "a" + dot), ("[.]", "[.]"),
            (#"\x41"#, #"\x{41}"#), (#"\u00e9"#, #"\x{e9}"#), (#"\u{0001F44D}"#, #"\x{1f44d}"#),
            (#"\uD83D\uDC4D"#, #"\x{1f44d}"#), ("[a-c-]", #"[a-c\-]"#), ("[^-a]", #"[^\-a]"#), ("[[]", #"[\[]"#),
            (#"[\b]"#, #"[\x{8}]"#), (#"[\]\d]"#, #"[\]\d]"#), (#"[\u0041-\u005A]"#, #"[\x{41}-\x{5a}]"#),
        ])
    func translated(pattern: String, expected: String) { #expect(ECMAPattern.translated(pattern) == expected) }

    @Test(
        "what cannot be said, would be read otherwise, or is no pattern, is left out",
        arguments: [
            #"\A"#, #"\z"#, #"\Qa\E"#, #"\C"#, #"\a"#, #"(a)\1"#, #"\0"#, #"\cA"#, #"(?<n>a)\k<n>"#, #"\é"#, #"\"#,
            "(?=a)", "(?!a)", "(?<=a)", "(?<!a)", "(?i)a", "(?i:a)", "(?P<n>a)", "(?", "[]", "[^]", "[]a]",
            "[[:alpha:]]", "[a[:alpha:]]", #"[\S]"#, #"[\B]"#, #"[\s-a]"#, #"[\x01-\s]"#, #"[a-\d]"#, "[a", "[a-",
            #"[\"#,
            #"\x4"#, #"\x{41}"#, #"\u12"#, #"\u{}"#, #"\u{110000}"#, #"\u{41"#, #"\u{FFFFFFFFFFFFFFFFF}"#, #"\uD800"#,
            #"\uDC00"#, #"\uD800\u0041"#, #"\u{D800}"#, #"\pL"#, #"\p{^L}"#, #"\p{Script=Greek}"#, #"\p{L"#, #"\p{}"#,
            #"\p"#,
        ])
    func none(pattern: String) { #expect(ECMAPattern.translated(pattern) == nil) }

    @Test(
        "a pattern matches what it matches in ECMAScript",
        arguments: [
            (
                #"^\s$"#, ["\u{a0}", "\u{feff}", "\u{2028}", "\u{3000}", "\u{2005}", "\u{b}", " "],
                ["a", "\u{200b}", "\u{85}"]
            ),
            (#"^[\sa]$"#, ["\u{a0}", "a", "\t"], ["b", "\u{180e}"]),
            (#"^\S$"#, ["a", "\u{85}", "👍"], ["\u{a0}", "\n"]),
            (#"^[^\s]$"#, ["a"], ["\u{202f}"]),
            ("^.$", ["a", "é", "👍", "\u{85}"], ["\n", "\r", "\u{2028}", "\u{2029}"]),
            ("^a$", ["a"], ["a\n", "b\na"]), (#"^\d$"#, ["7"], ["٧"]), (#"^\w$"#, ["_"], ["é"]),
            (#"\bé"#, ["aé"], ["é"]),
            (#"^[\b]$"#, ["\u{8}"], ["b"]), ("^[^a]$", ["\n", "é"], ["a"]), (#"^[+--]$"#, ["+", ",", "-"], ["."]),
            (#"^\uD83D\uDC4D$"#, ["👍"], ["👎"]), (#"^[\u{1F44D}-\u{1F44E}]$"#, ["👎"], ["a"]), (#"^[a^]$"#, ["^"], ["b"]),
            (#"^\_\/\-$"#, ["_/-"], ["_/"]), ("^(?<a>x)+$", ["xx"], ["xy"]), ("^[a-b-d]$", ["-", "d"], ["c"]),
            ("^e\u{301}$", ["e\u{301}"], ["\u{e9}"]), (#"^\v\f$"#, ["\u{b}\u{c}"], ["vf"]), ("^[[a]$", ["["], ["]"]),
            (#"^\p{Sc}\P{Sc}$"#, ["€a"], ["a€"]),
        ])
    func matches(pattern: String, matching: [String], others: [String]) throws {
        // Alone with its budget.
        let matches = try #require(SchemaPatterns().compile(pattern))
        for text in matching { #expect(matches(Array(text.utf8)[...]), "\(text.debugDescription)") }
        for text in others { #expect(!matches(Array(text.utf8)[...]), "\(text.debugDescription)") }
    }

    @Test(
        "whatever a pattern is made of, reading it ends, and what is translated turns no flag on and names no class of POSIX's"
    )
    func anything() {
        let parts = [
            "\\", "[", "]", "^", "-", "(", "?", "<", ":", "p", "{", "}", "u", "D800", "41", "s", "S", "\u{301}", ".",
            "=",
        ]
        var state: UInt64 = 7
        for _ in 0..<20_000 {
            var pattern = ""
            for _ in 0..<8 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                pattern.unicodeScalars.append(contentsOf: parts[Int(state >> 33) % parts.count].unicodeScalars)
            }
            guard let translated = ECMAPattern.translated(pattern) else { continue }
            #expect(!translated.contains("(?i") && !translated.contains("[[:"), "\(pattern)")
        }
    }

    @Test("all patterns of a schema share one budget, and what is over goes unchecked")
    func budget() {
        let patterns = SchemaPatterns()
        var compiled = 0
        for index in 0..<300 where patterns.compile("^[a-z]{900}\(index)$") != nil { compiled += 1 }
        #expect((1...4).contains(compiled))
        #expect(patterns.left == 0)
        #expect(patterns.compile("b") == nil)
    }

    @Test("a refused compilation costs, a pattern that the engine never sees costs little")
    func refusals() {
        let patterns = SchemaPatterns()
        for index in 0..<20 { #expect(patterns.compile("(?=a)\(index)") == nil) }
        #expect(patterns.compile(String(repeating: "a", count: 5000)) == nil)
        #expect(patterns.left == SchemaPatterns.budget - 20)
        for index in 0..<300 { #expect(patterns.compile(#"(\p{L}{100}){9}\#(index)"#) == nil) }
        #expect(patterns.left == 0)
    }

    @Test("a pattern that a schema repeats costs once, also when the budget is gone")
    func repeated() throws {
        let patterns = SchemaPatterns()
        _ = try #require(patterns.compile("^[0-9a-f]{8}$"))
        let left = patterns.left
        #expect(left < SchemaPatterns.budget)
        for _ in 0..<1000 { _ = try #require(patterns.compile("^[0-9a-f]{8}$")) }
        #expect(patterns.left == left)
        for index in 0..<20 { _ = patterns.compile("(\(index)") }
        #expect(patterns.left == 0)
        #expect(patterns.compile("^[0-9a-f]{8}$") != nil)
    }

    @Test("many long patterns that become small programs are not read without end")
    func long() {
        let patterns = SchemaPatterns()
        let body = String(repeating: "(a*)*", count: 800)
        let compiled = (0..<100).filter { patterns.compile(body + "\($0)") != nil }
        #expect((1...8).contains(compiled.count))
    }
}
