import Base
import Foundation
import HTTP
import JSON
import Models
import Testing

@Suite("Recorded exchanges with Responses providers", .enabled(if: Recording.isThere, Recording.skipped))
struct ResponsesRecordingsTests {
    static let all = RecordedExchange.load(Recording.files + ["pydanticai_openai_responses"]) { url in
        url.hasSuffix("/responses")
    }
    static let streams = all.filter { $0.frames.count > 0 }
    static let wholes = all.filter { $0.frames.isEmpty && $0.status == 200 }
    static let errors = all.filter { $0.status != 200 }

    @Test("there are as many as we count on")
    func count() {
        #expect(Self.all.count == 87)
        #expect(Self.streams.count == 24)
        #expect(Self.wholes.count == 62)
        #expect(Self.errors.count == 1)
    }

    @Test("a whole answer is what its JSON says", arguments: wholes)
    func whole(exchange: RecordedExchange) throws {
        let completion = try Responses.decodeCompletion(exchange.body)
        try ExpectedOutput(try JSON(exchange.body)).check(completion)
        #expect(completion.frame == Frame(dialect: .responses, bytes: exchange.body))
    }

    @Test(
        "a stream is what its frames say, each of which goes through, and what its last one repeats", arguments: streams
    )
    func streamed(exchange: RecordedExchange) throws {
        let (events, error) = ResponsesStreamTests.decode(exchange.body, cutEvery: 61)
        #expect(error == nil)
        let frames = exchange.frames.filter { $0 != "[DONE]" }
        let passed = events.compactMap { event -> String? in
            if case .frame(let frame) = event.source { text(frame.bytes) } else { nil }
        }
        #expect(passed == frames)
        var assembler = Assembler()
        for event in events { assembler.add(event) }
        let values = try frames.map { try JSON(Array($0.utf8)) }
        var said = ""
        var thought = ""
        for value in values {
            let delta = value["delta"]?.string ?? ""
            if value["type"] == "response.output_text.delta" { said += delta }
            if value["type"] == "response.reasoning_text.delta" { thought += delta }
        }
        let completion = assembler.completion
        #expect(completion.text == said)
        #expect(completion.choices.first?.reasoning ?? "" == thought)
        let last = try #require(values.last?["response"])
        try ExpectedOutput(last).check(completion)
        // The whole answer, told at once, is the same.
        let whole = try Responses.decodeCompletion(last.bytes)
        #expect(whole.choices == completion.choices)
        #expect(whole.usage == completion.usage)
        let seals = events.compactMap { if case .sealedReasoning(let seal) = $0.kind { seal } else { nil } }
        let done = values.filter { $0["type"] == "response.output_item.done" && $0["item"]?["type"] == "reasoning" }
        #expect(seals == done.compactMap { $0["item"]?["encrypted_content"]?.string })
        #expect(events.filter { if case .usage = $0.kind { true } else { false } }.count == 1)
        #expect(events.filter { if case .finish = $0.kind { true } else { false } }.count == 1)
    }

    @Test("cut at every byte, a stream gives the same events", arguments: streams)
    func cuts(exchange: RecordedExchange) {
        // The end of a long stream is like its beginning: the cost grows with the square.
        let bytes = Array(exchange.body.prefix(3000))
        let whole = ResponsesStreamTests.decode(bytes, cutEvery: bytes.count)
        for cut in 1..<bytes.count {
            var decoder = Responses.StreamDecoder()
            var events: [ModelEvent] = []
            try? decoder.feed(Array(bytes[..<cut]), into: &events)
            try? decoder.feed(Array(bytes[cut...]), into: &events)
            try? decoder.finish(into: &events)
            #expect(events == whole.events)
        }
        let complete = ResponsesStreamTests.decode(exchange.body, cutEvery: exchange.body.count)
        #expect(complete.events.count > 5)
        #expect(ResponsesStreamTests.decode(exchange.body, cutEvery: 1).events == complete.events)
    }

    @Test("what clients asked goes on byte for byte but for the model and the stream flag", arguments: all)
    func asked(exchange: RecordedExchange) throws {
        let asked = try JSON(exchange.request)
        var request = ChatRequest(model: "mine", messages: [])
        request.dialect = .responses
        request.stream = asked["stream"]?.bool ?? false
        request.original = ChatRequest.Original(dialect: .responses, bytes: exchange.request)
        for streaming in [true, false] {
            let call = ModelCall(request: request, model: "real", streaming: streaming)
            let sent = try Responses.encodeRequest(call, asksForUsage: true)
            #expect(try JSON(sent)["model"] == "real")
            #expect(try JSON(sent)["stream"]?.bool ?? false == streaming)
            var restored = sent
            for (name, value) in [("model", asked["model"]), ("stream", asked["stream"])] {
                restored =
                    value.map { JSONMembers.replacing(name, with: $0.bytes, in: restored) }
                    ?? JSONMembers.removing(name, in: restored)
            }
            #expect(text(restored) == text(exchange.request))
        }
    }

    @Test("a recorded error has its meaning", arguments: errors)
    func error(exchange: RecordedExchange) {
        let error = Responses.decodeError(
            status: exchange.status, headers: HTTPHeaders(), body: exchange.body, wall: ErrorsTests.wall)
        #expect(error.code == .providerRefused)
        #expect(error.message.contains("No tool output found for tool call call-a."))
    }
}

/// What an answer holds, taken from its JSON without the decoder.
private struct ExpectedOutput {
    var text = ""
    var thoughts = ""
    var calls: [ToolCall] = []
    let status: String
    let usage: JSON?

    init(_ response: JSON) {
        status = response["status"]?.string ?? ""
        usage = response["usage"]?.object == nil ? nil : response["usage"]
        for item in response["output"]?.array ?? [] {
            switch item["type"]?.string {
            case "message": text += Self.texts(item["content"])
            case "reasoning": thoughts += Self.texts(item["summary"]) + Self.texts(item["content"])
            case "function_call":
                calls.append(
                    ToolCall(
                        id: item["call_id"]?.string ?? "", name: item["name"]?.string ?? "",
                        arguments: item["arguments"]?.string ?? ""))
            default: break
            }
        }
    }

    private static func texts(_ parts: JSON?) -> String {
        (parts?.array ?? []).compactMap { $0["text"]?.string }.joined()
    }

    func check(_ completion: ChatCompletion) throws {
        let choice = try #require(completion.choices.first)
        #expect(completion.choices.count == 1)
        #expect(choice.text ?? "" == text)
        #expect(choice.reasoning ?? "" == thoughts)
        #expect(choice.toolCalls == calls)
        #expect(choice.refusal == nil)
        switch status {
        case "completed", "complete": #expect(choice.finishReason == (calls.isEmpty ? .stop : .toolCalls))
        default: #expect(choice.finishReason == .other(status))
        }
        func count(_ node: JSON?) -> Int? { node?.int.map { Int($0) } }
        guard let usage else {
            #expect(completion.usage == nil && ["queued", "in_progress"].contains(status))
            return
        }
        let found = try #require(completion.usage)
        #expect(found.promptTokens == count(usage["input_tokens"]))
        #expect(found.completionTokens == count(usage["output_tokens"]))
        #expect(found.totalTokens == count(usage["total_tokens"]))
        #expect(found.cachedTokens == count(usage["input_tokens_details"]?["cached_tokens"]))
        #expect(found.cacheWriteTokens == count(usage["input_tokens_details"]?["cache_write_tokens"]))
        #expect(found.reasoningTokens == count(usage["output_tokens_details"]?["reasoning_tokens"]))
    }
}
