import Base
import Testing

@testable import HTTP

@Suite("A request's head")
struct RequestHeadTests {
    @Test("is read whole: line, fields, framing, host")
    func wholeHead() throws {
        let head = try #require(
            try parsedHead(
                "POST /v1/chat/completions?a=1&b=%20 HTTP/1.1\r\nhOsT: example.com:8080\r\nContent-Type:application/json\r\n"
                    + "X-Empty:\r\nX-Pad: \t two words \t\r\nContent-Length: 12\r\nExpect: 100-Continue\r\n\r\n"
            )
        )
        #expect(head.method == "POST")
        #expect(head.target == "/v1/chat/completions?a=1&b=%20")
        #expect(head.path == "/v1/chat/completions")
        #expect(head.query == "a=1&b=%20")
        #expect(head.minorVersion == 1)
        #expect(head.host == "example.com:8080")
        #expect(head.headers["content-type"] == "application/json")
        #expect(head.headers["x-empty"] == "")
        #expect(head.headers["X-PAD"] == "two words")
        #expect(head.headers["absent"] == nil)
        #expect(head.body == .length(12))
        #expect(head.expectsContinue)
        #expect(head.keepAlive)
    }

    @Test(
        "has a path and a query for every form of target",
        arguments: [
            ("GET / HTTP/1.1", "/", nil), ("GET /? HTTP/1.1", "/", ""), ("GET /a?b?c HTTP/1.1", "/a", "b?c"),
            ("GET //a/../b HTTP/1.1", "//a/../b", nil), ("OPTIONS * HTTP/1.1", "*", nil),
            ("GET http://h/x?y HTTP/1.1", "/x", "y"), ("GET HTTP://H HTTP/1.1", "/", nil),
            ("GET https://h?q HTTP/1.1", "/", "q"), ("GET /%2e%2E/ HTTP/1.1", "/%2e%2E/", nil),
            ("get /lower HTTP/1.1", "/lower", nil), ("M-SEARCH /a HTTP/1.1", "/a", nil),
        ] as [(String, String, String?)]
    )
    func targets(line: String, path: String, query: String?) throws {
        let head = try #require(try parsedHead("\(line)\r\nHost: h\r\n\r\n"))
        #expect(head.path == path)
        #expect(head.query == query)
        #expect(head.host?.lowercased() == "h")
    }

    @Test(
        "is refused for a wrong request line",
        arguments: [
            "GET /\r\n\r\n", "GET / HTTP/1.1 \r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", "GET /  HTTP/1.1\r\n\r\n",
            " GET / HTTP/1.1\r\n\r\n", "GET\t/ HTTP/1.1\r\n\r\n", "GET / HTTP/1.2\r\n\r\n", "GET / HTTP/2.0\r\n\r\n",
            "GET / HTTP/0.9\r\n\r\n", "GET / http/1.1\r\n\r\n", "GET / HTTP/1.10\r\n\r\n", "GET / HTTP/11\r\n\r\n",
            "GET / HTTP/1,1\r\n\r\n", "GET / HTTP/+1.1\r\n\r\n", "GET / XTTP/1.1\r\n\r\n", "GET / HTTP/1.1\n\r\n",
            "GET / HTTP/1.1\rHost: h\r\n\r\n", "GET /a b HTTP/1.1\r\n\r\n", "GET /a\u{0}b HTTP/1.1\r\n\r\n",
            "GET /é HTTP/1.1\r\n\r\n", "GET /a#b HTTP/1.1\r\n\r\n", "GET /a\\b HTTP/1.1\r\n\r\n",
            "GET \\a HTTP/1.1\r\n\r\n", "GET a HTTP/1.1\r\n\r\n", "GET * HTTP/1.1\r\n\r\n",
            "OPTIONS ** HTTP/1.1\r\n\r\n",
            "GET h:80 HTTP/1.1\r\n\r\n", "CONNECT h:80 HTTP/1.1\r\n\r\n", "CONNECT / HTTP/1.1\r\n\r\n",
            "GET ftp://h/ HTTP/1.1\r\n\r\n", "GET http:/h/ HTTP/1.1\r\n\r\n", "GET http:///x HTTP/1.1\r\n\r\n",
            "G(T / HTTP/1.1\r\n\r\n", "GÉT / HTTP/1.1\r\n\r\n", "GET\u{7f} / HTTP/1.1\r\n\r\n", "(\r\n",
            "\u{16}\u{3}\u{1}",
            "\u{0}", "\n", " ", "\r\n\r\n", "\r\n\nGET / HTTP/1.1\r\n\r\n", "\rGET / HTTP/1.1\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", String(repeating: "M", count: 33) + " / HTTP/1.1\r\n\r\n",
        ]
    )
    func requestLines(input: String) {
        // With a good Host where there is room for one, so that only the line can be at fault.
        let completed = input.replacing("\r\n\r\n", with: "\r\nHost: h\r\n\r\n", maxReplacements: 1)
        #expect(refusal(input == "\r\n\r\n" ? input : completed) == .invalidHTTP)
    }

    @Test("may follow one empty line, and only one")
    func emptyLineBefore() {
        #expect(refusal("\r\n" + get()) == nil)
        #expect(refusal("\r\n\r\n" + get()) == .invalidHTTP)
        #expect(refusal(get() + "\r\n" + get()) == nil)
    }

    @Test("of HTTP/2 is answered with what to do")
    func preface() throws {
        let error = try #require(throws: HTTPParseError.self) { try parsedHead("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") }
        #expect(error.message.contains("HTTP/2"))
    }

    @Test(
        "keeps the connection only as its version and its Connection field say",
        arguments: [
            ("1.1", "X: y", true), ("1.1", "Connection: close", false), ("1.1", "Connection: CLOSE", false),
            ("1.1", "Connection: keep-alive", true), ("1.1", "Connection: upgrade, close", false),
            ("1.1", "Connection: a ,\tclose\t,b", false), ("1.1", "Connection: closed", true),
            ("1.1", "Connection: ,,", true), ("1.1", "Connection:", true), ("1.0", "X: y", false),
            ("1.0", "Connection: keep-alive", true), ("1.0", "Connection: Keep-Alive", true),
            ("1.0", "Connection: keep-alive, close", false),
            ("1.1", "Connection: keep-alive\r\nConnection: close", false),
        ]
    )
    func keepAlive(version: String, field: String, expected: Bool) throws {
        let head = try #require(try parsedHead("GET / HTTP/\(version)\r\nHost: h\r\n\(field)\r\n\r\n"))
        #expect(head.keepAlive == expected)
        #expect(head.minorVersion == (version == "1.1" ? 1 : 0))
    }

    @Test(
        "asks for 100 Continue only with a body to come, in HTTP/1.1",
        arguments: [
            ("1.1", "Expect: 100-continue\r\nContent-Length: 5", true),
            ("1.1", "Expect: 100-continue\r\nTransfer-Encoding: chunked", true),
            ("1.1", "Expect: 100-continue\r\nContent-Length: 0", false), ("1.1", "Expect: 100-continue", false),
            ("1.0", "Expect: 100-continue\r\nContent-Length: 5", false), ("1.1", "Content-Length: 5", false),
        ]
    )
    func expectations(version: String, fields: String, expected: Bool) throws {
        let head = try #require(try parsedHead("POST / HTTP/\(version)\r\nHost: h\r\n\(fields)\r\n\r\n"))
        #expect(head.expectsContinue == expected)
    }

    @Test("with another expectation is refused", arguments: ["100", "200-ok", "100-continue, x", "", "100-continue;q"])
    func otherExpectations(value: String) {
        #expect(refusal(get("Expect: \(value)")) == .expectationFailed)
    }
}

