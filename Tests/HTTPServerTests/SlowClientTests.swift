import Base
import Foundation
import HTTP
import HTTPServer
import TestKit
import Testing
import Transport

/// Clients that are slow on purpose, and those that ask for too much at once.
@Suite(.timeLimit(.minutes(1))) struct SlowClientTests {
    private static let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"

    /// Sends a body byte by byte; what it is answered with.
    private func trickle(_ limits: ServerLimits) async throws -> TestResponse? {
        try await TestServer.run(limits: limits, answer: echo) { server in
            let client = try await server.connect()
            try await client.send(Self.post)
            async let sending: Void = {
                while true {
                    try await client.send("x")
                    try await server.group.loops[0].sleep(for: .milliseconds(5))
                }
            }()
            let answer = try? await client.readResponse()
            client.close()
            _ = try? await sending
            return answer
        }
    }

    @Test func `a body that trickles in below the least rate is answered with 408`() async throws {
        var limits = ServerLimits()
        limits.minRate = 1 << 20
        limits.rateGrace = .milliseconds(50)
        let answer = try #require(try await trickle(limits))
        #expect(answer.status == 408)
        #expect(answer["connection"] == "close")
    }

    @Test func `a body that takes too long in all is answered with 408, whatever its rate`() async throws {
        var limits = ServerLimits()
        limits.minRate = 0
        limits.bodyTotal = .milliseconds(80)
        #expect(try #require(try await trickle(limits)).status == 408)
    }

    @Test func `a client that takes a little of a stream now and then is cut off, and its work ends`() async throws {
        var limits = ServerLimits()
        limits.minWriteRate = 1 << 30
        limits.writeRateGrace = .milliseconds(50)
        let log = EventLog<String>()
        try await TestServer.run(
            limits: limits,
            handler: { _, writer in
                let body = writer.begin(status: 200, headers: [:])
                while (try? await body.pieces.write([UInt8](repeating: 120, count: 9000))) != nil {}
                log.append("cut off")
                return await body.abandon()
            }
        ) { server in
            let client = try await TCPClient.connect(server.port, receiveBuffer: 4096)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            while log.events.isEmpty {
                _ = try? await client.read(atMost: 1)
                try await server.group.loops[0].sleep(for: .milliseconds(2))
            }
            #expect(await client.isClosedByPeer())
        }
    }

    @Test func `a model that takes its time never counts against its client`() async throws {
        var limits = ServerLimits()
        limits.minWriteRate = 1 << 30
        limits.writeRateGrace = .milliseconds(5)
        try await TestServer.run(
            limits: limits,
            handler: { request, writer in
                let body = writer.begin(status: 200, headers: [:])
                for _ in 0..<10 {
                    try? await body.pieces.write(Array("word ".utf8))
                    try? await request.loop.sleep(for: .milliseconds(3))
                }
                return await body.finish()
            }
        ) { server in
            let client = try await TCPClient.connect(server.port, sending: "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = try await client.readResponse()
            #expect(answer.text == String(repeating: "word ", count: 10))
        }
    }

    @Test func `one client's bodies leave room for another's, also where both come by one connection's peer`()
        async throws
    {
        var limits = ServerLimits()
        limits.maxBodyMemory = 10_000
        limits.maxBodyMemoryPerClient = 1000
        let log = EventLog<String>()
        let release = EventLog<Void>()
        try await TestServer.run(
            limits: limits,
            answer: { request in
                do throws(CodedError) {
                    let client = request.head.headers["x-client"].flatMap { IPAddress($0) }
                    let body = try await request.body(limit: 1 << 20, of: client)
                    log.append("has \(body.count)")
                    if request.head.path == "/hold" { _ = try? await release.atLeast(1) }
                    return .text("\(body.count)")
                } catch {
                    return .failure(error)
                }
            }
        ) { server in
            func send(_ path: String, _ client: String, _ count: Int) async throws -> TCPClient {
                let connection = try await server.connect()
                let body = String(repeating: "x", count: count)
                try await connection.send(
                    "POST \(path) HTTP/1.1\r\nHost: a\r\nX-Client: \(client)\r\nContent-Length: \(count)\r\n\r\n\(body)"
                )
                return connection
            }
            let holding = try await send("/hold", "192.0.2.1", 800)
            try await log.first { $0 == "has 800" }
            let refused = try await send("/", "192.0.2.1", 300).readResponse()
            #expect(refused.status == 503)
            #expect(refused.text.hasPrefix("overloaded"))
            #expect(try await send("/", "192.0.2.2", 900).readResponse().text == "900")
            release.append(())
            #expect(try await holding.readResponse().text == "800")
            #expect(try await send("/", "192.0.2.1", 900).readResponse().text == "900")
        }
    }

    @Test func `bodies over the memory for all are refused with 503, and the memory comes back`() async throws {
        var limits = ServerLimits()
        limits.maxBodyMemory = 10_000
        let log = EventLog<String>()
        let release = EventLog<Void>()
        try await TestServer.run(
            limits: limits,
            answer: { request in
                do throws(CodedError) {
                    let body = try await request.body(limit: 1 << 20)
                    log.append("has \(body.count)")
                    if request.head.path == "/hold" { _ = try? await release.atLeast(1) }
                    return .text("\(body.count)")
                } catch {
                    return .failure(error)
                }
            }
        ) { server in
            func send(_ path: String, _ count: Int) async throws -> TCPClient {
                let client = try await server.connect()
                let body = String(repeating: "x", count: count)
                try await client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n\(body)")
                return client
            }
            let holding = try await send("/hold", 8000)
            try await log.first { $0 == "has 8000" }
            let refused = try await send("/", 4000)
            let answer = try await refused.readResponse()
            #expect(answer.status == 503)
            #expect(answer.text.hasPrefix("overloaded"))
            #expect(try await send("/", 1000).readResponse().text == "1000")
            release.append(())
            #expect(try await holding.readResponse().text == "8000")
            #expect(try await send("/", 9000).readResponse().text == "9000")
            // The connection that was refused goes on.
            try await refused.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            #expect(try await refused.readResponse().text == "3")
        }
    }

    @Test func `connections of one address over its limit are closed at once`() async throws {
        var limits = ServerLimits()
        limits.maxConnectionsPerAddress = 2
        try await TestServer.run(limits: limits, answer: echo) { server in
            let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
            let first = try await TCPClient.connect(server.port, sending: get)
            let second = try await TCPClient.connect(server.port, sending: get)
            #expect(try await first.readResponse().status == 200)
            #expect(try await second.readResponse().status == 200)
            #expect(await (try server.connect()).isClosedByPeer())
            first.close()
            while server.server.connectionCount > 1 { try await server.group.loops[0].sleep(for: .milliseconds(1)) }
            #expect(try await TCPClient.connect(server.port, sending: get).readResponse().status == 200)
        }
        limits.trustedProxies = [AddressBlock("127.0.0.0/8")].compactMap { $0 }
        try await TestServer.run(limits: limits, answer: echo) { server in
            for _ in 0..<4 {
                let client = try await TCPClient.connect(server.port, sending: "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.readResponse().status == 200)
            }
        }
    }

    @Test(arguments: ["gzip", "GZIP", "x-gzip", "deflate", "br", "identity, gzip", "gzip, gzip"])
    func `a compressed body is refused with 415 before it is read, and the connection goes on`(
        _ coding: String
    ) async throws {
        try await TestServer.run(answer: echo) { server in
            let client = try await server.connect()
            let bomb = Gzip.zeros(1 << 20, checksum: false)
            let head =
                "POST /bomb HTTP/1.1\r\nHost: a\r\nContent-Encoding: \(coding)\r\nContent-Length: \(bomb.count)\r\n\r\n"
            try await client.send(Array(head.utf8) + bomb)
            let answer = try await client.readResponse()
            #expect(answer.status == 415)
            #expect(answer.text.hasPrefix("unsupported_media_type"))
            try await client.send(
                "POST /b HTTP/1.1\r\nHost: a\r\nContent-Encoding: identity\r\nContent-Length: 2\r\n\r\nhi")
            #expect(try await client.readResponse().text == "POST /b hi")
        }
    }

    @Test func `what comes before a broken request is answered, then the breach, and nothing behind it`() async throws {
        let log = EventLog<String>()
        try await TestServer.run(answer: { request in
            log.append(request.head.target)
            return await echo(request)
        }) { server in
            let client = try await server.connect()
            try await client.send(
                "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n")
            let all = try await client.readToEnd()
            #expect(all.components(separatedBy: "HTTP/1.1 ").dropFirst().map { $0.prefix(3) } == ["200", "400"])
            #expect(log.events == ["/1"])
        }
    }

    @Test func `a thousand requests sent at once are answered in order, and another client in between`() async throws {
        var limits = ServerLimits()
        limits.maxBurst = 4
        let log = EventLog<String>()
        try await TestServer.run(
            limits: limits,
            answer: { request in
                log.append(request.head.path)
                return .text(request.head.path)
            }
        ) { server in
            let client = try await server.connect()
            let other = try await server.connect()
            async let requests: Void = client.send((0..<1000).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            for number in 0..<1000 { #expect(try await client.readResponse().text == "/\(number)") }
            try await requests
            try await other.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await other.readResponse().text == "/other")
            #expect(log.events == (0..<1000).map { "/\($0)" } + ["/other"])
        }
    }

    @Test(arguments: [
        ("100-continue", "1.1", 417, false), ("x", "1.1", 417, true), ("100-continue, x", "1.1", 417, true),
    ])
    func `an expectation that cannot be met is answered with 417`(
        _ value: String, _ version: String, _ status: Int, _ isRefused: Bool
    ) async throws {
        try await TestServer.run(answer: echo) { server in
            let client = try await server.connect()
            try await client.send("GET / HTTP/\(version)\r\nHost: a\r\nExpect: \(value)\r\n\r\n")
            let answer = try await client.readResponse()
            #expect(answer.status == (isRefused ? status : 200))
            #expect((answer["connection"] == "close") == isRefused)
        }
    }

    @Test func `HTTP 1_0 knows no 100 Continue`() async throws {
        try await TestServer.run(answer: echo) { server in
            let client = try await server.connect()
            try await client.send("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi")
            #expect(try await client.readToEnd().hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }
}
