import Base
import Models
import Testing

@Suite("Frames of another dialect within a stream")
struct ForeignFrameTests {
    typealias Decoded = (events: [ModelEvent], error: CodedError?)

    static let key = "sk-canary"
    static let ofAnthropic = [
        #"{"type":"message_start","message":{"usage":{"input_tokens":3}},"x":"\#(key)"}"#,
        #"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5},"x":"\#(key)"}"#,
        #"{"type":"message_stop","x":"\#(key)"}"#,
        #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"\#(key)"}}"#,
        #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\#(key)"}}"#,
    ]
    static let ofResponses = [
        #"{"type":"response.created","response":{"id":"\#(key)"}}"#,
        #"{"type":"response.output_text.delta","delta":"\#(key)"}"#,
        #"{"type":"response.failed","response":{"status":"failed","error":{"message":"\#(key)"}}}"#,
        #"{"type":"response.\u0301","x":"\#(key)"}"#,
    ]
    static let ofOpenAI = [#"{"id":"\#(key)","choices":[{"index":0,"delta":{"content":"\#(key)"}}]}"#]

    /// The frame has ended the stream, what came before it is there, and of itself there is nothing.
    static func isRefused(_ decoded: Decoded) -> Bool {
        guard decoded.error?.code == .providerInvalidAnswer, !decoded.events.isEmpty else { return false }
        return !"\(decoded)".contains(key)
            && decoded.events.allSatisfy { event in
                guard case .frame(let frame) = event.source else { return true }
                return !String(decoding: frame.bytes, as: UTF8.self).contains(key)
            }
    }

    @Test(
        "go to no client of OpenAI's",
        arguments: ofAnthropic + ofResponses + [
            #"{"type":"error","message":"\#(key)"}"#,
            #"{"type":"message_stop","choices":null,"usage":null,"error":null,"x":"\#(key)"}"#,
        ])
    func openAI(frame: String) {
        let decoded = StreamTests.decode(StreamTests.hello + "data: \(frame)\n\n" + StreamTests.end)
        #expect(Self.isRefused(decoded))
        #expect(decoded.events.map(\.kind) == [.text("hel")])
    }

    @Test("go to no client of Anthropic's", arguments: ofResponses + ofOpenAI)
    func anthropic(frame: String) {
        let own = AnthropicStreamTests.self
        #expect(Self.isRefused(own.decode(own.hello + "data: \(frame)\n\n" + own.end("end_turn"))))
    }

    @Test("go to no client of Responses'", arguments: ofAnthropic + ofOpenAI)
    func responses(frame: String) {
        let own = ResponsesStreamTests.self
        #expect(Self.isRefused(own.decode(own.hello + "data: \(frame)\n\n" + own.end(own.message))))
    }

    @Test(
        "are not those that OpenAI's servers add of their own",
        arguments: [
            #"{"type":"message_delta","choices":[]}"#, #"{"type":"chat.completion.chunk"}"#, #"{"type":7}"#, "{}",
            #"{"type":"message"}"#, #"{"type":"ping"}"#,
            #"{"type":"ping","usage":{"prompt_tokens":3,"completion_tokens":5}}"#,
        ])
    func own(frame: String) {
        let decoded = StreamTests.decode(StreamTests.hello + "data: \(frame)\n\n" + StreamTests.end)
        #expect(decoded.error == nil)
        #expect(decoded.events.contains { $0.source == .frame(Frame(dialect: .openai, bytes: Array(frame.utf8))) })
    }
}
