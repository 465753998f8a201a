import Base
import HTTP
import HTTPServer
import TestKit
import Testing
import Transport

/// Requests that are wrong, too large or too slow.
@Suite(.timeLimit(.minutes(1))) struct LimitTests {
    @Test(arguments: [
        ("rubbish\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400), ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400),
        ("\u{16}\u{3}\u{1}\u{2}", 400),
    ])
    func `what is no request is refused, and the connection ends`(_ bytes: String, _ status: Int) async throws {
        try await TestServer.run(answer: echo) { server in
            let client = try await server.connect()
            try await client.send(bytes)
            let response = try await client.readResponse()
            #expect(response.status == status)
            #expect(response["connection"] == "close")
            #expect(await client.isClosedByPeer())
        }
    }

    @Test func `a refusal reaches a client that goes on sending`() async throws {
        try await TestServer.run(answer: echo) { server in
            let client = try await server.connect()
            try await client.send("GET / HTTP/1.1\r\n broken: folded\r\n\r\n")
            async let more: Void = client.send([UInt8](repeating: 65, count: 4 << 20))
            #expect(try await client.readResponse().status == 400)
            _ = try? await more
        }
    }

    @Test func `headers and bodies over their limits are refused by their codes`() async throws {
        try await TestServer.run(answer: { request in
            do throws(CodedError) {
                return .text("\(try await request.body(limit: 10).count)")
            } catch {
                return .failure(error)
            }
        }) { server in
            let head = "POST / HTTP/1.1\r\nHost: a\r\n"
            let requests = [
                (head + "X: \(String(repeating: "x", count: 40_000))\r\n\r\n", "headers_too_large"),
                (head + "Content-Length: 11\r\n\r\n12345678901", "request_too_large"),
                (head + "Transfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n0\r\n\r\n", "request_too_large"),
                (head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "invalid_http"),
                (head + "Content-Length: 10\r\n\r\n1234567890", "10"),
            ]
            for (request, code) in requests {
                let client = try await server.connect()
                try await client.send(request)
                let text = try await client.readResponse().text
                #expect(text.hasPrefix(code), "\(request.prefix(60))")
            }
        }
    }

    @Test func `a connection stays usable after a body that was too large but could be dropped`() async throws {
        try await TestServer.run(answer: { request in
            do throws(CodedError) {
                return .text("\(try await request.body(limit: 10).count)")
            } catch {
                return .failure(error)
            }
        }) { server in
            let client = try await server.connect()
            let body = String(repeating: "x", count: 5000)
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n\(body)")
            #expect(try await client.readResponse().status == 413)
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            #expect(try await client.readResponse().text == "3")
        }
    }

    @Test func `a head that does not come to its end is answered with 408`() async throws {
        var limits = ServerLimits()
        limits.headTimeout = .milliseconds(60)
        try await TestServer.run(limits: limits, answer: echo) { server in
            let client = try await server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost:")
            #expect(try await client.readResponse().status == 408)
            #expect(await client.isClosedByPeer())
        }
    }

    @Test func `a head that trickles in is held to the same time`() async throws {
        var limits = ServerLimits()
        limits.headTimeout = .milliseconds(100)
        let clock = SystemClock()
        try await TestServer.run(limits: limits, answer: echo) { server in
            let client = try await server.connect()
            let start = clock.now()
            async let trickle: Void = {
                try await client.send("GET / HTTP/1.1\r\n")
                while true {
                    try await client.send("X: y\r\n")
                    try await server.group.loops[0].sleep(for: .milliseconds(5))
                }
            }()
            let answer = try? await client.readResponse()
            #expect(clock.now().since(start) < .seconds(8))
            if let answer { #expect(answer.status == 408) }
            client.close()
            _ = try? await trickle
        }
    }

    @Test func `an idle connection is closed without a word`() async throws {
        var limits = ServerLimits()
        limits.idleTimeout = .milliseconds(60)
        try await TestServer.run(limits: limits, answer: echo) { server in
            let fresh = try await server.connect()
            #expect(try await fresh.readToEnd() == "")
        }
    }

    @Test func `an idle connection that was used before is closed without a word too`() async throws {
        var limits = ServerLimits()
        limits.idleTimeout = .seconds(2)
        try await TestServer.run(limits: limits, answer: echo) { server in
            let used = try await TCPClient.connect(server.port, sending: "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await used.readResponse().status == 200)
            #expect(try await used.readToEnd() == "")
        }
    }

    @Test func `a body that does not come is answered with 408`() async throws {
        var limits = ServerLimits()
        limits.bodyTimeout = .milliseconds(60)
        try await TestServer.run(limits: limits, answer: echo) { server in
            let client = try await server.connect()
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
            #expect(try await client.readResponse().status == 408)
            #expect(await client.isClosedByPeer())
        }
    }

    @Test func `the time for a body does not run while the handler works`() async throws {
        var limits = ServerLimits()
        limits.bodyTimeout = .milliseconds(700)
        let log = EventLog<String>()
        try await TestServer.run(
            limits: limits,
            handler: { request, writer in
                // Too large, once a part has been read: the deadline of that reading must not outlive it.
                _ = try? await request.body(limit: 8)
                let body = writer.begin(status: 200, headers: [:])
                body.pieces.heartbeat(every: .milliseconds(120), Array(":".utf8))
                await waitForCancel(request, log)
                return await body.finish()
            }
        ) { server in
            let client = try await server.connect()
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
            try await server.group.loops[0].sleep(for: .milliseconds(10))
            try await client.send("9\r\n123456789\r\n")
            // Heartbeats go on, and a hang-up is still heard.
            for _ in 0..<8 { _ = try await client.read(until: "1\r\n:\r\n") }
            client.close()
            try await log.first { $0 == "cancelled" }
        }
    }

    @Test func `connections over the limit are closed at once, and room that comes free is used`() async throws {
        var limits = ServerLimits()
        limits.maxConnections = 3
        try await TestServer.run(limits: limits, answer: echo) { server in
            var clients: [TCPClient] = []
            for _ in 0..<3 {
                let client = try await server.connect()
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.readResponse().status == 200)
                clients.append(client)
            }
            let extra = try await server.connect()
            #expect(await extra.isClosedByPeer())
            for client in clients { client.close() }
            try await noConnections(of: server)
            let next = try await server.connect()
            try await next.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await next.readResponse().status == 200)
        }
    }

    @Test func `a port in use is said so, with one loop and with several`() async throws {
        try await TestServer.run(answer: echo) { server in
            for loops in [1, 2] {
                let group = EventLoopGroup(count: loops)
                defer { group.stop() }
                let second = HTTPServer(
                    group: group, time: SystemClock(), protocolError: Response.failure,
                    handler: { _, writer in await writer.send(.text("")) })
                let error = await #expect(throws: TransportError.self) {
                    try await second.start(address: "127.0.0.1", port: server.port)
                }
                #expect(error?.kind == .addressInUse)
            }
        }
    }
}
