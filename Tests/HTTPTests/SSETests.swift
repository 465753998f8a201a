import Base
import Testing

@testable import HTTP

/// All events of `input`, given in pieces of the sizes that `piece` says.
func events(
    _ input: [UInt8],
    decoder: SSEDecoder = SSEDecoder(),
    finishing: Bool = false,
    asSpan: Bool = false,
    piece: () -> Int = { .max }
) throws(SSEError) -> [SSEEvent] {
    var decoder = decoder
    var found: [SSEEvent] = []
    var start = 0
    while start < input.count {
        let end = start + min(max(1, piece()), input.count - start)
        if asSpan {
            decoder.feed(input.span.extracting(start..<end))
        } else {
            decoder.feed(Array(input[start..<end]))
        }
        while let event = try decoder.next() { found.append(event) }
        start = end
    }
    if finishing, let last = try decoder.finish() { found.append(last) }
    return found
}

private func event(_ data: String, _ name: String? = nil, id: String? = nil) -> SSEEvent {
    SSEEvent(event: name, id: id, data: Array(data.utf8))
}

@Suite("The event stream decoder")
struct SSEDecoderTests {
    static let table: [(String, [SSEEvent])] = [
        ("data: a\n\n", [event("a")]), ("data:a\r\n\r\n", [event("a")]), ("data: a\r\r", [event("a")]),
        ("data:  a \n\n", [event(" a ")]), ("data: a\ndata: b\n\n", [event("a\nb")]), ("data\n\n", [event("")]),
        ("data:\ndata:\n\n", [event("\n")]), ("data\ndata\n\ndata:\n\n", [event("\n"), event("")]),
        (": comment\n\n", []), (":\n:\ndata: a\n:\n\n", [event("a")]), ("\n\n\r\n\r\r", []),
        ("event: x\ndata: a\n\ndata: b\n\n", [event("a", "x"), event("b")]), ("event: x\n\ndata: b\n\n", [event("b")]),
        ("event:\ndata: b\n\n", [event("b")]), ("event: x\nevent:\ndata: b\n\n", [event("b")]),
        ("event: x\nevent: y\ndata: b\n\n", [event("b", "y")]),
        ("id: 1\ndata: a\n\ndata: b\n\n", [event("a", id: "1"), event("b", id: "1")]),
        ("id: 1\n\ndata: b\n\n", [event("b", id: "1")]),
        ("id: 1\ndata: a\n\nid\ndata: b\n\n", [event("a", id: "1"), event("b", id: "")]),
        ("id: a\u{0}b\ndata: x\n\n", [event("x")]), ("Data: x\n\nDATA: y\n\n", []), (" data: x\n\n", []),
        ("data : x\n\n", []), ("datum: x\nnew: y\ndata: z\n\n", [event("z")]), ("{\"a\":1}\n\n", []),
        ("\u{feff}data: a\n\n", [event("a")]), ("\u{feff}\u{feff}data: a\n\n", []),
        ("data: a\n\n\u{feff}data: b\n\n", [event("a")]),
        ("data: a\n", []), ("data: a", []), ("data: [DONE]\n\n", [event("[DONE]")]),
        ("data: a\u{2028}b\u{0}c\u{b}\n\n", [event("a\u{2028}b\u{0}c\u{b}")]),
        ("data: a\r\ndata: b\rdata: c\n\r\n", [event("a\nb\nc")]), ("data: a\n\r", [event("a")]),
        ("retry: x\ndata: a: b: c\n\n", [event("a: b: c")]), ("data:\t a\n\n", [event("\t a")]),
    ]

    @Test("reads as the standard says", arguments: table)
    func standard(input: String, expected: [SSEEvent]) throws {
        #expect(try events(Array(input.utf8)) == expected)
    }

    @Test("means the same however its bytes are cut", arguments: table)
    func cuts(input: String, expected: [SSEEvent]) throws {
        let bytes = Array(input.utf8)
        for size in 1...max(1, bytes.count) {
            #expect(try events(bytes, piece: { size }) == expected)
            #expect(try events(bytes, asSpan: true, piece: { size }) == expected)
        }
    }

    @Test("gives at the end what the missing empty line held back")
    func finishing() throws {
        #expect(try events(Array("data: a".utf8), finishing: true) == [event("a")])
        #expect(try events(Array("event: x\ndata: a\n".utf8), finishing: true) == [event("a", "x")])
        #expect(try events(Array("data: a\r".utf8), finishing: true) == [event("a")])
        #expect(try events(Array("data: a\n\n".utf8), finishing: true) == [event("a")])
        #expect(try events(Array(": a".utf8), finishing: true) == [])
        #expect(try events([], finishing: true) == [])
        #expect(try events(Array("\u{feff}data: a".utf8), finishing: true) == [event("a")])
    }

    @Test("notes the reconnection time, if it is one")
    func retry() throws {
        var decoder = SSEDecoder()
        decoder.feed(Array("retry: 1500\nretry: 1e3\nretry: -1\nretry:\nretry: 99999999999999999999\n".utf8))
        #expect(try decoder.next() == nil)
        #expect(decoder.retryMilliseconds == 1500)
    }

