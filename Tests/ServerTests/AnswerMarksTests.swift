import Base
import HTTP
import HTTPServer
import JSON
import Models
import Telemetry
import TestKit
import Testing

@testable import Orchestrator
@testable import Server

/// A model whose answers are marked, as the gateway gives them when every target has failed or faults are rehearsed.
private struct MarkedModel: ChatModel {
    let model: ScriptedModel
    let marks: AnswerMarks

    func start(_ call: ModelCall, context: RunContext) async throws(CodedError) -> any ModelStream {
        MarkedStream(try await model.start(call, context: context), marks)
    }
}

@Suite("How an answer says what was done to it", .timeLimit(.minutes(1)))
struct AnswerMarksTests {
    private static let paths = [
        "/v1/chat/completions", "/v1/messages", "/v1/responses", "/api/orchestrator/chat",
    ]

    /// Every mark that there may be, and the two headers for it.
    private static let rows: [(marks: AnswerMarks, degraded: String?, chaos: String?)] =
        [(marks(nil, false), nil, nil), (marks(nil, true), nil, "true")]
        + Degradation.allCases.map { (marks($0, false), $0.rawValue, nil) }
        + [(marks(.text, true), "text", "true")]

    private static func marks(_ degraded: Degradation?, _ isChaotic: Bool) -> AnswerMarks {
        var marks = AnswerMarks()
        (marks.degraded, marks.isChaotic) = (degraded, isChaotic)
        return marks
    }

    private static func body(_ path: String, stream: Bool) -> String {
        let stream = stream ? #","stream":true"# : ""
        switch path {
        case "/v1/responses": return #"{"model":"b/m","input":"hi"\#(stream)}"#
        case "/v1/messages":
            return #"{"model":"b/m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]\#(stream)}"#
        default: return #"{"model":"b/m","messages":[{"role":"user","content":"hi"}]\#(stream)}"#
        }
    }

    private struct World {
        let recorder = ListRecorder()

        func ask(_ path: String, _ body: String, of model: any ChatModel) async throws -> TestResponse {
            try await talk(path, body, of: model) { client in try await client.readResponse() }
        }

        func talk<Heard: Sendable>(
            _ path: String, _ body: String, of model: any ChatModel, heartbeat: Duration = .seconds(60),
            _ hear: @escaping @Sendable (TCPClient) async throws -> Heard
        ) async throws -> Heard {
            let clock = TestClock()
            let metrics = ServerMetrics(knownTargets: [])
            let drainState = DrainState()
            let directory = ModelDirectory(aliases: [], providers: [.init(name: "b", models: ["m"])])
            let gateway = Gateway(models: ["b": model], observer: metrics, clock: clock)
            let turns = Turns(
                orchestrator: try ChatOrchestrator(
                    directory: directory, gateway: gateway, recorder: recorder, spans: MemorySpans(), time: clock,
                    generator: SeededGenerator(seed: 1)),
                registry: RunRegistry(), drainState: drainState, metrics: metrics,
                settings: Turns.Settings(maxBody: 1000, total: .seconds(60), heartbeat: heartbeat), time: clock,
                generator: SeededGenerator(seed: 2))
            let routes = [
                ChatRoute(
                    OpenAI.self, at: paths[0], .chatCompletions, ids: .completion, turns: turns, repaired: { _ in }
                ).route,
                ChatRoute(Anthropic.self, at: paths[1], .messages, ids: .message, turns: turns, repaired: { _ in })
                    .route,
                ChatRoute(Responses.self, at: paths[2], .responses, ids: .response, turns: turns, repaired: { _ in })
                    .route,
                OrchestratorChatRoute(turns: turns).route,
            ]
            let pipeline = RequestPipeline(
                routes: routes, hostAndOrigin: HostAndOrigin(hosts: [], origins: []),
                logger: Logger(sink: MemoryLog(), level: .error, time: clock), metrics: metrics,
                drainState: drainState, time: clock, generator: SeededGenerator(seed: 3))
            return try await TestServer.run(
                handler: { request, writer in await pipeline.handle(request, writer) },
                { server in
                    let client = try await server.connect()
                    try await client.send(
                        "POST \(path) HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
                            + "content-length: \(body.utf8.count)\r\n\r\n\(body)")
                    return try await hear(client)
                })
        }
    }

    @Test("every route says it in its headers, streaming or not, and says nothing of a clean answer", arguments: paths)
    func headers(path: String) async throws {
        for streaming in [false, true] {
            for row in Self.rows {
                let world = World()
                let model = MarkedModel(model: .saying("Hello"), marks: row.marks)
                let response = try await world.ask(path, Self.body(path, stream: streaming), of: model)
                #expect(response.status == 200)
                let isNativeStream = streaming && path == "/api/orchestrator/chat"
                // Its head is sent before anybody answers.
                #expect(response["x-tutti-degraded"] == (isNativeStream ? nil : row.degraded))
                #expect(response["x-tutti-chaos"] == (isNativeStream ? nil : row.chaos))
                #expect(response.text.contains("Hello"))
                let records = world.recorder.records
                #expect(records.map(\.marks) == [row.marks])
                #expect(records.map(\.verdict) == [.passed], "it is whole, whatever it is marked with")
                #expect(records.first?.marks.isClean == (row.degraded == nil && row.chaos == nil))
            }
        }
    }

