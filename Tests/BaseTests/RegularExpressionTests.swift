import Base
import Testing

@Suite("Regular expressions")
struct RegularExpressionTests {
    @Test(
        "a pattern is looked for anywhere in the text, by characters",
        arguments: [
            ("^a+$", "aaa", true), ("^a+$", "aab", false), ("b", "abc", true), ("", "", true), ("^.$", "é", true),
            ("^.$", "👍", true), ("^\\p{L}{2}$", "éà", true), ("\\d{3}-\\d{4}", "call 555-1234 now", true),
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

    @Test("a pattern that ruins engines which try everything takes linear time here")
    func linear() throws {
        let pattern = try #require(RegularExpression("^(a+)+$"))
        #expect(!pattern.occurs(in: String(repeating: "a", count: 200_000) + "b"))
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
