import Base
import HTTP
import HTTPClient
import Models
import TestKit
import Testing

/// What each kind of broken answer is, in each dialect, and whether another target can still mend it.
@Suite("Answers that break")
struct BrokenAnswerTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var dialect: Dialect
        var name: String
        var reply: ScriptedClient.Answer
        var streaming = true
        /// `nil` for a good answer.
        var code: ErrorCode?
        /// What is shown before.
        var shown = ""

        var testDescription: String { "\(dialect) \(name)" }
    }

    private static let cut = HTTPClientError(.broken, "cut")

    /// The same faults in a dialect whose stream says "hel", ends and fails so.
    private static func rows(
        _ dialect: Dialect, start: String, hello: String, finish: String, end: String, error: String, whole: String
    ) -> [Row] {
        func row(_ name: String, _ reply: ScriptedClient.Answer, _ code: ErrorCode?, _ shown: String = "") -> Row {
            Row(dialect: dialect, name: name, reply: reply, code: code, shown: shown)
        }
        var rows = [
            row("reset before the head", .failing(.broken), .providerInvalidAnswer),
            row("reset before the first byte of the body", .events("", then: cut), .providerStreamBroken),
            row("reset before the first token", .events(start, then: cut), .providerStreamBroken),
            row("reset in the text", .events(start + hello, then: cut), .providerStreamBroken, "hel"),
            // After the finish reason nothing of the answer is missing.
            row(
                "shorter than its length", .events(start + hello + finish, then: cut),
                finish.isEmpty ? .providerStreamBroken : nil, "hel"),
            row(
                "cut in an event after its finish reason", .events(start + hello + finish + "data: {\"us", then: cut),
                finish.isEmpty ? .providerStreamBroken : nil, "hel"),
            row("nothing", .events(""), .providerStreamBroken),
            row("comments", .events(": a\n\n:\n"), .providerStreamBroken),
            row("no token", .events(start), .providerStreamBroken),
            row("no finish reason and no end", .events(start + hello), .providerStreamBroken, "hel"),
            row("an event that is cut", .events(start + hello + "data: {\"a\":"), .providerInvalidAnswer, "hel"),
            row("an error first", .events(error), .providerFailed),
            row("an error before the first token", .events(start + error), .providerFailed),
            row("an error in the text", .events(start + hello + error), .providerFailed, "hel"),
            row(
                "rubbish in the text", .events(start + hello + "data: rubbish\n\n" + finish), .providerInvalidAnswer,
                "hel"),
            row("a list in the text", .events(start + hello + "data: []\n\n" + finish), .providerInvalidAnswer, "hel"),
            row("whole", .events(start + hello + finish + end), nil, "hel"),
            row("cut after its end", .events(start + hello + finish + end, then: cut), nil, "hel"),
            row("a body of JSON that is an error", .json(#"{"error":{"message":"no"}}"#), .providerFailed),
        ]
        for (name, reply, code) in [
            ("whole, reset before the head", .failing(.broken), .providerInvalidAnswer),
            ("whole, nothing", .json(""), .providerInvalidAnswer),
            ("whole, rubbish", .json("<html>"), .providerInvalidAnswer),
            ("whole, cut", .json(String(whole.dropLast(9))), .providerInvalidAnswer),
            ("whole, good", .json(whole), nil),
        ] as [(String, ScriptedClient.Answer, ErrorCode?)] {
            rows.append(
                Row(
                    dialect: dialect, name: name, reply: reply, streaming: false, code: code,
                    shown: code == nil ? "hel" : ""))
        }
        var short = ScriptedClient.Answer.json(String(whole.dropLast(9)))
        short.bodyFailure = cut
        rows.append(
            Row(
                dialect: dialect, name: "whole, shorter than its length", reply: short, streaming: false,
                code: .providerStreamBroken))
        return rows
    }

    static let openAI =
        rows(
            .openai, start: ProviderTimeoutTests.role, hello: StreamTests.hello, finish: StreamTests.end,
            end: ProviderTimeoutTests.done, error: "data: {\"error\":{\"message\":\"no\",\"code\":500}}\n\n",
            whole: #"{"choices":[{"message":{"content":"hel"},"finish_reason":"stop"}]}"#)
        + [
            Row(
                dialect: .openai, name: "no [DONE] after a finish reason",
                reply: .events(StreamTests.hello + StreamTests.end), shown: "hel"),
            Row(
                dialect: .openai, name: "[DONE] without a finish reason",
                reply: .events(StreamTests.hello + ProviderTimeoutTests.done), shown: "hel"),
            Row(
                dialect: .openai, name: "[DONE] and nothing else", reply: .events(ProviderTimeoutTests.done),
                code: .providerInvalidAnswer),
            Row(
                dialect: .openai, name: "a role and [DONE]",
                reply: .events(ProviderTimeoutTests.role + ProviderTimeoutTests.done), code: .providerInvalidAnswer),
            Row(
                dialect: .openai, name: "a rate limit inside a 200",
                reply: .events("data: {\"error\":{\"message\":\"x\",\"code\":429}}\n\n"), code: .providerRateLimited),
            Row(
                dialect: .openai, name: "an answer without words",
                reply: .events(ProviderTimeoutTests.role + StreamTests.end + ProviderTimeoutTests.done)),
        ]

    static let anthropic =
        rows(
            .anthropic, start: AnthropicStreamTests.start + AnthropicStreamTests.event("ping"),
            hello: AnthropicStreamTests.block(
                0, #"{"type":"text","text":""}"#, #"{"type":"text_delta","text":"hel"}"#),
            finish: AnthropicStreamTests.event("message_delta", #""delta":{"stop_reason":"end_turn"}"#),
            end: AnthropicStreamTests.event("message_stop"),
            error: AnthropicStreamTests.event("error", #""error":{"type":"api_error","message":"no"}"#),
            whole: #"{"type":"message","content":[{"type":"text","text":"hel"}],"stop_reason":"end_turn"}"#)
        + [
            Row(
                dialect: .anthropic, name: "no message_stop after a stop reason",
                reply: .events(
                    AnthropicStreamTests.hello
                        + AnthropicStreamTests.event("message_delta", #""delta":{"stop_reason":"end_turn"}"#)),
                shown: "hel"),
            Row(
                dialect: .anthropic, name: "nothing between start and stop",
                reply: .events(AnthropicStreamTests.start + AnthropicStreamTests.event("message_stop")),
                code: .providerInvalidAnswer),
            Row(
                dialect: .anthropic, name: "overload inside a 200",
                reply: .events(AnthropicStreamTests.event("error", #""error":{"type":"overloaded_error"}"#)),
                code: .providerOverloaded),
        ]

    static let responses =
        rows(
            .responses, start: ResponsesStreamTests.start,
            hello: String(ResponsesStreamTests.hello.dropFirst(ResponsesStreamTests.start.count)), finish: "",
            end: ResponsesStreamTests.end(ResponsesStreamTests.message),
            error: ResponsesStreamTests.event("error", #""message":"no","code":"server_error""#),
            whole: #"{"object":"response","status":"completed","output":[\#(ResponsesStreamTests.message)]}"#)
        + [
            Row(
                dialect: .responses, name: "[DONE] in place of its end",
                reply: .events(ResponsesStreamTests.hello + ProviderTimeoutTests.done), code: .providerStreamBroken,
                shown: "hel")
        ]

    /// What comes of an answer in OpenAI's dialect; `nil` when it is good.
    static func error(of reply: ScriptedClient.Answer, streaming: Bool) async -> CodedError? {
        let row = Row(dialect: .openai, name: "", reply: reply, streaming: streaming)
        do {
            let stream = try await Self().ask(row, ScriptedClient([reply]))
            while try await stream.next() != nil {}
            return nil
        } catch {
            return error as? CodedError
        }
    }

    private func ask(_ row: Row, _ client: ScriptedClient) async throws -> any ModelStream {
        let settings = ProviderConfiguration(name: "p", baseURL: "https://p.test")
        let clock = TestClock()
        var request = ChatRequest(model: "x", messages: [ChatMessage(.user, "hi")])
        request.stream = row.streaming
        let model: any ChatModel
        switch row.dialect {
        case .anthropic: model = Provider<Anthropic>(settings, client: client, clock: clock)
        case .responses:
            let body = #"{"model":"x","stream":\#(row.streaming),"input":"hi"}"#
            request = try Responses.decodeRequest(Array(body.utf8))
            model = OpenAIProvider(settings, hasResponses: true, client: client, clock: clock)
        case .openai, .local: model = Provider<OpenAI>(settings, client: client, clock: clock)
        }
        return try await model.start(
            ModelCall(request: request, model: "m", streaming: row.streaming), context: testContext())
    }

    @Test(
        "each fault has its code, and none before a token is given as an answer",
        arguments: openAI + anthropic + responses)
    func faults(_ row: Row) async throws {
        for size in [4096, 7] {
            var reply = row.reply
            // Cut anew, so that what comes in one piece and in many means the same.
            let bytes = Array(reply.pieces.joined())
            reply.pieces = stride(from: 0, to: bytes.count, by: size).map {
                Array(bytes[$0..<min($0 + size, bytes.count)])
            }
            let client = ScriptedClient([reply])
            var shown = ""
            var isBeforeFirst = true
            var code: ErrorCode?
            do {
                let stream = try await ask(row, client)
                isBeforeFirst = false
                while let event = try await stream.next() {
                    if case .text(let text) = event.kind { shown += text }
                    if case .whole(let completion) = event.kind { shown += completion.text }
                }
            } catch let error as CodedError {
                code = error.code
            }
            #expect(code == row.code)
            #expect(shown == row.shown)
            #expect(isBeforeFirst == (row.code != nil && row.shown.isEmpty))
            #expect(client.requests.count == 1)
        }
    }

    @Test("every fault is the provider's: another target may mend it", arguments: openAI + anthropic + responses)
    func fault(_ row: Row) {
        if let code = row.code { #expect(code.fault == .provider) }
    }
}