    @Test("a native answer and the event COMPLETE have members for it, and only then", arguments: [true, false])
    func members(streaming: Bool) async throws {
        let path = "/api/orchestrator/chat"
        for row in Self.rows {
            let model = MarkedModel(model: .saying("Hello"), marks: row.marks)
            let response = try await World().ask(path, Self.body(path, stream: streaming), of: model)
            let answer: JSON
            if streaming {
                let last = try #require(try events(response.body).last)
                #expect(last.name == "COMPLETE")
                answer = last.data
            } else {
                answer = try JSON(response.body)
            }
            let names = try #require(answer.object?.map(\.key))
            #expect(answer["degraded"]?.string == row.degraded)
            #expect(names.contains("degraded") == (row.degraded != nil))
            #expect(answer["chaos"] == (row.chaos == nil ? nil : true))
            #expect(answer["cached"] == false)
        }
    }

    @Test("an answer that was asked for again keeps the marks of both", arguments: [true, false])
    func repaired(first: Bool) async throws {
        var request = ChatRequest(model: "b/m", messages: [ChatMessage(.user, "Hi")])
        request.responseFormat = .jsonObject
        let clock = TestClock()
        let recorder = ListRecorder()
        let model = TurnsModel([
            (first ? Self.marks(.local, false) : AnswerMarks(), "no JSON"),
            (first ? AnswerMarks() : Self.marks(nil, true), "{}"),
        ])
        let orchestrator = try ChatOrchestrator(
            directory: ModelDirectory(aliases: [], providers: [.init(name: "b", models: ["m"])]),
            gateway: Gateway(models: ["b": model], observer: ServerMetrics(knownTargets: []), clock: clock),
            recorder: recorder, spans: MemorySpans(), time: clock, generator: SeededGenerator(seed: 1))
        let answer = try await orchestrator.answer(
            request, streaming: false, sink: nil,
            context: RunContext(
                requestID: "r", runID: "r", scope: .local, deadline: nil,
                trace: TraceContext(traceHigh: 1, traceLow: 2, spanID: 3)))
        #expect(answer.completion.text == "{}")
        #expect(answer.marks == Self.marks(first ? .local : nil, !first))
        #expect(recorder.records.map(\.marks) == [answer.marks])
    }

    @Test("a stream whose head went out early, with a heartbeat, says it in a comment before the answer")
    func earlyHead() async throws {
        let gate = EventLog<String>()
        let model = LateModel(
            gate: gate, model: MarkedModel(model: .saying("Hello"), marks: Self.marks(.text, false)))
        let path = Self.paths[0]
        let text = try await World().talk(
            path, Self.body(path, stream: true), of: model, heartbeat: .milliseconds(1)
        ) { client in
            let early = try await client.read(until: ":\n\n")
            gate.append("go")
            return try await early + client.read(until: "[DONE]")
        }
        let comment = try #require(text.firstRange(of: ": x-tutti-degraded: text\n\n"))
        let answer = try #require(text.firstRange(of: "Hello"))
        #expect(comment.upperBound <= answer.lowerBound)
        #expect(text.ranges(of: "x-tutti-degraded").count == 1)
    }

    @Test("the comments are those of the headers that tell marks")
    func comments() {
        var headers: HTTPHeaders = ["x-ratelimit-limit": "7"]
        #expect(AnswerMarks.comments(of: headers).isEmpty)
        Self.marks(.stale, true).set(in: &headers)
        let text = String(decoding: AnswerMarks.comments(of: headers), as: UTF8.self)
        #expect(text == ": x-tutti-degraded: stale\n\n: x-tutti-chaos: true\n\n")
    }
}

/// Begins to answer when it may.
private struct LateModel: ChatModel {
    let gate: EventLog<String>
    let model: MarkedModel

    func start(_ call: ModelCall, context: RunContext) async throws(CodedError) -> any ModelStream {
        do { try await gate.first { $0 == "go" } } catch { throw CodedError(.providerTimeout, "\(error)") }
        return try await model.start(call, context: context)
    }
}

/// Answers one turn after the other, each with marks of its own.
private final class TurnsModel: ChatModel {
    private let turns: EventLog<String>
    private let answers: [(AnswerMarks, String)]

    init(_ answers: [(AnswerMarks, String)]) {
        self.answers = answers
        turns = EventLog()
    }

    func start(_ call: ModelCall, context: RunContext) async throws(CodedError) -> any ModelStream {
        let turn = min(turns.events.count, answers.count - 1)
        turns.append(call.model)
        let model = ScriptedModel.saying(answers[turn].1)
        return MarkedStream(try await model.start(call, context: context), answers[turn].0)
    }
}
