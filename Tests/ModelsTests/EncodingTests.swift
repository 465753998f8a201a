import Base
import JSON
import Models
import Testing

@Suite("Writing answers in OpenAI's dialect")
struct EncodingTests {
    static let identity = AnswerIdentity(id: "chatcmpl-1", created: 5, model: "local/x")

    static func write(_ events: [ModelEvent], includeUsage: Bool = false) -> String {
        var encoder = OpenAI.StreamEncoder(as: identity, includeUsage: includeUsage)
        var output: [UInt8] = []
        for event in events { encoder.encode(event, into: &output) }
        encoder.finish(into: &output)
        return text(output)
    }

    static func chunk(_ rest: String) -> String {
        #"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":5,"model":"local/x",\#(rest)}"# + "\n\n"
    }

    @Test("built chunks begin with the role and end with usage and [DONE]")
    func built() {
        let usage = Usage(promptTokens: 1, completionTokens: 2)
        let written = Self.write(
            [ModelEvent(.text("a\n")), ModelEvent(.finish(.stop)), ModelEvent(.usage(usage))], includeUsage: true)
        let choice = { (delta: String, finish: String) in
            Self.chunk(
                #""choices":[{"index":0,"delta":{\#(delta)},"logprobs":null,"finish_reason":\#(finish)}],"usage":null"#)
        }
        #expect(
            written == choice(#""role":"assistant","content":"""#, "null") + choice(#""content":"a\n""#, "null")
                + choice("", #""stop""#)
                + Self.chunk(
                    #""choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}"#
                )
                + "data: [DONE]\n\n")
        #expect(!Self.write([ModelEvent(.text("a")), ModelEvent(.usage(usage))]).contains("usage"))
    }

    @Test("what is built reads back as the same events")
    func readsBack() throws {
        let logprob = TokenLogprob(
            .init(token: "a", logprob: -0.25, bytes: [97]), top: [.init(token: "b", logprob: -2)])
        let completion = ChatCompletion(
            choices: [
                .init(
                    index: 0, text: "a", reasoning: "hm", toolCalls: [ToolCall(id: "c", name: "f", arguments: "{}")],
                    logprobs: [logprob], finishReason: .toolCalls),
                .init(index: 1, refusal: "no", finishReason: .other("pause_turn")),
            ], usage: Usage(promptTokens: 1, completionTokens: 2, cachedTokens: 0, reasoningTokens: 0))
        let (events, error) = StreamTests.decode(Self.write([ModelEvent(.whole(completion))], includeUsage: true))
        #expect(error == nil)
        var assembler = Assembler()
        for event in events { assembler.add(event) }
        #expect(assembler.completion == completion)
        var decoded = try OpenAI.decodeCompletion(OpenAI.encodeCompletion(completion, as: Self.identity))
        decoded.frame = nil
        #expect(decoded == completion)
    }

    @Test("frames go through with only the model changed; a usage frame only to whom it was promised")
    func frames() {
        let first =
            #"{"id":"up","x":[ 1e5 ],"model" : "real","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}"#
        let usage =
            #"{"id":"up","model":"real","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#
        let events = StreamTests.decode("data: \(first)\n\ndata: \(usage)\n\ndata: [DONE]\n\n").events
        let shown = "data: \(first.replacing("real", with: "local/x"))\n\n"
        #expect(Self.write(events) == shown + "data: [DONE]\n\n")
        #expect(
            Self.write(events, includeUsage: true)
                == shown + "data: \(usage.replacing("real", with: "local/x"))\n\ndata: [DONE]\n\n")
    }

    @Test("usage that came beside the last choice is told once: clients add up what several chunks say")
    func usageBesideChoice() {
        let frame =
            #"{"model":"r","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#
        let written = Self.write(StreamTests.decode("data: \(frame)\n\n").events, includeUsage: true)
        #expect(written == "data: \(frame.replacing(#""r""#, with: #""local/x""#))\n\ndata: [DONE]\n\n")
    }

    @Test("frames of another dialect are built anew, every event of them")
    func foreignFrames() {
        let foreign = ModelEvent.Source.frame(Frame(dialect: .anthropic, bytes: Array("{}".utf8)))
        let events = [
            ModelEvent(.text("a"), source: foreign), ModelEvent(.text("b"), source: .sameFrame),
            ModelEvent(.finish(.stop), source: .sameFrame),
        ]
        var assembler = Assembler()
        for event in StreamTests.decode(Self.write(events)).events { assembler.add(event) }
        #expect(assembler.completion.text == "ab")
        #expect(assembler.completion.choices.first?.finishReason == .stop)
    }

    @Test("a failure ends the stream with the error and without [DONE]")
    func failure() {
        var encoder = OpenAI.StreamEncoder(as: Self.identity, includeUsage: false)
        var output: [UInt8] = []
        encoder.fail(CodedError(.providerStreamBroken, "It \"broke\"."), into: &output)
        #expect(
            text(output)
                == #"data: {"error":{"message":"It \"broke\".","type":"server_error","param":null,"code":"provider_stream_broken"}}"#
                + "\n\n")
    }

    @Test("a whole answer goes through with only the model changed")
    func wholeAnswer() throws {
        let body =
            "{ \"choices\" : [{\"message\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}],\n\"model\":\"real\", \"odd\":1E2 }"
        let completion = try OpenAI.decodeCompletion(Array(body.utf8))
        #expect(completion.text == "hi")
        #expect(text(OpenAI.encodeCompletion(completion, as: Self.identity)) == body.replacing("real", with: "local/x"))
    }

    @Test("an answer without choices is none", arguments: ["", "{}", "[]", #"{"choices":[]}"#, #"{"choices":7}"#, "x"])
    func noAnswer(body: String) {
        let error = #expect(throws: CodedError.self) { try OpenAI.decodeCompletion(Array(body.utf8)) }
        #expect(error?.code == .providerInvalidAnswer)
    }

    @Test("the list of models")
    func models() {
        #expect(
            text(OpenAI.encodeModels([("auto", nil), ("groq/a/b", nil)], created: 3))
                == #"{"object":"list","data":[{"id":"auto","object":"model","created":3,"owned_by":"tutti"},{"id":"groq/a/b","object":"model","created":3,"owned_by":"groq"}]}"#
        )
    }

    @Test("calls are put together by index, and a new id under the same index is a new call")
    func toolCalls() {
        var assembler = Assembler()
        for delta in [
            ToolCallDelta(index: 1, id: "b", name: "g", arguments: ""),
            ToolCallDelta(index: 0, id: "a", name: "f", arguments: "{"),
            ToolCallDelta(index: 1, arguments: "[]"), ToolCallDelta(index: 0, arguments: "}"),
            ToolCallDelta(index: 0, id: "c", name: "h", arguments: "1"), ToolCallDelta(index: 0, arguments: "2"),
        ] { assembler.add(ModelEvent(.toolCall(delta))) }
        #expect(
            assembler.completion.choices.first?.toolCalls == [
                ToolCall(id: "b", name: "g", arguments: "[]"), ToolCall(id: "a", name: "f", arguments: "{}"),
                ToolCall(id: "c", name: "h", arguments: "12"),
            ])
    }
}
