import Base
import HTTP
import HTTPServer
import TestKit
import Testing
import Transport

/// Bodies that are written while they come about.
@Suite(.timeLimit(.minutes(1))) struct StreamingTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    /// Streams three pieces, then ends properly.
    @Sendable private static func three(_ request: Request, _ writer: consuming ResponseWriter) async -> Answered {
        let body = writer.begin(status: 200, headers: ["content-type": "text/event-stream"])
        for piece in ["one", "", "two", "three"] { try? await body.pieces.write(Array(piece.utf8)) }
        return await body.finish()
    }

    @Test func `pieces arrive as chunks, and the connection stays`() async throws {
        try await TestServer.run(handler: Self.three) { server in
            let client = try await server.connect()
            for _ in 0..<3 {
                try await client.send(Self.get)
                let response = try await client.readResponse()
                #expect(response["transfer-encoding"] == "chunked")
                #expect(response.text == "onetwothree")
            }
        }
    }

    @Test(arguments: ["HTTP/1.0\r\n", "HTTP/1.0\r\nConnection: keep-alive\r\n"])
    func `a client of HTTP 1_0 gets plain bytes up to the end of the connection`(_ version: String) async throws {
        try await TestServer.run(handler: Self.three) { server in
            let client = try await server.connect()
            try await client.send("GET / \(version)\r\n")
            let response = try await client.readResponse()
            #expect(response["transfer-encoding"] == nil)
            #expect(response["connection"] == "close")
            #expect(response.text == "onetwothree")
        }
    }

    @Test func `HEAD of a stream sends no body, and the connection stays`() async throws {
        try await TestServer.run(handler: Self.three) { server in
            let client = try await server.connect()
            try await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await client.readResponse(toHead: true)
            try await client.send(Self.get)
            #expect(try await client.readResponse().text == "onetwothree")
        }
    }

    @Test func `an abandoned body is cut, not ended`() async throws {
        try await TestServer.run(handler: { _, writer in
            let body = writer.begin(status: 200, headers: [:])
            try? await body.pieces.write(Array("half".utf8))
            return await body.abandon()
        }) { server in
            let client = try await server.connect()
            try await client.send(Self.get)
            let all = try await client.readToEnd()
            #expect(all.hasSuffix("4\r\nhalf\r\n"))
        }
    }

    @Test func `an abandoned body of HTTP 1_0, whose end is the connection's, is cut by a reset`() async throws {
        try await TestServer.run(handler: { request, writer in
            let body = writer.begin(status: 200, headers: [:])
            try? await body.pieces.write(Array("half".utf8))
            return await body.abandon()
        }) { server in
            let client = try await server.connect()
            try await client.send("GET / HTTP/1.0\r\n\r\n")
            await #expect(throws: SocketFailure.reset) { try await client.readToEnd() }
        }
    }

    @Test func `heartbeats fill the silence, and stop with the body`() async throws {
        try await TestServer.run(handler: { request, writer in
            if request.head.path == "/plain" { return await writer.send(.text("plain")) }
            let body = writer.begin(status: 200, headers: [:])
            body.pieces.heartbeat(every: .milliseconds(30), Array(":\n".utf8))
            try? await request.loop.sleep(for: .milliseconds(200))
            try? await body.pieces.write(Array("data".utf8))
            return await body.finish()
        }) { server in
            let client = try await server.connect()
            try await client.send(Self.get)
            let text = try await client.readResponse().text
            #expect(text.hasSuffix("data"))
            let beats = text.count { $0 == ":" }
            #expect((1...7).contains(beats))
            try await client.send("GET /plain HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.readResponse().text == "plain")
        }
    }

    @Test func `a heartbeat may be the first thing that is sent`() async throws {
        let finish = EventLog<Void>()
        try await TestServer.run(handler: { request, writer in
            let body = writer.begin(status: 200, headers: [:])
            body.pieces.heartbeat(every: .milliseconds(10), Array(":\n".utf8))
            _ = try? await finish.atLeast(1)
            return await body.finish()
        }) { server in
            let client = try await server.connect()
            try await client.send(Self.get)
            #expect(try await client.read(until: "2\r\n:\n\r\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
            finish.append(())
        }
    }

    @Test(arguments: ["HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"])
    func `heartbeats of a client without chunks do not hold up the loop`(_ request: String) async throws {
        try await TestServer.run(handler: { request, writer in
            if request.head.path == "/other" { return await writer.send(.text("other")) }
            let body = writer.begin(status: 200, headers: [:])
            body.pieces.heartbeat(every: .milliseconds(10), Array(":\n".utf8))
            try? await request.loop.sleep(for: .milliseconds(100))
            return await body.finish()
        }) { server in
            let client = try await server.connect()
            let other = try await server.connect()
            try await client.send(request)
            for _ in 0..<5 {
                try await other.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await other.readResponse().text == "other")
            }
            let head = try await client.read(until: "\r\n\r\n")
            #expect(head.hasPrefix("HTTP/1.1 200 OK"))
        }
    }

    @Test func `a client that never reads is cut off, and its handler hears it`() async throws {
        var limits = ServerLimits()
        limits.writeTimeout = .milliseconds(80)
        let log = EventLog<String>()
        try await TestServer.run(
            limits: limits,
            handler: { _, writer in
                let body = writer.begin(status: 200, headers: [:])
                do {
                    while true { try await body.pieces.write([UInt8](repeating: 65, count: 256 * 1024)) }
                } catch {
                    log.append("write failed")
                }
                return await body.abandon()
            }
        ) { server in
            let client = try await server.connect(receiveBuffer: 4096)
            try await client.send(Self.get)
            try await log.atLeast(1)
            #expect(await client.isClosedByPeer())
        }
    }

    @Test func `a slow reader slows the writer down`() async throws {
        let log = EventLog<Int>()
        let piece = [UInt8](repeating: 65, count: 8 * 1024)
        try await TestServer.run(handler: { _, writer in
            let body = writer.begin(status: 200, headers: [:])
            for number in 0..<5120 {
                do { try await body.pieces.write(piece) } catch { return await body.abandon() }
                log.append(number)
            }
            return await body.finish()
        }) { server in
            let client = try await server.connect(receiveBuffer: 16_384)
            try await client.send(Self.get)
            _ = try await client.read(until: "\r\n\r\n")
            // 40 MiB are to come; the kernel takes a few pieces, and the writer waits for the rest.
            try await log.atLeast(1)
            let taken = try await client.read(atMost: 1)
            #expect(taken?.count == 1)
            #expect(log.events.count < 24)
            var rest = 0
            while rest < 40 << 20, let bytes = try await client.read(atMost: 1 << 20) { rest += bytes.count }
            #expect(rest >= 40 << 20)
        }
    }
}