@Suite("The Host field")
struct HostTests {
    @Test(
        "may be a name or an address, with a port",
        arguments: [
            "h", "example.com", "example.com:80", "127.0.0.1:8080", "[::1]", "[::1]:8080", "[::ffff:1.2.3.4]:1", "a_b",
            "xn--bcher-kva.example", "h:", "h:65535", "h:00080", "",
        ]
    )
    func good(host: String) throws {
        #expect(try parsedHead("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")?.host == host)
    }

    @Test(
        "is refused as anything else",
        arguments: [
            "h?x", "h#x", "h/x", "u@h", "a b", "a\tb", "h:80:80", "h:x", "h:-1", "h:+80", "h:65536",
            "h:99999999999999999999999999", "[::1", "::1", "[]", "[::1]x", "[g::]", "h\\x", "a,b", "é", "\"h\"", "<h>",
            "[::1%25lo]", "a\u{0}b", "a\u{1}b", "h:[1]", "{h}", "h|", "h^",
        ]
    )
    func bad(host: String) {
        #expect(refusal("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n") == .invalidHTTP)
        // In an absolute target the path or query would simply begin there.
        if !host.contains("/"), !host.contains("?") {
            #expect(refusal("GET http://\(host)/ HTTP/1.0\r\n\r\n") == .invalidHTTP)
        }
    }

