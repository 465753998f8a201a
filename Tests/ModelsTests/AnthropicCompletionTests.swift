import Base
import JSON
import Models
import Testing

@Suite("Whole answers and errors in Anthropic's dialect")
struct AnthropicCompletionTests {
    private static let identity = AnswerIdentity(id: "msg_1", created: 5, model: "groq/x")

    private static func encode(_ choice: ChatCompletion.Choice, usage: Usage? = nil) throws -> JSON {
        try JSON(Anthropic.encodeCompletion(ChatCompletion(choices: [choice], usage: usage), as: identity))
    }

    @Test("a built answer has every field that clients count on, in the provider's order")
    func built() {
        let completion = ChatCompletion(
            choices: [
                .init(
                    text: "I look.", reasoning: "hm",
                    toolCalls: [ToolCall(id: "c", name: "f", arguments: #"{"b":1,"a":1e2}"#)], finishReason: .toolCalls)
            ],
            usage: Usage(
                promptTokens: 10, completionTokens: 4, cachedTokens: 3, cacheWriteTokens: 5, cacheWriteHourTokens: 2,
                reasoningTokens: 1))
        #expect(
            text(Anthropic.encodeCompletion(completion, as: Self.identity))
                == #"{"id":"msg_1","type":"message","role":"assistant","model":"groq/x","content":["#
                + #"{"type":"thinking","thinking":"hm","signature":""},{"type":"text","text":"I look."},"#
                + #"{"type":"tool_use","id":"c","name":"f","input":{"b":1,"a":1e2}}],"#
                + #""stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":2,"#
                + #""cache_creation_input_tokens":5,"cache_read_input_tokens":3,"#
                + #""cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":2},"output_tokens":4,"#
                + #""output_tokens_details":{"thinking_tokens":1}}}"#)
    }

    @Test("a body of this dialect goes through with only the model changed")
    func passes() {
        let body = "{ \"type\":\"message\", \"model\" : \"claude-real\",\n\"content\":[],\"usage\":{\"model\":1E2} }"
        let completion = ChatCompletion(
            choices: [], frame: Frame(dialect: .anthropic, bytes: Array(body.utf8)))
        let written = text(Anthropic.encodeCompletion(completion, as: Self.identity))
        #expect(written == body.replacing("claude-real", with: "groq/x"))
    }

    @Test("a body of another dialect is built anew, and an answer of nothing is one")
    func foreign() throws {
        let frame = Frame(dialect: .openai, bytes: Array("{}".utf8))
        let body = try JSON(
            Anthropic.encodeCompletion(
                ChatCompletion(choices: [.init(index: 1, text: "b"), .init(text: "a")], frame: frame), as: Self.identity
            ))
        #expect(body["content"] == [["type": "text", "text": "a"]])
        let empty = try JSON(Anthropic.encodeCompletion(ChatCompletion(choices: []), as: Self.identity))
        #expect(empty["content"] == [] && empty["stop_reason"] == "end_turn" && empty["usage"]?["output_tokens"] == 0)
        #expect(try Self.encode(.init(text: "", reasoning: ""))["content"] == [])
    }

    static let reasons: [(reason: FinishReason?, calls: Bool, shown: String, isMended: Bool)] = [
        (.stop, false, "end_turn", false), (.stop, true, "tool_use", true), (.length, false, "max_tokens", false),
        (.length, true, "max_tokens", false), (.toolCalls, true, "tool_use", false),
        (.toolCalls, false, "end_turn", true), (.functionCall, true, "tool_use", false),
        (.contentFilter, false, "refusal", false), (.other("pause_turn"), false, "pause_turn", false),
        (.other("model_context_window_exceeded"), false, "model_context_window_exceeded", false),
        (.other("odd\"\n"), false, "end_turn", true), (.other("odd"), true, "tool_use", true),
        (.other("model_length"), false, "max_tokens", true), (.functionCall, false, "end_turn", true),
        (nil, false, "end_turn", false), (nil, true, "tool_use", false),
    ]

    @Test("why an answer ended is said in this dialect's words, and agrees with the calls", arguments: reasons)
    func reason(_ row: (reason: FinishReason?, calls: Bool, shown: String, isMended: Bool)) throws {
        let calls = row.calls ? [ToolCall(id: "c", name: "f", arguments: "{}")] : []
        let completion = ChatCompletion(choices: [.init(toolCalls: calls, finishReason: row.reason)])
        var repairs = Repairs()
        let body = try JSON(Anthropic.encodeCompletion(completion, as: Self.identity, repairs: &repairs))
        #expect(body["stop_reason"]?.string == row.shown)
        #expect(repairs[.finishReason] == (row.isMended ? 1 : 0))
    }

    static let usages: [(Usage, input: Int64, written: Int64, read: Int64, output: Int64)] = [
        (Usage(promptTokens: 10, completionTokens: 1), 10, 0, 0, 1),
        (Usage(promptTokens: 10, completionTokens: 1, cachedTokens: 4, cacheWriteTokens: 6), 0, 6, 4, 1),
        (Usage(promptTokens: 10, completionTokens: 1, cachedTokens: 9, cacheWriteTokens: 9), 0, 9, 9, 1),
        (Usage(promptTokens: .min, completionTokens: -1, cachedTokens: .max, cacheWriteTokens: .min), 0, 0, .max, 0),
        (
            Usage(promptTokens: .max, completionTokens: .max, cachedTokens: .min, cacheWriteTokens: .max), 0, .max, 0,
            .max
        ),
        (
            Usage(promptTokens: 5, completionTokens: 0, cacheWriteTokens: 2, cacheWriteHourTokens: .max), 3, 2, 0, 0
        ),
    ]

    @Test("prompt tokens leave out what the cache gave and took, and never fall below zero", arguments: usages)
    func usage(_ row: (usage: Usage, input: Int64, written: Int64, read: Int64, output: Int64)) throws {
        let usage = try Self.encode(.init(text: "x"), usage: row.usage)["usage"]
        #expect(usage?["input_tokens"]?.int == row.input)
        #expect(usage?["cache_creation_input_tokens"]?.int == row.written)
        #expect(usage?["cache_read_input_tokens"]?.int == row.read)
        #expect(usage?["output_tokens"]?.int == row.output)
        let split = usage?["cache_creation"]?.object?.compactMap { $0.value.int }
        #expect(split?.allSatisfy { $0 >= 0 } != false)
        #expect(split.map { $0.reduce(0, +) } == (row.usage.cacheWriteTokens == nil ? nil : row.written))
    }

    static let arguments: [(String, JSON, isMended: Bool)] = [
        ("", [:], false), (" \n", [:], false), ("{}", [:], false), (#"{"a":{"b":[1]}}"#, ["a": ["b": [1]]], false),
        ("null", [:], true), ("[1]", ["_raw": "[1]"], true), ("\"x\"", ["_raw": "\"x\""], true),
        (#"{"a":"#, ["_raw": #"{"a":"#], true), ("look\n", ["_raw": "look\n"], true),
        (#"{"a":1} {"a":2}"#, ["a": 1], true), (#"{"a":1}}"#, ["a": 1], true), ("{]}", ["_raw": "{]}"], true),
        (String(repeating: #"{"a":"#, count: 70), ["_raw": .string(String(repeating: #"{"a":"#, count: 70))], true),
    ]

    @Test("a call's input is always an object, and nothing that the model wrote is lost silently", arguments: arguments)
    func input(_ row: (arguments: String, input: JSON, isMended: Bool)) throws {
        let completion = ChatCompletion(
            choices: [.init(toolCalls: [ToolCall(id: "c", name: "f", arguments: row.arguments)])])
        var repairs = Repairs()
        let body = try JSON(Anthropic.encodeCompletion(completion, as: Self.identity, repairs: &repairs))
        #expect(body["content"]?[0]?["input"] == row.input)
        #expect(repairs[.toolArguments] == (row.isMended ? 1 : 0))
    }

    @Test("the envelope of an error has its type, its words and the request's id", arguments: ErrorCode.all)
    func error(_ code: ErrorCode) throws {
        let body = try JSON(Anthropic.encodeError(CodedError(code, "What is wrong."), requestID: "req_7"))
        #expect(
            body == [
                "type": "error", "error": ["type": .string(code.anthropicType), "message": "What is wrong."],
                "request_id": "req_7",
            ])
    }

    @Test("the message names the field, for the envelope has no other place for it")
    func param() throws {
        func message(_ text: String) throws -> String? {
            let error = CodedError(.invalidValue, text, param: "messages[0].role")
            return try JSON(Anthropic.encodeError(error, requestID: nil))["error"]?["message"]?.string
        }
        #expect(try message("Wrong.") == "messages[0].role: Wrong.")
        #expect(try message("'messages[0].role' is wrong.") == "'messages[0].role' is wrong.")
        let body = text(Anthropic.encodeError(CodedError(.overloaded, "x"), requestID: nil))
        #expect(body.hasSuffix(#""request_id":null}"#))
    }
}
