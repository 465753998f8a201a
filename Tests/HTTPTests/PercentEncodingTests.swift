import HTTP
import Testing

@Suite("Percent-encoding")
struct PercentEncodingTests {
    @Test(
        "is undone once; what is no escape stays, and bytes that are not UTF-8 are replaced",
        arguments: [
            ("plain", "plain"), ("a%2Fb", "a/b"), ("a%2fb%2Fc", "a/b/c"), ("%252F", "%2F"), ("%", "%"), ("%2", "%2"),
            ("a%2", "a%2"), ("%zz%4", "%zz%4"), ("%41%", "A%"), ("%C3%A9", "é"), ("%FF", "\u{FFFD}"), ("", ""),
            ("%00", "\u{0}"), ("+", "+"),
        ])
    func decoded(text: String, expected: String) { #expect(PercentEncoding.decoded(text) == expected) }
}
