import Base
import JSON
import Models
import Testing

@Suite("Reading a provider's stream")
struct StreamTests {
    static func decode(_ body: String, cutEvery size: Int = 7) -> (events: [ModelEvent], error: CodedError?) {
        decode(Array(body.utf8), cutEvery: size)
    }

    static func decode(_ bytes: [UInt8], cutEvery size: Int) -> (events: [ModelEvent], error: CodedError?) {
        var decoder = OpenAI.StreamDecoder()
        var events: [ModelEvent] = []
        do throws(CodedError) {
            for start in stride(from: 0, to: bytes.count, by: size) {
                try decoder.feed(Array(bytes[start..<min(start + size, bytes.count)]), into: &events)
            }
            try decoder.finish(into: &events)
            return (events, nil)
        } catch { return (events, error) }
    }

    static let hello = #"data: {"id":"1","model":"m","choices":[{"index":0,"delta":{"content":"hel"}}]}"# + "\n\n"
    static let end = #"data: {"id":"1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"# + "\n\n"

    /// The same of a second answer.
    static func second(_ text: String, _ reason: String = "null") -> String {
        #"data: {"choices":[{"index":1,"delta":{"content":"\#(text)"},"finish_reason":\#(reason)}]}"# + "\n\n"
    }

    @Test(
        "how a stream may end",
        arguments: [
            (hello + end + "data: [DONE]\n\n", nil), (hello + end, nil), (hello + "data: [DONE]\n\n", nil),
            (hello, .providerStreamBroken), ("", .providerStreamBroken),
            (hello + end.dropLast(20), .providerInvalidAnswer),
            (hello + end.dropLast(2), nil),
            (hello + "data: rubbish\n\n", .providerInvalidAnswer), (hello + "data: []\n\n", .providerInvalidAnswer),
            (hello + "data: {\"a\":1e400}\n\n", .providerInvalidAnswer),
            (hello + "data: \"\\ud800\"\n\n", .providerInvalidAnswer),
            (hello + "data: {\"error\":{\"message\":\"no\",\"code\":\"x\"}}\n\n", .providerFailed),
            (hello + "data: {\"error\":\"no\"}\n\n", .providerFailed),
            (hello + "event: error\ndata: {\"message\":\"no\"}\n\n", .providerFailed),
            (hello + "data: {\"object\":\"error\",\"message\":\"no\",\"code\":500}\n\n", .providerFailed),
            (hello + "data: {\"error\":{\"message\":\"slow down\",\"code\":429}}\n\n", .providerRateLimited),
            (hello + "data: {\"error\":null,\"choices\":[]}\n\n" + end, nil),
            // Of two answers one has broken off, whatever is said behind it.
            (hello + second("lo") + end, .providerStreamBroken),
            (hello + second("lo") + end + "data: [DONE]\n\n", .providerStreamBroken),
            (hello + second("lo") + second("", "\"length\"") + end, nil),
            (hello + end + second("lo", "\"stop\"") + "data: [DONE]\n\n", nil),
        ] as [(String, ErrorCode?)])
    func endings(body: String, expected: ErrorCode?) {
        for size in [1, 7, 100_000] {
            let (events, error) = Self.decode(body, cutEvery: size)
            #expect(error?.code == expected)
            if !body.isEmpty { #expect(events.first?.kind == .text("hel")) }
        }
    }

    @Test("invalid UTF-8 and endless lines are the provider's fault")
    func hostileBytes() {
        let invalid = Array(Self.hello.utf8) + Array("data: {\"x\":\"".utf8) + [0xff, 0xfe] + Array("\"}\n\n".utf8)
        #expect(Self.decode(invalid, cutEvery: 1000).error?.code == .providerInvalidAnswer)
        let endless = Array("data: ".utf8) + [UInt8](repeating: 0x61, count: 10 << 20)
        #expect(Self.decode(endless, cutEvery: 65_536).error?.code == .providerInvalidAnswer)
    }

    @Test("random bytes never trap", arguments: 0..<10 as Range<UInt64>)
    func fuzz(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let base = Array((Self.hello + Self.hello + Self.end).utf8)
        for _ in 0..<200 {
            var bytes = base
            for _ in 0..<Int.random(in: 1..<6, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            _ = Self.decode(bytes, cutEvery: Int.random(in: 1..<64, using: &generator))
        }
    }

    @Test("the pieces of a frame are told apart, and the first carries its bytes")
    func pieces() throws {
        let frame =
            #"{"choices":[{"index":1,"delta":{"role":"assistant","reasoning_content":"r","content":"t","refusal":"no","tool_calls":[{"index":2,"id":"c","type":"function","function":{"name":"f","arguments":"{"}},{"index":3,"function":{"arguments":{"a":1}}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7,"prompt_tokens_details":{"cached_tokens":1},"completion_tokens_details":{"reasoning_tokens":2}}}"#
        let events = Self.decode("data: \(frame)\n\ndata: [DONE]\n\n").events
        #expect(
            events.map(\.kind) == [
                .reasoning("r"), .text("t"), .refusal("no"),
                .toolCall(ToolCallDelta(index: 2, id: "c", name: "f", arguments: "{")),
                .toolCall(ToolCallDelta(index: 3, arguments: #"{"a":1}"#)), .finish(.toolCalls),
                .usage(
                    Usage(promptTokens: 3, completionTokens: 4, totalTokens: 7, cachedTokens: 1, reasoningTokens: 2)),
            ])
        #expect(events.first?.source == .frame(Frame(dialect: .openai, bytes: Array(frame.utf8))))
        #expect(events.dropFirst().allSatisfy { $0.source == .sameFrame })
        #expect(events.dropLast().allSatisfy { $0.choice == 1 })
    }

    @Test("log-probabilities belong to their text")
    func logprobs() {
        let frame =
            #"{"choices":[{"index":0,"delta":{"content":"é"},"logprobs":{"content":[{"token":"é","logprob":-0.5,"bytes":[195,169],"top_logprobs":[{"token":"e","logprob":-1,"bytes":null}]}]},"finish_reason":"stop"}]}"#
        let event = Self.decode("data: \(frame)\n\n").events.first
        #expect(event?.kind == .text("é"))
        #expect(
            event?.logprobs == [
                TokenLogprob(
                    .init(token: "é", logprob: -0.5, bytes: [195, 169]), top: [.init(token: "e", logprob: -1)])
            ])
    }

    @Test("hostile numbers do not trap")
    func hostileNumbers() {
        let frame =
            #"{"choices":[{"index":1e300,"delta":{"tool_calls":[{"index":-9223372036854775808}],"content":7},"finish_reason":7},7,null],"usage":{"prompt_tokens":9223372036854775807,"completion_tokens":9223372036854775807}}"#
        let (events, error) = Self.decode("data: \(frame)\n\n" + Self.end)
        #expect(error == nil)
        var assembler = Assembler()
        for event in events { assembler.add(event) }
        #expect(assembler.completion.usage?.promptTokens == Int.max)
    }
}
