import Base
import HTTP
import HTTPServer
import TestKit
import Testing
import Transport

@Suite("A connection that rests", .timeLimit(.minutes(1)))
struct RestTests {
    private static let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    private static func limits(idle: Duration = .seconds(60)) -> ServerLimits {
        var limits = ServerLimits()
        limits.restAfter = .milliseconds(1)
        limits.idleTimeout = idle
        return limits
    }

    private static func answer(_ request: Request) async -> Response { Response(status: 200, body: Array("ok".utf8)) }

    /// Waits until every connection but `busy` of them waits without a task.
    private static func allRest(_ server: TestServer) async throws {
        while server.server.restingCount < server.server.connectionCount {
            try await server.group.loops[0].sleep(for: .milliseconds(2))
        }
    }

    @Test("it answers again, as often as it is asked, also in pieces and several requests at once")
    func again() async throws {
        try await TestServer.run(limits: Self.limits(), answer: Self.answer) { server in
            let client = try await server.connect()
            for _ in 0..<3 {
                try await client.send(Self.request)
                #expect(try await client.readResponse().status == 200)
                try await Self.allRest(server)
                try await client.send("GET / HTTP/1.1\r\nHo")
                try await client.send("st: a\r\n\r\n" + Self.request)
                #expect(try await client.readResponse().status == 200)
                #expect(try await client.readResponse().status == 200)
                try await Self.allRest(server)
            }
            #expect(server.server.connectionCount == 1)
        }
    }

    @Test("its idle time goes on: it is closed without a word, and nothing of it stays")
    func idle() async throws {
        try await TestServer.run(limits: Self.limits(idle: .seconds(2)), answer: Self.answer) { server in
            let client = try await TCPClient.connect(server.port, sending: Self.request)
            #expect(try await client.readResponse().status == 200)
            #expect(try await client.readToEnd() == "")
            while server.server.connectionCount > 0 { try await server.group.loops[0].sleep(for: .milliseconds(2)) }
        }
    }

    @Test("a client that leaves meanwhile is forgotten")
    func left() async throws {
        try await TestServer.run(limits: Self.limits(), answer: Self.answer) { server in
            let client = try await server.connect()
            try await client.send(Self.request)
            #expect(try await client.readResponse().status == 200)
            try await Self.allRest(server)
            client.close()
            while server.server.connectionCount > 0 { try await server.group.loops[0].sleep(for: .milliseconds(2)) }
        }
    }

    @Test("a server that stops closes it at once")
    func drain() async throws {
        try await TestServer.run(limits: Self.limits(), answer: Self.answer) { server in
            let client = try await server.connect()
            try await client.send(Self.request)
            #expect(try await client.readResponse().status == 200)
            try await Self.allRest(server)
            await server.server.drain(grace: .seconds(30))
            #expect(await client.isClosedByPeer())
        }
    }
}
