import Base
import HTTP
import JSON
import Models
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Orchestrator
@testable import Server

/// Gives one answer after the other, whole.
private final class SequenceModel: ChatModel {
    private let answers: [ChatCompletion]
    private let received = Mutex<[ModelCall]>([])

    init(_ texts: [String], finish: FinishReason = .stop, then later: FinishReason? = nil) {
        answers = texts.enumerated().map { position, text in
            ChatCompletion(
                choices: [.init(text: text, finishReason: position == 0 ? finish : later ?? finish)],
                usage: Usage(promptTokens: 10, completionTokens: 2))
        }
    }

    var calls: [ModelCall] { received.withLock { $0 } }

    func start(_ call: ModelCall, context: RunContext) async throws(CodedError) -> any ModelStream {
        let position = received.withLock { calls in
            calls.append(call)
            return calls.count - 1
        }
        return WholeAnswer(answers[min(position, answers.count - 1)])
    }
}

@Suite("Answers whose form was asked for", .timeLimit(.minutes(1)))
struct StructuredAnswerTests {
    private static let schema =
        #"{"type":"object","properties":{"age":{"type":"integer"}},"required":["age"],"additionalProperties":false}"#

    private struct Turn {
        let model: SequenceModel
        let recorder = ListRecorder()
        var policy = ViolationPolicy.repair
        var streaming = false

