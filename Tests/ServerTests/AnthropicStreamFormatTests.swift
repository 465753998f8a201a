import Base
import HTTP
import JSON
import Models
import Testing

@testable import Orchestrator
@testable import Server

@Suite("The event stream of Anthropic's dialect")
struct AnthropicStreamFormatTests {
    private static let answer = ChatAnswer(
        target: Target(provider: "b", model: "m"), completion: ChatCompletion(choices: []), headers: HTTPHeaders(),
        attempts: 1)
    private static let answering = ChatSignal.said(
        .answering(Target(provider: "b", model: "m"), headers: ["x-ratelimit-limit": "7"]))

    private let format = ChatStreamFormat<Anthropic>(
        request: Shared(ChatRequest(model: "alias", messages: [])),
        identity: AnswerIdentity(id: "msg_1", created: 7, model: "alias"), requestID: "req_7")

    private func said(_ kind: ModelEvent.Kind) -> ChatSignal { .said(.model(ModelEvent(kind))) }

    @Test("the stream opens with the first sign of an answering model, not with the pipeline's progress")
    func opens() {
        #expect(format.opens(with: Self.answering))
        #expect(!format.opens(with: .nodeStarted("execute")))
        #expect(!format.opens(with: .nodeFinished("plan", .zero)))
        #expect(!format.opens(with: said(.text("x"))))
    }

    @Test("the message names the model that really answers; nodes are not of this dialect")
    func events() throws {
        let events = try stream(
            [
                .nodeStarted("validate"), .nodeFinished("validate", .milliseconds(1)), .nodeStarted("execute"),
                Self.answering, said(.text("Hel")), said(.text("lo")), said(.finish(.stop)),
                .nodeFinished("execute", .milliseconds(3)),
            ], then: .answer(Self.answer), as: format)
        #expect(
            events.compactMap(\.name) == [
                "message_start", "content_block_start", "content_block_delta", "content_block_delta",
                "content_block_stop", "message_delta", "message_stop",
            ])
        #expect(events.first?.data["message"]?["model"] == "b/m")
        #expect(events.first?.data["message"]?["id"] == "msg_1")
        #expect(events.compactMap { $0.data["delta"]?["text"]?.string } == ["Hel", "lo"])
    }

    @Test("a failure ends the stream with the envelope, and never with message_stop")
    func failure() throws {
        let error = CodedError(.providerStreamBroken, "It broke.")
        let events = try stream([Self.answering, said(.text("x"))], then: .failure(error), as: format)
        #expect(events.last?.name == "error")
        #expect(events.last?.data["error"]?["type"] == "api_error")
        #expect(events.last?.data["request_id"] == "req_7")
        #expect(!events.contains { $0.name == "message_stop" })
    }

    @Test("a failure after an early heartbeat, before any model, is an event too")
    func earlyFailure() throws {
        let events = try stream([.nodeStarted("plan")], then: .failure(CodedError(.overloaded, "Full.")), as: format)
        #expect(events.map(\.name) == ["error"])
        #expect(events.first?.data["error"]?["type"] == "overloaded_error")
    }

    @Test("the provider's headers are known once it answers")
    func headers() {
        var format = format
        var bytes: [UInt8] = []
        #expect(format.headers.isEmpty)
        format.signal(Self.answering, into: &bytes)
        #expect(format.headers["x-ratelimit-limit"] == "7")
        #expect(bytes.isEmpty, "the sign itself shows nothing")
    }
}
