import Base
import HTTP
import HTTPServer
import JSON
import Orchestrator
import TestKit
import Testing

@testable import Server

@Suite("Bulk requests that end early, and their conversations", .timeLimit(.minutes(2)))
struct BulkRouteTests {
    private static let path = "/api/orchestrator/bulk"

    /// A server whose upstream says what it was told, as soon as the gate is open.
    private static func run(
        _ body: @escaping @Sendable (RunningApp, Gate) async throws -> Void
    ) async throws {
        let gate = Gate()
        try await RunningApp.run(
            { RunningApp.plain($0) + "server: { drain: 20s }\n" },
            upstream: { request in
                let asked = (try? JSON(try await request.body(limit: 100_000)))?["messages"]?.array ?? []
                await gate.pass()
                let users = asked.filter { $0["role"] == "user" }
                return .saying(users.compactMap { $0["content"]?.string }.joined(separator: "/"))
            }
        ) { app in
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await body(app, gate)) } catch { outcome = .failure(error) }
            gate.open()
            try outcome.get()
        }
    }

    private static func line(_ text: String, _ more: String = "") -> String {
        #"{"message":"\#(text)","model":"one"\#(more)}"# + "\n"
    }

    private static func head(_ query: String, length: Int, id: String? = nil) -> String {
        let field = id.map { "x-request-id: \($0)\r\n" } ?? ""
        return "POST \(path)\(query) HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/jsonl\r\n\(field)"
            + "content-length: \(length)\r\n\r\n"
    }

    private static func rows(_ body: [UInt8]) throws -> [JSON] {
        try body.split(separator: UInt8(ascii: "\n")).map { try JSON(Array($0)) }
    }

    private static func codes(_ rows: [JSON]) -> [String?] { rows.map { $0["error"]?["code"]?.string } }

    @Test(
        "cancelled by its own id, or with all of its user's: what is at work ends, and nothing more is begun",
        arguments: [
            (#"/api/orchestrator/cancel"#, #"{"requestId":"many"}"#), ("/api/orchestrator/cancel-all", "{}"),
        ])
    func cancelled(_ path: String, _ body: String) async throws {
        try await Self.run { app, gate in
            let client = try await app.connect()
            defer { client.close() }
            // One waits for the one before it in its conversation. More is to come, for which nobody waits.
            let lines =
                Self.line("a", #","conversationId":"c""#) + Self.line("b", #","conversationId":"c""#) + Self.line("c")
                + (0..<20).map { Self.line("n\($0)") }.joined()
            try await client.send(Self.head("?parallel=3", length: lines.utf8.count + 1000, id: "many") + lines)
            await gate.reached(2)
            #expect(try await app.send("POST", path, body).status == 200)
            let answer = try await client.readResponse()
            let rows = try Self.rows(answer.body)
            #expect(Self.codes(rows) == ["cancelled", "cancelled", "cancelled"])
            #expect(rows.compactMap { $0["index"]?.int } == [1, 2, 3])
            #expect(gate.arrivals == 2 && app.app.lasting.registry.count == 0)
        }
    }

    @Test("also where it waits for more lines")
    func cancelledIdle() async throws {
        try await Self.run { app, gate in
            gate.open()
            let client = try await app.connect()
            defer { client.close() }
            let line = Self.line("a")
            try await client.send(Self.head("", length: 1000, id: "many") + line)
            let begun = try await client.read(until: #""index":1"#)
            #expect(begun.contains("x-request-id: many"))
            let again = try await app.connect()
            defer { again.close() }
            try await again.send(Self.head("", length: line.utf8.count, id: "many") + line)
            #expect(try await again.readResponse().status == 409)
            let cancelled = try await app.send("POST", "/api/orchestrator/cancel", #"{"requestId":"many"}"#)
            #expect(cancelled.status == 200)
            // Its last chunk: the answer is whole.
            _ = try await client.read(until: "\r\n0\r\n\r\n")
            #expect(app.app.lasting.registry.count == 0)
        }
    }

    @Test("when the server stops, the lines at work are answered, no other is begun, and the answer breaks off")
    func draining() async throws {
        let gate = Gate()
        let text = try await RunningApp.run(
            { RunningApp.plain($0) + "server: { drain: 20s }\n" },
            upstream: { _ in
                await gate.pass()
                return .saying("ok")
            }
        ) { app in
            let (busy, idle) = (try await app.connect(), try await app.connect())
            let lines = (0..<9).map { Self.line("n\($0)") }.joined()
            try await busy.send(Self.head("?parallel=2", length: lines.utf8.count) + lines)
            // This one waits for a line that does not come, which must hold nothing up.
            try await idle.send(Self.head("", length: 1000))
            await gate.reached(2)
            while app.app.lasting.registry.count < 4 { await Task.yield() }
            return Task {
                // The server stops when this closure returns.
                while !app.app.lasting.drainState.isDraining { await Task.yield() }
                gate.open()
                let all = (try await busy.readToEnd(), try await idle.readToEnd())
                busy.close()
                idle.close()
                return all
            }
        }.value
        #expect(text.0.contains(#""index":1"#) && text.0.contains(#""index":2"#))
        #expect(!text.0.contains(#""index":3"#) && !text.0.contains("error"))
        #expect(!text.0.hasSuffix("\r\n0\r\n\r\n") && !text.1.hasSuffix("\r\n0\r\n\r\n"))
        #expect(gate.arrivals == 2)
    }

    @Test("lines of one conversation are answered in their order, each in the light of those before, however many")
    func conversation() async throws {
        try await Self.run { app, gate in
            gate.open()
            let client = try await app.connect()
            defer { client.close() }
            let count = 40
            let lines = (0..<count).map { Self.line("n\($0)", #","conversationId":"c""#) }.joined() + Self.line("alone")
            try await client.send(Self.head("?parallel=64", length: lines.utf8.count) + lines)
            let rows = try Self.rows(try await client.readResponse().body)
            #expect(rows.count == count + 1 && Self.codes(rows).allSatisfy { $0 == nil })
            for (number, row) in rows.dropLast().enumerated() {
                let content = try #require(row["answer"]?["content"]?.string)
                #expect(content.hasSuffix("n\(number)"))
                #expect(number == 0 || content.contains("n\(number - 1)/"))
                #expect(row["answer"]?["conversationId"] == "c")
            }
            #expect(rows.last?["answer"]?["conversationId"] == .null, "none that could be gone on with")
            #expect(rows.last?["answer"]?["content"] == "alone")
        }
    }
}