    @Test("stands exactly once in HTTP/1.1, at most once in HTTP/1.0")
    func number() throws {
        #expect(refusal("GET / HTTP/1.1\r\n\r\n") == .invalidHTTP)
        #expect(refusal("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n") == .invalidHTTP)
        #expect(refusal("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n") == .invalidHTTP)
        #expect(refusal("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n") == .invalidHTTP)
        #expect(try parsedHead("GET / HTTP/1.0\r\n\r\n")?.host == nil)
        #expect(refusal("GET / HTTP/1.0\r\n\r\n") == nil)
    }

    @Test("must name the host of an absolute target")
    func absoluteTargets() throws {
        #expect(refusal("GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n") == .invalidHTTP)
        #expect(refusal("GET http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n") == .invalidHTTP)
        #expect(refusal("GET http://a/ HTTP/1.1\r\n\r\n") == .invalidHTTP)
        #expect(refusal("GET http://x@a/ HTTP/1.1\r\nHost: a\r\n\r\n") == .invalidHTTP)
        #expect(refusal("GET http://a/ HTTP/1.1\r\nHost: \r\n\r\n") == .invalidHTTP)
        #expect(try parsedHead("GET http://A:8/p HTTP/1.1\r\nHost: a:8\r\n\r\n")?.path == "/p")
        #expect(try parsedHead("GET http://a:8/p HTTP/1.0\r\n\r\n")?.host == "a:8")
    }
}

@Suite("A header field")
struct FieldTests {
    @Test(
        "is refused when its name or value is malformed",
        arguments: [
            "X : y", "X\t: y", " X: y", "\tX: y", "X: y\r\n folded", "X: y\r\n\tfolded", "X", "X y", ": y", ":",
            "X(: y", "X\"Y: z", "Ü: y", "X\u{0}: y", "X\u{7f}: y", "X: a\u{0}b", "X: a\rb", "X: a\nb", "X: a\u{1}b",
            "X: a\u{7f}b", "X: a\u{b}b", "X: a\u{1b}[31m", "X: y\n", "X@Y: z", "X/Y: z", "[X]: y", "X,Y: z", "X;Y: z",
            "X=Y: z", "X\\Y: z", "{X}: y", "X: \u{0}", "X: y\r",
        ]
    )
    func malformed(line: String) {
        #expect(refusal(get(line)) == .invalidHTTP)
        // As the first field too.
        #expect(refusal("GET / HTTP/1.1\r\n\(line)\r\nHost: h\r\n\r\n") == .invalidHTTP)
        // And as a trailer.
        #expect(refusal(chunked("0\r\n\(line)\r\n\r\n")) == .invalidHTTP)
    }

    @Test("may hold tabs and bytes over 0x7f, which are kept and decoded with repair")
    func otherBytes() throws {
        #expect(try parsedHead(get("X: a\tb"))?.headers["x"] == "a\tb")
        #expect(try parsedHead(get("X: é"))?.headers["x"] == "é")
        let latin = Array("GET / HTTP/1.1\r\nHost: h\r\nX: ".utf8) + [0xe9] + Array("\r\n\r\n".utf8)
        var parser = RequestParser()
        guard case .head(let head) = try parser.next(latin.span).event else {
            Issue.record("no head")
            return
        }
        #expect(head.headers["x"] == "\u{fffd}")
    }

    @Test("may have every character of a token in its name")
    func tokens() throws {
        let name = "!#$%&'*+-.^_`|~09azAZ"
        #expect(try parsedHead(get("\(name): v"))?.headers[name] == "v")
    }
}
