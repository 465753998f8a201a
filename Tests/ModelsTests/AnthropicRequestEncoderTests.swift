import Base
import JSON
import Models
import Testing

@Suite("Writing requests in Anthropic's dialect")
struct AnthropicRequestEncoderTests {
    static let call = AnthropicRulesTests.call
    static let tool = AnthropicRulesTests.tool

    /// The messages of a request that is accepted.
    static func messages(_ list: String) throws -> JSON {
        try #require(Asking.encode(Asking.body(messages: list))["messages"])
    }

    @Test("the client's own bytes go through with only the model, and the stream flag where it differs, changed")
    func sameDialect() throws {
        let body = #"{ "max_tokens":1E1, "model" : "mine","odd":[ ],"messages":[{"role":"user","content":""}] }"#
        var request = ChatRequest(model: "mine", messages: [])
        request.dialect = .anthropic
        request.original = ChatRequest.Original(dialect: .anthropic, bytes: Array(body.utf8))
        func encode(streaming: Bool) throws -> String {
            let call = ModelCall(request: request, model: "real", streaming: streaming)
            return text(try Anthropic.encodeRequest(call, asksForUsage: true))
        }
        #expect(try encode(streaming: false) == body.replacing("mine", with: "real"))
        #expect(
            try encode(streaming: true)
                == body.replacing("mine", with: "real").replacing(#"] }"#, with: #"] ,"stream":true}"#))
        request.stream = true
        #expect(try encode(streaming: true) == body.replacing("mine", with: "real"))
    }

    @Test(
        "what is refused, and where",
        arguments: [
            (#"{"role":"assistant","tool_calls":[C]}"#, "messages[0].tool_calls[0]"),
            (#"{"role":"assistant","tool_calls":[C]},{"role":"user","content":"x"}"#, "messages[0].tool_calls[0]"),
            (
                #"{"role":"assistant","tool_calls":[C,D]},{"role":"tool","tool_call_id":"c1","content":"r"},{"role":"assistant","content":"x"}"#,
                "messages[0].tool_calls[1]"
            ),
            (#"{"role":"assistant","tool_calls":[C]},{"role":"assistant","content":"x"}"#, "messages[0].tool_calls[0]"),
            (
                #"{"role":"assistant","tool_calls":[C]},{"role":"user","content":"x"},{"role":"tool","tool_call_id":"c1","content":"r"}"#,
                "messages[0].tool_calls[0]"
            ),
            (
                #"{"role":"assistant","tool_calls":[C]},{"role":"assistant","content":"x"},{"role":"tool","tool_call_id":"c1","content":"r"}"#,
                "messages[0].tool_calls[0]"
            ),
            (
                #"{"role":"assistant","tool_calls":[C]},{"role":"tool","tool_call_id":"c1","content":"r"},{"role":"assistant","tool_calls":[D]}"#,
                "messages[2].tool_calls[0]"
            ),
            (#"{"role":"tool","tool_call_id":"c1","content":"r"}"#, "messages[0].tool_call_id"),
            (
                #"{"role":"assistant","tool_calls":[C]},{"role":"tool","tool_call_id":"c9","content":"r"}"#,
                "messages[1].tool_call_id"
            ),
            (
                #"{"role":"assistant","tool_calls":[C]},{"role":"tool","tool_call_id":"c1","content":"r"},{"role":"tool","tool_call_id":"c1","content":"r"}"#,
                "messages[2].tool_call_id"
            ),
            (
                #"{"role":"assistant","tool_calls":[C]},{"role":"tool","tool_call_id":"c1","content":"r"},{"role":"user","content":"x"},{"role":"tool","tool_call_id":"c1","content":"r"}"#,
                "messages[3].tool_call_id"
            ),
            (#"{"role":"assistant","tool_calls":[C,C]}"#, "messages[0].tool_calls[1].id"),
        ])
    func refusedOrder(messages: String, param: String) throws {
        let second = Self.call.replacing("c1", with: "c2")
        let list = messages.replacing("C,C", with: "\(Self.call),\(Self.call)").replacing("[C", with: "[\(Self.call)")
            .replacing("D]", with: "\(second)]")
        let error = try #require(Asking.refusal(Asking.body(messages: list)))
        #expect(error.code == .invalidValue)
        #expect(error.param == param)
    }

    @Test("neighbours that only call are one turn, and their results come together")
    func neighbours() throws {
        let second = Self.call.replacing("c1", with: "c2")
        let sent = try Self.messages(
            #"{"role":"user","content":"hi"},{"role":"assistant","content":"a","tool_calls":[\#(Self.call)]},{"role":"assistant","tool_calls":[\#(second)]},{"role":"tool","tool_call_id":"c2","content":"r"},{"role":"tool","tool_call_id":"c1","content":"r"}"#
        )
        #expect(AnthropicConversation.faults(in: sent).isEmpty)
        #expect(sent[1]?["content"]?.array?.count == 3)
        #expect(sent[2]?["content"]?.array?.count == 2)
    }

    @Test(
        "arguments are a JSON object, and none at all are an empty one",
        arguments: [
            ("", "{}"), (" \\n", "{}"), ("{}", "{}"), (#" {\"a\":1e2} "#, #"{"a":100.0}"#), ("[]", nil), ("1", nil),
            ("{", nil), ("null", nil), ("{} {}", nil), (#"\"x\""#, nil),
            (String(repeating: "[", count: 100_000), nil),
        ] as [(String, String?)])
    func arguments(written: String, sent: String?) throws {
        let body = Asking.body(
            messages:
                #"{"role":"user","content":"hi"},{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"f","arguments":"\#(written)"}}]},{"role":"tool","tool_call_id":"a","content":""},{"role":"tool","tool_call_id":"b","content":"r"}"#
        )
        guard let sent else {
            let error = Asking.refusal(body)
            #expect(error?.code == .invalidValue)
            #expect(error?.param == "messages[1].tool_calls[1].function.arguments")
            return
        }
        let messages = try #require(Asking.encode(body)["messages"])
        #expect((messages[1]?["content"]?[1]?["input"]?.bytes).map(text) == sent)
        #expect(
            messages[2]?["content"] == [
                ["type": "tool_result", "tool_use_id": "a"],
                ["type": "tool_result", "tool_use_id": "b", "content": "r"],
            ])
    }

    @Test("ids stay apart and belong together, however a client writes them")
    func ids() throws {
        var list = #"{"role":"user","content":"hi"}"#
        let long = String(repeating: "call:", count: 40)
        let turns = [["1"], ["1", "a:b", "a.b"], ["1_2", "1"], ["", "é"], [long + "a", long + "b"]]
        for ids in turns {
            let calls = ids.map { #"{"id":"\#($0)","function":{"name":"f"}}"# }.joined(separator: ",")
            list += #",{"role":"assistant","tool_calls":[\#(calls)]}"#
            // Results in another order than the calls.
            for id in ids.reversed() { list += #",{"role":"tool","tool_call_id":"\#(id)","content":"of \#(id)"}"# }
        }
        let sent = try Self.messages(list)
        #expect(AnthropicConversation.faults(in: sent).isEmpty)
        for (turn, ids) in turns.enumerated() {
            let uses = sent[turn * 2 + 1]?["content"]?.array ?? []
            let results = sent[turn * 2 + 2]?["content"]?.array ?? []
            #expect(uses.count == ids.count)
            for (use, id) in zip(uses, ids) {
                #expect(use["id"]?.string?.wholeMatch(of: /[A-Za-z0-9_-]{1,256}/) != nil)
                let result = results.first { $0["tool_use_id"] == use["id"] }
                #expect(result?["content"]?.string == "of \(id)")
            }
        }
        #expect(sent[1]?["content"]?[0]?["id"] == "1")
        #expect(try Self.messages(list) == sent)
    }

    @Test(
        "the choice of tools",
        arguments: [
            (nil, nil, nil), (nil, true, nil), (nil, false, #"{"type":"auto","disable_parallel_tool_use":true}"#),
            (#""auto""#, nil, #"{"type":"auto"}"#), (#""required""#, true, #"{"type":"any"}"#),
            (#""required""#, false, #"{"type":"any","disable_parallel_tool_use":true}"#),
            (#""none""#, false, #"{"type":"none"}"#),
            (
                #"{"type":"function","function":{"name":"f"}}"#, false,
                #"{"type":"tool","name":"f","disable_parallel_tool_use":true}"#
            ),
        ] as [(String?, Bool?, String?)])
    func toolChoice(choice: String?, parallel: Bool?, sent: String?) throws {
        let fields = [
            choice.map { #""tool_choice":\#($0)"# }, parallel.map { #""parallel_tool_calls":\#($0)"# },
        ].compactMap { $0 }
        let with = try Asking.encode(Asking.body(([Self.tool] + fields).joined(separator: ",")))
        #expect((with["tool_choice"]?.bytes).map(text) == sent)
        let without = try Asking.encode(Asking.body(fields.joined(separator: ",")))
        #expect(without["tool_choice"] == nil)
    }

    @Test("a schema without a type is an object's")
    func schemaType() throws {
        let tools = #""tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{"a":{}}}}}]"#
        #expect(
            try Asking.encode(Asking.body(tools))["tools"]?[0]?["input_schema"]
                == ["type": "object", "properties": ["a": [:]]])
    }

    @Test(
        "which models of no row are told of a schema, and which get a tool instead",
        arguments: [
            ("claude-sonnet-4-5", true), ("claude-sonnet-4-5-20250929", true), ("claude-haiku-4-5", true),
            ("claude-opus-4-6", true), ("claude-sonnet-5", true), ("claude-fable-5-2", true),
            ("anthropic/claude-sonnet-4.5", true), ("claude-4.5-sonnet-20250929", true), ("claude-opus-10-1", true),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", true),
            ("claude-opus-4-1-20250805", false), ("claude-sonnet-4-0", false), ("claude-sonnet-4-20250514", false),
            ("claude-opus-4", false), ("claude-3-7-sonnet-20250219", false), ("claude-2.1", false),
            ("claude-instant-1.2", false), ("claude", false), ("claude-latest", false), ("gpt-5", false), ("", false),
        ])
    func schemas(model: String, expected: Bool) throws {
        let format = #""response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}}"#
        let sent = try Asking.encode(Asking.body(format), model: model)
        #expect((sent["output_config"] != nil) == expected)
        #expect((sent["tools"] == nil) == expected)
    }

    @Test(
        "a schema's response format needs the schema; temperatures over 1 and foreign tools are refused in any dialect")
    func furtherRefusals() {
        let format = #""response_format":{"type":"json_schema","json_schema":{"name":"n"}}"#
        #expect(Asking.refusal(Asking.body(format))?.param == "response_format")
        #expect(Asking.refusal(Asking.body(#""temperature":1.01"#))?.param == "temperature")
        #expect(Asking.refusal(Asking.body(#""temperature":1"#)) == nil)
        var request = ChatRequest(model: "m", messages: [ChatMessage(.user, "hi")])
        request.dialect = .anthropic
        request.hasForeignTools = true
        #expect(throws: CodedError.self) { try Asking.encode(request) }
    }
}
