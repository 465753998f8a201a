import Base
import TestKit
import Testing

@testable import Transport

/// The stream's owner, as a connection is one.
private actor Owner: LoopBound {
    nonisolated let loop: EventLoop
    private let stream: TCPStream

    init(_ stream: TCPStream) {
        loop = stream.loop
        self.stream = stream
    }

    func echo() async throws -> Bool {
        guard let bytes = try await stream.read() else { return false }
        try await stream.write(bytes, stall: .seconds(5))
        return true
    }

    func write(_ bytes: [UInt8]) async throws { try await stream.write(bytes, stall: .seconds(5)) }

    func beat() { _ = stream.writeIfIdle(Array("-".utf8), stall: .seconds(5)) }

    func close() { stream.close() }
}

/// Tasks that do not prefer the loop suspend at every `await`, also where one that does goes straight on.
@Suite(.timeLimit(.minutes(1))) struct OtherExecutorTests {
    private func accept(_ loop: EventLoop) async throws -> (TCPClient, Owner) {
        let log = EventLog<Owner>()
        let listener = try TCPListener(loop: loop, address: "127.0.0.1", port: 0)
        try await Task(executorPreference: loop) { try listener.start { log.append(Owner($0)) } }.value
        let client = try await TCPClient.connect(listener.port)
        return (client, try await log.atLeast(1)[0])
    }

    @Test func `no byte is missed by a reader from another executor`() async throws {
        let loop = EventLoop()
        defer { loop.stop() }
        let (client, owner) = try await accept(loop)
        let served = Task(executorPreference: globalConcurrentExecutor) { while try await owner.echo() {} }
        for round in 0..<3000 {
            try await client.send("\(round).")
            #expect(try await client.read(until: ".") == "\(round).")
        }
        client.shutdownWrites()
        try await served.value
    }

    @Test func `nothing gets between the parts of a write from another executor`() async throws {
        let loop = EventLoop()
        defer { loop.stop() }
        let (client, owner) = try await accept(loop)
        let beats = Task(executorPreference: loop) {
            while !Task.isCancelled {
                await owner.beat()
                try? await loop.sleep(for: .microseconds(50))
            }
        }
        let piece = Array(repeating: UInt8(ascii: "x"), count: 700_000) + Array(".".utf8)
        let writes = Task(executorPreference: globalConcurrentExecutor) {
            for _ in 0..<30 { try await owner.write(piece) }
        }
        for _ in 0..<30 {
            let text = try await client.read(until: ".")
            #expect(text.drop { $0 == "-" }.count == piece.count)
        }
        beats.cancel()
        try await writes.value
        await owner.close()
    }
}
