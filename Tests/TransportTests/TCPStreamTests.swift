import Base
import Synchronization
import TestKit
import Testing

@testable import Transport

@Suite(.timeLimit(.minutes(1))) struct TCPStreamTests {
    @Test func `what is sent comes back, in any cut`() async throws {
        try await serveStreams { stream in
            while let bytes = try await stream.read() { try await stream.write(bytes, stall: .seconds(5)) }
        } _: { _, port in
            let client = try await TCPClient.connect(port)
            var random = SeededGenerator(seed: 3)
            for _ in 0..<200 {
                let text = String(repeating: "x", count: Int.random(in: 1...3000, using: &random)) + "."
                try await client.send(text)
                #expect(try await client.read(until: ".") == text)
            }
            client.shutdownWrites()
            #expect(try await client.readToEnd() == "")
        }
    }

    @Test func `a peer that takes nothing of what nobody waits for is closed after the stall time`() async throws {
        let log = EventLog<String>()
        try await serveStreams { stream in
            stream.onHangUp { log.append("closed") }
            log.append("\(stream.writeUnlessBusy([UInt8](repeating: 0, count: 32 << 20), stall: .milliseconds(80)))")
            try await log.first { $0 == "closed" }
        } _: { loop, port in
            let client = try await TCPClient.connect(port, receiveBuffer: 4096)
            #expect(try await log.atLeast(2) == ["true", "closed"])
            #expect(await client.isClosedByPeer())
            #expect(await timers(loop) == 0)
        }
    }

    @Test func `the pieces of several writers go out whole, in the order of the calls`() async throws {
        let sizes = [3 << 20, 5, 1 << 20, 7, 2 << 20]
        try await serveStreams { stream in
            await withTaskGroup(of: Bool.self) { group in
                for (index, size) in sizes.enumerated() {
                    let piece = [UInt8](repeating: UInt8(index), count: size)
                    group.addTask(executorPreference: stream.loop) {
                        (try? await stream.write(piece, stall: .seconds(5))) != nil
                    }
                }
                for await written in group { #expect(written) }
            }
        } _: { _, port in
            let client = try await TCPClient.connect(port, receiveBuffer: 16_384)
            var received: [UInt8] = []
            while let piece = try await client.read(atMost: 1 << 16) { received += piece }
            #expect(received == sizes.enumerated().flatMap { [UInt8](repeating: UInt8($0.offset), count: $0.element) })
        }
    }

    @Test func `a stream that breaks ends every writer that waits`() async throws {
        let outcomes = EventLog<TransportError.Kind?>()
        try await serveStreams { stream in
            await withTaskGroup { group in
                for _ in 0..<4 {
                    group.addTask(executorPreference: stream.loop) {
                        do throws(TransportError) {
                            try await stream.write([UInt8](repeating: 0, count: 32 << 20), stall: .seconds(60))
                            outcomes.append(nil)
                        } catch {
                            outcomes.append(error.kind)
                        }
                    }
                }
            }
        } _: { _, port in
            let client = try await TCPClient.connect(port, receiveBuffer: 4096)
            _ = try await client.read(atMost: 1)
            client.reset()
            #expect(try await outcomes.atLeast(4) == [.closed, .closed, .closed, .closed])
        }
    }

    @Test func `an accepted stream sends small pieces at once`() async throws {
        let log = EventLog<Bool>()
        try await serveStreams { stream in
            log.append(stream.sendsAtOnce)
        } _: { _, port in
            let client = try await TCPClient.connect(port)
            #expect(try await log.atLeast(1) == [true])
            client.close()
        }
    }

    @Test func `a peer that takes slowly is waited for as long as it takes something`() async throws {
        let outcome = EventLog<Bool>()
        try await serveStreams { stream in
            do {
                try await stream.write([UInt8](repeating: 0, count: 6 << 20), stall: .seconds(2))
                outcome.append(true)
            } catch {
                outcome.append(false)
            }
        } _: { _, port in
            // Small windows and a pause for each: the whole takes longer than the stall time.
            let client = try await TCPClient.connect(port, receiveBuffer: 16_384)
            #expect(try await client.countToEnd(pause: .milliseconds(1)) == 6 << 20)
            #expect(try await outcome.atLeast(1) == [true])
        }
    }

    enum End: CaseIterable, Sendable { case finish, reset }

    @Test(arguments: End.allCases)
    func `the end of the peer is told at once, also while nothing is read`(_ end: End) async throws {
        let log = EventLog<String>()
        try await serveStreams { stream in
            stream.onHangUp { log.append("hang-up") }
            log.append("ready")
            try await log.first { $0 == "hang-up" }
        } _: { _, port in
            let client = try await TCPClient.connect(port)
            try await log.atLeast(1)
            switch end {
            case .finish: client.close()
            case .reset: client.reset()
            }
            try await log.first { $0 == "hang-up" }
            #expect(log.events == ["ready", "hang-up"])
        }
    }

    @Test func `a reset ends a write that waits`() async throws {
        let outcome = EventLog<TransportError.Kind?>()
        try await serveStreams { stream in
            do throws(TransportError) {
                try await stream.write([UInt8](repeating: 0, count: 32 << 20), stall: .seconds(60))
                outcome.append(nil)
            } catch {
                outcome.append(error.kind)
            }
        } _: { _, port in
            let client = try await TCPClient.connect(port, receiveBuffer: 4096)
            _ = try await client.read(atMost: 1)
            client.reset()
            #expect(try await outcome.atLeast(1) == [.closed])
        }
    }

    @Test func `writing to a peer that has gone fails and does not end the process`() async throws {
        let outcome = EventLog<Bool>()
        try await serveStreams { stream in
            _ = try? await stream.read()
            for _ in 0..<100 {
                do {
                    try await stream.write([UInt8](repeating: 65, count: 100), stall: .seconds(1))
                } catch {
                    outcome.append(stream.isOpen)
                    return
                }
            }
        } _: { _, port in
            // A close, and not a reset: the first write meets no error, and the next one is a broken pipe.
            let client = try await TCPClient.connect(port)
            client.close()
            #expect(try await outcome.atLeast(1) == [false])
        }
    }

    @Test func `an interrupted reader gets nothing and may read again`() async throws {
        let log = EventLog<String>()
        try await serveStreams { stream in
            let loop = stream.loop
            // Nobody waits: no later read hears of it.
            stream.interruptReader()
            _ = loop.schedule(at: loop.now()) { stream.interruptReader() }
            log.append(String(decoding: try await stream.read() ?? [63], as: UTF8.self))
            // Bytes that come before the interrupted reader runs are given out, and the next read waits for more.
            _ = loop.schedule(at: loop.now()) {
                stream.interruptReader()
                stream.inbound += "first".utf8
            }
            log.append(String(decoding: try await stream.read() ?? [63], as: UTF8.self))
            log.append("reads on")
            log.append(String(decoding: try await stream.read() ?? [63], as: UTF8.self))
        } _: { _, port in
            let client = try await TCPClient.connect(port)
            try await log.first { $0 == "reads on" }
            try await client.send("second")
            #expect(try await log.atLeast(4) == ["", "first", "reads on", "second"])
        }
    }

    @Test func `stopReading gives out what is there, then nil`() async throws {
        let log = EventLog<String>()
        try await serveStreams { stream in
            try await log.first { $0 == "sent" }
            // The bytes are in the kernel; one turn of the loop reads them.
            while !stream.hasUnread { try await stream.loop.sleep(for: .milliseconds(1)) }
            stream.stopReading()
            log.append(String(decoding: try await stream.read() ?? [], as: UTF8.self))
            log.append("\(try await stream.read() == nil)")
        } _: { _, port in
            let client = try await TCPClient.connect(port)
            try await client.send("hello")
            log.append("sent")
            #expect(try await log.atLeast(3) == ["sent", "hello", "true"])
        }
    }

    @Test func `a reader that waits gets an error when the stream is closed here`() async throws {
        let log = EventLog<String>()
        try await serveStreams { stream in
            async let other: Void = {
                log.append("closing")
                stream.close()
                stream.close()
            }()
            do throws(TransportError) {
                while try await stream.read() != nil {}
                log.append("end")
            } catch {
                log.append("\(error.kind)")
            }
            await other
        } _: { _, port in
            let client = try await TCPClient.connect(port)
            try await log.atLeast(2)
            #expect(log.events == ["closing", "closed"])
            #expect(await client.isClosedByPeer())
        }
    }

    @Test func `a stopped loop closes the sockets it still has, and ends who waits on them`() async throws {
        for _ in 0..<20 {
            let loop = EventLoop()
            let log = EventLog<String>()
            let listener = try TCPListener(loop: loop, address: "127.0.0.1", port: 0)
            try await Task(executorPreference: loop) {
                try listener.start { stream in
                    log.append("accepted")
                    Task(executorPreference: loop) {
                        let ended = (try? await stream.read()) == nil
                        log.append("ended \(ended)")
                    }
                }
            }.value
            let clients = [try await TCPClient.connect(listener.port), try await TCPClient.connect(listener.port)]
            try await log.atLeast(2)
            loop.stop()
            for client in clients { #expect(await client.isClosedByPeer()) }
            try await log.atLeast(4)
            #expect(log.events.filter { $0 == "ended true" }.count == 2)
        }
    }

    @Test func `a port in use, an address that is none, and a port of the system are told apart`() async throws {
        let loop = EventLoop()
        defer { loop.stop() }
        let (taken, port) = try BlockingSocket.listen()
        #expect(throws: TransportError(.addressInUse, "port \(port) on 127.0.0.1 is in use")) {
            try TCPListener(loop: loop, address: "127.0.0.1", port: port)
        }
        taken.close()
        for address in ["localhost", "300.1.1.1", "", "127.0.0.1:80", "::1%lo\0"] {
            let error = #expect(throws: TransportError.self) {
                try TCPListener(loop: loop, address: address, port: 0)
            }
            #expect(error?.kind == .invalidAddress, "\(address.debugDescription)")
        }
    }

    @Test func `a bound port that another listens on by now is in use, and leaves nothing open`() async throws {
        let loop = EventLoop()
        defer { loop.stop() }
        let first = try TCPListener(loop: loop, address: "127.0.0.1", port: 0)
        let second = try TCPListener(loop: loop, address: "127.0.0.1", port: first.port)
        let kind = await Task(executorPreference: loop) { () -> TransportError.Kind? in
            do throws(TransportError) {
                try first.start { $0.close() }
                try second.start { $0.close() }
                return nil
            } catch {
                return error.kind
            }
        }.value
        #expect(kind == .addressInUse)
    }

    @Test func `the peer's address is its numeric one`() async throws {
        let log = EventLog<String>()
        try await serveStreams { stream in
            log.append(stream.peer)
        } _: { _, port in
            let client = try await TCPClient.connect(port)
            #expect(try await log.atLeast(1) == ["127.0.0.1"])
            client.close()
        }
    }
}
