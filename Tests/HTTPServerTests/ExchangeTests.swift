import Base
import HTTP
import HTTPServer
import TestKit
import Testing
import Transport

/// What goes over the wire for requests that are in order.
@Suite(.timeLimit(.minutes(1))) struct ExchangeTests {
    @Test func `a request is answered with length, date and body, and the connection stays`() async throws {
        try await TestServer.run(answer: echo) { server in
            let client = try await server.connect()
            for number in 1...3 {
                try await client.send("POST /\(number) HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
                let response = try await client.readResponse()
                #expect(response.statusLine == "HTTP/1.1 200 OK")
                #expect(response.text == "POST /\(number) hi")
                #expect(response["date"] == "Wed, 01 Jan 2025 00:00:00 GMT")
                #expect(response["connection"] == nil)
            }
        }
    }

    @Test func `the bytes of a request may come one at a time`() async throws {
        try await TestServer.run(answer: echo) { server in
            let client = try await server.connect()
            let request =
                "POST /slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
            for byte in request.utf8 { try await client.send([byte]) }
            #expect(try await client.readResponse().text == "POST /slow abcde")
        }
    }

    @Test func `requests that are sent at once are answered in their order`() async throws {
        try await TestServer.run(answer: { request in
            if request.head.path == "/1" { try? await request.loop.sleep(for: .milliseconds(20)) }
            return await echo(request)
        }) { server in
            let client = try await server.connect()
            let batch = (1...50).map {
                $0 % 2 == 0
                    ? "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n"
                    : "POST /\($0) HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
            }
            try await client.send(batch.joined())
            for number in 1...50 {
                let text = try await client.readResponse().text
                #expect(text == (number % 2 == 0 ? "GET /\(number) " : "POST /\(number) abc"))
            }
        }
    }

    @Test func `a body that the handler does not read is dropped, and the next request is found`() async throws {
        try await TestServer.run(answer: { .text($0.head.path) }) { server in
            let client = try await server.connect()
            let body = String(repeating: "GET /fake HTTP/1.1\r\n\r\n", count: 1000)
            try await client.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            try await client.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.readResponse().text == "/1")
            #expect(try await client.readResponse().text == "/2")
        }
    }

    @Test func `an unread body over the drain limit ends the connection, after the answer`() async throws {
        var limits = ServerLimits()
        limits.maxDrain = 1000
        try await TestServer.run(limits: limits, answer: { .text($0.head.path) }) { server in
            let client = try await server.connect()
            try await client.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n")
            async let rest: Void = client.send([UInt8](repeating: 65, count: 3_000_000))
            #expect(try await client.readResponse().text == "/1")
            #expect(await client.isClosedByPeer())
            _ = try? await rest
        }
    }

    @Test(arguments: ["GET", "HEAD"])
    func `HEAD gets the head of GET and no body, and the connection stays`(_ method: String) async throws {
        try await TestServer.run(answer: { _ in .text("twelve bytes") }) { server in
            let client = try await server.connect()
            for _ in 0..<2 {
                try await client.send("\(method) / HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = try await client.readResponse(toHead: method == "HEAD")
                #expect(response["content-length"] == "12")
                #expect(response.text == (method == "HEAD" ? "" : "twelve bytes"))
            }
        }
    }

    @Test(arguments: [204, 304])
    func `statuses without a body have neither length nor body`(_ status: Int) async throws {
        try await TestServer.run(answer: { _ in .text("never sent", status: status) }) { server in
            let client = try await server.connect()
            for _ in 0..<2 {
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = try await client.readResponse()
                #expect(response.status == status)
                #expect(response["content-length"] == nil)
            }
        }
    }

    @Test func `HTTP 1_0 closes after the answer unless it asks to keep the connection`() async throws {
        try await TestServer.run(answer: echo) { server in
            let client = try await server.connect()
            try await client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let kept = try await client.readResponse()
            #expect(kept["connection"] == "keep-alive")
            try await client.send("GET /b HTTP/1.0\r\n\r\n")
            let last = try await client.readResponse()
            #expect(last["connection"] == "close")
            #expect(last.text == "GET /b ")
            #expect(await client.isClosedByPeer())
        }
    }

    @Test func `Connection close is kept`() async throws {
        try await TestServer.run(answer: echo) { server in
            let client = try await server.connect()
            try await client.send("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(try await client.readResponse()["connection"] == "close")
            #expect(await client.isClosedByPeer())
        }
    }

    @Test func `Expect 100-continue gets its interim answer when the handler wants the body`() async throws {
        try await TestServer.run(answer: echo) { server in
            let client = try await server.connect()
            try await client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
            #expect(try await client.readResponse().statusLine == "HTTP/1.1 100 Continue")
            try await client.send("body")
            #expect(try await client.readResponse().text == "POST /a body")
            try await client.send("GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.readResponse().text == "GET /b ")
        }
    }

    @Test(arguments: [false, true])
    func `a body that comes with its Expect 100-continue is taken as it is, and no interim answer sent`(
        _ isInPieces: Bool
    ) async throws {
        try await TestServer.run(answer: isInPieces ? echoPieces : echo) { server in
            let client = try await server.connect()
            for (path, end) in [("/a", "body"), ("/b", "bo")] {
                try await client.send(
                    "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n\(end)")
                if end.count < 4 {
                    #expect(try await client.readResponse().statusLine == "HTTP/1.1 100 Continue")
                    try await client.send("dy")
                }
                #expect(try await client.readResponse().text == "POST \(path) body")
            }
        }
    }

    @Test func `a client that waits to continue and is refused is told that the connection ends`() async throws {
        try await TestServer.run(answer: { _ in .text("no", status: 403) }) { server in
            let client = try await server.connect()
            try await client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
            let response = try await client.readResponse()
            #expect(response.status == 403)
            #expect(response["connection"] == "close")
            #expect(await client.isClosedByPeer())
        }
    }

    @Test func `an answer of megabytes arrives whole at a slow reader`() async throws {
        let text = String(repeating: "0123456789abcdef", count: 512 * 1024)
        try await TestServer.run(answer: { _ in .text(text) }) { server in
            let client = try await server.connect(receiveBuffer: 16_384)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.readResponse().text == text)
        }
    }

    @Test func `a header that may not go onto the wire becomes a 500 without its value`() async throws {
        try await TestServer.run(answer: { _ in .text("x", headers: ["x-bad": "secret\r\nset-cookie: a=b"]) }) {
            server in
            let client = try await server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let all = try await client.readToEnd()
            #expect(all.hasPrefix("HTTP/1.1 500 "))
            #expect(!all.contains("secret") && !all.contains("set-cookie"))
        }
    }

    @Test(arguments: [1, 2])
    func `two hundred connections are served at the same time`(_ loops: Int) async throws {
        try await TestServer.run(loops: loops, answer: echo) { server in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let client = try await server.connect()
                        for round in 0..<5 {
                            try await client.send("GET /\(number)/\(round) HTTP/1.1\r\nHost: a\r\n\r\n")
                            guard try await client.readResponse().text == "GET /\(number)/\(round) " else {
                                return false
                            }
                        }
                        return true
                    }
                }
                for try await good in group { #expect(good) }
            }
        }
    }
}
