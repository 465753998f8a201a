import Base
import TestKit
import Testing

@testable import Transport

/// TLS on real sockets: what `TCPStream` does with a session.
@Suite(.timeLimit(.minutes(2))) struct TLSStreamTests {
    private let context: TLSContext

    init() throws {
        let pair = try CertificateFolder()
        let made = try pair.make("server")
        context = try TLSContext(certificate: made.certificate, key: made.key)
    }

    /// A listener whose secured streams a test serves by `handler`, each in a task on the loop.
    private func serve<Value: Sendable>(
        limit: Duration = .seconds(10), _ handler: @escaping @Sendable (TCPStream) async throws -> Void,
        _ body: (EventLoop, UInt16) async throws -> Value
    ) async throws -> Value {
        let loop = EventLoop()
        defer { loop.stop() }
        let listener = try TCPListener(loop: loop, address: "127.0.0.1", port: 0)
        try await Task(executorPreference: loop) { [context] in
            try listener.start { stream in
                stream.secure(with: context, handshakeWithin: limit)
                Task(executorPreference: loop) {
                    try? await handler(stream)
                    stream.close()
                }
            }
        }.value
        let value = try await body(loop, listener.port)
        await Task(executorPreference: loop) { listener.close() }.value
        return value
    }

    private func timers(_ loop: EventLoop) async -> Int {
        await Task(executorPreference: loop) { loop.timerCount }.value
    }

    @Test("what is sent comes back, in any cut, and close_notify is answered", arguments: TLSPeer.Version.allCases)
    func echo(version: TLSPeer.Version) async throws {
        guard version != .tls11 else { return }
        try await serve { stream in
            #expect(stream.isSecure)
            while let bytes = try await stream.read() { try await stream.write(bytes, stall: .seconds(5)) }
        } _: { loop, port in
            let client = try await TLSClient.connect(port, TLSPeer(version))
            var random = SeededGenerator(seed: 3)
            for _ in 0..<100 {
                let text = String(repeating: "x", count: Int.random(in: 1...3000, using: &random)) + "."
                client.peer.write(Array(text.utf8), record: Int.random(in: 512...2000, using: &random))
                var rest = client.peer.takeOutput()[...]
                while !rest.isEmpty {
                    let cut = Int.random(in: 1...900, using: &random)
                    try await client.socket.send(Array(rest.prefix(cut)))
                    rest = rest.dropFirst(cut)
                }
                #expect(try await client.read(until: ".") == text)
            }
            client.peer.close()
            try await client.push()
            #expect(try await client.readToEnd() == [])
            #expect(client.peer.hasEnded)
            #expect(await timers(loop) == 0)
        }
    }

    @Test("a hello that comes byte by byte is a hello")
    func trickle() async throws {
        try await serve { stream in
            while let bytes = try await stream.read() { try await stream.write(bytes, stall: .seconds(5)) }
        } _: { _, port in
            let peer = try TLSPeer(.tls13)
            let socket = try await TCPClient.connect(port)
            for byte in peer.takeOutput() { try await socket.send([byte]) }
            while !peer.isSecured { peer.receive(try #require(try await socket.read(atMost: 7))) }
            peer.write(Array("a".utf8))
            for byte in peer.takeOutput() { try await socket.send([byte]) }
            while peer.read().isEmpty { peer.receive(try #require(try await socket.read(atMost: 7))) }
            #expect(peer.failure == nil)
        }
    }

    @Test("megabytes each way arrive whole while both sides push")
    func bulk() async throws {
        try await serve { stream in
            while let bytes = try await stream.read() { try await stream.write(bytes, stall: .seconds(10)) }
        } _: { _, port in
            let client = try await TLSClient.connect(port, TLSPeer(.tls13), receiveBuffer: 32_768)
            let bytes = (0..<(2 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            async let sent: Void = client.send(bytes)
            var received: [UInt8] = []
            while received.count < bytes.count, try await client.pull() { received += client.peer.read() }
            try await sent
            #expect(received == bytes)
        }
    }

    @Test("a large write to a slow reader holds no more than a part of it sealed, and arrives whole")
    func slowReader() async throws {
        let most = EventLog<Int>()
        let bytes = (0..<(3 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 17) }
        try await serve { stream in
            _ = try await stream.read()
            // What the kernel takes at once, then the rest, as answers go out.
            let count = try #require(stream.writeAtOnce(bytes))
            #expect(count > 0 && count < bytes.count && !stream.isIdle)
            most.append(stream.queued)
            async let written: Void = stream.write(Array(bytes[count...]), stall: .seconds(10))
            for _ in 0..<20 {
                try await stream.loop.sleep(for: .milliseconds(1))
                most.append(stream.queued)
            }
            try await written
            #expect(stream.isIdle)
            stream.shutdownWrites()
            while try await stream.read() != nil {}
        } _: { _, port in
            let client = try await TLSClient.connect(port, TLSPeer(.tls13), receiveBuffer: 32_768)
            try await client.send("go")
            try await most.atLeast(21)
            #expect(try await client.readToEnd() == bytes)
            #expect(client.peer.hasEnded)
            #expect(most.events.allSatisfy { $0 > 0 && $0 <= TCPStream.maxQueued + 2 * TLSSession.pieceLimit })
        }
    }

    @Test("pieces that nobody waits for, heartbeats and writers that wait keep their order")
    func order() async throws {
        try await serve { stream in
            #expect(!stream.writeIfIdle([1], stall: .seconds(5)))
            _ = try await stream.read()
            let big = [UInt8](repeating: 1, count: 1 << 20)
            #expect(stream.writeUnlessBusy(big, stall: .seconds(10)))
            #expect(!stream.isIdle)
            #expect(!stream.writeUnlessBusy([9], stall: .seconds(10)))
            #expect(!stream.writeIfIdle([9], stall: .seconds(10)))
            async let second: Void = stream.write([2], stall: .seconds(10))
            async let third: Void = stream.write([UInt8](repeating: 3, count: 700_000), stall: .seconds(10))
            _ = try await (second, third)
            #expect(stream.writeIfIdle([4], stall: .seconds(10)))
        } _: { _, port in
            let client = try await TLSClient.connect(port, TLSPeer(.tls12), receiveBuffer: 32_768)
            try await client.send("go")
            let received = try await client.readToEnd()
            #expect(received.count == (1 << 20) + 700_002)
            let changes = zip(received, received.dropFirst()).filter { $0 != $1 }.map { [$0, $1] }
            #expect(changes == [[1, 2], [2, 3], [3, 4]])
        }
    }

    @Test("a peer that takes nothing ends the write after the stall time")
    func stall() async throws {
        let outcome = EventLog<TransportError.Kind?>()
        try await serve { stream in
            _ = try await stream.read()
            do throws(TransportError) {
                try await stream.write([UInt8](repeating: 0, count: 32 << 20), stall: .milliseconds(80))
                outcome.append(nil)
            } catch {
                outcome.append(error.kind)
            }
        } _: { loop, port in
            let client = try await TLSClient.connect(port, TLSPeer(.tls13), receiveBuffer: 4096)
            try await client.send("go")
            #expect(try await outcome.atLeast(1) == [.timeout])
            #expect(await client.socket.isClosedByPeer())
            #expect(await timers(loop) == 0)
        }
    }

    @Test(
        "plain HTTP, garbage and stalled handshakes end the connection",
        arguments: ["GET / HTTP/1.1\r\n\r\n", "", "\u{16}\u{3}\u{1}"])
    func noHandshake(sent: String) async throws {
        let outcome = EventLog<TransportError.Kind?>()
        try await serve(limit: .milliseconds(60)) { stream in
            do throws(TransportError) {
                outcome.append(try await stream.read() == nil ? nil : .system)
            } catch {
                outcome.append(error.kind)
            }
        } _: { loop, port in
            let client = try await TCPClient.connect(port, sending: sent)
            #expect(await client.isClosedByPeer())
            #expect(try await outcome.atLeast(1) == [sent.hasPrefix("G") ? .closed : .timeout])
            #expect(await timers(loop) == 0)
        }
    }

    @Test("a handshake that trickles is held to the same time")
    func tricklingHandshake() async throws {
        let outcome = EventLog<TransportError.Kind?>()
        try await serve(limit: .milliseconds(100)) { stream in
            do throws(TransportError) { _ = try await stream.read() } catch { outcome.append(error.kind) }
        } _: { loop, port in
            let client = try await TCPClient.connect(port)
            let hello = try TLSPeer(.tls13).takeOutput()
            for byte in hello.dropLast() where outcome.events.isEmpty {
                _ = try? await client.send([byte])
                try await loop.sleep(for: .milliseconds(2))
            }
            #expect(try await outcome.atLeast(1) == [.timeout])
        }
    }

    @Test("an end without close_notify is told of as an end, once")
    func truncation() async throws {
        let log = EventLog<String>()
        try await serve { stream in
            stream.onHangUp { log.append("hang-up") }
            while let bytes = try await stream.read() { log.append(String(decoding: bytes, as: UTF8.self)) }
            log.append("end")
        } _: { _, port in
            let client = try await TLSClient.connect(port, TLSPeer(.tls13))
            try await client.send("half")
            client.socket.shutdownWrites()
            let events = try await log.atLeast(3)
            #expect(Set(events) == ["half", "hang-up", "end"])
            #expect(try await client.readToEnd() == [])
        }
    }

    @Test("a reset says no close_notify, an orderly close does")
    func endings() async throws {
        for isReset in [true, false] {
            try await serve { stream in
                _ = try await stream.read()
                try await stream.write([1], stall: .seconds(5))
                if isReset { stream.reset() }
            } _: { _, port in
                let client = try await TLSClient.connect(port, TLSPeer(.tls13))
                try await client.send("go")
                let received = try? await client.readToEnd()
                #expect(client.peer.hasEnded == !isReset)
                if !isReset { #expect(received == [1]) }
            }
        }
    }

    @Test("what nobody reads is read ahead within a bound")
    func readAhead() async throws {
        let finish = EventLog<Void>()
        try await serve { stream in
            try await finish.atLeast(1)
            var total = 0
            while let bytes = try await stream.read() {
                #expect(bytes.count < TCPStream.readAhead + 128 * 1024)
                total += bytes.count
            }
            #expect(total == 4 << 20)
        } _: { _, port in
            let client = try await TLSClient.connect(port, TLSPeer(.tls13))
            async let sent: Void = {
                try await client.send([UInt8](repeating: 1, count: 4 << 20))
                client.peer.close()
                try await client.push()
            }()
            finish.append(())
            try await sent
            #expect(try await client.readToEnd() == [])
        }
    }
}
