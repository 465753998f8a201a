import JSON
import Testing

@Suite("Escaping strings, sixteen bytes at a time")
struct EscapingTests {
    private static let cases: [(text: String, escaped: String)] = [
        ("\"", #"\""#), ("\\", #"\\"#), ("\n", #"\n"#), ("\u{1}", #"\u0001"#), ("\u{1f}", #"\u001f"#),
        ("\u{2028}", #"\u2028"#), ("\u{2029}", #"\u2029"#), (" ", " "), ("!", "!"), ("#", "#"), ("[", "["), ("]", "]"),
        ("\u{7f}", "\u{7f}"), ("\u{80}", "\u{80}"), ("\u{2027}", "\u{2027}"), ("ÜÜ", "ÜÜ"), ("😀", "😀"), ("", ""),
    ]

    @Test("whatever stands before, beside and behind, each character has its form", arguments: 0..<36)
    func everyPlace(before: Int) throws {
        for first in Self.cases {
            for second in Self.cases {
                for behind in 0..<10 {
                    let (head, tail) = (String(repeating: "a", count: before), String(repeating: "z", count: behind))
                    let text = head + first.text + second.text + tail
                    var writer = JSONWriter()
                    writer.string(text)
                    let expected = "\"\(head)\(first.escaped)\(second.escaped)\(tail)\""
                    #expect(writer.bytes.elementsEqual(expected.utf8))
                    let node = try JSONDocument(writer.bytes).root
                    #expect(node.string.map { $0.utf8.elementsEqual(text.utf8) } == true)
                    var again = JSONWriter()
                    again.value(node)
                    #expect(again.bytes == writer.bytes)
                }
            }
        }
    }
}
