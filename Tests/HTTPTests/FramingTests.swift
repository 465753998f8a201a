import Base
import Testing

@testable import HTTP

@Suite("A request's framing")
struct FramingTests {
    @Test("is none, a length or chunks")
    func kinds() throws {
        #expect(try parsedHead(get())?.body == BodyFraming.none)
        #expect(try parsedHead(get("Content-Length: 0"))?.body == .length(0))
        #expect(try parsedHead(get("Content-Length: 0007"))?.body == .length(7))
        #expect(try parsedHead(get("Transfer-Encoding: Chunked"))?.body == .chunked)
    }

    @Test("by length and by chunks at once is refused, in both orders")
    func both() {
        #expect(refusal(post("Content-Length: 4", "Transfer-Encoding: chunked", body: "0\r\n\r\n")) == .invalidHTTP)
        #expect(refusal(post("Transfer-Encoding: chunked", "Content-Length: 4", body: "0\r\n\r\n")) == .invalidHTTP)
        #expect(refusal(post("Transfer-Encoding: chunked", "content-length: 0", body: "0\r\n\r\n")) == .invalidHTTP)
    }

    @Test(
        "by length takes digits only, at most 18, once",
        arguments: [
            "+5", "-1", "0x5", "", "5,5", "5, 5", "5 5", "5.0", "5e1", "5_0", "٥", "\u{b}5", "12345678901234567890",
            "9223372036854775807", "9223372036854775808", "18446744073709551616", "1234567890123456789", "five",
        ]
    )
    func lengths(value: String) {
        #expect(refusal(post("Content-Length: \(value)", body: "12345")) == .invalidHTTP)
    }

    @Test("by two lengths is refused, even by equal ones")
    func twoLengths() {
        #expect(refusal(post("Content-Length: 5", "Content-Length: 6", body: "12345")) == .invalidHTTP)
        #expect(refusal(post("Content-Length: 5", "content-length: 5", body: "12345")) == .invalidHTTP)
    }

    @Test(
        "by transfer codings takes chunked alone",
        arguments: [
            "chunked, identity", "identity, chunked", "identity", "gzip, chunked", ",chunked", "chunked,", "xchunked",
            "chunkedx", "\u{b}chunked", "\"chunked\"", "chunked chunked", "chunked;q=1", "", "chunked, chunked",
            "ｃhunked",
        ]
    )
    func codings(value: String) {
        #expect(refusal(post("Transfer-Encoding: \(value)", body: "0\r\n\r\n")) == .invalidHTTP)
    }

    @Test("by chunks twice, or in HTTP/1.0, is refused")
    func codingsElsewhere() {
        #expect(
            refusal(post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body: "0\r\n\r\n"))
                == .invalidHTTP
        )
        #expect(
            refusal("POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == .invalidHTTP
        )
    }

    @Test("over the limit is refused at the head, before any of the body has come")
    func overLimit() {
        let limits = HTTPLimits(maxBody: 10)
        let huge = "Content-Length: 999999999999999999"
        #expect(refusal(post("Content-Length: 11", body: ""), limits: limits) == .requestTooLarge)
        #expect(refusal(post(huge, "Expect: 100-continue", body: "")) == .requestTooLarge)
        #expect(refusal(post("Content-Length: 10", body: "0123456789"), limits: limits) == nil)
    }
}

@Suite("A chunked body")
struct ChunkedTests {
    @Test(
        "is put together, whatever its chunks",
        arguments: [
            ("0\r\n\r\n", ""), ("5\r\nhello\r\n0\r\n\r\n", "hello"), ("3\r\nhel\r\n2\r\nlo\r\n000\r\n\r\n", "hello"),
            ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"), ("a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
            ("0000000000000001\r\nx\r\n0\r\n\r\n", "x"), ("1;a=b\r\nx\r\n0;c\r\n\r\n", "x"),
            ("1;a=\"q\tz\"\r\nx\r\n0\r\n\r\n", "x"),
            ("1;a=\"q\\\";\";b;c=d\r\nx\r\n0;e=\"\"\r\n\r\n", "x"),
            ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n"), ("1\r\nx\r\n0\r\nDigest: abc\r\nX: y\r\n\r\n", "x"),
            ("5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n"),
        ]
    )
    func good(body: String, content: String) {
        let heard = transcript(Array(chunked(body).utf8))
        #expect(heard.dropFirst() == (content.isEmpty ? [.end] : [.body(Array(content.utf8)), .end]))
    }

