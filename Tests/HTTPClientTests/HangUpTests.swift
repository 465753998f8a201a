import Base
import HTTP
import HTTPClient
import HTTPServer
import TestKit
import Testing
import Transport

/// The proxy as a whole: a client of our server hangs up, and the upstream's connection closes at once.
@Suite(.timeLimit(.minutes(1))) struct HangUpTests {
    /// A server that passes every request on to `url`.
    private func proxy(
        to url: String, _ body: (TestServer) async throws -> Void
    ) async throws {
        let client = EventLog<HTTPClient>()
        try await TestServer.run(handler: { request, writer in
            guard let answer = try? await client.events[0].send(.to(url)) else {
                return await writer.send(.text("", status: 502))
            }
            let body = writer.begin(status: 200, headers: [:])
            do {
                while let piece = try await answer.body.next() { try await body.pieces.write(piece) }
                return await body.finish()
            } catch {
                return await body.abandon()
            }
        }) { server in
            client.append(HTTPClient(group: server.group))
            try await body(server)
            await client.events[0].shutdown()
        }
    }

    enum Phase: CaseIterable, Sendable { case head, streaming, blocked }

    @Test(arguments: Phase.allCases)
    func `a hang-up closes the upstream, whatever the call is waiting for`(_ phase: Phase) async throws {
        let head = FaultyUpstream.Step.send("HTTP/1.1 200 OK\r\n\r\nfirst")
        let steps: [FaultyUpstream.Step] =
            switch phase {
            case .head: [.request, .hold]
            case .streaming: [.request, head, .hold]
            case .blocked: [.request, head, .flood([UInt8](repeating: 65, count: 64 * 1024), limit: 1 << 30), .hold]
            }
        let upstream = try FaultyUpstream(steps, sendBuffer: 64 * 1024)
        defer { upstream.stop() }
        try await proxy(to: upstream.url) { server in
            let caller = try await server.connect(receiveBuffer: 16_384)
            try await caller.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            switch phase {
            case .head: try await upstream.requestArrived()
            case .streaming: _ = try await caller.read(until: "first")
            case .blocked:
                // The caller reads no more: server, client and upstream all stand still.
                #expect(try await upstream.blocked() < 24 << 20)
            }
            if phase == .blocked { caller.reset() } else { caller.close() }
            try await upstream.peerClosed()
        }
    }

    @Test func `a hundred streams that hang up at once close a hundred upstream connections`() async throws {
        let upstream = try FaultyUpstream([.request, .send("HTTP/1.1 200 OK\r\n\r\nfirst"), .hold])
        defer { upstream.stop() }
        try await proxy(to: upstream.url) { server in
            var callers: [TCPClient] = []
            for _ in 0..<100 {
                let caller = try await server.connect()
                try await caller.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                _ = try await caller.read(until: "first")
                callers.append(caller)
            }
            for caller in callers { caller.close() }
            for connection in 0..<100 { try await upstream.peerClosed(connection) }
        }
    }
}
