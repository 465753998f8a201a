import Base
import HTTP
import HTTPClient
import HTTPServer
import TestKit
import Testing
import Transport

/// What a call sends and gets when all is well.
@Suite(.timeLimit(.minutes(1))) struct ExchangeTests {
    @Test func `a call sends what it is given and nothing of its own that matters`() async throws {
        let upstream = try FaultyUpstream([.request, answer("fine")])
        defer { upstream.stop() }
        try await withClient { client, _ in
            let headers: HTTPHeaders = ["content-type": "application/json", "authorization": "Bearer k", "x-empty": ""]
            let answer = try await client.text(.to(upstream.url, headers: headers, body: #"{"a":1}"#))
            #expect(answer == (200, "fine"))
        }
        let request = try await upstream.requestArrived()
        #expect(request.hasPrefix("POST /v1/call HTTP/1.1\r\n"))
        #expect(request.hasSuffix("\r\n\r\n{\"a\":1}"))
        for line in ["content-type: application/json", "authorization: Bearer k", "Content-Length: 7"] {
            #expect(request.contains("\r\n\(line)\r\n"), "\(line)")
        }
        #expect(request.contains("\r\nx-empty:\r\n"))
        let names = Set(
            request.split(separator: "\r\n").dropFirst().compactMap { $0.split(separator: ":").first?.lowercased() })
        #expect(names.isDisjoint(with: ["expect", "cookie", "referer", "transfer-encoding"]))
    }

    @Test func `calls one after the other share one connection, and none keeps anything of the one before`()
        async throws
    {
        let upstream = try FaultyUpstream([.forever([.request, answer("ok")])])
        defer { upstream.stop() }
        try await withClient { client, _ in
            let calls: [(method: String, body: String, header: String)] = [
                ("POST", "first", "a"), ("POST", "", "b"), ("PUT", "third", "c"), ("PUT", "", "d"), ("GET", "", "e"),
                ("DELETE", "sixth", "f"), ("DELETE", "", "g"), ("GET", "", ""), ("POST", "last", "i"),
            ]
            for call in calls {
                let headers = call.header.isEmpty ? HTTPHeaders() : ["x-mark": call.header]
                let answer = try await client.text(
                    .to(upstream.url, method: call.method, headers: headers, body: call.body))
                #expect(answer == (200, "ok"))
            }
            #expect(upstream.connections == 1)
            for (request, call) in zip(upstream.requests, calls) {
                #expect(request.hasPrefix("\(call.method) "))
                #expect(request.hasSuffix("\r\n\r\n\(call.body)"), "\(call)")
                #expect(request.contains("x-mark: \(call.header)\r\n") == !call.header.isEmpty)
            }
        }
    }

    @Test func `of what many calls at once have opened some stays for the next, and the rest is closed`() async throws {
        let upstream = try FaultyUpstream([.forever([.request, .gate, answer("ok")])])
        defer { upstream.stop() }
        try await withClient { client, _ in
            try await withThrowingTaskGroup(of: Void.self) { calls in
                for _ in 0..<200 { calls.addTask { _ = try await client.text(.to(upstream.url)) } }
                for connection in 0..<200 { try await upstream.requestArrived(connection) }
                upstream.release()
                try await calls.waitForAll()
            }
            // As many were opened and asked; at least a hundred are closed.
            _ = try await upstream.log.atLeast(200 + 200 + 100)
            let answer = try await client.text(.to(upstream.url))
            #expect(answer == (200, "ok"))
            #expect(upstream.connections == 200)
        }
    }

    @Test func `each call has its own time limits, though handles are used again`() async throws {
        let upstream = try FaultyUpstream([
            .request, answer("1"), .request, .hold,
        ])
        defer { upstream.stop() }
        try await withClient { client, _ in
            _ = try await client.text(.to(upstream.url))
            let kind = await failure { _ = try await client.text(.to(upstream.url, total: .milliseconds(60))) }
            #expect(kind == .timeout(.total))
        }
    }

    @Test func `HEAD waits for no body`() async throws {
        let upstream = try FaultyUpstream([
            .forever([.request, .send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")])
        ])
        defer { upstream.stop() }
        try await withClient { client, _ in
            for _ in 0..<2 {
                let response = try await client.send(.to(upstream.url, method: "HEAD", body: ""))
                #expect(response.headers["content-length"] == "1000")
                #expect(try await response.body.collect(limit: 10).isEmpty)
            }
            #expect(upstream.connections == 1)
        }
    }

    @Test func `interim answers are passed over, and their fields forgotten`() async throws {
        let upstream = try FaultyUpstream([
            .request,
            .send("HTTP/1.1 100 Continue\r\nx-interim: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"),
            answer("real", "HTTP/1.1 201 Created\r\nx-final:  two words \r\n"),
        ])
        defer { upstream.stop() }
        try await withClient { client, _ in
            let response = try await client.send(.to(upstream.url))
            #expect(response.status == 201)
            #expect(response.headers["x-final"] == "two words")
            #expect(!response.headers.contains("x-interim") && !response.headers.contains("link"))
            #expect(try await response.body.collect(limit: 100) == Array("real".utf8))
        }
    }

    @Test func `trailers change neither status nor headers, and end the body`() async throws {
        let upstream = try FaultyUpstream([
            .request,
            .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nx-trailer: 1\r\n\r\n"),
        ])
        defer { upstream.stop() }
        try await withClient { client, _ in
            let response = try await client.send(.to(upstream.url))
            #expect(try await response.body.collect(limit: 100) == Array("body".utf8))
            #expect(!response.headers.contains("x-trailer"))
        }
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func `a redirect is an answer like any other`(_ status: Int) async throws {
        let other = try FaultyUpstream([.request, answer("stolen")])
        let head = "HTTP/1.1 \(status) Moved\r\nLocation: \(other.url)\r\n"
        let upstream = try FaultyUpstream([.request, answer("", head)])
        defer {
            upstream.stop()
            other.stop()
        }
        try await withClient { client, _ in
            let answer = try await client.text(.to(upstream.url, headers: ["authorization": "Bearer secret"]))
            #expect(answer.status == status)
            #expect(other.connections == 0)
        }
    }

    @Test func `pieces come as they are sent, not when the body ends`() async throws {
        let upstream = try FaultyUpstream([
            .request, .send("HTTP/1.1 200 OK\r\n\r\nfirst"), .gate, .send("second"),
        ])
        defer { upstream.stop() }
        try await withClient { client, _ in
            let body = try await client.send(.to(upstream.url)).body
            #expect(try await body.next() == Array("first".utf8))
            upstream.release()
            #expect(try await body.next() == Array("second".utf8))
            #expect(try await body.next() == nil)
            #expect(try await body.next() == nil)
        }
    }

    @Test func `an answer in any cut is the same answer`() async throws {
        let text =
            "HTTP/1.1 200 OK\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
        let upstream = try FaultyUpstream([.request, .dribble(text, size: 1, pause: .milliseconds(1))])
        defer { upstream.stop() }
        try await withClient { client, _ in
            let answer = try await client.text(.to(upstream.url))
            #expect(answer == (200, "hello world"))
        }
    }

    @Test func `gzip is unpacked`() async throws {
        let packed = Gzip.zeros(100_000)
        let upstream = try FaultyUpstream([
            .request, .send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(packed.count)\r\n\r\n"),
            .sendBytes(packed),
        ])
        defer { upstream.stop() }
        try await withClient { client, _ in
            let body = try await client.send(.to(upstream.url)).body.collect(limit: 1 << 20)
            #expect(body.count >= 100_000 && body.allSatisfy { $0 == 0 })
        }
    }

    @Test func `a megabyte goes up and comes back whole`() async throws {
        let text = String((0..<(1 << 20)).map { Character(UnicodeScalar(UInt8(97 + $0 % 26))) })
        try await TestServer.run(answer: { request in
            Response.text(String(decoding: (try? await request.body(limit: 2 << 20)) ?? [], as: UTF8.self))
        }) { server in
            let url = "http://127.0.0.1:\(server.port)/"
            try await withClient { client, _ in
                let answer = try await client.text(.to(url, body: text))
                #expect(answer == (200, text))
            }
        }
    }

    @Test(arguments: [1, 2])
    func `two hundred calls at once, on the caller's loop and off it`(_ loops: Int) async throws {
        try await TestServer.run(answer: { Response.text($0.head.path) }) { server in
            let root = "http://127.0.0.1:\(server.port)"
            try await withClient(loops: loops) { client, _ in
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<200 {
                        let path = "/\(number % 20)"
                        group.addTask(executorPreference: number % 2 == 0 ? nil : globalConcurrentExecutor) {
                            try await client.text(.to(root + path)).text == path
                        }
                    }
                    for try await good in group { #expect(good) }
                }
            }
        }
    }

    @Test func `a server that closes idle connections costs no call`() async throws {
        let upstream = try FaultyUpstream([.request, answer("ok"), .close])
        defer { upstream.stop() }
        try await withClient { client, _ in
            for connection in 0..<20 {
                let answer = try await client.text(.to(upstream.url))
                #expect(answer == (200, "ok"))
                _ = try await upstream.log.first {
                    if case .done(connection, _) = $0 { true } else { false }
                }
            }
        }
    }

    @Test(arguments: [FaultyUpstream.Step.close, .reset])
    func `a request that went out on a kept connection is not sent again`(_ end: FaultyUpstream.Step) async throws {
        let upstream = try FaultyUpstream([.request, answer("ok"), .request, end], [.request, answer("again")])
        defer { upstream.stop() }
        try await withClient { client, _ in
            let first = try await client.text(.to(upstream.url))
            #expect(first == (200, "ok"))
            let error = await #expect(throws: HTTPClientError.self) { try await client.text(.to(upstream.url)) }
            #expect(error?.kind == .broken)
            #expect(upstream.requests.count == 2)
        }
    }
}
