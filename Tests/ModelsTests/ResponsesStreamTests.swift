import Base
import HTTP
import JSON
import Models
import Testing

@Suite("Reading a Responses stream")
struct ResponsesStreamTests {
    static func decode(_ body: String, cutEvery size: Int = 7) -> (events: [ModelEvent], error: CodedError?) {
        decode(Array(body.utf8), cutEvery: size)
    }

    static func decode(_ bytes: [UInt8], cutEvery size: Int) -> (events: [ModelEvent], error: CodedError?) {
        var decoder = Responses.StreamDecoder(secrets: Secrets([Secret("canary-key")]))
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

    static func end(
        _ output: String = "", status: String = "completed", type: String = "completed", more: String = ""
    ) -> String {
        event(
            "response.\(type)",
            #""response":{"status":"\#(status)","error":null,"output":[\#(output)],\#(more)"usage":\#(usage)}"#)
    }

    static let usage =
        #"{"input_tokens":3,"input_tokens_details":{"cached_tokens":1},"output_tokens":5,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":8}"#
    static let used = ModelEvent.Kind.usage(
        Usage(promptTokens: 3, completionTokens: 5, totalTokens: 8, cachedTokens: 1, reasoningTokens: 2))
    static let start = event("response.created", #""response":{"status":"in_progress","output":[],"usage":null}"#)
    static let message =
        #"{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"output_text","text":"hel","annotations":[]}]}"#
    static let hello =
        start + event("response.output_item.added", #""output_index":0,"item":{"id":"msg_1","type":"message"}"#)
        + event(
            "response.output_text.delta", #""item_id":"msg_1","output_index":0,"content_index":0,"delta":"hel""#)

    /// Those of kinds that tell something.
    static func kinds(_ body: String) -> [ModelEvent.Kind] { decode(body).events.map(\.kind).filter { $0 != .other } }

    static func call(_ index: Int, _ id: String? = nil, _ name: String? = nil, _ arguments: String) -> ModelEvent.Kind {
        .toolCall(ToolCallDelta(index: index, id: id, name: name, arguments: arguments))
    }

    @Test(
        "how a stream may end",
        arguments: [
            (hello + end(message), nil), (hello + end(), nil),
            (hello + end(message).replacing("\n\n", with: "\r\n\r\n"), nil), (hello + end(message).dropLast(2), nil),
            (hello + end(message) + "data: [DONE]\n\n", nil), (hello + end(message) + "data: rubbish\n\n", nil),
            (hello + end(message, status: "incomplete", type: "incomplete"), nil),
            (hello + event("response.completed"), nil), (hello + event("response.unheard_of") + end(message), nil),
            (hello + ": a comment\n\n" + end(message), nil),
            (hello, .providerStreamBroken), ("", .providerStreamBroken),
            (hello + "data: [DONE]\n\n", .providerStreamBroken),
            (hello + event("response.output_text.done", #""text":"hel""#), .providerStreamBroken),
            (hello + "data: rubbish\n\n", .providerInvalidAnswer), (hello + "data: []\n\n", .providerInvalidAnswer),
            (hello + "data: {\"type\":7}\n\n", .providerInvalidAnswer),
            (hello + "data: {\"choices\":[]}\n\n", .providerInvalidAnswer),
            (hello + "data: {\"error\":{\"message\":\"no\"}}\n\n", .providerFailed),
            (hello + event("error", #""code":"server_error","message":"no","param":null"#), .providerFailed),
            (hello + event("error"), .providerFailed),
            (hello + end(status: "failed", type: "failed"), .providerFailed),
            (hello + event("response.failed"), .providerFailed), (hello + end(status: "failed"), .providerFailed),
            (hello + end(more: #""error":{"message":"no"},"#).replacing(#""error":null,"#, with: ""), .providerFailed),
        ] as [(String, ErrorCode?)])
    func endings(body: String, expected: ErrorCode?) {
        for size in [1, 7, 100_000] {
            let (events, error) = Self.decode(body, cutEvery: size)
            #expect(error?.code == expected)
            #expect(events.filter { $0.kind == .text("hel") }.count == (body.isEmpty ? 0 : 1))
            #expect(events.contains { if case .finish = $0.kind { true } else { false } } == (expected == nil))
        }
    }

    @Test("bytes that are no UTF-8, and lines without an end, are no answer")
    func bytes() {
        var body = Array(Self.hello.utf8)
        body += Array("data: {\"type\":\"x\",\"y\":\"".utf8) + [0xff] + Array("\"}\n\n".utf8)
        #expect(Self.decode(body, cutEvery: 50).error?.code == .providerInvalidAnswer)
        let long = Array(Self.hello.utf8) + Array("data: \"".utf8) + [UInt8](repeating: 0x61, count: 9 << 20)
        let (events, error) = Self.decode(long, cutEvery: 1 << 20)
        #expect(error?.code == .providerInvalidAnswer)
        #expect(events.contains { $0.kind == .text("hel") })
    }

    @Test("nothing is read after the end, and the decoder says so")
    func done() throws {
        var decoder = Responses.StreamDecoder()
        var events: [ModelEvent] = []
        try decoder.feed(Array(Self.hello.utf8), into: &events)
        #expect(!decoder.isDone)
        try decoder.feed(Array(Self.end(Self.message).utf8), into: &events)
        #expect(decoder.isDone)
        let count = events.count
        try decoder.feed(Array(Self.hello.utf8), into: &events)
        try decoder.finish(into: &events)
        #expect(events.count == count)
    }

    @Test(
        "why an answer ended",
        arguments: [
            ("completed", "completed", "", .stop), ("complete", "completed", "", .stop),
            ("in_progress", "completed", "", .stop),
            ("incomplete", "incomplete", #""incomplete_details":{"reason":"max_output_tokens"},"#, .length),
            ("incomplete", "completed", #""incomplete_details":{"reason":"max_output_tokens"},"#, .length),
            ("completed", "incomplete", #""incomplete_details":{"reason":"content_filter"},"#, .contentFilter),
            ("incomplete", "incomplete", #""incomplete_details":{"reason":"new"},"#, .other("new")),
            ("incomplete", "incomplete", #""incomplete_details":null,"#, .other("incomplete")),
        ] as [(String, String, String, FinishReason)])
    func reasons(status: String, type: String, more: String, expected: FinishReason) {
        let body = Self.hello + Self.end(Self.message, status: status, type: type, more: more)
        #expect(Self.kinds(body) == [.text("hel"), .finish(expected), Self.used])
    }

    @Test(
        "errors inside a stream by their code",
        arguments: [
            (#""code":"server_error""#, .providerFailed), (#""code":"rate_limit_exceeded""#, .providerRateLimited),
            (#""code":"invalid_prompt","param":"input""#, .providerRefused),
            (#""code":"image_too_large""#, .providerRefused),
            (#""code":"failed_to_download_image""#, .providerRefused),
            (#""code":null,"type":"invalid_request_error""#, .providerRefused),
            (#""code":"context_length_exceeded""#, .contextLengthExceeded), (#""code":"new""#, .providerFailed),
            (#""code":429"#, .providerRateLimited), (#""code":null"#, .providerFailed),
        ] as [(String, ErrorCode)])
    func errors(fields: String, expected: ErrorCode) {
        let error = #"{\#(fields),"message":"no luck with canary-key or sk-AAAABBBBCCCC"}"#
        let failed = #""response":{"status":"failed","error":\#(error),"usage":\#(Self.usage)}"#
        for body in [
            Self.event("error", String(error.dropFirst().dropLast())), Self.event("error", #""error":\#(error)"#),
            Self.event("response.failed", failed), Self.event("response.completed", failed),
        ] where !body.contains(#""type":"error","code":null,"type""#) {
            let (events, thrown) = Self.decode(Self.hello + body)
            #expect(thrown?.code == expected)
            #expect(thrown?.message.contains("no luck") == true)
            #expect(thrown?.param == (fields.contains("param") ? "input" : nil))
            for secret in ["canary", "AAAABBBB"] {
                #expect(thrown?.message.contains(secret) == false && thrown?.detail?.contains(secret) != true)
            }
            // What has been used by then is told.
            #expect(events.contains { $0.kind == Self.used } == body.contains("usage"))
            #expect(!events.contains { if case .finish = $0.kind { true } else { false } })
        }
    }

    @Test("cut anywhere, a stream gives the same events")
    func cuts() {
        let body =
            Self.start
            + Self.event("response.output_text.delta", #""output_index":0,"content_index":0,"delta":"日本 🎻\n""#)
            + ": sign of life\n\n"
            + Self.event(
                "response.output_item.added",
                #""output_index":1,"item":{"type":"function_call","call_id":"c","name":"f","arguments":""}"#)
            + Self.event("response.function_call_arguments.delta", #""output_index":1,"delta":"{\"a\":1}""#)
            + Self.end(#"{"type":"reasoning","summary":[],"encrypted_content":"é"}"#)
        let bytes = Array(body.utf8)
        let whole = Self.decode(bytes, cutEvery: bytes.count)
        #expect(whole.error == nil && whole.events.count == 7)
        for cut in 0...bytes.count {
            var decoder = Responses.StreamDecoder()
            var events: [ModelEvent] = []
            try? decoder.feed(Array(bytes[..<cut]), into: &events)
            try? decoder.feed(Array(bytes[cut...]), into: &events)
            try? decoder.finish(into: &events)
            #expect(events == whole.events)
        }
    }

    @Test("a stream that is cut short never ends well, and tells no frame twice")
    func truncated() {
        let body = Array((Self.hello + Self.end(Self.message)).utf8)
        let start = body.count - Self.end(Self.message).utf8.count
        let first = Self.decode(Array(body[..<start]), cutEvery: 100).events
        for length in start..<(body.count - 3) {
            let (events, error) = Self.decode(Array(body[..<length]), cutEvery: 1000)
            #expect(error?.code == .providerStreamBroken || error?.code == .providerInvalidAnswer)
            #expect(events == first)
        }
    }
}
