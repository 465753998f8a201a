import Base
import HTTP
import JSON
import Models
import Testing

@testable import Orchestrator
@testable import Server

@Suite("The event stream of OpenAI's dialect")
struct OpenAIStreamFormatTests {
    private static let answer = ChatAnswer(
        target: Target(provider: "b", model: "m"), completion: ChatCompletion(choices: []), headers: HTTPHeaders(),
        attempts: 1)
    private static let answering = ChatSignal.said(
        .answering(Target(provider: "b", model: "m"), headers: ["x-ratelimit-limit": "7"]))

    private func format(usage: Bool = false) -> ChatStreamFormat<OpenAI> {
        var request = ChatRequest(model: "alias", messages: [])
        request.includeUsage = usage
        return ChatStreamFormat<OpenAI>(
            request: Shared(request), identity: AnswerIdentity(id: "chatcmpl-1", created: 7, model: "alias"),
            requestID: "req_7")
    }

    private func said(_ kind: ModelEvent.Kind, choice: Int = 0) -> ChatSignal {
        .said(.model(ModelEvent(kind, choice: choice)))
    }

    @Test("the stream opens with the first sign of an answering model, not with the pipeline's progress")
    func opens() {
        let format = format()
        #expect(format.opens(with: Self.answering))
        #expect(!format.opens(with: .nodeStarted("execute")))
        #expect(!format.opens(with: .nodeFinished("plan", .zero)))
        #expect(!format.opens(with: said(.text("x"))))
    }

    @Test("every chunk names the model that really answers; nodes are not of this dialect")
    func chunks() throws {
        let events = try stream(
            [
                .nodeStarted("validate"), .nodeFinished("validate", .milliseconds(1)), .nodeStarted("execute"),
                Self.answering, said(.text("Hel")), said(.text("lo")), said(.finish(.stop)),
                .nodeFinished("execute", .milliseconds(3)),
            ], then: .answer(Self.answer), as: format())
        #expect(events.count == 5)
        #expect(events.last?.text == "[DONE]")
        let chunks = events.dropLast().map(\.data)
        for chunk in chunks {
            #expect(chunk["model"] == "b/m")
            #expect(chunk["id"] == "chatcmpl-1")
            #expect(chunk["created"] == 7)
            #expect(chunk["object"] == "chat.completion.chunk")
            #expect(chunk["usage"] == nil)
        }
        let choices = chunks.compactMap { $0["choices"]?[0] }
        #expect(choices.first?["delta"] == ["role": "assistant", "content": ""])
        #expect(choices.compactMap { $0["delta"]?["content"]?.string } == ["", "Hel", "lo"])
        #expect(choices.map { $0["finish_reason"] } == [.null, .null, .null, "stop"])
    }

    @Test("usage has a chunk of its own at the end, when it was asked for and only then", arguments: [false, true])
    func usage(_ asked: Bool) throws {
        let events = try stream(
            [Self.answering, said(.text("x")), said(.usage(Usage(promptTokens: 2, completionTokens: 3)))],
            then: .answer(Self.answer), as: format(usage: asked))
        let usages = events.dropLast().filter { $0.data["choices"] == [] }.compactMap { $0.data["usage"] }
        #expect(usages.map { $0["total_tokens"] } == (asked ? [5] : []))
        #expect(events.last?.text == "[DONE]")
    }

    @Test("a frame of the same dialect goes through byte for byte but for the model")
    func frame() {
        var format = format()
        var bytes: [UInt8] = []
        format.signal(Self.answering, into: &bytes)
        let frame = #"{"x" : 1, "model":"theirs","choices":[{"index":0,"delta":{"content":"\u0041"}}],"own":[1.50]}"#
        let event = ModelEvent(.text("A"), source: .frame(Frame(dialect: .openai, bytes: Array(frame.utf8))))
        format.signal(.said(.model(event)), into: &bytes)
        #expect(
            String(decoding: bytes, as: UTF8.self) == "data: "
                + frame.replacing(#""theirs""#, with: #""b/m""#) + "\n\n")
    }

    @Test("a failure ends the stream with the envelope, and never with [DONE]")
    func failure() throws {
        let error = CodedError(.providerStreamBroken, "It broke.")
        let events = try stream([Self.answering, said(.text("x"))], then: .failure(error), as: format())
        #expect(events.count == 3)
        #expect(events.last?.data["error"]?["code"] == "provider_stream_broken")
        #expect(!events.contains { $0.text != nil })
    }

    @Test("a technical failure is told as one, with the request's id and without what it was")
    func technicalFailure() throws {
        let error = CodedError(.internalError, "The chat graph is odd.")
        let events = try stream([Self.answering, said(.text("x"))], then: .failure(error), as: format())
        let message = events.last?.data["error"]?["message"]?.string
        #expect(message == error.shown(requestID: "req_7").message)
        #expect(message?.contains("req_7") == true && message?.contains("graph") == false)
    }

    @Test("a failure after an early heartbeat, before any model, is an event too")
    func earlyFailure() throws {
        let events = try stream([.nodeStarted("plan")], then: .failure(CodedError(.overloaded, "Full.")), as: format())
        #expect(events.map { $0.data["error"]?["code"] } == ["overloaded"])
    }

    @Test("names with line ends stay within one JSON line")
    func hostile() throws {
        let name = "x\n\ndata: {\"evil\":1}\r\n\r\n"
        let call = ToolCallDelta(index: 0, id: "c", name: name, arguments: "{}")
        let events = try stream([Self.answering, said(.toolCall(call))], then: .answer(Self.answer), as: format())
        #expect(events.count == 3)
        let function = events[1].data["choices"]?[0]?["delta"]?["tool_calls"]?[0]?["function"]
        #expect(function?["name"] == .string(name))
    }

    @Test("the provider's headers are known once it answers")
    func headers() {
        var format = format()
        var bytes: [UInt8] = []
        #expect(format.headers.isEmpty)
        format.signal(Self.answering, into: &bytes)
        #expect(format.headers["x-ratelimit-limit"] == "7")
        #expect(bytes.isEmpty, "the sign itself shows nothing")
    }
}