        func ask(_ format: ResponseFormat, of request: (inout ChatRequest) -> Void = { _ in }) async throws
            -> ChatAnswer
        {
            let clock = TestClock()
            let directory = ModelDirectory(aliases: [], providers: [.init(name: "b", models: ["m"])])
            let orchestrator = try ChatOrchestrator(
                directory: directory,
                gateway: Gateway(models: ["b": model], observer: ServerMetrics(knownTargets: []), clock: clock),
                recorder: recorder, onViolation: policy, spans: MemorySpans(), time: clock,
                generator: SeededGenerator(seed: 1))
            var asked = ChatRequest(model: "b/m", messages: [ChatMessage(.user, "Who?")])
            asked.responseFormat = format
            asked.original = .init(
                dialect: .openai, bytes: Array(#"{"messages":[{"role":"user","content":"Who?"}],"x":1}"#.utf8))
            request(&asked)
            let context = RunContext(
                requestID: "req_1", runID: "run_1", scope: .local, deadline: nil,
                trace: TraceContext(traceHigh: 1, traceLow: 2, spanID: 3))
            return try await orchestrator.answer(asked, streaming: streaming, sink: nil, context: context)
        }
    }

    private static func format(_ text: String = schema, strict: Bool? = true) throws -> ResponseFormat {
        .jsonSchema(name: "person", schema: try JSONDocument(text).root, strict: strict)
    }

    @Test("an answer that follows the schema goes out as it is")
    func conforms() async throws {
        let turn = Turn(model: SequenceModel([#"{"age":36}"#]))
        #expect(try await turn.ask(try Self.format()).completion.text == #"{"age":36}"#)
        #expect(turn.model.calls.count == 1)
        #expect(turn.recorder.checks == [.conforms])
    }

    @Test("the model is asked once more, told what was wrong, and both calls are paid for")
    func repaired() async throws {
        let turn = Turn(model: SequenceModel([#"{"age":"old"}"#, #"{"age":36}"#]))
        let answer = try await turn.ask(try Self.format())
        #expect(answer.completion.text == #"{"age":36}"#)
        #expect(answer.completion.usage?.promptTokens == 20 && answer.completion.usage?.completionTokens == 4)
        #expect(answer.ledger?.tokens.input == 20 && answer.ledger?.tokens.output == 4)
        #expect(answer.attempts == 2)
        #expect(turn.recorder.checks == [.repaired])
        let again = try #require(turn.model.calls.last?.request)
        let sent = try #require(again.original?.bytes)
        #expect(String(decoding: sent, as: UTF8.self).contains("has not the form"))
        #expect(again.messages.map(\.role) == [.user, .assistant, .user])
        #expect(again.messages[1].text == #"{"age":"old"}"#)
        #expect(again.messages[2].text.contains("/age"))
    }

    @Test("a fence around the JSON is taken off without another call")
    func fence() async throws {
        let turn = Turn(model: SequenceModel(["Here it is:\n```json\n{\"age\": 36}\n```\n"]))
        #expect(try await turn.ask(try Self.format()).completion.text == #"{"age": 36}"#)
        #expect(turn.model.calls.count == 1)
        #expect(turn.recorder.checks == [.repaired])
    }

    @Test(
        "what cannot be mended is reported: still wrong, streamed, by policy",
        arguments: [(ViolationPolicy.repair, false, 2), (.repair, true, 1), (.report, false, 1), (.report, true, 1)])
    func reported(policy: ViolationPolicy, streaming: Bool, calls: Int) async throws {
        let turn = Turn(model: SequenceModel([#"{"age":"old"}"#]), policy: policy, streaming: streaming)
        let error = await #expect(throws: CodedError.self) { try await turn.ask(try Self.format()) }
        #expect(error?.code == .providerInvalidAnswer)
        #expect(error?.message.contains("/age") == true && error?.message.contains("old") == false)
        #expect(turn.model.calls.count == calls)
        #expect(turn.recorder.checks == [.reported])
    }

    @Test("by policy it goes out as it is, and is counted")
    func ignored() async throws {
        let turn = Turn(model: SequenceModel(["no JSON"]), policy: .ignore)
        #expect(try await turn.ask(try Self.format()).completion.text == "no JSON")
        #expect(turn.recorder.checks == [.ignored])
    }

    @Test("any JSON object will do where one was asked for, and nothing else")
    func anyObject() async throws {
        let turn = Turn(model: SequenceModel([#"{"x":[1]}"#]))
        #expect(try await turn.ask(.jsonObject).completion.text == #"{"x":[1]}"#)
        let other = Turn(model: SequenceModel(["[1]"]), policy: .report)
        await #expect(throws: CodedError.self) { try await other.ask(.jsonObject) }
    }

    @Test("an answer that was cut off, and a schema that is only a wish, are not checked")
    func unchecked() async throws {
        let cut = Turn(model: SequenceModel([#"{"age":"#], finish: .length))
        #expect(try await cut.ask(try Self.format()).completion.text == #"{"age":"#)
        #expect(cut.recorder.checks == [.conforms])
        for strict in [false, nil] {
            let wish = Turn(model: SequenceModel(["no JSON"]))
            #expect(try await wish.ask(try Self.format(strict: strict)).completion.text == "no JSON")
            #expect(wish.recorder.checks.isEmpty)
        }
    }

    @Test("what only the client's bytes say stays in them; without them it would be lost, so nobody is asked again")
    func foreign() async throws {
        let turn = Turn(model: SequenceModel([#"{"age":"old"}"#, #"{"age":36}"#]))
        _ = try await turn.ask(try Self.format()) { $0.hasForeignTools = true }
        let bytes = try #require(turn.model.calls.last?.request.original?.bytes)
        let body = try JSON(bytes)
        #expect(body["x"] == 1 && body["messages"]?.array?.count == 3)
        #expect(body["messages"]?[1] == ["role": "assistant", "content": #"{"age":"old"}"#])
        let lost = Turn(model: SequenceModel([#"{"age":"old"}"#]))
        await #expect(throws: CodedError.self) {
            try await lost.ask(try Self.format()) {
                $0.original = nil
                $0.hasForeignTools = true
            }
        }
        #expect(lost.model.calls.count == 1)
    }

    @Test("a text alone, as Responses take it, becomes a list with the answer and the demand")
    func responses() throws {
        var request = ChatRequest(model: "m", messages: [ChatMessage(.user, "Hi")])
        request.dialect = .responses
        request.original = .init(dialect: .responses, bytes: Array(#"{"input" : "Hi","store":true}"#.utf8))
        let grown = try #require(request.asking(again: "Again", after: "x"))
        #expect(
            try JSON(try #require(grown.original?.bytes)) == [
                "input": [
                    ["role": "user", "content": "Hi"], ["role": "assistant", "content": "x"],
                    ["role": "user", "content": "Again"],
                ], "store": true,
            ])
    }

    @Test(
        "a second answer that is none, or fails, is not repaired: the caller hears of the first one's faults",
        arguments: [FinishReason.length, .toolCalls, .contentFilter])
    func secondIsNone(finish: FinishReason) async throws {
        let turn = Turn(model: SequenceModel([#"{"age":"old"}"#, #"{"age":"#], finish: .stop, then: finish))
        let error = await #expect(throws: CodedError.self) { try await turn.ask(try Self.format()) }
        #expect(error?.code == .providerInvalidAnswer && error?.message.contains("/age") == true)
        #expect(turn.recorder.checks == [.reported])
    }

    @Test("a fence around the second answer is taken off, too")
    func secondFence() async throws {
        let turn = Turn(model: SequenceModel([#"{"age":"old"}"#, "```json\n{\"age\":36}\n```"]))
        #expect(try await turn.ask(try Self.format()).completion.text == #"{"age":36}"#)
        #expect(turn.recorder.checks == [.repaired])
    }

    @Test(
        "what is beyond our reader is JSON all the same",
        arguments: [
            #"{"age":1e400}"#, #"{"age":123456789012345678901234567890}"#,
            #"{"age":"# + String(repeating: "[", count: 200) + String(repeating: "]", count: 200) + "}",
        ])
    func beyondReader(text: String) async throws {
        let turn = Turn(model: SequenceModel([text]))
        #expect(try await turn.ask(.jsonObject).completion.text == text)
        #expect(turn.recorder.checks == [.undecided])
    }

    @Test("an answer whose beginning stands in the request is not checked")
    func prefill() async throws {
        let turn = Turn(model: SequenceModel([#""age":36}"#]))
        _ = try await turn.ask(try Self.format()) { $0.messages.append(ChatMessage(.assistant, "{")) }
        #expect(turn.recorder.checks.isEmpty)
    }

    @Test(
        "a schema that cannot be followed is refused before anything is sent, with its place in the client's dialect",
        arguments: [
            (Dialect.openai, "response_format.json_schema.schema"), (.anthropic, "output_config.format.schema"),
            (.responses, "text.format.schema"),
        ])
    func refused(dialect: Dialect, param: String) async throws {
        for schema in [
            ##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}"##,
            #"{"$ref":"https://example.org/schema.json"}"#, #"{"type":5}"#,
        ] {
            let turn = Turn(model: SequenceModel(["{}"]))
            let error = await #expect(throws: CodedError.self) {
                try await turn.ask(try Self.format(schema)) { $0.dialect = dialect }
            }
            #expect(error?.code.status == 400)
            #expect(error?.param?.hasPrefix(param) == true)
            #expect(turn.model.calls.isEmpty)
        }
    }
}
