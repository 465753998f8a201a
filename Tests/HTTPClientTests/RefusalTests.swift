import Base
import HTTP
import HTTPClient
import TestKit
import Testing
import Transport

/// What is never sent, and answers that are never believed.
@Suite(.timeLimit(.minutes(1))) struct RefusalTests {
    @Test(arguments: [
        "file:///etc/passwd", "gopher://127.0.0.1:70/", "ftp://127.0.0.1/", "dict://127.0.0.1/", "ldap://127.0.0.1/",
        "scp://127.0.0.1/x", "telnet://127.0.0.1/", "smb://127.0.0.1/x", "ws://127.0.0.1/", "127.0.0.1", "", "http://",
        "https://", "http:/127.0.0.1", "//127.0.0.1/", " http://127.0.0.1/", "javascript:1", "http://[::1/",
        "http://127.0.0.1:99999/", "http://a b/", "http://127.0.0.1/\r\nX-Evil: 1", "http://127.0.0.1/\0",
        "HTTPfile:///x",
    ])
    func `only http and https URLs that are sound are called`(_ url: String) async throws {
        try await withClient { client, _ in
            let kind = await failure { _ = try await client.send(.to(url)) }
            #expect(kind == .badURL)
        }
    }

    @Test(arguments: [
        ("x-a", "b\r\nx-evil: 1"), ("x-a", "b\nx-evil: 1"), ("x-a", "b\0"), ("x a", "b"), ("x-a\r\nx-evil", "b"),
        ("", "b"), ("x:a", "b"), ("x-a", "\u{1b}[31m"),
    ])
    func `a header that could forge another is refused before anything is sent`(
        _ name: String, _ value: String
    ) async throws {
        let upstream = try FaultyUpstream([.request, answer("sent")])
        defer { upstream.stop() }
        try await withClient { client, _ in
            let kind = await failure { _ = try await client.send(.to(upstream.url, headers: [name: value])) }
            #expect(kind == .badURL)
            #expect(upstream.connections == 0)
        }
    }

    @Test(arguments: ["GET /other HTTP/1.1\r\nX: y\r\n\r\nGET", "GE T", "", "GET\0"])
    func `a method that is no token is refused`(_ method: String) async throws {
        let upstream = try FaultyUpstream([.request, answer("sent")])
        defer { upstream.stop() }
        try await withClient { client, _ in
            let kind = await failure { _ = try await client.send(.to(upstream.url, method: method)) }
            #expect(kind == .badURL)
            #expect(upstream.connections == 0)
        }
    }

    enum Fault: CaseIterable, Sendable {
        case closedAtOnce, resetAtOnce, halfHead, garbage, oldProtocol, shortBody, resetInBody, cutChunk, badChunkSize
        case negativeLength, twoLengths, switchedProtocols

        var steps: [FaultyUpstream.Step] {
            switch self {
            case .closedAtOnce: [.request]
            case .resetAtOnce: [.request, .reset]
            case .halfHead: [.request, .send("HTTP/1.1 200 OK\r\nContent-")]
            case .garbage: [.request, .send("\u{0}\u{1}\u{2} this is not HTTP\r\n\r\n")]
            case .oldProtocol: [.request, .send("<html>an answer of HTTP/0.9</html>\n")]
            case .shortBody: [.request, .send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")]
            case .resetInBody: [.request, .send("HTTP/1.1 200 OK\r\n\r\nsome"), .gate, .reset]
            case .cutChunk: [.request, .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nshort")]
            case .badChunkSize:
                [.request, .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nxyz\r\n")]
            case .negativeLength: [.request, .send("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello")]
            case .twoLengths:
                [.request, .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\nhello")]
            case .switchedProtocols: [.request, .send("HTTP/1.1 101 Switching Protocols\r\n\r\nhello")]
            }
        }
    }

    @Test(arguments: Fault.allCases)
    func `an answer that is broken is said to be broken`(_ fault: Fault) async throws {
        let upstream = try FaultyUpstream(fault.steps)
        defer { upstream.stop() }
        try await withClient { client, _ in
            let kind = await failure {
                let response = try await client.send(.to(upstream.url))
                upstream.release()
                _ = try await response.body.collect(limit: 1 << 20)
            }
            #expect(kind == .broken)
        }
    }

    @Test func `what arrived before a cut is given out before the error`() async throws {
        let upstream = try FaultyUpstream([.request, .send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")])
        defer { upstream.stop() }
        try await withClient { client, _ in
            let body = try await client.send(.to(upstream.url)).body
            #expect(try await body.next() == Array("short".utf8))
            #expect(await failure { _ = try await body.next() } == .broken)
            #expect(await failure { _ = try await body.next() } == .broken)
        }
    }

    @Test func `a flood of headers is too large, and stops early`() async throws {
        let line = Array("x-flood: \(String(repeating: "f", count: 1000))\r\n".utf8)
        let upstream = try FaultyUpstream([
            .request, .send("HTTP/1.1 200 OK\r\n"), .flood(line, limit: 64 << 20), .hold,
        ])
        defer { upstream.stop() }
        try await withClient { client, _ in
            #expect(await failure { _ = try await client.send(.to(upstream.url)) } == .tooLarge)
            let sent = try await upstream.peerClosed()
            #expect(sent < 32 << 20)
        }
    }

    @Test func `a flood of interim answers is too large`() async throws {
        let interim = Array("HTTP/1.1 102 Processing\r\nx-pad: \(String(repeating: "p", count: 500))\r\n\r\n".utf8)
        let upstream = try FaultyUpstream([.request, .flood(interim, limit: 64 << 20), .hold])
        defer { upstream.stop() }
        try await withClient { client, _ in
            #expect(await failure { _ = try await client.send(.to(upstream.url)) } == .tooLarge)
            try await upstream.peerClosed()
        }
    }

    @Test func `a body over its limit is too large, and the connection ends`() async throws {
        let upstream = try FaultyUpstream([
            .request, .send("HTTP/1.1 200 OK\r\n\r\n"), .flood([UInt8](repeating: 1, count: 10_000), limit: 64 << 20),
            .hold,
        ])
        defer { upstream.stop() }
        try await withClient { client, _ in
            let response = try await client.send(.to(upstream.url, maxBody: 500_000))
            var received = 0
            let kind = await failure { while let piece = try await response.body.next() { received += piece.count } }
            #expect(kind == .tooLarge)
            #expect(received <= 500_000 && received > 400_000)
            try await upstream.peerClosed()
        }
    }

    @Test func `collect has a limit of its own`() async throws {
        let upstream = try FaultyUpstream([
            .request, .send("HTTP/1.1 200 OK\r\n\r\n"), .flood([UInt8](repeating: 1, count: 10_000), limit: 64 << 20),
            .hold,
        ])
        defer { upstream.stop() }
        try await withClient { client, _ in
            let response = try await client.send(.to(upstream.url))
            #expect(await failure { _ = try await response.body.collect(limit: 100_000) } == .tooLarge)
            try await upstream.peerClosed()
        }
    }

    @Test func `a gzip bomb is stopped at the limit of what it unpacks to`() async throws {
        // 400 KB that become 64 MB.
        let bomb = Gzip.zeros(64 << 20, checksum: false)
        let upstream = try FaultyUpstream([
            .request, .send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(bomb.count)\r\n\r\n"),
            .sendBytes(bomb), .hold,
        ])
        defer { upstream.stop() }
        try await withClient { client, _ in
            let response = try await client.send(.to(upstream.url, maxBody: 1 << 20))
            var received = 0
            let kind = await failure { while let piece = try await response.body.next() { received += piece.count } }
            #expect(kind == .tooLarge)
            #expect(received <= 1 << 20)
            try await upstream.peerClosed()
        }
    }
}
