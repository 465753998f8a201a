import Testing

@testable import HTTP

@Suite("Headers")
struct HeadersTests {
    @Test("contradict themselves where a name has two values, to the byte")
    func contradictory() {
        let cases: [([(String, String)], Bool)] = [
            ([], false), ([("content-length", "5")], false),
            ([("Content-Length", "5"), ("content-length", "5")], false),
            ([("content-length", "5"), ("CONTENT-LENGTH", "6")], true),
            ([("content-length", "5"), ("content-length", "05")], true),
            ([("content-length", "5"), ("content-length", "5"), ("content-length", "")], true),
            ([("content-length", "5"), ("content-lengths", "6")], false),
        ]
        for (fields, expected) in cases {
            #expect(HTTPHeaders(fields).isContradictory("content-length") == expected, "\(fields)")
        }
    }

    @Test("keep order and duplicates, and are found whatever their case")
    func order() {
        var headers = HTTPHeaders([("Set-Cookie", "a"), ("X-One", "1")])
        headers.add("set-cookie", "b")
        #expect(headers.count == 3)
        #expect(headers.map(\.name) == ["Set-Cookie", "X-One", "set-cookie"])
        #expect(headers["SET-COOKIE"] == "a")
        #expect(headers.values(of: "set-COOKIE") == ["a", "b"])
        #expect(headers.contains("x-one"))
        #expect(!headers.contains("x-on"))
        #expect(headers["absent"] == nil)
        #expect(HTTPHeaders().isEmpty)
    }

    @Test("set in place of the first, and nowhere else")
    func setting() {
        var headers: HTTPHeaders = ["a": "1", "b": "2", "A": "3", "c": "4"]
        headers.set("A", "new")
        #expect(headers.map { "\($0.name)=\($0.value)" } == ["A=new", "b=2", "c=4"])
        headers.set("d", "5")
        #expect(headers.map(\.name) == ["A", "b", "c", "d"])
        headers.remove("B")
        headers.remove("absent")
        #expect(headers.map(\.name) == ["A", "c", "d"])
    }

    @Test("are equal by fields, not by how they came about")
    func equality() {
        var edited: HTTPHeaders = ["a": "0", "b": "2"]
        edited.set("A", "1")
        #expect(edited == ["A": "1", "B": "2"])
        #expect(edited != ["b": "2", "a": "1"])
        #expect(edited != ["a": "1", "b": "2", "c": "3"])
        #expect(["a": "x"] as HTTPHeaders != ["a": "X"])
    }

    @Test(
        "know the media type whatever its case, its parameters and the blanks around it",
        arguments: [
            ("application/json", true), ("Application/JSON; charset=utf-8", true), (" application/json\t;x", true),
            ("application/jsonl", false), ("application/jso", false), ("text/plain;application/json", false),
            ("", false),
            (";", false), ("application/json, text/plain", false),
        ])
    func mediaType(value: String, isJSON: Bool) {
        let headers = HTTPHeaders([("Content-Type", value), ("content-type", "application/json")])
        #expect(headers.hasMediaType("application/json") == isJSON)
        #expect(!HTTPHeaders().hasMediaType("application/json"))
    }

    @Test("give out the named ones alone: few, short and fit for the wire")
    func selection() {
        let headers = HTTPHeaders([
            ("Retry-After", "3"), ("X-RateLimit-Limit", "9"), ("set-cookie", "secret"), ("x-ratelimit", "no"),
            ("retry-after", String(repeating: "9", count: 9)), ("X-RateLimit-A", "a\u{0}b"), ("x-ratelimit- b", "c"),
            ("x-ratelimit-é", "d"), ("X-RATELIMIT-Last", "é"), ("x-ratelimit-beyond", "1"),
        ])
        let chosen = headers.selection(names: ["retry-after"], prefixes: ["x-ratelimit-"], limit: 3, maxValue: 8)
        #expect(
            chosen.map { "\($0.name)=\($0.value)" } == ["retry-after=3", "x-ratelimit-limit=9", "x-ratelimit-last=é"])
    }

    @Test("describe themselves without values, which may be secrets")
    func description() {
        #expect(!"\(["authorization": "Bearer sk-1"] as HTTPHeaders)".contains("sk-1"))
    }

    @Test(
        "say whether a name and a value may go onto the wire",
        arguments: [
            ("x", "", true), ("x", "a b\tc", true), ("x", "é", true), ("", "a", false), ("a b", "c", false),
            ("a:", "c", false), ("é", "c", false), ("x", "a\r\nb: c", false), ("x", "a\u{0}", false),
            ("x", "a\u{7f}", false), ("x", " a", false), ("x", "a\t", false),
        ]
    )
    func validity(name: String, value: String, good: Bool) {
        #expect((HTTPHeaders.isValidName(name) && HTTPHeaders.isValidValue(value)) == good)
    }
}

