import Base
import JSON
import Models
import Testing

@Suite("A provider's own frames towards clients of responses")
struct ResponsesPassingTests {
    private static func frame(_ data: String, _ kind: ModelEvent.Kind = .other) -> ModelEvent {
        ModelEvent(kind, source: .frame(Frame(dialect: .responses, bytes: Array(data.utf8))))
    }

    private static let frames = [
        #"{"type":"response.created","response":{"id":"resp_up","model" : "gpt-real","output":[] },"sequence_number":0 }"#,
        #"{"sequence_number":1,"type":"response.in_progress","response":{"model":"gpt-real"}}"#,
        #"{"type":"response.output_text.delta","delta":"\u0041","model":"x","response":{"model":"x"},"sequence_number":2}"#,
        #"{"type":"response.web_search_call.searching","item_id":"ws","sequence_number":3}"#,
        #"{"type":"response.completed","response":{"output":[{"model":"x"}],"model":"gpt-real"},"sequence_number":4}"#,
    ]
    private static var names: [String] {
        frames.compactMap { try? JSON(Array($0.utf8))["type"]?.string }
    }

    @Test("they go through byte for byte under their own names, but for the model of the response")
    func passes() throws {
        var events = Self.frames.map { Self.frame($0) }
        events.insert(ModelEvent(.usage(Usage(promptTokens: 3, completionTokens: 1)), source: .sameFrame), at: 5)
        let expected = zip(Self.names, Self.frames).map {
            "event: \($0)\ndata: \($1.replacing("gpt-real", with: "groq/x"))\n\n"
        }
        #expect(text(try ResponsesStreamEncoderTests.write(events)) == expected.joined())
    }

    @Test("a failure within them is numbered after the last, and there is none after their end")
    func failures() throws {
        for count in 1...5 {
            var encoder = try ResponsesStreamEncoderTests.encoder()
            var output: [UInt8] = []
            for frame in Self.frames.prefix(count) { encoder.encode(Self.frame(frame), into: &output) }
            let length = output.count
            encoder.fail(CodedError(.providerFailed, "x"), into: &output)
            let shown = text(Array(output[length...]))
            #expect(
                shown
                    == (count == 5
                        ? ""
                        : "event: error\ndata: {\"type\":\"error\",\"code\":\"provider_failed\",\"message\":\"x\",\"param\":null,\"sequence_number\":\(count)}\n\n")
            )
        }
    }

    @Test("frames without numbers are counted, and what comes after an error of the provider's is not shown")
    func numbers() throws {
        var encoder = try ResponsesStreamEncoderTests.encoder()
        var output: [UInt8] = []
        encoder.encode(Self.frame(#"{"type":"response.created","response":{}}"#), into: &output)
        encoder.encode(Self.frame(#"{"type":"response.queued","response":{}}"#), into: &output)
        var failing = encoder
        failing.fail(CodedError(.providerFailed, "x"), into: &output)
        #expect(text(output).contains(#""sequence_number":2"#))
        output = []
        encoder.encode(Self.frame(#"{"type":"error","message":"x"}"#), into: &output)
        let length = output.count
        encoder.encode(Self.frame(#"{"type":"response.completed"}"#), into: &output)
        encoder.fail(CodedError(.providerFailed, "x"), into: &output)
        encoder.finish(into: &output)
        #expect(output.count == length)
    }

    @Test("a stream of theirs without its last response is told as broken")
    func noEnd() throws {
        let written = text(try ResponsesStreamEncoderTests.write(Self.frames.prefix(3).map { Self.frame($0) }))
        #expect(written.contains("event: error\n") && written.contains("provider_stream_broken"))
    }

    @Test("frames of another dialect are built anew, and so are its own within an answer that is built")
    func mixed() throws {
        let answer = try ResponsesGrammar(
            ResponsesStreamEncoderTests.write([
                ModelEvent(.text("a"), source: .frame(Frame(dialect: .openai, bytes: Array("{}".utf8)))),
                ModelEvent(.text("b"), source: .sameFrame), Self.frame(Self.frames[2], .text("c")),
                ModelEvent(.finish(.length), source: .sameFrame),
            ]))
        #expect(answer.text("output_text") == "abc" && answer.response["status"] == "incomplete")
    }

    @Test("a body that came in place of a stream is told as events")
    func body() throws {
        let completion = ChatCompletion(
            choices: [.init(text: "hi", reasoning: "hm", toolCalls: [ToolCall(id: "c", name: "f", arguments: "")])],
            usage: Usage(promptTokens: 1, completionTokens: 2),
            frame: Frame(dialect: .responses, bytes: Array(#"{"model":"m"}"#.utf8)))
        let event = ModelEvent(
            .whole(completion), source: .frame(completion.frame ?? Frame(dialect: .local, bytes: [])))
        var bare = completion
        bare.frame = nil
        let answer = try ResponsesGrammar(ResponsesStreamEncoderTests.write([event]))
        #expect(try answer.response == ResponsesCompletionTests.body(bare).body)
    }
}
