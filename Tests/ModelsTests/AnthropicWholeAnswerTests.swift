import Base
import JSON
import Models
import Testing

@Suite("Reading Anthropic's whole answers")
struct AnthropicWholeAnswerTests {
    @Test("an answer without content is none", arguments: ["", "{}", "[]", #"{"content":"hi"}"#, "x", "null"])
    func noAnswer(body: String) {
        let error = #expect(throws: CodedError.self) { try Anthropic.decodeCompletion(Array(body.utf8)) }
        #expect(error?.code == .providerInvalidAnswer)
    }

    @Test("an error in the place of an answer is one, whatever the status was")
    func errorAsAnswer() {
        let body = #"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}"#
        let error = #expect(throws: CodedError.self) { try Anthropic.decodeCompletion(Array(body.utf8)) }
        #expect(error?.code == .providerRateLimited)
        #expect(error?.message.contains("slow down") == true)
    }

    @Test("a whole answer: its text joined, its calls, its thoughts, and its bytes for clients of the same dialect")
    func whole() throws {
        let body =
            #"{"type":"message","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"a "},{"type":"server_tool_use","id":"s","name":"x","input":{}},{"type":"text","text":"b"},{"type":"tool_use","id":"t","name":"f"},{"type":"tool_use","id":"u","name":"g","input":{"n":[1,null]}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":2}}"#
        let bytes = Array(body.utf8)
        #expect(
            try Anthropic.decodeCompletion(bytes)
                == ChatCompletion(
                    choices: [
                        .init(
                            text: "a b", reasoning: "hm",
                            toolCalls: [
                                ToolCall(id: "t", name: "f", arguments: "{}"),
                                ToolCall(id: "u", name: "g", arguments: #"{"n":[1,null]}"#),
                            ], finishReason: .toolCalls)
                    ], usage: Usage(promptTokens: 1, completionTokens: 2),
                    frame: Frame(dialect: .anthropic, bytes: bytes)))
    }
}
