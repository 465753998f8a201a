import Base
import HTTP
import JSON
import Testing

@testable import Models

@Suite("What a client reads of an answer that two providers have given")
struct ContinuedAnswerTests {
    private static let usage = Usage(promptTokens: 30, completionTokens: 4)
    private static let more: [ModelEvent] =
        [
            ModelEvent(.other), ModelEvent(.text(" upon"), source: .frame(Frame(dialect: .local, bytes: []))),
            ModelEvent(.text(" a time"), source: .sameFrame), ModelEvent(.finish(.length)),
            ModelEvent(.usage(usage)),
        ]

    /// What a provider's stream is read as, as far as it comes.
    private static func read(_ frames: [String], with decoder: some AnswerDecoder) -> [ModelEvent] {
        var decoder = decoder
        var events: [ModelEvent] = []
        #expect(throws: Never.self) {
            try decoder.feed(Array(frames.map { "data: \($0)\n\n" }.joined().utf8), into: &events)
        }
        return events
    }

    /// The bytes for a client: of the frames until the break, and of what another provider goes on with.
    private static func written(
        _ events: [ModelEvent], _ more: [ModelEvent] = more, by encoder: some AnswerEncoder
    ) async -> String {
        let first = ScriptedEvents(events, then: .failing(ScriptedEvents.broken))
        let request = ChatRequest(model: "m", messages: [ChatMessage(.user, "q")])
        let stream = ContinuedStream(first, request: request) { _, _ throws(CodedError) in
            .init(stream: ScriptedEvents(more), target: Target(provider: "p", model: "m"))
        } onContinue: { _, _ in
        }
        var encoder = encoder
        var output: [UInt8] = []
        let (seen, error) = await drained(stream)
        for event in seen { encoder.encode(event, into: &output) }
        if let error { encoder.fail(error, into: &output) } else { encoder.finish(into: &output) }
        #expect(error == nil)
        return text(output)
    }

    // MARK: OpenAI's dialect

    private static func chunk(_ delta: String, _ rest: String = "") -> String {
        #"{"id":"up-1","object":"chat.completion.chunk","created":77,"model":"real","choices":[{"index":0,"delta":{\#(delta)},"finish_reason":null}]\#(rest)}"#
    }

    private static func chunks(_ written: String) throws -> [JSON] {
        #expect(written.hasSuffix("data: [DONE]\n\n"))
        return try written.split(separator: "\n\n").dropLast().map { try JSON(Array($0.dropFirst(6).utf8)) }
    }

    @Test("chunks are all of one answer: one id, one time, one model, one role, one end, and one usage")
    func openAI() async throws {
        for told in ["", #","usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}"#] {
            let frames = [Self.chunk(#""role":"assistant","content":"""#), Self.chunk(#""content":"Once""#, told)]
            let events = Self.read(frames, with: OpenAI.StreamDecoder())
            for asks in [false, true] {
                let written = await Self.written(
                    events, by: OpenAI.StreamEncoder(as: EncodingTests.identity, includeUsage: asks))
                let chunks = try Self.chunks(written)
                #expect(chunks.allSatisfy { $0["id"] == "up-1" && $0["created"] == 77 && $0["model"] == "local/x" })
                let deltas = chunks.compactMap { $0["choices"]?.array?.first?["delta"] }
                #expect(deltas.compactMap { $0["content"]?.string }.joined() == "Once upon a time")
                #expect(deltas.count { $0["role"] != nil } == 1)
                let ends = chunks.compactMap { $0["choices"]?.array?.first?["finish_reason"]?.string }
                #expect(ends == ["length"])
                let last = chunks.last?["usage"]?["prompt_tokens"]
                #expect(last == (asks ? 30 : nil))
                #expect(chunks.count { $0["usage"]?["prompt_tokens"] == 30 } == (asks ? 1 : 0))
                // A token of the first provider's, and four.
                #expect(chunks.last?["usage"]?["completion_tokens"] == (asks ? 5 : nil))
            }
        }
    }

    @Test("a frame without an id has none to give")
    func withoutID() async throws {
        let frames = [#"{"id":"","created":7,"model":"m","choices":[{"index":0,"delta":{"content":"Once"}}]}"#]
        let events = Self.read(frames, with: OpenAI.StreamDecoder())
        let written = await Self.written(
            events, by: OpenAI.StreamEncoder(as: EncodingTests.identity, includeUsage: false))
        #expect(try Self.chunks(written).last?["id"] == "chatcmpl-1")
    }

    // MARK: Anthropic's dialect

    private static let message = [
        #"{"type":"message_start","message":{"id":"msg_up","type":"message","role":"assistant","model":"real","content":[],"stop_reason":null,"usage":{"input_tokens":9,"output_tokens":1}}}"#,
        #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        #"{"type":"ping"}"#,
        #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"On"}}"#,
        #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"ce"}}"#,
        #"{"type":"content_block_stop","index":0}"#,
    ]

    @Test("a message goes on in its open block, or in the next one", arguments: [4, 5, 6])
    func anthropic(frames: Int) async throws {
        let events = Self.read(Array(Self.message.prefix(frames)), with: Anthropic.StreamDecoder())
        let written = await Self.written(
            events, by: Anthropic.StreamEncoder(as: AnthropicResponseEncoderTests.identity))
        let message = try MessageGrammar(Array(written.utf8))
        #expect(message.texts("text", "text") == (frames == 4 ? "On" : "Once") + " upon a time")
        #expect(message.content.count == (frames == 6 ? 2 : 1))
        #expect(message.start["id"] == "msg_up" && message.start["model"] == "groq/x")
        #expect(message.stopReason == "max_tokens" && message.isStopped)
        #expect(message.usage["input_tokens"] == 30 && message.usage["output_tokens"] == 5)
    }

    @Test("what else the second provider says of a message is in blocks of its own")
    func anthropicCalls() async throws {
        let events = Self.read(Array(Self.message.prefix(5)), with: Anthropic.StreamDecoder())
        let call = ToolCallDelta(index: 0, id: "toolu_1", name: "f", arguments: #"{"a":1}"#)
        let more = [ModelEvent(.reasoning("hm")), ModelEvent(.toolCall(call)), ModelEvent(.finish(.toolCalls))]
        let written = await Self.written(
            events, more, by: Anthropic.StreamEncoder(as: AnthropicResponseEncoderTests.identity))
        let message = try MessageGrammar(Array(written.utf8))
        #expect(message.content.map { $0["type"]?.string } == ["text", "thinking", "tool_use"])
        #expect(message.calls.first?["input"] == ["a": 1] && message.stopReason == "tool_use")
    }

    @Test("a message whose text is whole, but not its end, ends")
    func anthropicEnd() async throws {
        for frames in [5, 6] {
            let events = Self.read(Array(Self.message.prefix(frames)), with: Anthropic.StreamDecoder())
            let written = await Self.written(
                events, [ModelEvent(.other)], by: Anthropic.StreamEncoder(as: AnthropicResponseEncoderTests.identity))
            let message = try MessageGrammar(Array(written.utf8))
            #expect(message.texts("text", "text") == "Once" && message.stopReason == "end_turn")
        }
    }

    // MARK: The dialect of responses

    private static let response = [
        #"{"type":"response.created","sequence_number":0,"response":{"id":"resp_up","object":"response","created_at":77,"status":"in_progress","incomplete_details":null,"model":"real","output":[],"tools":[],"usage":null,"metadata":{"a":"b"}}}"#,
        #"{"type":"response.in_progress","sequence_number":1,"response":{"id":"resp_up","created_at":77,"status":"in_progress","model":"real","output":[],"tools":[]}}"#,
        #"{"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"id":"rs_up","type":"reasoning","summary":[]}}"#,
        #"{"type":"response.output_item.done","sequence_number":3,"output_index":0,"item":{"id":"rs_up","type":"reasoning","summary":[]}}"#,
        #"{"type":"response.output_item.added","sequence_number":4,"output_index":1,"item":{"id":"msg_up","type":"message","status":"in_progress","role":"assistant","content":[]}}"#,
        #"{"type":"response.content_part.added","sequence_number":5,"output_index":1,"item_id":"msg_up","content_index":0,"part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}"#,
        #"{"type":"response.output_text.delta","sequence_number":6,"output_index":1,"item_id":"msg_up","content_index":0,"delta":"On","logprobs":[]}"#,
        #"{"type":"response.output_text.delta","sequence_number":7,"output_index":1,"item_id":"msg_up","content_index":0,"delta":"ce","logprobs":[]}"#,
        #"{"type":"response.output_text.done","sequence_number":8,"output_index":1,"item_id":"msg_up","content_index":0,"text":"Once","logprobs":[]}"#,
        #"{"type":"response.content_part.done","sequence_number":9,"output_index":1,"item_id":"msg_up","content_index":0,"part":{"type":"output_text","text":"Once","annotations":[],"logprobs":[]}}"#,
        #"{"type":"response.output_item.done","sequence_number":10,"output_index":1,"item":{"id":"msg_up","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Once","annotations":[],"logprobs":[]}]}}"#,
    ]

    @Test("a response goes on where its first provider was, in every event of it", arguments: 7...11)
    func responses(frames: Int) async throws {
        let events = Self.read(Array(Self.response.prefix(frames)), with: Responses.StreamDecoder())
        let written = await Self.written(events, by: try ResponsesStreamEncoderTests.encoder())
        let answer = try ResponsesGrammar(Array(written.utf8))
        #expect(answer.text("output_text") == (frames == 7 ? "On" : "Once") + " upon a time")
        #expect(answer.output.first?["id"] == "rs_up" && answer.output.count == (frames == 11 ? 3 : 2))
        #expect(answer.output[1]["id"] == "msg_up")
        #expect(answer.output[1]["content"]?.array?.count == (frames == 9 || frames == 10 ? 2 : 1))
        let response = answer.response
        #expect(response["id"] == "resp_up" && response["model"] == "groq/x" && response["metadata"] == ["a": "b"])
        #expect(response["status"] == "incomplete")
        #expect(response["incomplete_details"] == ["reason": "max_output_tokens"])
        #expect(response["usage"]?["input_tokens"] == 30 && response["usage"]?["output_tokens"] == 5)
    }

    @Test("a response whose text is whole, but not its end, ends", arguments: 7...11)
    func responsesEnd(frames: Int) async throws {
        let events = Self.read(Array(Self.response.prefix(frames)), with: Responses.StreamDecoder())
        let written = await Self.written(events, [ModelEvent(.other)], by: try ResponsesStreamEncoderTests.encoder())
        let answer = try ResponsesGrammar(Array(written.utf8))
        #expect(answer.text("output_text") == (frames == 7 ? "On" : "Once"))
        #expect(answer.response["status"] == "completed")
    }

    @Test("a failure after the second provider has begun is numbered after its events")
    func responsesFailure() throws {
        var encoder = try ResponsesStreamEncoderTests.encoder()
        var output: [UInt8] = []
        let events = Self.read(Array(Self.response.prefix(8)), with: Responses.StreamDecoder())
        for event in events + [ModelEvent(.text(" upon"))] { encoder.encode(event, into: &output) }
        encoder.fail(ScriptedEvents.broken, into: &output)
        let answer = try ResponsesGrammar(output)
        #expect(answer.error?["sequence_number"] == 9)
    }
}
