import Base
import Testing

@testable import Models

@Suite("What a continuation repeats of the text before it")
struct EchoFilterTests {
    /// All that is shown of a continuation that comes in these pieces.
    static func shown(_ pieces: [String], after shown: String, before: String = "") -> String {
        var filter = EchoFilter(shown: shown, before: before)
        let taken = pieces.map { filter.take($0) }
        return taken.joined() + filter.release()
    }

    private static let long = "The quick brown fox jumps "

    @Test(
        "an echo of the whole is left out, and anything else is shown",
        arguments: [
            (["The quick brown fox jumps", " over"], "over"), (["The quick brown fox jumps over"], "over"),
            (["The quick brown fox jumps"], ""), (["The quick brown", " fox runs"], "The quick brown fox runs"),
            (["The quick"], "The quick"), (["T", "he end"], "The end"), (["over"], "over"), ([" over"], "over"),
            (["  over"], " over"), ([" ", " ", "over"], " over"), ([], ""), (["", ""], ""),
        ])
    func echoes(pieces: [String], expected: String) {
        #expect(Self.shown(pieces, after: Self.long) == expected)
    }

    @Test("a short text may be said twice")
    func short() {
        #expect(Self.shown(["ha ha", " ha"], after: "ha ha") == "ha ha ha")
        #expect(Self.shown(["123456789012345!"], after: "123456789012345") == "123456789012345!")
        #expect(Self.shown(["1234567890123456!"], after: "1234567890123456") == "!")
    }

    @Test("what the client said of the answer itself may be repeated with it")
    func before() {
        let text = "brown fox jumps over"
        #expect(Self.shown(["The quick brown fox jumps over the"], after: text, before: "The quick ") == " the")
        #expect(Self.shown(["brown fox jumps over the"], after: text, before: "The quick ") == " the")
        #expect(Self.shown(["The quick thing"], after: text, before: "The quick ") == "The quick thing")
    }

    @Test("only as much white space is left out as is shown already, and only of the same kind")
    func whiteSpace() {
        #expect(Self.shown(["\n\nb"], after: "a\n") == "\nb")
        #expect(Self.shown(["\n", "    x"], after: "a:\n  ") == "  x")
        #expect(Self.shown([" b"], after: "a\n") == " b")
        #expect(Self.shown(["\u{3000}b"], after: "a\u{3000}") == "b")
    }

    @Test("nothing is lost or doubled of a continuation, wherever its pieces are cut", arguments: 0..<20)
    func pieces(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let letters = ["a", "b", " ", "\n", "é", "e\u{301}", "👍🏽", "\r\n"]
        for _ in 0..<50 {
            func text(_ count: ClosedRange<Int>) -> String {
                (0..<Int.random(in: count, using: &random)).map { _ in
                    letters.randomElement(using: &random) ?? ""
                }.joined()
            }
            // No echo, since that begins with another letter.
            let shown = "X" + text(20...40)
            let (begin, tail) = EchoFilter.split(shown)
            let rest = "Y" + text(0...20)
            for answer in [tail + rest, begin + tail + rest, rest] {
                let pieces = Self.cut(String(answer), using: &random)
                #expect(Self.shown(pieces, after: shown) == rest)
            }
        }
    }

    /// Between any two scalars, as providers cut.
    static func cut(_ text: String, using random: inout SeededGenerator) -> [String] {
        var pieces = [""]
        for scalar in text.unicodeScalars {
            if Int.random(in: 0..<3, using: &random) == 0 { pieces.append("") }
            pieces[pieces.count - 1].unicodeScalars.append(scalar)
        }
        return pieces
    }
}