@Suite("A response's head")
struct ResponseHeadTests {
    private func written(
        _ status: Int,
        _ headers: HTTPHeaders = [:],
        _ framing: ResponseFraming = .none,
        _ connection: ResponseHeadWriter.Connection? = nil
    ) throws(HeaderRefused) -> String {
        var output = Array("before|".utf8)
        try ResponseHeadWriter.append(
            status: status,
            headers: headers,
            framing: framing,
            connection: connection,
            to: &output
        )
        return String(String(decoding: output, as: UTF8.self).dropFirst(7))
    }

    @Test("is a status line, framing, fields and an empty line")
    func whole() throws {
        #expect(
            try written(200, ["content-type": "text/plain", "x": ""], .length(12))
                == "HTTP/1.1 200 OK\r\ncontent-length: 12\r\ncontent-type: text/plain\r\nx: \r\n\r\n"
        )
        #expect(
            try written(503, [:], .chunked, .close)
                == "HTTP/1.1 503 Service Unavailable\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        )
        #expect(try written(204) == "HTTP/1.1 204 No Content\r\n\r\n")
        #expect(try written(299, [:], .untilClose) == "HTTP/1.1 299 \r\n\r\n")
        #expect(
            try written(200, [:], .length(0), .keepAlive).contains("content-length: 0\r\nconnection: keep-alive\r\n")
        )
        #expect(try written(200, [:], .length(.max)).contains("content-length: \(Int.max)\r\n"))
    }

    @Test("takes further fields in the place of those of their names, and a date at last")
    func furtherFields() throws {
        var output: [UInt8] = []
        try ResponseHeadWriter.append(
            status: 200, headers: ["X-A": "1", "x-b": "2", "x-a": "3"],
            also: ["x-A": "4", "content-length": "9", "x-c": "5"], date: "Sun, 06 Nov 1994 08:49:37 GMT",
            framing: .length(0), to: &output)
        #expect(
            String(decoding: output, as: UTF8.self) == "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx-b: 2\r\nx-A: 4\r\n"
                + "x-c: 5\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n")
        #expect(throws: HeaderRefused.self) {
            try ResponseHeadWriter.append(
                status: 200, headers: [:], also: ["x": "a\r\nb: c"], framing: .none, to: &output)
        }
    }

    @Test("frames its body once, whatever the fields say")
    func framingFields() throws {
        let headers: HTTPHeaders = [
            "Content-Length": "9", "TRANSFER-ENCODING": "gzip", "Connection": "upgrade", "content-length": "8",
            "x": "y",
        ]
        #expect(
            try written(200, headers, .length(3))
                == "HTTP/1.1 200 OK\r\ncontent-length: 3\r\nConnection: upgrade\r\nx: y\r\n\r\n"
        )
        #expect(try written(200, headers, .none, .close) == "HTTP/1.1 200 OK\r\nconnection: close\r\nx: y\r\n\r\n")
    }

    @Test(
        "is refused, and nothing written, for what could forge another field",
        arguments: [
            ("x", "a\r\nset-cookie: b"), ("x", "a\nb"), ("x", "a\rb"), ("x", "a\u{0}b"), ("x", "\u{1b}[2J"),
            ("x", "a\u{7f}"),
            ("x y", "a"), ("", "a"), ("x:", "a"), ("x\r\ny", "a"), ("é", "a"), ("location", "/\r\n\r\n<script>"),
        ]
    )
    func injection(name: String, value: String) {
        var output: [UInt8] = [1]
        #expect(throws: HeaderRefused.self) {
            try ResponseHeadWriter.append(
                status: 200,
                headers: ["fine": "yes", name: value],
                framing: .none,
                to: &output
            )
        }
        #expect(output == [1])
    }

    @Test("has a status of three digits and no negative length", arguments: [-1, 0, 99, 1000, Int.max, Int.min])
    func statuses(status: Int) {
        #expect(throws: HeaderRefused.self) { try written(status) }
        #expect(throws: HeaderRefused.self) { try written(200, [:], .length(-1)) }
    }
}

@Suite("Chunks")
struct ChunkWriterTests {
    @Test(
        "carry their size in hexadecimal",
        arguments: [1, 9, 10, 15, 16, 17, 255, 256, 4095, 4096, 65535, 65536, 1_000_000]
    )
    func sizes(count: Int) {
        let bytes = [UInt8](repeating: 120, count: count)
        var output: [UInt8] = []
        ChunkWriter.append(bytes, to: &output)
        #expect(output == Array("\(String(count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8))
        var other: [UInt8] = []
        ChunkWriter.append(bytes.span, to: &other)
        #expect(other == output)
    }

    @Test("of nothing are not written, because they would end the body")
    func empty() {
        var output: [UInt8] = []
        ChunkWriter.append([], to: &output)
        ChunkWriter.append([UInt8]().span, to: &output)
        #expect(output.isEmpty)
        ChunkWriter.appendEnd(to: &output)
        #expect(output == Array("0\r\n\r\n".utf8))
    }

    @Test("are read back by the parser")
    func roundTrip() {
        var input = Array(chunked("").utf8)
        for size in [1, 20, 300] { ChunkWriter.append([UInt8](repeating: 13, count: size), to: &input) }
        ChunkWriter.appendEnd(to: &input)
        #expect(transcript(input).dropFirst() == [.body([UInt8](repeating: 13, count: 321)), .end])
    }
}
