import Base
import JSON
import Models
import Testing

@Suite("Reading Anthropic's stream")
struct AnthropicStreamTests {
    static func decode(_ body: String, cutEvery size: Int = 7) -> (events: [ModelEvent], error: CodedError?) {
        decode(Array(body.utf8), cutEvery: size)
    }

    static func decode(_ bytes: [UInt8], cutEvery size: Int) -> (events: [ModelEvent], error: CodedError?) {
        var decoder = Anthropic.StreamDecoder()
        var events: [ModelEvent] = []
        do throws(CodedError) {
            for start in stride(from: 0, to: bytes.count, by: size) {
                try decoder.feed(Array(bytes[start..<min(start + size, bytes.count)]), into: &events)
            }
            try decoder.finish(into: &events)
            return (events, nil)
        } catch { return (events, error) }
    }

    /// An event as the provider writes it, named by its type.
    static func event(_ type: String, _ fields: String = "") -> String {
        "event: \(type)\ndata: {\"type\":\"\(type)\"\(fields.isEmpty ? "" : ",\(fields)")}\n\n"
    }

    static func block(_ index: Int, _ start: String, _ deltas: String...) -> String {
        event("content_block_start", #""index":\#(index),"content_block":\#(start)"#)
            + deltas.map { event("content_block_delta", #""index":\#(index),"delta":\#($0)"#) }.joined()
            + event("content_block_stop", #""index":\#(index)"#)
    }

    static func end(_ reason: String, usage: String = #"{"output_tokens":5}"#) -> String {
        event("message_delta", #""delta":{"stop_reason":"\#(reason)","stop_sequence":null},"usage":\#(usage)"#)
            + event("message_stop")
    }

    static let start = event(
        "message_start",
        #""message":{"id":"msg_1","model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":3,"output_tokens":1}}"#
    )
    static let hello = start + block(0, #"{"type":"text","text":""}"#, #"{"type":"text_delta","text":"hel"}"#)

    /// Those of kinds that tell something.
    static func kinds(_ body: String) -> [ModelEvent.Kind] { decode(body).events.map(\.kind).filter { $0 != .other } }

    @Test(
        "how a stream may end",
        arguments: [
            (hello + end("end_turn"), nil),
            (hello + end("end_turn").replacing("\n\n", with: "\r\n\r\n"), nil),
            (hello + String(end("end_turn").split(separator: "event: message_stop")[0]), nil),
            (hello + end("end_turn").dropLast(2), nil), (hello + end("end_turn") + "data: rubbish\n\n", nil),
            (hello + event("message_stop"), nil), (hello + event("unheard_of") + end("end_turn"), nil),
            (hello + event("ping") + end("end_turn"), nil),
            (hello, .providerStreamBroken), ("", .providerStreamBroken),
            (hello + event("message_delta", #""delta":{"stop_reason":null}"#), .providerStreamBroken),
            (hello + "data: rubbish\n\n", .providerInvalidAnswer), (hello + "data: []\n\n", .providerInvalidAnswer),
            (hello + "data: {\"type\":7}\n\n", .providerInvalidAnswer),
            (hello + "data: {\"choices\":[]}\n\n", .providerInvalidAnswer),
            (hello + "data: [DONE]\n\n", .providerInvalidAnswer),
            (hello + event("error", #""error":{"type":"overloaded_error","message":"Busy"}"#), .providerOverloaded),
            (hello + "data: {\"error\":{\"message\":\"no\"}}\n\n", .providerFailed),
            (hello + event("error"), .providerFailed),
        ] as [(String, ErrorCode?)])
    func endings(body: String, expected: ErrorCode?) {
        for size in [1, 7, 100_000] {
            let (events, error) = Self.decode(body, cutEvery: size)
            #expect(error?.code == expected)
            if !body.isEmpty { #expect(events.contains { $0.kind == .text("hel") }) }
        }
    }

    @Test("nothing is read after the end, and the decoder says so")
    func done() throws {
        var decoder = Anthropic.StreamDecoder()
        var events: [ModelEvent] = []
        try decoder.feed(Array((Self.hello + Self.end("end_turn")).utf8), into: &events)
        #expect(decoder.isDone)
        let count = events.count
        try decoder.feed(Array(Self.hello.utf8), into: &events)
        try decoder.finish(into: &events)
        #expect(events.count == count)
    }

    @Test(
        "errors inside a stream by their type",
        arguments: [
            ("overloaded_error", "Overloaded", .providerOverloaded), ("api_error", "oh", .providerFailed),
            ("rate_limit_error", "slow", .providerRateLimited), ("invalid_request_error", "bad", .providerRefused),
            ("request_too_large", "big", .providerRefused),
            ("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum", .contextLengthExceeded),
            ("authentication_error", "key", .providerRejectedKey), ("permission_error", "no", .providerRejectedKey),
            ("billing_error", "pay", .providerRejectedKey), ("not_found_error", "model", .modelUnavailable),
            ("timeout_error", "late", .providerTimeout), ("new_error", "odd", .providerFailed),
        ] as [(String, String, ErrorCode)])
    func errors(type: String, message: String, expected: ErrorCode) {
        let body = Self.event("error", #""error":{"type":"\#(type)","message":"\#(message)"},"request_id":"req_1""#)
        let (events, error) = Self.decode(Self.hello + body)
        #expect(error?.code == expected)
        // What a provider makes up is not for the log.
        #expect(error?.detail == "type \(type == "new_error" ? "unknown" : type), request req_1")
        #expect(events.last?.kind != .finish(.stop))
    }

    @Test("the pieces of an answer, and each frame once")
    func pieces() throws {
        let body =
            Self.start
            + Self.block(
                0, #"{"type":"thinking","thinking":"","signature":""}"#, #"{"type":"thinking_delta","thinking":"hm"}"#,
                #"{"type":"signature_delta","signature":"sig"}"#)
            + Self.block(1, #"{"type":"redacted_thinking","data":"sealed"}"#)
            + Self.block(
                2, #"{"type":"text","text":""}"#, #"{"type":"text_delta","text":" a"}"#,
                #"{"type":"citations_delta","citation":{}}"#, #"{"type":"text_delta","text":""}"#)
            + Self.block(
                3, #"{"type":"server_tool_use","id":"s","name":"web_search","input":{}}"#,
                #"{"type":"input_json_delta","partial_json":"{}"}"#)
            + Self.block(4, #"{"type":"web_search_tool_result","tool_use_id":"s","content":[]}"#)
            + Self.block(
                5, #"{"type":"tool_use","id":"t1","name":"f","input":{}}"#,
                #"{"type":"input_json_delta","partial_json":""}"#,
                #"{"type":"input_json_delta","partial_json":"{\"a\""}"#,
                #"{"type":"input_json_delta","partial_json":":1}"}"#)
            + Self.block(
                6, #"{"type":"tool_use","id":"t2","name":"g","input":{}}"#,
                #"{"type":"input_json_delta","partial_json":""}"#)
            + Self.block(7, #"{"type":"tool_use","id":"t3","name":"h","input":{"b":[2]}}"#) + Self.end("tool_use")
        #expect(
            Self.kinds(body) == [
                .reasoning("hm"), .signature("sig"), .sealedReasoning("sealed"), .text(" a"),
                .toolCall(ToolCallDelta(index: 0, id: "t1", name: "f")),
                .toolCall(ToolCallDelta(index: 0, arguments: #"{"a""#)),
                .toolCall(ToolCallDelta(index: 0, arguments: ":1}")),
                .toolCall(ToolCallDelta(index: 1, id: "t2", name: "g")),
                .toolCall(ToolCallDelta(index: 1, arguments: "{}")),
                .toolCall(ToolCallDelta(index: 2, id: "t3", name: "h", arguments: #"{"b":[2]}"#)),
                .finish(.toolCalls), .usage(Usage(promptTokens: 3, completionTokens: 5)),
            ])
        let frames = Self.decode(body).events.compactMap { event -> String? in
            guard case .frame(let frame) = event.source else {
                #expect(event.source == .sameFrame)
                return nil
            }
            #expect(frame.dialect == .anthropic)
            return text(frame.bytes)
        }
        let written = body.split(separator: "\n").filter { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
        #expect(frames == written)
    }

    @Test("cut anywhere, a stream gives the same events")
    func cuts() {
        let body =
            Self.start + Self.block(0, #"{"type":"text","text":"é"}"#, #"{"type":"text_delta","text":"日本 🎻\n"}"#)
            + Self.event("ping")
            + Self.block(
                1, #"{"type":"tool_use","id":"t","name":"f","input":{}}"#,
                #"{"type":"input_json_delta","partial_json":"{}"}"#)
            + Self.end("tool_use")
        let bytes = Array(body.utf8)
        let whole = Self.decode(bytes, cutEvery: bytes.count).events
        #expect(whole.count > 8)
        for cut in 0...bytes.count {
            var decoder = Anthropic.StreamDecoder()
            var events: [ModelEvent] = []
            #expect(throws: Never.self) {
                try decoder.feed(Array(bytes[..<cut]), into: &events)
                try decoder.feed(Array(bytes[cut...]), into: &events)
                try decoder.finish(into: &events)
            }
            #expect(events == whole)
        }
    }

    @Test(
        "why an answer ended",
        arguments: [
            ("end_turn", .stop), ("stop_sequence", .stop), ("max_tokens", .length), ("tool_use", .toolCalls),
            ("refusal", .contentFilter), ("pause_turn", .other("pause_turn")),
            ("model_context_window_exceeded", .length), ("something_new", .other("something_new")),
        ] as [(String, FinishReason)])
    func reasons(reason: String, expected: FinishReason) throws {
        let finishes = Self.kinds(Self.hello + Self.end(reason)).filter { if case .finish = $0 { true } else { false } }
        #expect(finishes == [.finish(expected)])
        let body = #"{"type":"message","content":[],"stop_reason":"\#(reason)"}"#
        #expect(try Anthropic.decodeCompletion(Array(body.utf8)).choices.first?.finishReason == expected)
    }

    @Test(
        "counts are merged field by field, the last one wins, and they are told once",
        arguments: [
            (
                #"{"output_tokens":5}"#,
                Usage(
                    promptTokens: 113, completionTokens: 5, cachedTokens: 100, cacheWriteTokens: 10,
                    cacheWriteHourTokens: 4)
            ),
            (
                #"{"input_tokens":7,"output_tokens":5,"cache_read_input_tokens":null,"output_tokens_details":{"thinking_tokens":2}}"#,
                Usage(
                    promptTokens: 117, completionTokens: 5, cachedTokens: 100, cacheWriteTokens: 10,
                    cacheWriteHourTokens: 4, reasoningTokens: 2)
            ),
            (
                #"{"input_tokens":9223372036854775807,"output_tokens":-5}"#,
                Usage(
                    promptTokens: .max, completionTokens: 0, cachedTokens: 100, cacheWriteTokens: 10,
                    cacheWriteHourTokens: 4)
            ),
            (
                "7",
                Usage(
                    promptTokens: 113, completionTokens: 1, cachedTokens: 100, cacheWriteTokens: 10,
                    cacheWriteHourTokens: 4)
            ),
        ] as [(String, Usage)])
    func usage(end: String, expected: Usage) {
        let start = Self.event(
            "message_start",
            #""message":{"usage":{"input_tokens":3,"cache_read_input_tokens":100,"cache_creation_input_tokens":10,"cache_creation":{"ephemeral_5m_input_tokens":6,"ephemeral_1h_input_tokens":4},"output_tokens":1}}"#
        )
        let kinds = Self.kinds(start + Self.end("end_turn", usage: end))
        #expect(kinds == [.finish(.stop), .usage(expected)])
    }

    @Test("the counts of a stream that tells its end in two events are those of the last")
    func lateUsage() {
        let late = Self.event("message_delta", #""delta":{},"usage":{"output_tokens":9}"#)
        let end = Self.end("end_turn").replacing(Self.event("message_stop"), with: "")
        let last = Usage(promptTokens: 3, completionTokens: 9)
        #expect(Self.kinds(Self.hello + end + late + Self.event("message_stop")).last == .usage(last))
        #expect(Self.kinds(Self.hello + end + late).last == .usage(last))
        #expect(
            Self.kinds(Self.hello + late + Self.end("end_turn", usage: "{}")).suffix(2) == [
                .finish(.stop), .usage(last),
            ])
    }

    @Test("an answer ends once, for the first reason")
    func oneEnd() {
        let again = Self.event("message_delta", #""delta":{"stop_reason":"max_tokens"}"#)
        let end = Self.end("end_turn").replacing(Self.event("message_stop"), with: again + Self.event("message_stop"))
        let finishes = Self.kinds(Self.hello + end).filter { if case .finish = $0 { true } else { false } }
        #expect(finishes == [.finish(.stop)])
    }

    @Test("the input of a provider's own tool is no caller's, even within an open call")
    func otherInput() {
        let piece = #""delta":{"type":"input_json_delta","partial_json":"{}"}"#
        let body =
            Self.start
            + Self.event("content_block_start", #""index":0,"content_block":{"type":"tool_use","id":"t","name":"f"}"#)
            + Self.event("content_block_start", #""index":1,"content_block":{"type":"server_tool_use","id":"s"}"#)
            + Self.event("content_block_delta", #""index":1,\#(piece)"#)
            + Self.event("content_block_delta", #""index":0,\#(piece)"#)
            + Self.event("content_block_stop", #""index":1"#)
            + Self.event("content_block_stop", #""index":0"#) + Self.end("tool_use")
        #expect(
            Self.kinds(body).prefix(3) == [
                .toolCall(ToolCallDelta(index: 0, id: "t", name: "f")),
                .toolCall(ToolCallDelta(index: 0, arguments: "{}")), .finish(.toolCalls),
            ])
    }

    @Test("hostile numbers and shapes do not trap")
    func hostile() {
        let odd =
            Self.event("content_block_start", #""index":1e300,"content_block":7"#)
            + Self.event("content_block_start", #""index":-9223372036854775808,"content_block":{"type":"tool_use"}"#)
            + Self.event(
                "content_block_delta",
                #""index":-9223372036854775808,"delta":{"type":"input_json_delta","partial_json":7}"#)
            + Self.event("content_block_delta", #""delta":[]"#) + Self.event("content_block_stop")
            + Self.event("message_start", #""message":null"#) + Self.event("message_delta", #""delta":7,"usage":[]"#)
        let (events, error) = Self.decode(Self.hello + odd + Self.end("end_turn"))
        #expect(error == nil)
        #expect(events.last { $0.kind != .other }?.kind == .usage(Usage(promptTokens: 3, completionTokens: 5)))
    }

    @Test("random bytes never trap", arguments: 0..<10 as Range<UInt64>)
    func fuzz(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let base = Array((Self.hello + Self.block(1, #"{"type":"tool_use","input":{}}"#) + Self.end("end_turn")).utf8)
        for _ in 0..<200 {
            var bytes = base
            for _ in 0..<Int.random(in: 1..<6, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            let size = Int.random(in: 1..<64, using: &generator)
            let (events, error) = Self.decode(bytes, cutEvery: size)
            // Whatever the bytes say, no cut changes it.
            let whole = Self.decode(bytes, cutEvery: bytes.count)
            #expect(whole.events == events && whole.error == error)
        }
    }
}
