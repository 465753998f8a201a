import Base
import HTTP
import HTTPClient
import TestKit
import Testing
import Transport

/// Every phase of a call has its time, and its end closes the connection.
@Suite(.timeLimit(.minutes(1))) struct TimeoutTests {
    private static let short = Duration.milliseconds(80)

    @Test func `a server that accepts no connection runs into the connect time`() async throws {
        let full = try FullBacklog()
        defer { full.stop() }
        try await withClient { client, _ in
            let kind = await failure {
                _ = try await client.send(.to("http://127.0.0.1:\(full.port)/", connect: Self.short))
            }
            #expect(kind == .timeout(.connect))
        }
    }

    @Test func `a server that never shakes hands runs into the connect time too`() async throws {
        let upstream = try FaultyUpstream([.hold])
        defer { upstream.stop() }
        try await withClient { client, _ in
            let url = upstream.url.replacing("http:", with: "https:")
            #expect(await failure { _ = try await client.send(.to(url, connect: Self.short)) } == .timeout(.connect))
            try await upstream.peerClosed()
        }
    }

    @Test func `a server that takes the request and says nothing`() async throws {
        let upstream = try FaultyUpstream([.request, .hold])
        defer { upstream.stop() }
        try await withClient { client, _ in
            let kind = await failure { _ = try await client.send(.to(upstream.url, firstByte: Self.short)) }
            #expect(kind == .timeout(.firstByte))
            try await upstream.peerClosed()
        }
    }

    @Test func `a server that falls silent within its body`() async throws {
        let upstream = try FaultyUpstream([.request, .send("HTTP/1.1 200 OK\r\n\r\nbegun"), .hold])
        defer { upstream.stop() }
        try await withClient { client, _ in
            let body = try await client.send(.to(upstream.url, betweenBytes: Self.short)).body
            #expect(try await body.next() == Array("begun".utf8))
            #expect(await failure { _ = try await body.next() } == .timeout(.betweenBytes))
            try await upstream.peerClosed()
        }
    }

    @Test func `no limit ends a call before its time, also one between two milliseconds`() async throws {
        let upstream = try FaultyUpstream([.request, .hold])
        defer { upstream.stop() }
        try await withClient { client, loop in
            for _ in 0..<20 {
                let start = loop.now()
                let limit = Duration.microseconds(15_900)
                let kind = await failure { _ = try await client.send(.to(upstream.url, total: limit)) }
                #expect(kind == .timeout(.total) && loop.now().since(start) >= limit)
            }
        }
    }

    @Test func `a server that dribbles for ever runs into the total time`() async throws {
        let upstream = try FaultyUpstream([
            .request, .send("HTTP/1.1 200 OK\r\n\r\n"), .forever([.dribble("x", size: 1, pause: .milliseconds(10))]),
        ])
        defer { upstream.stop() }
        try await withClient { client, _ in
            let kind = await failure {
                let body = try await client.send(.to(upstream.url, total: .milliseconds(150))).body
                while try await body.next() != nil {}
            }
            #expect(kind == .timeout(.total))
            try await upstream.peerClosed()
        }
    }

    @Test func `the time between bytes does not run while the reader is busy elsewhere`() async throws {
        let upstream = try FaultyUpstream([
            .request, .send("HTTP/1.1 200 OK\r\n\r\none"), .gate, .send("two"),
        ])
        defer { upstream.stop() }
        try await withClient { client, loop in
            let body = try await client.send(.to(upstream.url, betweenBytes: .milliseconds(500))).body
            #expect(try await body.next() == Array("one".utf8))
            try await loop.sleep(for: .milliseconds(700))
            upstream.release()
            try await upstream.log.first { if case .done = $0 { true } else { false } }
            #expect(try await body.next() == Array("two".utf8))
        }
    }

    @Test func `a reader that brings its own limit may wait again, and the call goes on`() async throws {
        let upstream = try FaultyUpstream([
            .request, .send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none"), .gate, .send("two"), .hold,
        ])
        defer { upstream.stop() }
        try await withClient { client, loop in
            // The request's own time between bytes holds for those alone who bring none.
            let body = try await client.send(.to(upstream.url, betweenBytes: .milliseconds(1))).body
            let start = loop.now()
            #expect(try await body.next(until: start) == .piece(Array("one".utf8)))
            for _ in 0..<3 {
                let end = loop.now().advanced(by: Self.short)
                #expect(try await body.next(until: end) == .later)
                #expect(loop.now() >= end)
            }
            #expect(try await body.next(until: start) == .later)
            upstream.release()
            // A later end than that of a wait before, and an earlier one.
            #expect(try await body.next(until: loop.now().advanced(by: .seconds(20))) == .piece(Array("two".utf8)))
            #expect(try await body.next(until: loop.now().advanced(by: .seconds(10))) == .end)
            #expect(try await body.next(until: start) == .end)
        }
    }

    @Test func `a later limit than the one before is kept, and so is an earlier one`() async throws {
        let upstream = try FaultyUpstream([.request, .send("HTTP/1.1 200 OK\r\n\r\none"), .gate, .send("two"), .hold])
        defer { upstream.stop() }
        try await withClient { client, loop in
            let body = try await client.send(.to(upstream.url)).body
            #expect(try await body.next() == Array("one".utf8))
            let waiting = Task(executorPreference: loop) {
                try await body.next(until: loop.now().advanced(by: .seconds(30)))
            }
            try await loop.sleep(for: .milliseconds(20))
            upstream.release()
            #expect(try await waiting.value == .piece(Array("two".utf8)))
            // The timer of 30 s is still set.
            let start = loop.now()
            #expect(try await body.next(until: start.advanced(by: Self.short)) == .later)
            #expect(loop.now().since(start) < .seconds(10))
            // And the one of 80 ms has gone: a long wait lasts.
            let long = start.advanced(by: .milliseconds(400))
            #expect(try await body.next(until: long) == .later)
            #expect(loop.now() >= long)
            body.cancel()
            #expect(await failure { _ = try await body.next(until: long) } == .cancelled)
            try await upstream.peerClosed()
        }
    }

    @Test func `a whole body that does not end in time`() async throws {
        let upstream = try FaultyUpstream([
            .request, .send("HTTP/1.1 200 OK\r\n\r\n"), .forever([.dribble("x", size: 1, pause: .milliseconds(10))]),
        ])
        defer { upstream.stop() }
        try await withClient { client, loop in
            let body = try await client.send(.to(upstream.url)).body
            let end = loop.now().advanced(by: .milliseconds(150))
            #expect(await failure { _ = try await body.collect(limit: 1000, until: end) } == .timeout(.total))
            try await upstream.peerClosed()
        }
    }

    @Test(arguments: [Duration.zero, .seconds(-1)])
    func `no time at all is over at once`(_ time: Duration) async throws {
        let upstream = try FaultyUpstream([.request, .hold])
        defer { upstream.stop() }
        try await withClient { client, _ in
            let kind = await failure { _ = try await client.send(.to(upstream.url, total: time)) }
            #expect([.timeout(.total), .timeout(.connect)].contains(kind))
            #expect(
                await failure { _ = try await client.send(.to(upstream.url, firstByte: time)) } == .timeout(.firstByte))
        }
    }

    @Test func `times without end do not trap`() async throws {
        let upstream = try FaultyUpstream([.request, answer("ok")])
        defer { upstream.stop() }
        try await withClient { client, _ in
            let long = Duration.seconds(Int64.max)
            let request = OutgoingRequest.to(
                upstream.url, connect: long, firstByte: long, betweenBytes: long, total: long)
            let answer = try await client.text(request)
            #expect(answer == (200, "ok"))
        }
    }

    @Test func `a port without a listener is unreachable`() async throws {
        let (socket, port) = try BlockingSocket.listen()
        socket.close()
        try await withClient { client, _ in
            let kind = await failure { _ = try await client.send(.to("http://127.0.0.1:\(port)/")) }
            #expect(kind == .unreachable)
        }
    }

    @Test func `a name that is none is unreachable`() async throws {
        try await withClient { client, _ in
            let kind = await failure {
                _ = try await client.send(.to("http://no-such-host.invalid/", connect: .seconds(2)))
            }
            #expect([.unreachable, .timeout(.connect)].contains(kind))
        }
    }
}
