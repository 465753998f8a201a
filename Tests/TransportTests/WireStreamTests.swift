import Base
import TestKit
import Testing

@testable import Transport

/// What holds for every stream, whatever it speaks.
@Suite(.timeLimit(.minutes(2))) struct WireStreamTests {
    @Test(arguments: Wire.allCases)
    func `megabytes each way arrive whole while both sides push`(_ wire: Wire) async throws {
        try await serveStreams(secured: wire.context()) { stream in
            while let bytes = try await stream.read() { try await stream.write(bytes, stall: .seconds(10)) }
        } _: { _, port in
            let client = try await wire.connect(port, receiveBuffer: 32_768)
            let bytes = (0..<(2 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            async let sent: Void = client.send(bytes)
            #expect(try await client.read(count: bytes.count) == bytes)
            try await sent
            try await client.finish()
            #expect(try await client.readToEnd() == [])
        }
    }

    @Test(arguments: Wire.allCases)
    func `what nobody reads is read ahead within a bound`(_ wire: Wire) async throws {
        let began = EventLog<Void>()
        let finish = EventLog<Void>()
        try await serveStreams(secured: wire.context()) { stream in
            began.append(())
            try await finish.atLeast(1)
            var total = 0
            while let bytes = try await stream.read() {
                #expect(bytes.count < TCPStream.readAhead + 128 * 1024)
                total += bytes.count
            }
            #expect(total == 6 << 20)
            try await stream.write(Array("ok".utf8), stall: .seconds(5))
        } _: { _, port in
            let client = try await wire.connect(port)
            try await began.atLeast(1)
            async let sent: Void = {
                try await client.send([UInt8](repeating: 1, count: 6 << 20))
                try await client.finish()
            }()
            finish.append(())
            try await sent
            #expect(try await client.readToEnd() == Array("ok".utf8))
        }
    }

    @Test(arguments: Wire.allCases)
    func `a peer that takes nothing ends the write after the stall time`(_ wire: Wire) async throws {
        let outcome = EventLog<TransportError.Kind?>()
        try await serveStreams(secured: wire.context()) { stream in
            _ = try await stream.read()
            do throws(TransportError) {
                try await stream.write([UInt8](repeating: 0, count: 32 << 20), stall: .milliseconds(80))
                outcome.append(nil)
            } catch {
                outcome.append(error.kind)
            }
        } _: { loop, port in
            let client = try await wire.connect(port, receiveBuffer: 4096)
            try await client.send(Array("go".utf8))
            #expect(try await outcome.atLeast(1) == [.timeout])
            #expect(await client.socket.isClosedByPeer())
            #expect(await timers(loop) == 0)
        }
    }

    @Test(arguments: Wire.allCases)
    func `a peer that takes a little now and then is closed, though no stall is as long`(_ wire: Wire) async throws {
        let outcome = EventLog<TransportError.Kind?>()
        try await serveStreams(secured: wire.context()) { stream in
            stream.holdPeer(to: 1 << 30, grace: .milliseconds(60))
            _ = try await stream.read()
            do throws(TransportError) {
                while true { try await stream.write([UInt8](repeating: 0, count: 9000), stall: .seconds(60)) }
            } catch {
                outcome.append(error.kind)
            }
        } _: { loop, port in
            let client = try await wire.connect(port, receiveBuffer: 4096)
            try await client.send(Array("go".utf8))
            while outcome.events.isEmpty {
                _ = try? await client.socket.read(atMost: 1)
                try await loop.sleep(for: .milliseconds(2))
            }
            #expect(outcome.events == [.timeout])
            #expect(await timers(loop) == 0)
        }
    }

    @Test(arguments: Wire.allCases)
    func `a peer for whom nothing waits is never too slow`(_ wire: Wire) async throws {
        let outcome = EventLog<Bool>()
        try await serveStreams(secured: wire.context()) { stream in
            stream.holdPeer(to: 1 << 30, grace: .milliseconds(5))
            _ = try await stream.read()
            for _ in 0..<20 {
                try await stream.write([1, 2, 3], stall: .seconds(5))
                try await stream.loop.sleep(for: .milliseconds(2))
            }
            outcome.append(stream.isOpen)
        } _: { _, port in
            let client = try await wire.connect(port)
            try await client.send(Array("go".utf8))
            #expect(try await outcome.atLeast(1) == [true])
            #expect(try await client.readToEnd().count == 60)
        }
    }
}
