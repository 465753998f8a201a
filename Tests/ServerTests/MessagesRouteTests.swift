import Base
import HTTP
import HTTPServer
import JSON
import Models
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Orchestrator
@testable import Server

@Suite("The routes of Anthropic's dialect", .timeLimit(.minutes(1)))
struct MessagesRouteTests {
    /// What one exchange shows: the answer, and the calls and repairs behind it.
    private struct Seen {
        var response: TestResponse
        var calls: [ModelCall]
        var repairs: [Repairs]
        /// How many turns ran when they were told, which is when an answer's end is made.
        var running: [Int]

        var json: JSON { get throws { try JSON(response.body) } }
    }

    private static let message = #"{"model":"b/m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#
    private static let streaming = message.replacing(#""max_tokens":9"#, with: #""max_tokens":9,"stream":true"#)

    /// Sends one request through the whole pipeline to a model that does what it was told.
    private func ask(
        _ path: String, _ body: String, method: String = "POST", headers: String = "", of model: ScriptedModel
    ) async throws -> Seen {
        let clock = TestClock()
        let metrics = ServerMetrics(knownTargets: [])
        let drainState = DrainState()
        let registry = RunRegistry()
        let directory = ModelDirectory(aliases: [], providers: [.init(name: "b", models: ["m"])])
        let expert = Plan.Expert(name: "a", model: "b/m")
        var other = expert
        other.name = "b"
        let plans = try PlanBook(
            [PlanTemplate(name: "council", experts: [expert, other], fusion: .vote)], directory: directory)
        let gateway = Gateway(models: ["b": model], observer: metrics, clock: clock)
        let turns = Turns(
            orchestrator: try ChatOrchestrator(
                directory: directory, gateway: gateway,
                recorder: metrics, spans: MemorySpans(), time: clock, generator: SeededGenerator(seed: 1)),
            registry: registry, drainState: drainState, metrics: metrics,
            settings: Turns.Settings(maxBody: 1000, total: .seconds(60), heartbeat: .seconds(60)), time: clock,
            generator: SeededGenerator(seed: 2))
        let repairs = Mutex<[(told: Repairs, running: Int)]>([])
        let note = { @Sendable told in repairs.withLock { $0.append((told, registry.count)) } }
        let routes = [
            ChatRoute(Anthropic.self, at: "/v1/messages", .messages, ids: .message, turns: turns, repaired: note).route,
            CountTokensRoute(turns: turns, plans: plans, gateway: gateway).route,
            ChatRoute(
                OpenAI.self, at: "/v1/chat/completions", .chatCompletions, ids: .completion, turns: turns,
                repaired: note
            ).route,
        ]
        let pipeline = RequestPipeline(
            routes: routes, hostAndOrigin: HostAndOrigin(hosts: [], origins: []),
            logger: Logger(sink: MemoryLog(), level: .error, time: clock), metrics: metrics, drainState: drainState,
            time: clock, generator: SeededGenerator(seed: 3))
        let response = try await TestServer.run(
            handler: { request, writer in await pipeline.handle(request, writer) },
            { server in
                let client = try await server.connect()
                try await client.send(
                    "\(method) \(path) HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\(headers)"
                        + "content-length: \(body.utf8.count)\r\n\r\n\(body)")
                return try await client.readResponse()
            })
        let told = repairs.withLock { $0 }
        return Seen(
            response: response, calls: model.calls, repairs: told.map(\.told), running: told.map(\.running))
    }

    @Test("a message is answered whole, under an id of its own, with the request's id where clients look for it")
    func whole() async throws {
        let seen = try await ask(
            "/v1/messages", Self.message, headers: "x-request-id: mine-1\r\nanthropic-version: 2023-06-01\r\n",
            of: .saying("Hello"))
        #expect(seen.response.status == 200)
        #expect(seen.response["content-type"] == "application/json")
        #expect(seen.response["request-id"] == "mine-1" && seen.response["x-request-id"] == "mine-1")
        #expect(seen.response["x-ratelimit-limit"] == "7", "the provider's headers that may be passed on are")
        var body = try seen.json
        #expect(body["id"]?.string?.hasPrefix("msg_") == true)
        body["id"] = nil
        #expect(
            body == [
                "type": "message", "role": "assistant", "model": "b/m",
                "content": [["type": "text", "text": "Hello"]], "stop_reason": "end_turn", "stop_sequence": nil,
                "usage": [
                    "input_tokens": 2, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
                    "output_tokens": 1,
                ],
            ])
        let call = try #require(seen.calls.first)
        #expect(call.model == "m" && !call.streaming && call.request.maxTokens == 9)
        #expect(call.request.original?.dialect == .anthropic)
        #expect(seen.repairs.isEmpty)
    }

