import Base
import JSON
import Models
import Testing

@Suite("Anthropic's own frames towards its clients")
struct AnthropicPassingTests {
    private static func frame(_ kind: ModelEvent.Kind, _ data: String, _ dialect: Dialect = .anthropic) -> ModelEvent {
        ModelEvent(kind, source: .frame(Frame(dialect: dialect, bytes: Array(data.utf8))))
    }

    private static let frames = [
        #"{"type":"message_start","message":{"model" : "claude-real","id":"msg_up","content":[], "stop_reason":null,"usage":{"input_tokens":3}}   }"#,
        #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""} }"#,
        #"{"type": "ping"}"#,
        #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\u0041"}    }"#,
        #"{"index":0,"type":"content_block_stop"}"#,
        #"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":1}}"#,
        #"{"type":"message_stop"       }"#,
    ]

    private static var events: [ModelEvent] {
        let kinds: [ModelEvent.Kind] = [
            .other, .other, .other, .text("A"), .other, .finish(.stop), .other,
        ]
        var events = zip(kinds, frames).map { frame($0, $1) }
        events.insert(
            ModelEvent(.usage(Usage(promptTokens: 3, completionTokens: 1)), source: .sameFrame), at: 6)
        return events
    }

    @Test("they go through byte for byte under their own names, but for the model in message_start")
    func passes() throws {
        let types = [
            "message_start", "content_block_start", "ping", "content_block_delta", "content_block_stop",
            "message_delta", "message_stop",
        ]
        let expected = zip(types, Self.frames).map { type, data in
            "event: \(type)\ndata: \(data.replacing("claude-real", with: "groq/x"))\n\n"
        }
        #expect(text(AnthropicResponseEncoderTests.write(Self.events)) == expected.joined())
    }

    @Test("a model named in a text is not taken for the model")
    func modelInText() {
        let data =
            #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\"model\":\"x\""},"model":"y"}"#
        let written = text(AnthropicResponseEncoderTests.write([Self.frame(.text("x"), data)]))
        #expect(written.hasPrefix("event: content_block_delta\ndata: \(data)\n\n"))
    }

    @Test("an end that the provider did not say is said")
    func missingStop() throws {
        let message = try MessageGrammar(AnthropicResponseEncoderTests.write(Self.events.dropLast()))
        #expect(message.isStopped)
    }

    @Test("frames of another dialect are built anew, every event of them")
    func foreign() throws {
        let message = try MessageGrammar(
            AnthropicResponseEncoderTests.write([
                Self.frame(.text("a"), "{}", .openai), ModelEvent(.text("b"), source: .sameFrame),
                ModelEvent(.finish(.length), source: .sameFrame),
            ]))
        #expect(message.content == [["type": "text", "text": "ab"]])
        #expect(message.stopReason == "max_tokens")
    }

    @Test("within an answer that is built, one of its own frames is built too")
    func mixed() throws {
        let message = try MessageGrammar(
            AnthropicResponseEncoderTests.write([ModelEvent(.text("a"))] + Self.events))
        #expect(message.content == [["type": "text", "text": "aA"]])
    }

    @Test("a body that came in place of a stream is told as events")
    func body() throws {
        let completion = ChatCompletion(
            choices: [.init(text: "hi", finishReason: .stop)],
            frame: Frame(dialect: .anthropic, bytes: Array(#"{"type":"message","model":"m"}"#.utf8)))
        let event = ModelEvent(.whole(completion), source: completion.frame.map { .frame($0) } ?? .built)
        let message = try MessageGrammar(AnthropicResponseEncoderTests.write([event]))
        #expect(message.content == [["type": "text", "text": "hi"]])
    }
}