    @Test("bounds a line, whether or not it ends, and stays failed")
    func longLines() throws {
        let decoder = SSEDecoder(maxLine: 20, maxEvent: 100)
        let fitting = "data: " + String(repeating: "x", count: 14)
        #expect(try events(Array("\(fitting)\n\n".utf8), decoder: decoder).count == 1)
        for (input, size) in [
            ("\(fitting)y\n\n", Int.max), ("\(fitting)y", 1), (": \(fitting)", 7), ("\(fitting)yyyy", 3),
        ] {
            #expect(throws: SSEError.lineTooLong(limit: 20)) {
                try events(Array(input.utf8), decoder: decoder, piece: { size })
            }
        }
        var failed = decoder
        failed.feed([UInt8](repeating: 65, count: 50))
        for _ in 0..<2 {
            #expect(throws: SSEError.lineTooLong(limit: 20)) { try failed.next() }
            failed.feed(Array("\n\ndata: a\n\n".utf8))
        }
        #expect(throws: SSEError.lineTooLong(limit: 20)) { try failed.finish() }
        // Also behind lines that were sound.
        var late = decoder
        late.feed(Array("data: a\n\n".utf8) + [UInt8](repeating: 65, count: 50))
        #expect(try late.next() != nil)
        for _ in 0..<2 {
            #expect(throws: SSEError.lineTooLong(limit: 20)) { try late.next() }
            late.feed(Array("data: a\n\n".utf8))
        }
    }

    @Test("bounds an event, however many lines it has")
    func largeEvents() {
        let decoder = SSEDecoder(maxLine: 20, maxEvent: 10)
        #expect((try? events(Array("data: aaaa\ndata: bbbbb\n\n".utf8), decoder: decoder))?.count == 1)
        #expect(throws: SSEError.eventTooLarge(limit: 10)) {
            try events(Array("data: aaaa\ndata: bbbbbb\n\n".utf8), decoder: decoder)
        }
        #expect(throws: SSEError.eventTooLarge(limit: 10)) {
            try events(Array(String(repeating: "data\n", count: 100).utf8), decoder: decoder)
        }
        // Also one that only the stream's end makes known.
        #expect(throws: SSEError.eventTooLarge(limit: 10)) {
            try events(Array("data: aaaa\ndata: bbbbbb".utf8), decoder: decoder, finishing: true)
        }
    }

    @Test("of any bytes never traps, and means the same cut or whole")
    func fuzz() {
        var random = SeededGenerator(seed: 47)
        let words = [
            "data: ", "data", "event: ", "id: ", "retry: ", "9", "\n", "\r", "\r\n", "\n\n", ":", " ", "\u{feff}",
            "\u{0}", "abc", "é",
        ].map { Array($0.utf8) }
        let decoder = SSEDecoder(maxLine: 40, maxEvent: 60)
        var found = 0
        for round in 0..<20_000 {
            var input: [UInt8] = []
            for _ in 0..<Int.random(in: 1...24, using: &random) {
                input += words[Int.random(in: 0..<words.count, using: &random)]
            }
            if round % 7 == 0 { input.append(UInt8.random(in: 0...255, using: &random)) }
            let whole = Result { try events(input, decoder: decoder, finishing: true) }
            let cut = Result {
                try events(input, decoder: decoder, finishing: true, piece: { Int.random(in: 1...5, using: &random) })
            }
            switch (whole, cut) {
            case (.success(let a), .success(let b)) where a == b: found += a.count
            // A fault ends both, but the cut stream has given what came before it.
            case (.failure(let a), .failure(let b)) where "\(a)" == "\(b)": break
            default: Issue.record("cut and whole differ for \(input)")
            }
        }
        #expect(found > 5000)
    }
}

@Suite("The event stream encoder")
struct SSEEncoderTests {
    private func encoded(_ data: String, event: String? = nil, id: String? = nil) throws(SSEFieldRefused) -> String {
        var output: [UInt8] = []
        try SSEEncoder.append(event: event, id: id, data: Array(data.utf8), to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test("writes one block an event")
    func blocks() throws {
        #expect(try encoded("{}") == "data: {}\n\n")
        #expect(try encoded("", event: "TOKEN", id: "run:7") == "event: TOKEN\nid: run:7\ndata: \n\n")
        #expect(try encoded("a\nb\rc\r\nd\n") == "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n")
        var output: [UInt8] = []
        SSEEncoder.appendHeartbeat(to: &output)
        SSEEncoder.appendRetry(milliseconds: 250, to: &output)
        SSEEncoder.appendRetry(milliseconds: -1, to: &output)
        #expect(String(decoding: output, as: UTF8.self) == ": heartbeat\n\nretry: 250\n\n")
        #expect(try events(output) == [])
    }

    @Test(
        "refuses an event name or id that would break out of its line",
        arguments: ["a\nb", "a\rb", "a\r\nb", "\n\ndata: [DONE]", "a\u{0}", "\r"]
    )
    func hostileFields(text: String) {
        var output: [UInt8] = [7]
        #expect(throws: SSEFieldRefused.self) { try SSEEncoder.append(event: text, data: [], to: &output) }
        #expect(throws: SSEFieldRefused.self) { try SSEEncoder.append(id: text, data: [], to: &output) }
        #expect(output == [7])
    }

    @Test(
        "never lets data become another event",
        arguments: [
            "\n\ndata: [DONE]", "a\r\rdata: [DONE]\r\r", "a\r\n\r\nevent: x", "\u{2028}\u{2029}\u{85}", "a\u{0}b", "",
            "\n", " lead",
            ": c", "\u{feff}", "id: 5\nevent: y",
        ]
    )
    func hostileData(text: String) throws {
        let found = try events(Array(encoded(text, event: "e", id: "i").utf8))
        // Every line end of the data reads back as LF, and nothing else changes.
        let expected = text.unicodeScalars.map(String.init).joined()
            .replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        #expect(found == [SSEEvent(event: "e", id: "i", data: Array(expected.utf8))])
    }

    @Test("writes what the decoder reads, for random data")
    func roundTrip() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<2000 {
            let data = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                let byte = UInt8.random(in: 0...255, using: &random)
                return byte == 13 ? 10 : byte
            }
            var output: [UInt8] = []
            try SSEEncoder.append(event: "e", data: data, to: &output)
            #expect(try events(output) == [SSEEvent(event: "e", data: data)])
        }
    }
}