    @Test("a stream is the message's events, with the query that the provider's clients add, and no other end")
    func stream() async throws {
        let seen = try await ask("/v1/messages?beta=true", Self.streaming, of: .saying("Hello"))
        #expect(seen.response.status == 200)
        #expect(seen.response["content-type"] == "text/event-stream; charset=utf-8")
        #expect(seen.response["request-id"] == seen.response["x-request-id"])
        #expect(seen.response["request-id"] != nil)
        let events = try events(seen.response.body)
        #expect(
            events.map(\.name) == [
                "message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta",
                "message_stop",
            ])
        #expect(events.allSatisfy { $0.data["type"]?.string == $0.name })
        #expect(events.first?.data["message"]?["model"] == "b/m")
        #expect(events[4].data["usage"]?["output_tokens"] == 1)
        #expect(seen.calls.map(\.streaming) == [true])
    }

    @Test("an answer that breaks off ends in an error event with the request's id")
    func brokenStream() async throws {
        let model = ScriptedModel(
            [ModelEvent(.text("Hel"))], then: .failure(CodedError(.providerStreamBroken, "It broke.")))
        let seen = try await ask("/v1/messages", Self.streaming, headers: "x-request-id: mine-1\r\n", of: model)
        let last = try #require(try events(seen.response.body).last)
        #expect(last.name == "error")
        #expect(
            last.data == [
                "type": "error", "error": ["type": "api_error", "message": "It broke."], "request_id": "mine-1",
            ])
    }

    @Test("a failure before anything was shown has its status, streaming or not", arguments: [message, streaming])
    func refusal(body: String) async throws {
        let error = CodedError(.providerRateLimited, "Slow down.", retryAfter: .seconds(3))
        let seen = try await ask("/v1/messages", body, of: ScriptedModel(refusing: error))
        #expect(seen.response.status == 429)
        #expect(seen.response["retry-after"] == "3")
        #expect(try seen.json["error"] == ["type": "rate_limit_error", "message": "Slow down."])
    }

    static let faults: [(path: String, method: String, body: String, status: Int, type: String, words: String)] = [
        ("/v1/messages", "POST", "[]", 400, "invalid_request_error", "JSON object"),
        (
            "/v1/messages", "POST", message.replacing("user", with: "system"), 400, "invalid_request_error",
            "messages[0].role"
        ),
        ("/v1/messages", "POST", message.replacing("b/m", with: "b/n"), 404, "not_found_error", "b/n"),
        ("/v1/messages", "POST", String(repeating: " ", count: 1001), 413, "request_too_large", ""),
        ("/v1/messages", "GET", "", 405, "invalid_request_error", "method"),
        ("/v1/messages/nothing", "POST", "{}", 404, "not_found_error", ""),
        ("/v1/messages/count_tokens", "POST", "{}", 400, "invalid_request_error", "model"),
        (
            "/v1/messages/count_tokens", "POST", message.replacing("b/m", with: "b/n"), 404, "not_found_error", "b/n"
        ),
        (
            "/v1/messages/count_tokens", "POST", message.replacing("b/m", with: "plan/x"), 404, "not_found_error",
            "plan 'x'"
        ),
    ]

    @Test("whatever fails below the path has the envelope of the dialect and reaches no model", arguments: faults)
    func envelope(
        _ row: (path: String, method: String, body: String, status: Int, type: String, words: String)
    ) async throws {
        let seen = try await ask(row.path, row.body, method: row.method, of: .saying("x"))
        #expect(seen.response.status == row.status)
        #expect(seen.response["content-type"] == "application/json")
        let body = try seen.json
        #expect(body["type"] == "error")
        #expect(body["error"]?["type"]?.string == row.type)
        #expect(row.words.isEmpty || body["error"]?["message"]?.string?.contains(row.words) == true)
        #expect(body["request_id"]?.string == seen.response["request-id"])
        #expect(seen.calls.isEmpty)
    }

    @Test("other paths keep OpenAI's envelope and headers")
    func otherPaths() async throws {
        for path in ["/v1/chat/completions", "/v1/messagesx"] {
            let seen = try await ask(path, "[]", of: .saying("x"))
            #expect(try seen.json["error"]?["code"] != nil, "\(path)")
            #expect(seen.response["request-id"] == nil)
        }
    }

    @Test("tokens are counted by an estimate that says so, for models and plans", arguments: ["b/m", "plan/council"])
    func countTokens(model: String) async throws {
        let body = #"{"model":"\#(model)","messages":[{"role":"user","content":"What is the capital of France?"}]}"#
        let seen = try await ask("/v1/messages/count_tokens?beta=true", body, of: .saying("x"))
        #expect(seen.response.status == 200)
        #expect(seen.response["x-tutti-estimate"] == "true")
        #expect(try seen.json.object?.map(\.key) == ["input_tokens"])
        #expect((8...24).contains(try seen.json["input_tokens"]?.int ?? 0))
        #expect(seen.calls.isEmpty)
    }

    @Test("who is in no hurry says so in a header, and anything else in it is refused before a model is asked")
    func priority() async throws {
        for (header, wanted) in [("", RunContext.Priority.interactive), ("interactive", .interactive), ("bulk", .bulk)]
        {
            let model = ScriptedModel.saying("x")
            let line = header.isEmpty ? "" : "x-tutti-priority: \(header)\r\n"
            let seen = try await ask("/v1/messages", Self.message, headers: line, of: model)
            #expect(seen.response.status == 200)
            #expect(model.priorities == [wanted])
        }
        let model = ScriptedModel.saying("x")
        let seen = try await ask("/v1/messages", Self.message, headers: "x-tutti-priority: high\r\n", of: model)
        #expect(seen.response.status == 400)
        #expect(try seen.json["error"]?["message"]?.string?.contains("x-tutti-priority") == true)
        #expect(model.calls.isEmpty)
    }

    @Test("a stream that breaks off gives its id up before it says so")
    func brokenStreamLeaves() async throws {
        let call = ToolCallDelta(index: 0, id: nil, name: "f", arguments: "{}")
        let model = ScriptedModel(
            [ModelEvent(.toolCall(call))], then: .failure(CodedError(.providerStreamBroken, "It broke.")))
        let seen = try await ask("/v1/messages", Self.streaming, of: model)
        #expect(try events(seen.response.body).last?.name == "error")
        #expect(seen.running == [0])
    }

    @Test("what had to be mended is told, streaming or not", arguments: [message, streaming])
    func repairs(body: String) async throws {
        let call = ToolCallDelta(index: 0, id: nil, name: "f", arguments: "{}")
        let seen = try await ask(
            "/v1/messages", body, of: ScriptedModel([ModelEvent(.toolCall(call)), ModelEvent(.finish(.stop))]))
        #expect(seen.response.status == 200)
        #expect(seen.response.text.contains("\"tool_use\""))
        #expect(seen.repairs.map { $0[.toolCallID] } == [1])
        #expect(seen.repairs.map { $0[.finishReason] } == [1])
        #expect(seen.running == [0], "who has the end may use the id again, and finds nothing to cancel")
    }
}
