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

    @Test("what is sent comes back, in any cut, and close_notify is answered", arguments: TLSPeer.Version.allCases)
    func echo(version: TLSPeer.Version) async throws {
        guard version != .tls11 else { return }
        try await serveStreams(secured: context) { stream in
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
        try await serveStreams(secured: context) { stream in
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

    @Test("a large write to a slow reader holds no more than a part of it sealed, and arrives whole")
    func slowReader() async throws {
        let most = EventLog<Int>()
        let bytes = (0..<(3 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 17) }
        try await serveStreams(secured: context) { stream in
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
        try await serveStreams(secured: context) { stream in
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

    @Test(
        "plain HTTP, garbage and stalled handshakes end the connection",
        arguments: ["GET / HTTP/1.1\r\n\r\n", "", "\u{16}\u{3}\u{1}"])
    func noHandshake(sent: String) async throws {
        let outcome = EventLog<TransportError.Kind?>()
        let isStalled = !sent.hasPrefix("G")
        try await serveStreams(secured: context, handshakeWithin: isStalled ? .milliseconds(60) : .seconds(10)) {
            stream in
            do throws(TransportError) {
                outcome.append(try await stream.read() == nil ? nil : .system)
            } catch {
                outcome.append(error.kind)
            }
        } _: { loop, port in
            let client = try await TCPClient.connect(port, sending: sent)
            #expect(await client.isClosedByPeer())
            #expect(try await outcome.atLeast(1) == [isStalled ? .timeout : .closed])
            #expect(await timers(loop) == 0)
        }
    }

    @Test("a handshake that trickles is held to the same time")
    func tricklingHandshake() async throws {
        let outcome = EventLog<TransportError.Kind?>()
        try await serveStreams(secured: context, handshakeWithin: .milliseconds(100)) { stream in
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
        try await serveStreams(secured: context) { stream in
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
            try await serveStreams(secured: context) { stream in
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
}
