import Base
import HTTP
import HTTPServer
import TestKit
import Testing
import Transport

/// Connections that become sockets.
@Suite(.timeLimit(.minutes(1))) struct WebSocketServerTests {
    /// Says back what it hears, until `end`; tells how each socket ended.
    private static func echo(
        _ limits: WebSocketLimits = WebSocketLimits(), log: EventLog<String> = EventLog()
    ) -> HTTPServer.Handler {
        { request, writer in
            let handshake: WebSocketHandshake
            do throws(CodedError) {
                handshake = try WebSocketHandshake(request.head, subprotocols: ["tutti"])
            } catch {
                var response = Response.failure(error)
                if error.code == .upgradeRequired { response.headers = WebSocketHandshake.invitation }
                return await writer.send(response)
            }
            var why = WebSocketClose.normal("over")
            let answered = await writer.upgrade(handshake, limits: limits) { socket in
                log.append("open")
                while let message = await socket.receive() {
                    switch message {
                    case .text(let text) where text == Array("end".utf8): return why
                    case .text(let text): try? await socket.send(texts: [text])
                    case .binary:
                        why = .unsupported("Text alone is taken.")
                        return why
                    }
                }
                log.append("\(await socket.ending?.code ?? 0)")
                return .normal()
            }
            log.append("done \(answered.status)")
            return answered
        }
    }

    @Test("the handshake is answered with the accept of its key and the chosen subprotocol, never with a key")
    func handshake() async throws {
        try await TestServer.run(handler: Self.echo()) { server in
            let request = WebSocketClient.request("/a", "Sec-WebSocket-Protocol: other, bearer.secret, tutti")
            let client = try await WebSocketClient.connect(server.port, request)
            #expect(client.response.statusLine == "HTTP/1.1 101 Switching Protocols")
            #expect(client.response["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            #expect(client.response["upgrade"] == "websocket")
            #expect(client.response["connection"] == "upgrade")
            #expect(client.response["sec-websocket-protocol"] == "tutti")
            #expect(client.response["content-length"] == nil && client.response["transfer-encoding"] == nil)
            try await client.send("one")
            #expect(try await client.text() == "one")
            let other = try await WebSocketClient.connect(server.port, WebSocketClient.request("/a"))
            #expect(other.response.status == 101 && other.response["sec-websocket-protocol"] == nil)
        }
    }

    @Test(
        "a request that is none for a socket is told how to ask",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 426),
            (WebSocketClient.request().replacing("Version: 13", with: "Version: 8"), 426),
            (WebSocketClient.request().replacing("Upgrade: websocket", with: "Upgrade: h2c"), 426),
            (WebSocketClient.request().replacing("keep-alive, Upgrade", with: "keep-alive"), 426),
            (WebSocketClient.request().replacing("HTTP/1.1", with: "HTTP/1.0"), 426),
            (WebSocketClient.request().replacing("GET", with: "POST"), 426),
            (WebSocketClient.request().replacing("dGhlIHNhbXBsZSBub25jZQ==", with: "c2hvcnQ="), 400),
            (WebSocketClient.request().replacing("dGhlIHNhbXBsZSBub25jZQ==", with: "dGhlIHNhbXBsZSBub25jZQ-_"), 400),
            (WebSocketClient.request("/", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), 400),
            (WebSocketClient.request("/", "Content-Length: 3"), 400),
        ])
    func refused(request: String, status: Int) async throws {
        try await TestServer.run(handler: Self.echo()) { server in
            let client = try await WebSocketClient.connect(server.port, request, behind: Array("abc".utf8))
            #expect(client.response.status == status)
            guard status == 426 else { return }
            #expect(client.response["sec-websocket-version"] == "13" && client.response["upgrade"] == "websocket")
        }
    }

    @Test("what came with the request is read, and pings are answered")
    func leftover() async throws {
        try await TestServer.run(handler: Self.echo()) { server in
            var early = WebSocketSession(clientWith: SeededGenerator(seed: 2), maxMessage: 10)
            early.send(.text, Array("early".utf8))
            early.send(.ping, [1])
            let client = try await WebSocketClient.connect(server.port, behind: early.takeOutput())
            #expect(try await client.next() == .text(Array("early".utf8)))
            #expect(try await client.next() == .pong)
        }
    }

    @Test(
        "the server's close is answered and the connection ends; so does the client's, and bad frames' with their code")
    func closes() async throws {
        let log = EventLog<String>()
        try await TestServer.run(handler: Self.echo(log: log)) { server in
            let ours = try await WebSocketClient.connect(server.port)
            try await ours.send("end")
            #expect(try await ours.next() == .closed(.normal("over")))
            #expect(await ours.connection.isClosedByPeer())
            let theirs = try await WebSocketClient.connect(server.port)
            try await theirs.close(.goingAway("bye"))
            #expect(try await theirs.ending() == WebSocketClose(code: 1001))
            #expect(await theirs.connection.isClosedByPeer())
            let binary = try await WebSocketClient.connect(server.port)
            try await binary.send(.binary, [1])
            #expect(try await binary.ending().code == 1003)
            for (bytes, code): ([UInt8], UInt16) in [
                ([0x81, 0x01, 0x41], 1002), ([0xC1, 0x80, 0, 0, 0, 0], 1002), ([0x83, 0x80, 0, 0, 0, 0], 1002),
                ([0x81, 0x81, 0, 0, 0, 0, 0xFF], 1007), ([0x81, 0xFF, 0, 0, 0, 0, 0, 0x10, 0, 1, 0, 0, 0, 0], 1009),
            ] {
                let client = try await WebSocketClient.connect(server.port)
                try await client.connection.send(bytes)
                #expect(try await client.ending().code == code)
                #expect(await client.connection.isClosedByPeer())
                try await log.first { $0 == String(code) }
            }
        }
        #expect(log.events.count { $0 == "done 101" } == 8)
    }

    @Test("a client that goes without a word ends its socket", arguments: [true, false])
    func lost(isReset: Bool) async throws {
        let log = EventLog<String>()
        try await TestServer.run(handler: Self.echo(log: log)) { server in
            let client = try await WebSocketClient.connect(server.port)
            try await log.first { $0 == "open" }
            if isReset { client.connection.reset() } else { client.connection.shutdownWrites() }
            try await log.first { $0 == "1006" }
            try await log.first { $0 == "done 101" }
        }
    }

    @Test("messages of a megabyte go both ways, to a slow reader too")
    func large() async throws {
        try await TestServer.run(handler: Self.echo()) { server in
            let client = try await WebSocketClient.connect(server.port, receiveBuffer: 16_384)
            let text = String(repeating: "0123456789abcde\n", count: 1 << 16)
            async let sent: Void = client.send(text)
            #expect(try await client.text() == text)
            try await sent
        }
    }

    @Test("many senders have their turns, and each message is whole")
    func senders() async throws {
        try await TestServer.run(
            handler: { request, writer in
                guard let handshake = try? WebSocketHandshake(request.head) else {
                    return await writer.send(.text("no socket", status: 400))
                }
                return await writer.upgrade(handshake, limits: WebSocketLimits()) { socket in
                    await withTaskGroup(of: Void.self) { group in
                        for sender in 0..<8 {
                            group.addTask(executorPreference: socket.loop) {
                                for round in 0..<20 {
                                    let text = "\(sender) \(round) " + String(repeating: "x", count: 40_000)
                                    try? await socket.send(texts: [Array(text.utf8)])
                                }
                            }
                        }
                    }
                    return .normal()
                }
            }
        ) { server in
            let client = try await WebSocketClient.connect(server.port, receiveBuffer: 32_768)
            var rounds = [Int](repeating: 0, count: 8)
            for _ in 0..<160 {
                let parts = try await client.text().split(separator: " ")
                let sender = try #require(Int(parts[0]))
                #expect(Int(parts[1]) == rounds[sender] && parts[2].utf8.count == 40_000)
                rounds[sender] += 1
                // Nobody is far ahead of anybody: who has sent waits for all who were there before.
                #expect((rounds.max() ?? 0) - (rounds.min() ?? 0) <= 2)
            }
            #expect(try await client.ending() == .normal())
        }
    }

    @Test("a silent client is sent pings; one that answers stays, one that does not is let go")
    func silence() async throws {
        var limits = WebSocketLimits()
        limits.heartbeat = .milliseconds(100)
        limits.idleTimeout = .seconds(1)
        let log = EventLog<String>()
        try await TestServer.run(handler: Self.echo(limits, log: log)) { server in
            let lively = try await WebSocketClient.connect(server.port)
            // More pings than a silent client would get.
            for _ in 0..<15 { #expect(try await lively.next() == .ping) }
            try await lively.send("still here")
            #expect(try await lively.text() == "still here")
            try await lively.close(.normal())
            #expect(try await lively.ending().code == 1000)
            let silent = try await WebSocketClient.connect(server.port)
            try await log.first { $0 == "1011" }
            #expect(try await silent.ending().code == 1011)
        }
    }

    @Test(
        "a message has the time of a body to come to its end, whatever is said meanwhile; silence between two has none")
    func unfinished() async throws {
        var limits = ServerLimits()
        limits.minRate = 0
        limits.bodyTotal = .milliseconds(150)
        try await TestServer.run(limits: limits, handler: Self.echo()) { server in
            let patient = try await WebSocketClient.connect(server.port)
            try await patient.send("one")
            let client = try await WebSocketClient.connect(server.port)
            // The first fragment of a text.
            try await client.connection.send([0x01, 0x81, 0, 0, 0, 0, 0x41])
            for _ in 0..<20 {
                try? await client.send(.ping, [])
                try await server.group.loops[0].sleep(for: .milliseconds(10))
            }
            #expect(try await client.ending().code == 1008)
            #expect(try await patient.text() == "one")
            try await patient.send("two")
            #expect(try await patient.text() == "two")
        }
    }

    @Test("a stopping server closes sockets with 1001, one that is just opened and one that never answers too")
    func drain() async throws {
        var limits = WebSocketLimits()
        limits.closeTimeout = .milliseconds(100)
        let log = EventLog<String>()
        try await TestServer.run(handler: Self.echo(limits, log: log)) { server in
            let client = try await WebSocketClient.connect(server.port)
            let deaf = try await WebSocketClient.connect(server.port)
            try await log.atLeast(2)
            async let drained: Void = server.server.drain(grace: .seconds(10))
            #expect(try await client.ending().code == 1001)
            await drained
            #expect(await deaf.connection.isClosedByPeer())
        }
        #expect(log.events.count { $0 == "done 101" } == 2)
    }

    @Test("over TLS it is the same")
    func tls() async throws {
        let folder = try CertificateFolder()
        let pair = try folder.make("first")
        let context = try TLSContext(certificate: pair.certificate, key: pair.key)
        try await TestServer.run(tls: context, handler: Self.echo()) { server in
            let client = try await TLSClient.connect(server.port, TLSPeer(.tls13))
            try await client.send(WebSocketClient.request())
            _ = try await client.read(until: "\r\n\r\n")
            var session = WebSocketSession(clientWith: SeededGenerator(seed: 3), maxMessage: 10)
            session.send(.text, Array("over TLS".utf8))
            try await client.send(session.takeOutput())
            _ = try await client.read(until: "over TLS")
            session.close(.normal())
            try await client.send(session.takeOutput())
            #expect(try await client.readToEnd() == [0x88, 2, 3, 232])
            #expect(client.peer.hasEnded)
        }
    }
}