    @Test(
        "is refused for every size line and line end that readers disagree about",
        arguments: [
            "0x5\r\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n",
            "5_0\r\nhello\r\n0\r\n\r\n", "\r\nhello\r\n0\r\n\r\n", ";a\r\nhello\r\n0\r\n\r\n",
            "00000000000000005\r\nhello\r\n0\r\n\r\n", "FFFFFFFFFFFFFFFFF\r\nhello", "5\nhello\r\n0\r\n\r\n",
            "5\rhello\r\n0\r\n\r\n", "5\r\rhello\r\n0\r\n\r\n", "5;a\nb\r\nhello\r\n0\r\n\r\n",
            "5;a\u{0}\r\nhello\r\n0\r\n\r\n", "5;a\u{7f}\r\nhello\r\n0\r\n\r\n", "5;a\rb\r\nhello\r\n0\r\n\r\n",
            "5 \r\nhello\r\n0\r\n\r\n", " 5\r\nhello\r\n0\r\n\r\n", "5 ;a\r\nhello\r\n0\r\n\r\n",
            "5\t\r\nhello\r\n0\r\n\r\n", "5,5\r\nhello\r\n0\r\n\r\n", "5\r\nhelloX\r\n0\r\n\r\n",
            "5\r\nhello\n0\r\n\r\n", "5\r\nhello\r0\r\n\r\n", "5\r\nhello\rX", "5\r\nhello0\r\n\r\n",
            "5\r\nhello\r\n\r\n", "g\r\n", "0\n\n", "0\n\r\n", "0\r\n\n", "0\r\nX: y\n\r\n", "0\r\nX: y\r\r\n\r\n",
            "0\r\n\r\rX\r\n\r\n", "0\r\n X: y\r\n\r\n", "0\r\nX : y\r\n\r\n", "0\r\nbad\r\n\r\n", "5;é\u{1}\r\nhello",
            "5;\r\nhello", "5;;a\r\nhello", "5;a=\r\nhello", "5;a=b=c\r\nhello", "5;a=\"b\r\nhello", "5;=b\r\nhello",
            "5;a b\r\nhello", "5; a\r\nhello", "5;a=\"b\"c\r\nhello", "5;a:b\r\nhello", "5;a=\"b\\\r\nhello",
            "0\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\nA: b\r\ncontent-length: 5\r\n\r\n", "0\r\nHost: h\r\n\r\n",
            "0\r\nConnection: close\r\n\r\n", "0\r\nTrailer: A\r\n\r\n", "0\r\nUpgrade: x\r\n\r\n",
            "５\r\nhello", "\u{b}5\r\nhello", "5.\r\nhello", "5h\r\nhello", "0X5\r\nhello", "\"5\"\r\nhello",
        ]
    )
    func bad(body: String) {
        #expect(refusal(chunked(body)) == .invalidHTTP)
    }

    @Test(
        "is counted as it goes, with sizes that no integer holds",
        arguments: ["b", "fffffffffffffff", "7fffffffffffffff", "8000000000000000", "FFFFFFFFFFFFFFFF"]
    )
    func overLimit(size: String) {
        #expect(refusal(chunked("\(size)\r\n"), limits: HTTPLimits(maxBody: 10)) == .requestTooLarge)
        #expect(refusal(chunked("5\r\nhello\r\n\(size)\r\n"), limits: HTTPLimits(maxBody: 15)) == .requestTooLarge)
    }

