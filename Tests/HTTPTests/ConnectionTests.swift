import Base
import Testing

@testable import HTTP

@Suite("A connection's bytes")
struct ConnectionTests {
    /// Valid and invalid streams, each with something cut inside it.
    static let streams: [String] = [
        get(), get() + get(target: "/two") + get(target: "/three"),
        post("Content-Length: 5", body: "hello") + get(target: "/after"),
        chunked("5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nT: u\r\n\r\n") + get(),
        "\r\n" + get() + "\r\n" + chunked("0\r\n\r\n"), get("Content-Length: 3") + "abc" + get("Connection: close"),
        post("Content-Length: 0", body: "") + get(), get() + "BAD\r\n\r\n" + get(),
        get("X: " + String(repeating: "v", count: 300)), "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        get("X: a\rb"), chunked("5\r\nhelloX\r\n0\r\n\r\n"), chunked("1;abc\u{0}\r\n"), "GET / HTTP/1.1\n\n",
        "GET http://h/a?b HTTP/1.1\r\nHost: h\r\n\r\n", chunked("ffffffffffffffffff\r\n"), chunked("99999999\r\n"),
        "\u{16}\u{3}", "GET /" + String(repeating: "x", count: 600), get("X: " + String(repeating: "v", count: 2000)),
        get("A: 1", "B: 2", "C: 3", "D: 4", "E: 5", "F: 6"), chunked("0\r\nA: " + String(repeating: "t", count: 2000)),
        chunked("1\r\na\r\n1\r\nb\r\n1\r\nc\r\n" + "0\r\nA: 1\r\nB: 2\r\n\r\n") + "\r\n\r\n", "\r\r\n", "\r\n\n",
    ]

    static let limits = HTTPLimits(
        maxRequestLine: 500,
        maxHeaderBytes: 1000,
        maxHeaderCount: 6,
        maxBody: 1000,
        maxChunkExtension: 20
    )

    @Test("mean the same however they are cut", arguments: streams)
    func cuts(stream: String) {
        let bytes = Array(stream.utf8)
        let whole = transcript(bytes, limits: Self.limits)
        #expect(transcript(bytes, limits: Self.limits, piece: { 1 }) == whole)
        for first in 1..<max(2, min(bytes.count, 200)) {
            var pieces = [first, Int.max][...]
            #expect(transcript(bytes, limits: Self.limits, piece: { pieces.popFirst() ?? 1 }) == whole)
        }
        var random = SeededGenerator(seed: 7)
        for _ in 0..<50 {
            #expect(
                transcript(bytes, limits: Self.limits, piece: { Int.random(in: 1...40, using: &random) }) == whole
            )
        }
    }

    @Test("hold several requests after each other, each answered to before the fault of the next")
    func pipelining() throws {
        let input = post("Content-Length: 5", body: "hello") + get(target: "/two") + "GET / HTTP/9\r\n"
        let heard = transcript(Array(input.utf8))
        #expect(heard.count == 6)
        guard heard.count == 6, case .head(let first) = heard[0], case .head(let second) = heard[3],
            case .failed(let error) = heard[5]
        else {
            Issue.record("\(heard)")
            return
        }
        #expect(first.hasPrefix("POST /p"))
        #expect(heard[1] == .body(Array("hello".utf8)))
        #expect(heard[2] == .end)
        #expect(second.hasPrefix("GET /two"))
        #expect(heard[4] == .end)
        #expect(error.code == .invalidHTTP)
    }

    @Test("do not let a body be taken for a request")
    func smuggling() {
        let inner = get(target: "/admin")
        let outer = get("Content-Length: \(inner.utf8.count)", target: "/outer")
        let heard = transcript(Array((outer + inner).utf8))
        #expect(heard.count == 3)
        #expect(heard.dropFirst() == [.body(Array(inner.utf8)), .end])
    }

    @Test("fail once and for all: the same error whatever follows")
    func failure() {
        var parser = RequestParser()
        let first = #expect(throws: HTTPParseError.self) { try parser.next(Array("GET / HTTP/3.0\r\n".utf8).span) }
        let second = #expect(throws: HTTPParseError.self) { try parser.next(Array(get().utf8).span) }
        #expect(first == second)
        #expect(!parser.isWithinMessage)
    }

    @Test("are within a message from its first byte to its end")
    func withinMessage() throws {
        var parser = RequestParser()
        #expect(!parser.isWithinMessage)
        _ = try parser.next(Array("G".utf8).span)
        #expect(parser.isWithinMessage)
        let (event, _) = try parser.next(Array("ET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n".utf8).span)
        guard case .head = event else {
            Issue.record("no head")
            return
        }
        #expect(parser.isWithinMessage)
        _ = try parser.next([65].span)
        guard case .end = try parser.next([UInt8]().span).event else {
            Issue.record("no end")
            return
        }
        #expect(!parser.isWithinMessage)
    }

    @Test("of any kind never trap, and mean the same cut or whole")
    func fuzz() {
        var random = SeededGenerator(seed: 20_001)
        let words: [[UInt8]] =
            [
                "GET ", "POST ", "/", " HTTP/1.1\r\n", " HTTP/1.0\r\n", "Host: h\r\n", "Content-Length: ", "5", "\r\n",
                "\r\n\r\n",
                "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "ffffffffffffffff", "\n", "\r", " ", "\t", ":", ";",
                "[::1]:",
                "http://h", "Connection: close, x\r\n", "Expect: 100-continue\r\n", "9223372036854775807",
                "5\r\nhello\r\n", "?", "#",
                "*",
            ].map { Array($0.utf8) } + [[0], [0xff], [0x7f], [0xe2, 0x80, 0xa8]]
        var heads = 0
        for round in 0..<20_000 {
            var input: [UInt8] =
                switch round % 3 {
                case 0: Array(Self.streams[round / 3 % Self.streams.count].utf8)
                case 1: Array("POST / HTTP/1.1\r\nHost: h\r\n".utf8)
                default: []
                }
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                let word = words[Int.random(in: 0..<words.count, using: &random)]
                let place = round % 3 == 0 ? Int.random(in: 0...input.count, using: &random) : input.count
                input.insert(contentsOf: word, at: place)
            }
            if round % 5 == 0 { input.append(UInt8.random(in: 0...255, using: &random)) }
            let whole = transcript(input, limits: Self.limits)
            let cut = transcript(input, limits: Self.limits, piece: { Int.random(in: 1...9, using: &random) })
            if whole != cut { Issue.record("cut and whole differ for \(input)") }
            if case .head = whole.first { heads += 1 }
        }
        // The fuzz is worth something only while it gets past the head now and then.
        #expect(heads > 1000)
    }
}
