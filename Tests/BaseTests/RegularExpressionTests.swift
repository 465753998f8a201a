import Base
import Testing

@Suite("Regular expressions")
struct RegularExpressionTests {
    @Test(
        "a pattern is looked for anywhere in the text, by characters",
        arguments: [
            ("^a+$", "aaa", true), ("^a+$", "aab", false), ("b", "abc", true), ("", "", true), ("^.$", "é", true),
            ("^.$", "👍", true), ("^\\p{Greek}{2}$", "αβ", true), ("\\d{3}-\\d{4}", "call 555-1234 now", true),
            ("^[^x]*$", "\u{0}", true),
        ])
    func occurs(pattern: String, text: String, expected: Bool) throws {
        #expect(try #require(RegularExpression(pattern)).occurs(in: text) == expected)
    }

    @Test(
        "what is no pattern, needs more than linear time, or is too large, is none",
        arguments: [
            "(", "[a", "a{2,1}", "(?=x)", "(a)\\1", "((a{1000}){1000}){1000}", String(repeating: "a", count: 5000),
        ])
    func none(pattern: String) { #expect(RegularExpression(pattern) == nil) }

    @Test(
        "a program has at most the instructions that matching may need for each byte",
        arguments: [("a", 1...20), ("^[a-z0-9_-]{3,64}$", 64...400), ("a{900}", 900...1000)])
    func size(pattern: String, expected: ClosedRange<Int>) throws {
        #expect(expected.contains(try #require(RegularExpression(pattern)).programSize))
    }

    @Test(
        "what is cheap to write and dear to read, compile or match is refused",
        arguments: [
            "(?i)(\\pL{100}){9}", "a{999}b{999}", "^[^é]{1000}$", "\\p{L}",
            String(repeating: "\\p{Zs}", count: RegularExpression.maxProperties + 1),
            "[" + String(repeating: "\\PL", count: RegularExpression.maxProperties + 1) + "]",
        ])
    func dear(pattern: String) { #expect(RegularExpression(pattern) == nil) }

    @Test("as many properties as are allowed are read")
    func properties() {
        #expect(RegularExpression(String(repeating: "\\p{Zs}", count: RegularExpression.maxProperties)) != nil)
    }

    @Test("a pattern that ruins engines which try everything takes linear time here")
    func linear() throws {
        let pattern = try #require(RegularExpression("^(a+)+$"))
        #expect(!pattern.occurs(in: String(repeating: "a", count: 200_000) + "b"))
    }

    @Test(
        "a match that begins at one place ends at another, and what is before counts for assertions alone",
        arguments: [
            ("b+", "abbc", 1, 3), ("b+", "abbc", 0, nil), ("\\bb", "ab", 1, nil), ("\\bb", "a b", 2, 3),
            ("^b", "ab", 1, nil),
            ("x*", "ab", 1, 1), ("é.", "aéß", 1, 5), ("b", "ab", 3, nil), ("b", "ab", -1, nil),
        ] as [(String, String, Int, Int?)])
    func matchEnd(pattern: String, text: String, start: Int, expected: Int?) throws {
        #expect(try #require(RegularExpression(pattern)).matchEnd(at: start, in: Array(text.utf8).span) == expected)
    }

    @Test("all matches lie within the bounds, where there are any")
    func bounds() throws {
        let pattern = try #require(RegularExpression("AB-[0-9]{2}"))
        let bounds = try #require(pattern.bounds)
        #expect(bounds.least == Array("AB-00".utf8))
        #expect(bounds.greatest.starts(with: Array("AB-99".utf8)))
        let any = try #require(RegularExpression("(?s).*a"))
        let wide = any.bounds ?? ([], [])
        #expect(wide.least.first ?? 0 == 0)
        #expect(wide.greatest.first ?? 0xFF >= 0xF4)
    }

    @Test("one pattern serves many tasks at once")
    func shared() async throws {
        let pattern = try #require(RegularExpression("^k[0-9]+$"))
        let found = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<200 { group.addTask { pattern.occurs(in: index % 2 == 0 ? "k\(index)" : "x\(index)") } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(found == 100)
    }
}
