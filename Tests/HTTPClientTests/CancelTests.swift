import Base
import HTTP
import HTTPClient
import HTTPServer
import TestKit
import Testing
import Transport

/// Cancelling a call in any phase closes its connection at once; so do dropping its body and the client's end.
@Suite(.timeLimit(.minutes(1))) struct CancelTests {
    @Test func `a cancelled task calls nobody`() async throws {
        let upstream = try FaultyUpstream([.request, answer("ok")])
        defer { upstream.stop() }
        try await withClient { client, loop in
            let task = Task(executorPreference: loop) {
                try? await loop.sleep(for: .seconds(3600))
                _ = try await client.send(.to(upstream.url))
            }
            task.cancel()
            #expect(await failure { try await task.value } == .cancelled)
            #expect(upstream.connections == 0)
        }
    }

    @Test func `cancelled while it connects`() async throws {
        let full = try FullBacklog()
        defer { full.stop() }
        try await withClient { client, loop in
            let begun = EventLog<Void>()
            let task = Task(executorPreference: loop) {
                begun.append(())
                _ = try await client.send(.to("http://127.0.0.1:\(full.port)/", connect: .seconds(20)))
            }
            try await begun.atLeast(1)
            try await loop.sleep(for: .milliseconds(20))
            task.cancel()
            #expect(await failure { try await task.value } == .cancelled)
        }
    }

    @Test(arguments: [false, true])
    func `cancelled while it waits for the head`(_ fromLoop: Bool) async throws {
        let upstream = try FaultyUpstream([.request, .hold])
        defer { upstream.stop() }
        try await withClient { client, loop in
            let task = Task(executorPreference: loop) { _ = try await client.send(.to(upstream.url)) }
            try await upstream.requestArrived()
            if fromLoop { task.cancel() } else { try await offLoop { task.cancel() } }
            #expect(await failure { try await task.value } == .cancelled)
            try await upstream.peerClosed()
        }
    }

    @Test(arguments: [false, true])
    func `cancelled while it waits for a piece`(_ fromLoop: Bool) async throws {
        let upstream = try FaultyUpstream([.request, .send("HTTP/1.1 200 OK\r\n\r\nfirst"), .hold])
        defer { upstream.stop() }
        try await withClient { client, loop in
            let log = EventLog<String>()
            let task = Task(executorPreference: loop) {
                let body = try await client.send(.to(upstream.url)).body
                while let piece = try await body.next() { log.append(String(decoding: piece, as: UTF8.self)) }
            }
            try await log.atLeast(1)
            if fromLoop { task.cancel() } else { try await offLoop { task.cancel() } }
            #expect(await failure { try await task.value } == .cancelled)
            try await upstream.peerClosed()
        }
    }

    @Test(arguments: [false, true])
    func `ended by its token while it waits for the head, and its task goes on`(_ fromLoop: Bool) async throws {
        let upstream = try FaultyUpstream([.request, .hold])
        defer { upstream.stop() }
        try await withClient { client, loop in
            let token = CancellationToken()
            let task = Task(executorPreference: loop) {
                let end = await failure { _ = try await client.send(.to(upstream.url, token: token)) }
                return (end, Task.isCancelled)
            }
            try await upstream.requestArrived()
            if fromLoop { token.cancel() } else { try await offLoop { token.cancel() } }
            let (end, isCancelled) = await task.value
            #expect(end == .cancelled && !isCancelled)
            try await upstream.peerClosed()
        }
    }

    @Test(arguments: [false, true])
    func `ended by its token while it waits for a piece`(_ fromLoop: Bool) async throws {
        let upstream = try FaultyUpstream([.request, .send("HTTP/1.1 200 OK\r\n\r\nfirst"), .hold])
        defer { upstream.stop() }
        try await withClient { client, loop in
            let token = CancellationToken()
            let log = EventLog<String>()
            let task = Task(executorPreference: loop) {
                let body = try await client.send(.to(upstream.url, token: token)).body
                while let piece = try await body.next() { log.append(String(decoding: piece, as: UTF8.self)) }
            }
            try await log.atLeast(1)
            if fromLoop { token.cancel() } else { try await offLoop { token.cancel() } }
            #expect(await failure { try await task.value } == .cancelled)
            try await upstream.peerClosed()
        }
    }

    @Test func `a token that was cancelled before calls nobody`() async throws {
        let upstream = try FaultyUpstream([.request, answer("ok")])
        defer { upstream.stop() }
        try await withClient { client, _ in
            let token = CancellationToken()
            token.cancel()
            #expect(await failure { _ = try await client.send(.to(upstream.url, token: token)) } == .cancelled)
            #expect(upstream.connections == 0)
        }
    }

    @Test func `a thousand calls cancelled at any moment end, each once, and leave no connection`() async throws {
        let upstream = try FaultyUpstream([
            .forever([
                .request, .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
                .send("3\r\none\r\n"), .send("3\r\ntwo\r\n0\r\n\r\n"),
            ])
        ])
        defer { upstream.stop() }
        try await withClient { client, loop in
            var random = SeededGenerator(seed: 5)
            for _ in 0..<1000 {
                let delay = Int.random(in: 0..<800, using: &random)
                let task = Task(executorPreference: loop) { try await client.text(.to(upstream.url)).text }
                if delay % 2 == 0 {
                    Thread.start(name: "canceller") { task.cancel() }
                } else {
                    try? await loop.sleep(for: .microseconds(delay))
                    task.cancel()
                }
                switch await task.result {
                case .success(let text): #expect(text == "onetwo")
                case .failure(let error): #expect((error as? HTTPClientError)?.kind == .cancelled)
                }
            }
        }
    }

    @Test func `a body that is dropped closes its connection`() async throws {
        let upstream = try FaultyUpstream([.request, .send("HTTP/1.1 200 OK\r\n\r\nfirst"), .hold])
        defer { upstream.stop() }
        try await withClient { client, _ in
            var body: (any ResponseBody)? = try await client.send(.to(upstream.url)).body
            #expect(try await body?.next() == Array("first".utf8))
            body = nil
            try await upstream.peerClosed()
        }
    }

    @Test func `a body that is cancelled says so, to whoever reads it`() async throws {
        let upstream = try FaultyUpstream([.request, .send("HTTP/1.1 200 OK\r\n\r\nfirst"), .hold])
        defer { upstream.stop() }
        try await withClient { client, loop in
            let body = try await client.send(.to(upstream.url)).body
            let reader = Task(executorPreference: loop) { while try await body.next() != nil {} }
            try await offLoop { body.cancel() }
            #expect(await failure { try await reader.value } == .cancelled)
            #expect(await failure { _ = try await body.next() } == .cancelled)
            try await upstream.peerClosed()
        }
    }

    @Test func `a reader that pauses pauses the server, and gets everything in the end`() async throws {
        let piece = [UInt8](repeating: 7, count: 64 * 1024)
        let limit = 48 << 20
        let upstream = try FaultyUpstream(
            [.request, .send("HTTP/1.1 200 OK\r\n\r\n"), .flood(piece, limit: limit)], sendBuffer: 64 * 1024)
        defer { upstream.stop() }
        try await withClient { client, _ in
            let body = try await client.send(.to(upstream.url)).body
            var received = try #require(try await body.next()).count
            // The client's own buffer, curl's and the kernel's: a few MB at most.
            #expect(try await upstream.blocked() < 12 << 20)
            while let piece = try await body.next() {
                #expect(piece.count <= 160 * 1024)
                received += piece.count
            }
            #expect(received <= limit && received > limit - 2 * piece.count)
        }
    }

    @Test func `a gzip bomb that nobody reads unpacks no further`() async {
        // In a process of its own, so that its memory is this test's.
        await #expect(processExitsWith: .success) {
            let bomb = Gzip.zeros(256 << 20, checksum: false)
            let upstream = try FaultyUpstream([
                .request, .send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(bomb.count)\r\n\r\n"),
                .sendBytes(bomb), .hold,
            ])
            try await withClient { client, loop in
                let before = try residentBytes()
                let body = try await client.send(.to(upstream.url, maxBody: 1 << 30)).body
                _ = try await body.next()
                try await loop.sleep(for: .milliseconds(200))
                let grown = try residentBytes() - before
                try #require(grown < 48 << 20)
                body.cancel()
                try await upstream.peerClosed()
            }
        }
    }

    // MARK: Shutdown

    @Test func `shutdown ends calls in every phase, and refuses new ones`() async throws {
        let silent = try FaultyUpstream([.request, .hold])
        let streaming = try FaultyUpstream([.request, .send("HTTP/1.1 200 OK\r\n\r\nfirst"), .hold])
        let full = try FullBacklog()
        defer {
            silent.stop()
            streaming.stop()
            full.stop()
        }
        try await withClient { client, loop in
            let log = EventLog<Void>()
            let connecting = Task { _ = try await client.send(.to("http://127.0.0.1:\(full.port)/")) }
            let waiting = Task { _ = try await client.send(.to(silent.url)) }
            let reading = Task {
                let body = try await client.send(.to(streaming.url)).body
                while try await body.next() != nil { log.append(()) }
            }
            try await silent.requestArrived()
            try await log.atLeast(1)
            await client.shutdown()
            for task in [connecting, waiting, reading] {
                #expect(await failure { try await task.value } == .shutdown)
            }
            try await silent.peerClosed()
            try await streaming.peerClosed()
            #expect(await failure { _ = try await client.send(.to(silent.url)) } == .shutdown)
            await client.shutdown()
        }
    }

    @Test func `shutdown leaves the other sockets of the loop alone`() async throws {
        // Connections of the server take the descriptors that the client's calls have left.
        let upstream = try FaultyUpstream([.request, answer("ok", "HTTP/1.1 200 OK\r\nConnection: close\r\n")])
        defer { upstream.stop() }
        try await TestServer.run(answer: { Response.text($0.head.path) }) { server in
            let client = HTTPClient(group: server.group)
            for _ in 0..<4 {
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<20 { group.addTask { _ = try? await client.text(.to(upstream.url)) } }
                }
            }
            #expect(upstream.requests.count == 80)
            var connections: [TCPClient] = []
            for _ in 0..<40 { connections.append(try await server.connect()) }
            for connection in connections {
                try await connection.send("GET /before HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await connection.readResponse().text == "/before")
            }
            await client.shutdown()
            for connection in connections {
                try await connection.send("GET /after HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await connection.readResponse().text == "/after")
            }
        }
    }

    @Test func `a client that is dropped without shutdown hurts nobody`() async throws {
        let upstream = try FaultyUpstream([.forever([.request, answer("ok")])])
        defer { upstream.stop() }
        let group = EventLoopGroup(count: 1)
        defer { group.stop() }
        for _ in 0..<5 {
            let client = HTTPClient(group: group)
            #expect(try await client.text(.to(upstream.url)) == (200, "ok"))
        }
        upstream.stop()
    }

    @Test func `a loop that stops under calls ends them`() async throws {
        let upstream = try FaultyUpstream([.request, .send("HTTP/1.1 200 OK\r\n\r\nfirst"), .hold])
        defer { upstream.stop() }
        for _ in 0..<10 {
            // The proxy's pattern: a server's connection and a client's transfer on one loop, which stops.
            let group = EventLoopGroup(count: 1)
            let client = HTTPClient(group: group)
            let server = HTTPServer(
                group: group, time: SystemClock(), protocolError: Response.failure,
                handler: { _, writer in
                    guard let answer = try? await client.send(.to(upstream.url)) else {
                        return await writer.send(.text("", status: 502))
                    }
                    let body = writer.begin(status: 200, headers: [:])
                    while let piece = try? await answer.body.next() { try? await body.pieces.write(piece) }
                    return await body.abandon()
                })
            let port = try await server.start(address: "127.0.0.1", port: 0)
            let caller = try await TCPClient.connect(port)
            for _ in 0..<2 {
                try await caller.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            }
            _ = try await caller.read(until: "first")
            group.stop()
            #expect(await caller.isClosedByPeer())
        }
    }
}
