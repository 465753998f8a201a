import Base
import HTTP
import HTTPServer
import TestKit
import Testing
import Transport

/// Requests over TLS: what differs from plain ones, and what must not.
@Suite(.timeLimit(.minutes(1))) struct TLSServerTests {
    private let folder: CertificateFolder
    private let pair: CertificateFolder.Pair
    private let context: TLSContext
    private static let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

    init() throws {
        folder = try CertificateFolder()
        pair = try folder.make("first")
        context = try TLSContext(certificate: pair.certificate, key: pair.key)
    }

    @Test(
        "requests on a kept connection are answered, one piece or pipelined",
        arguments: [TLSPeer.Version.tls12, .tls13])
    func requests(version: TLSPeer.Version) async throws {
        try await TestServer.run(tls: context, answer: echo) { server in
            let client = try await TLSClient.connect(
                server.port, TLSPeer(version, protocols: ["http/1.1"], authority: pair.certificate))
            for _ in 0..<5 {
                try await client.send(Self.get)
                #expect(try await client.read(until: "GET /a ").hasPrefix("HTTP/1.1 200"))
            }
            try await client.send("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + Self.get)
            let both = try await client.read(until: "GET /a ")
            #expect(both.contains("POST /b abcHTTP/1.1 200"))
        }
    }

    @Test("an answer leaves in one record when it fits into one")
    func oneRecord() async throws {
        try await TestServer.run(tls: context, answer: echo) { server in
            let peer = try TLSPeer(.tls12)
            let client = try await TLSClient.connect(server.port, peer)
            try await client.send(Self.get)
            let wire = try #require(try await client.socket.read(atMost: 1 << 16))
            #expect(wire[0] == 23)
            #expect(wire.count == 5 + Int(wire[3]) << 8 + Int(wire[4]))
            peer.receive(wire)
            #expect(String(decoding: peer.read(), as: UTF8.self).hasSuffix("GET /a "))
        }
    }

    @Test("a large answer to a slow reader arrives whole, and close_notify behind it")
    func largeAnswer() async throws {
        let text = String(repeating: "0123456789abcdef", count: 1 << 17)
        try await TestServer.run(tls: context, answer: { _ in .text(text) }) { server in
            let client = try await TLSClient.connect(server.port, TLSPeer(.tls13), receiveBuffer: 32_768)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let answer = String(decoding: try await client.readToEnd(), as: UTF8.self)
            #expect(answer.hasSuffix("\r\n\r\n" + text))
            #expect(client.peer.hasEnded)
        }
    }

    @Test("a stream's pieces come as they are written")
    func stream() async throws {
        try await TestServer.run(
            tls: context,
            handler: { _, writer in
                let body = writer.begin(status: 200, headers: [:])
                for piece in ["one", "two", "three"] { try? await body.pieces.write(Array(piece.utf8)) }
                return await body.finish()
            }
        ) { server in
            let client = try await TLSClient.connect(server.port, TLSPeer(.tls13))
            try await client.send(Self.get)
            let answer = try await client.read(until: "0\r\n\r\n")
            #expect(answer.hasSuffix("3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n"))
        }
    }

    @Test("a body that ends before its length is none, with close_notify and without", arguments: [true, false])
    func truncatedBody(isOrderly: Bool) async throws {
        let log = EventLog<String>()
        try await TestServer.run(
            tls: context,
            answer: { request in
                do throws(CodedError) {
                    log.append("body \(try await request.body(limit: 1000).count)")
                } catch {
                    log.append(error.code.name)
                }
                return .text("")
            }
        ) { server in
            let client = try await TLSClient.connect(server.port, TLSPeer(.tls13))
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
            if isOrderly {
                client.peer.close()
                try await client.push()
            }
            client.socket.shutdownWrites()
            #expect(try await log.atLeast(1) == ["cancelled"])
        }
    }

    @Test("a client that says close_notify still gets an answer that is ready")
    func halfClose() async throws {
        try await TestServer.run(tls: context, answer: { _ in .text("ready") }) { server in
            let client = try await TLSClient.connect(server.port, TLSPeer(.tls13))
            client.peer.write(Array(Self.get.utf8))
            client.peer.close()
            try await client.push()
            #expect(String(decoding: try await client.readToEnd(), as: UTF8.self).hasSuffix("ready"))
        }
    }

    @Test("a client that hangs up cancels its handler")
    func hangUp() async throws {
        let log = EventLog<String>()
        try await TestServer.run(
            tls: context,
            answer: { request in
                await waitForCancel(request, log)
                return .text("late")
            }
        ) { server in
            let client = try await TLSClient.connect(server.port, TLSPeer(.tls13))
            try await client.send(Self.get)
            try await log.first { $0 == "waiting" }
            client.socket.reset()
            try await log.first { $0 == "cancelled" }
            #expect(log.events == ["waiting", "cancelled"])
        }
    }

    @Test("plain HTTP, garbage and handshakes that stall are closed without an answer, and nothing stays behind")
    func noTLS() async throws {
        var limits = ServerLimits()
        limits.headTimeout = .milliseconds(80)
        try await TestServer.run(limits: limits, tls: context, answer: echo) { server in
            let hello = try TLSPeer(.tls13).takeOutput()
            let inputs: [[UInt8]] = [
                Array(Self.get.utf8), [], Array(hello.prefix(1)), hello.dropLast(),
                [UInt8](repeating: 0, count: 100_000),
                hello,
            ]
            for (index, bytes) in inputs.enumerated() {
                let client = try await server.connect()
                _ = try? await client.send(bytes)
                if index == 0 { #expect((try? await client.readToEnd()) ?? "" == "") }
                #expect(await client.isClosedByPeer())
            }
            try await noConnections(of: server)
        }
    }

    @Test("a head that does not come to its end is answered with 408 here too, an idle connection without a word")
    func timeouts() async throws {
        var limits = ServerLimits()
        limits.headTimeout = .seconds(1)
        limits.idleTimeout = .seconds(1)
        try await TestServer.run(limits: limits, tls: context, answer: echo) { server in
            let slow = try await TLSClient.connect(server.port, TLSPeer(.tls13))
            try await slow.send("GET / HTTP/1.1\r\nHost:")
            #expect(String(decoding: try await slow.readToEnd(), as: UTF8.self).hasPrefix("HTTP/1.1 408 "))
            #expect(slow.peer.hasEnded)
            let idle = try await TLSClient.connect(server.port, TLSPeer(.tls13))
            #expect(try await idle.readToEnd() == [])
            #expect(idle.peer.hasEnded)
        }
    }

    @Test("a renewed pair is shown to new connections; those that are open go on with theirs")
    func renewal() async throws {
        let second = try folder.make("second")
        try await TestServer.run(loops: 2, tls: context, answer: echo) { server in
            var open: [TLSClient] = []
            for round in 0..<20 {
                let client = try await TLSClient.connect(server.port, TLSPeer(.tls13))
                open.append(client)
                #expect(client.peer.serverName == (round < 10 ? "first" : "second"))
                if round == 9 {
                    #expect(throws: TransportError.self) {
                        _ = try TLSContext(certificate: second.certificate, key: pair.key)
                    }
                    let renewed = try TLSContext(certificate: second.certificate, key: second.key)
                    #expect(server.server.renew(tls: renewed))
                }
                for client in open {
                    try await client.send(Self.get)
                    #expect(try await client.read(until: "GET /a ").hasPrefix("HTTP/1.1 200"))
                }
            }
        }
        try await TestServer.run(answer: echo) { server in
            #expect(!server.server.renew(tls: context))
            let client = try await server.connect()
            try await client.send(Self.get)
            #expect(try await client.readResponse().status == 200)
        }
    }

    @Test("draining closes idle connections with close_notify, and those within a handshake")
    func drain() async throws {
        try await TestServer.run(tls: context, answer: echo) { server in
            let idle = try await TLSClient.connect(server.port, TLSPeer(.tls13))
            try await idle.send(Self.get)
            _ = try await idle.read(until: "GET /a ")
            let half = try await server.connect()
            try await half.send(Array(try TLSPeer(.tls13).takeOutput().prefix(20)))
            await server.server.drain(grace: .seconds(5))
            #expect(try await idle.readToEnd() == [])
            #expect(idle.peer.hasEnded)
            #expect(await half.isClosedByPeer())
        }
    }
}
