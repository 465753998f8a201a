import Base
import Testing

@testable import LocalModels

@Suite("From tokens to text") struct AnswerTextTests {
    struct Case: CustomTestStringConvertible {
        var stops: [String]
        var pieces: [String]
        var text: String
        var stopped: Bool
        var testDescription: String { "\(pieces) with \(stops)" }
    }

    static let cases = [
        Case(stops: [], pieces: ["a", "b"], text: "ab", stopped: false),
        Case(stops: ["END"], pieces: ["one EN", "D two"], text: "one ", stopped: true),
        Case(stops: ["END"], pieces: ["one EN", "T"], text: "one ENT", stopped: false),
        Case(stops: ["END"], pieces: ["E", "N", "D"], text: "", stopped: true),
        Case(stops: ["aab"], pieces: ["a", "a", "a", "b"], text: "a", stopped: true),
        Case(stops: ["bc", "abcd"], pieces: ["abc", "d"], text: "a", stopped: true),
        Case(stops: ["\n\n"], pieces: ["x\n", "y\n\nz"], text: "x\ny", stopped: true),
        Case(stops: [""], pieces: ["x", "y"], text: "xy", stopped: false),
        Case(stops: ["é"], pieces: ["caf", "é!"], text: "caf", stopped: true),
        Case(stops: ["EN"], pieces: ["xE"], text: "xE", stopped: false),
    ]

    @Test("stop strings are found across pieces and never shown", arguments: cases)
    func stops(_ example: Case) {
        var answer = AnswerText(stops: example.stops)
        var text = ""
        var stopped = false
        for piece in example.pieces where !stopped {
            let step = answer.feed(Array(piece.utf8), token: nil)
            text += step.text
            stopped = step.stopped
        }
        if !stopped { text += answer.finish().text }
        #expect(text == example.text)
        #expect(stopped == example.stopped)
    }

    @Test("text cut anywhere comes out whole, with every character in one piece", arguments: 0..<50)
    func cuts(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let text = "naïve 北京 🙂 e\u{301} Ω — done"
        let bytes = Array(text.utf8)
        var tail = UTF8Tail()
        var result = ""
        var position = 0
        while position < bytes.count {
            let end = min(bytes.count, position + Int.random(in: 1...3, using: &random))
            let piece = tail.feed(Array(bytes[position..<end]))
            #expect(!piece.unicodeScalars.contains("\u{fffd}"))
            result += piece
            position = end
        }
        #expect(result + tail.finish() == text)
    }

    @Test(
        "bytes that are no text are replaced, not kept back for ever",
        arguments: [
            ([0xff], 0), ([0xc3], 1), ([0xe2, 0x82], 2), ([0xf0, 0x9f, 0x99], 3), ([0xf5], 0), ([0xc0], 0),
            ([0xe0, 0x80], 0), ([0xed, 0xa0], 0), ([0xf4, 0x90], 0), ([0x80, 0x80], 0), ([0x41], 0), ([], 0),
        ] as [([UInt8], Int)])
    func invalid(bytes: [UInt8], kept: Int) {
        #expect(UTF8Tail.unfinished(bytes) == kept)
        var tail = UTF8Tail()
        let text = tail.feed(bytes) + tail.finish()
        #expect(text == String(decoding: bytes, as: UTF8.self))
    }

    @Test("a token's log probability comes with its text, and what a stop string cuts off has none")
    func tokensFollowText() {
        func token(_ id: Int, _ text: String) -> LocalToken {
            LocalToken(chosen: .init(id: id, bytes: Array(text.utf8), logprob: -1), top: [])
        }
        var answer = AnswerText(stops: ["END"])
        var ids: [[Int]] = []
        for (id, piece) in ["a", " E", "N", "x", " EN", "D"].enumerated() {
            ids.append(answer.feed(Array(piece.utf8), token: token(id, piece)).tokens.map(\.chosen.id))
        }
        // " E" is out as " " at once; its token goes with the first of its text, as does " EN".
        #expect(ids == [[0], [1], [], [2, 3], [4], []])
    }
}
