import Base
import TestKit
import Testing

@testable import Transport

/// How much of what a peer sends is taken before somebody asks for it.
@Suite(.timeLimit(.minutes(1))) struct ReadAheadTests {
    @Test func `while a write waits less is read ahead, and as much as ever when it is through`() async throws {
        let (waiting, ahead) = (EventLog<Void>(), EventLog<Int>())
        try await serveStreams { stream in
            await withTaskGroup(of: Bool.self) { group in
                group.addTask(executorPreference: stream.loop) {
                    (try? await stream.write([UInt8](repeating: 0, count: 8 << 20), stall: .seconds(20))) != nil
                }
                while !stream.isWriting { await Task.yield() }
                waiting.append(())
                while stream.inbound.count < TCPStream.readAheadOfWrites { await Task.yield() }
                // Time in which more would come.
                try? await stream.loop.sleep(for: .milliseconds(30))
                ahead.append(stream.inbound.count)
                #expect(await group.next() == true)
                while stream.inbound.count < TCPStream.readAhead { await Task.yield() }
                try? await stream.loop.sleep(for: .milliseconds(30))
                ahead.append(stream.inbound.count)
            }
        } _: { _, port in
            let client = try await TCPClient.connect(port, receiveBuffer: 4096)
            try await waiting.atLeast(1)
            async let sent: Void = client.send([UInt8](repeating: 1, count: 1 << 20))
            try await ahead.atLeast(1)
            var taken = 0
            while taken < 8 << 20, let piece = try await client.read(atMost: 1 << 16) { taken += piece.count }
            #expect(taken == 8 << 20)
            #expect(try await ahead.atLeast(2) == [TCPStream.readAheadOfWrites, TCPStream.readAhead])
            client.close()
            _ = try? await sent
        }
    }
}
