import Base
import HTTP
import HTTPServer
import JSON
import Orchestrator
import TestKit
import Testing

@testable import Server

/// What a whole server counts as asked and as answered, however a turn came in.
@Suite("Statistics of runs", .timeLimit(.minutes(2)))
struct RunStatisticsTests {
    private static let configuration = { @Sendable (upstream: String) in
        RunningApp.plain(upstream).replacing("failures: 1", with: "failures: 100") + "server: { drain: 0s }\n"
    }

    /// Says a word and breaks.
    private static let broken = Response(
        status: 200, headers: ["content-type": "text/event-stream"],
        body: Array(
            (#"data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}"# + "\n\n"
                + #"data: {"error":{"message":"gone","type":"server_error"}}"# + "\n\n").utf8))

    private static func run(
        _ upstream: @escaping @Sendable (Request) async -> Response = { _ in .saying("ok") },
        _ body: @escaping @Sendable (RunningApp) async throws -> Void
    ) async throws {
        try await RunningApp.run(configuration, upstream: upstream, body)
    }

    private static func expect(
        _ running: RunningApp, requests: Int64, succeeded: Int64, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let found = try await running.send("GET", "/api/orchestrator/metrics").json
        #expect(found["requests"]?.int == requests, sourceLocation: sourceLocation)
        #expect(found["succeeded"]?.int == succeeded, sourceLocation: sourceLocation)
        let rate: JSON? = requests == 0 ? .null : .double(Double(succeeded) / Double(requests))
        #expect(found["successRate"]?.double == rate?.double, sourceLocation: sourceLocation)
        #expect((found["latency"] == .null) == (requests == 0), sourceLocation: sourceLocation)
    }

    @Test(
        "a stream that breaks after its first token is no success, whatever its status",
        arguments: ["/v1/chat/completions", "/api/orchestrator/chat"])
    func brokenStream(_ path: String) async throws {
        try await Self.run({ _ in Self.broken }) { running in
            let body = #"{"model":"one","stream":true,"messages":[{"role":"user","content":"hello"}]}"#
            for _ in 0..<3 {
                let answer = try await running.send("POST", path, body)
                #expect(answer.status == 200 && answer.text.contains("Hel"))
            }
            try await Self.expect(running, requests: 3, succeeded: 0)
        }
    }

    @Test("each line of a bulk request counts, and by what became of it")
    func bulk() async throws {
        let upstream = { @Sendable (request: Request) async -> Response in
            let body = String(decoding: (try? await request.body(limit: 1 << 20)) ?? [], as: UTF8.self)
            return body.contains("bad") ? .failing(500) : .saying("ok")
        }
        try await Self.run(upstream) { running in
            let lines = ["bad", "good", "bad", "bad"].map { #"{"model":"one","message":"\#($0)"}"# + "\n" }.joined()
            let request = RunningApp.request("POST", "/api/orchestrator/bulk", lines)
                .replacing("application/json", with: "application/jsonl")
            let client = try await running.connect()
            defer { client.close() }
            try await client.send(request)
            #expect(try await client.readResponse().status == 200)
            try await Self.expect(running, requests: 4, succeeded: 1)
        }
    }

    @Test("a turn over a socket counts as any other")
    func socket() async throws {
        try await Self.run { running in
            let client = try await WebSocketClient.connect(
                running.port, WebSocketClient.request("/api/orchestrator/ws"))
            for (model, last) in [("one", "COMPLETE"), ("none", "ERROR")] {
                try await client.send(#"{"type":"chat","requestId":"\#(model)","model":"\#(model)","message":"hello"}"#)
                while try JSON(Array(try await client.text().utf8))["event"]?.string != last {}
            }
            try await Self.expect(running, requests: 2, succeeded: 1)
        }
    }

    @Test("embeddings count as turns do")
    func embeddings() async throws {
        let upstream = { @Sendable (request: Request) async -> Response in
            let body = String(decoding: (try? await request.body(limit: 1 << 20)) ?? [], as: UTF8.self)
            if body.contains("bad") { return .failing(500) }
            let vector = #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5]}],"model":"m"}"#
            return Response(
                status: 200, headers: ["content-type": "application/json"], body: Array(vector.utf8))
        }
        try await Self.run(upstream) { running in
            for (input, status) in [("good", 200), ("bad", 502)] {
                let body = #"{"model":"one","input":"\#(input)"}"#
                #expect(try await running.send("POST", "/v1/embeddings", body).status == status)
            }
            try await Self.expect(running, requests: 2, succeeded: 1)
        }
    }

    @Test("a cancelled turn is neither success nor failure, nor is one whose caller has hung up")
    func cancelled() async throws {
        let gate = Gate()
        let upstream = { @Sendable (_: Request) async -> Response in
            await gate.pass()
            return .saying("ok")
        }
        try await Self.run(upstream) { running in
            defer { gate.open() }
            let client = try await running.connect()
            defer { client.close() }
            let turn = #"{"model":"one","message":"hello","requestId":"mine"}"#
            try await client.send(RunningApp.request("POST", "/api/orchestrator/chat", turn))
            await gate.reached(1)
            let cancelled = try await running.send("POST", "/api/orchestrator/cancel", #"{"requestId":"mine"}"#)
            #expect(cancelled.status == 200)
            #expect(try await client.readResponse().status == 499)
            let gone = try await running.connect()
            try await gone.send(RunningApp.request("POST", "/api/orchestrator/chat", turn))
            await gate.reached(2)
            gone.close()
            while running.app.lasting.registry.count > 0 { await Task.yield() }
            try await Self.expect(running, requests: 0, succeeded: 0)
        }
    }

    @Test("what is refused before it runs, and what asks no model, is no run")
    func refused() async throws {
        try await Self.run { running in
            #expect(try await running.send("POST", "/v1/chat/completions", "{").status == 400)
            #expect(try await running.send("GET", "/v1/models").status == 200)
            try await Self.expect(running, requests: 0, succeeded: 0)
            #expect(try await running.chat("one") == 200)
            try await Self.expect(running, requests: 1, succeeded: 1)
        }
    }
}