    @Test("may fill the limit exactly, and not by one byte more")
    func atLimit() {
        let limits = HTTPLimits(maxBody: 8)
        #expect(refusal(chunked("5\r\nhello\r\n3\r\nabc\r\n0\r\n\r\n"), limits: limits) == nil)
        #expect(refusal(chunked("5\r\nhello\r\n4\r\nabcd\r\n0\r\n\r\n"), limits: limits) == .requestTooLarge)
        #expect(refusal(chunked("1\r\n"), limits: HTTPLimits(maxBody: 0)) == .requestTooLarge)
        #expect(refusal(chunked("FFFFFFFFFFFFFFFF\r\n"), limits: HTTPLimits(maxBody: .max)) == .requestTooLarge)
    }

    @Test("has a bound on its extensions altogether, and on its trailers")
    func overhead() {
        let limits = HTTPLimits(maxHeaderBytes: 60, maxHeaderCount: 3, maxChunkExtension: 8)
        #expect(refusal(chunked("1;abcdefg\r\nx\r\n0\r\n\r\n"), limits: limits) == nil)
        #expect(refusal(chunked("1;abcdefgh\r\nx\r\n0\r\n\r\n"), limits: limits) == .invalidHTTP)
        #expect(refusal(chunked("1;abc\r\nx\r\n1;abcd\r\nx\r\n0\r\n\r\n"), limits: limits) == .invalidHTTP)
        #expect(refusal(chunked("0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n"), limits: limits) == nil)
        #expect(refusal(chunked("0\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n"), limits: limits) == .headersTooLarge)
        let long = String(repeating: "t", count: 60)
        #expect(refusal(chunked("0\r\nA: \(long)\r\n\r\n"), limits: limits) == .headersTooLarge)
        #expect(refusal(chunked("0\r\nA: \(long)"), limits: limits) == .headersTooLarge)
    }
}

@Suite("The limits")
struct LimitTests {
    @Test("hold the request line at 8192 bytes, without its line end")
    func requestLine() {
        func line(_ length: Int) -> String { "GET /" + String(repeating: "a", count: length - 14) + " HTTP/1.1" }
        #expect(refusal(line(8192) + "\r\nHost: h\r\n\r\n") == nil)
        #expect(refusal(line(8193) + "\r\nHost: h\r\n\r\n") == .targetTooLong)
        #expect(refusal(line(8192) + "\r") == nil)
        #expect(refusal(line(8192) + "aa") == .targetTooLong)
        #expect(refusal(String(repeating: "A", count: 100_000)) == .targetTooLong)
    }

    @Test("hold the number of fields at 100")
    func fieldCount() {
        func head(_ count: Int) -> String {
            "GET / HTTP/1.1\r\nHost: h\r\n" + String(repeating: "A: b\r\n", count: count - 1) + "\r\n"
        }
        #expect(refusal(head(100)) == nil)
        #expect(refusal(head(101)) == .headersTooLarge)
    }

    @Test("hold all fields together at 32 KB, their line ends and the empty line counted")
    func fieldBytes() {
        func head(_ bytes: Int) -> String {
            "GET / HTTP/1.1\r\nHost: h\r\nA: " + String(repeating: "v", count: bytes - 16) + "\r\n\r\n"
        }
        #expect(refusal(head(32768)) == nil)
        #expect(refusal(head(32769)) == .headersTooLarge)
        #expect(refusal(get().dropLast(1) + "A: " + String(repeating: "v", count: 40_000)) == .headersTooLarge)
        let many =
            get().dropLast(1) + String(repeating: "A: " + String(repeating: "v", count: 1000) + "\r\n", count: 40)
        #expect(refusal(String(many)) == .headersTooLarge)
    }

    @Test("may be anything without a trap")
    func extremes() {
        for value in [Int.min, -1, 0, 1, .max] {
            var limits = HTTPLimits()
            limits.maxRequestLine = value
            limits.maxHeaderBytes = value
            limits.maxHeaderCount = value
            limits.maxBody = value
            limits.maxChunkExtension = value
            #expect(
                refusal(chunked("1;a\r\nx\r\n0\r\nA: b\r\n\r\n"), limits: limits)
                    == (value == .max ? nil : .targetTooLong)
            )
        }
    }
}
