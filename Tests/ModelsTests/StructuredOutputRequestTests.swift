import Base
import JSON
import Testing

@testable import Models

@Suite("A request whose answer comes as a tool's arguments")
struct StructuredOutputRequestTests {
    static let toolsOnly = Shaped.entry([.tools])
    static let forcedTool: JSON = ["type": "tool", "name": "person", "disable_parallel_tool_use": true]

    @Test("to Anthropic: the schema is the tool's, which must be called")
    func anthropic() throws {
        let call = try Shaped.call(Shaped.schema, model: "claude-3-haiku-20240307", entry: Self.toolsOnly)
        let sent = try Shaped.sent(call, to: .anthropic)
        #expect(sent["tools"]?.array?.count == 1)
        #expect(sent["tools"]?[0]?["name"] == "person")
        #expect(sent["tools"]?[0]?["input_schema"] == (try JSON(Array(Shaped.person.utf8))))
        #expect(sent["tools"]?[0]?["description"]?.string?.isEmpty == false)
        #expect(sent["tool_choice"] == Self.forcedTool)
        #expect(sent["output_config"] == nil && sent["response_format"] == nil)
    }

    @Test("any JSON is any object")
    func anyObject() throws {
        let sent = try Shaped.sent(try Shaped.call(Shaped.anyJSON), to: .anthropic)
        #expect(sent["tools"]?[0]?["input_schema"] == ["type": "object"])
        #expect(sent["tools"]?[0]?["name"] == "answer")
    }

    @Test("to Anthropic, a forced tool leaves no thinking; native forms leave it")
    func thinking() throws {
        let fields = #"\#(Shaped.schema),"reasoning_effort":"low""#
        #expect(try Shaped.sent(try Shaped.call(fields, entry: Self.toolsOnly), to: .anthropic)["thinking"] == nil)
        let native = try Shaped.call(fields, entry: Shaped.entry([.tools, .jsonSchema]))
        #expect(try Shaped.sent(native, to: .anthropic)["thinking"] != nil)
    }

    @Test("the client's own bytes stay but for the form, which the tool takes the place of")
    func ownBytes() throws {
        let fields = #""logit_bias":{"1":-1.50},"zz":[1.0],\#(Shaped.schema),"seed":7"#
        let call = try Shaped.call(fields, entry: Self.toolsOnly, streaming: false)
        let bytes = try OpenAI.encodeRequest(call, asksForUsage: true)
        let sent = try JSON(bytes)
        #expect(text(bytes).contains(#""logit_bias":{"1":-1.50},"zz":[1.0],"seed":7"#))
        #expect(sent["response_format"] == nil)
        #expect(sent["tools"]?[0]?["type"] == "function")
        #expect(sent["tools"]?[0]?["function"]?["name"] == "person")
        #expect(sent["tools"]?[0]?["function"]?["parameters"] == (try JSON(Array(Shaped.person.utf8))))
        #expect(sent["tool_choice"] == ["type": "function", "function": ["name": "person"]])
        #expect(sent["parallel_tool_calls"] == nil)
    }

    @Test("the client's tools stay in its own bytes, in order, whatever they are", arguments: ["[ ]", "null", "tools"])
    func ownTools(form: String) throws {
        let tools =
            form == "tools"
            ? #"[ {"type":"function","function":{"name":"f"},"x":1.0} , {"type":"custom","custom":{"name":"c"}} ]"#
            : form
        let call = try Shaped.call(#""tools":\#(tools),\#(Shaped.schema)"#, entry: Self.toolsOnly)
        let bytes = try OpenAI.encodeRequest(call, asksForUsage: true)
        let sent = try JSON(bytes)
        let names = sent["tools"]?.array?.map { ($0["function"] ?? $0["custom"])?["name"]?.string }
        #expect(names == (form == "tools" ? ["f", "c", "person"] : ["person"]))
        #expect(text(bytes).contains(#""x":1.0"#) == (form == "tools"))
        #expect((sent["tool_choice"] == "required") == (form == "tools"))
    }

    @Test("Anthropic's own bytes lose the form in both spellings, and the thinking, and keep the rest")
    func ownAnthropic() throws {
        let schema = #"{"type":"json_schema","schema":\#(Shaped.person)}"#
        let fields =
            #""output_config":{"effort":"low","format":\#(schema)},"output_format":\#(schema),"x_new":1.0,"#
            + #""thinking":{"type":"enabled","budget_tokens":2048},"container":"c","#
            + #""tools":[{"type":"web_search_20250305","name":"web_search"}]"#
        let call = try Shaped.call(fields, from: .anthropic, entry: Self.toolsOnly)
        let bytes = try Anthropic.encodeRequest(call, asksForUsage: false)
        let sent = try JSON(bytes)
        #expect(sent["output_config"] == ["effort": "low"])
        #expect(sent["output_format"] == nil && sent["thinking"] == nil)
        #expect(text(bytes).contains(#""x_new":1.0"#) && sent["container"] == "c")
        #expect(sent["tools"]?.array?.compactMap { $0["name"]?.string } == ["web_search", "answer"])
        #expect(sent["tool_choice"] == ["type": "any"])
        let plain = try Shaped.call(StructuredOutputPlanTests.config, from: .anthropic, entry: Self.toolsOnly)
        #expect(try Shaped.sent(plain, to: .anthropic)["output_config"] == nil)
    }

    @Test(
        "a client that forces its own tool gets its call: the form is left out",
        arguments: [Dialect.openai, .anthropic])
    func ownForced(upstream: Dialect) throws {
        let fields = "\(Shaped.schema),\(StructuredOutputPlanTests.forced)"
        let sent = try Shaped.sent(try Shaped.call(fields, entry: Self.toolsOnly), to: upstream)
        #expect(sent["response_format"] == nil && sent["output_config"] == nil)
        #expect(sent["tools"]?.array?.count == 1)
        let choice = sent["tool_choice"] ?? .null
        #expect((choice["function"] ?? choice)["name"] == "f")
    }

    @Test("a model that takes no orders gets none, and nothing that the client forbade")
    func offered() throws {
        let entry = Shaped.entry([.tools, .thinking], provider: "deepseek")
        for (choice, names) in [("none", ["person"]), ("required", ["f", "person"])] {
            let fields = #"\#(Shaped.schema),\#(Shaped.tools),"tool_choice":"\#(choice)""#
            let sent = try Shaped.sent(try Shaped.call(fields, entry: entry), to: .openai)
            #expect(sent["tool_choice"] == nil)
            #expect(sent["tools"]?.array?.compactMap { $0["function"]?["name"]?.string } == names)
        }
    }

    @Test(
        "the tool's name is the schema's in the letters that are allowed, and none of the client's tools'",
        arguments: [
            ("person", "person"), ("", "answer"), ("A-b_9", "A-b_9"), ("my person!", "my_person_"), ("été", "_t_"),
            ("f", "f_2"), (String(repeating: "x", count: 90), String(repeating: "x", count: 64)), ("\u{1F600}", "_"),
        ])
    func names(schema: String, expected: String) throws {
        let call = try Shaped.call(
            #"\#(Shaped.tools),\#(Shaped.format(Shaped.person, name: schema))"#, entry: Self.toolsOnly)
        #expect(Shaped.plan(call, at: .openai) == "oneOfAll \(expected)")
    }

    @Test("a name that is taken, and the next, and as long as may be")
    func takenNames() throws {
        let long = String(repeating: "n", count: 64)
        let taken = [long, String(repeating: "n", count: 62) + "_2"]
        let tools = taken.map { #"{"type":"function","function":{"name":"\#($0)"}}"# }.joined(separator: ",")
        let call = try Shaped.call(
            #""tools":[\#(tools)],\#(Shaped.format(Shaped.person, name: long))"#, entry: Self.toolsOnly)
        #expect(Shaped.plan(call, at: .openai) == "oneOfAll " + String(repeating: "n", count: 62) + "_3")
    }

    @Test(
        "a schema that is not plainly an object's is put into one, and its references still hold",
        arguments: [
            (##"{"type":"array","items":{"type":"integer"}}"##, ##"{"type":"array","items":{"type":"integer"}}"##, ""),
            (##"{}"##, ##"{}"##, ""), (##"{"type":["object","null"]}"##, ##"{"type":["object","null"]}"##, ""),
            (##"{"type":"object","anyOf":[{}]}"##, ##"{"type":"object","anyOf":[{}]}"##, ""),
            (
                ##"{"$ref":"#/$defs/a","$defs":{"a":{"type":"array","items":{"$ref":"#"}}}}"##,
                ##"{"$ref":"#/$defs/a"}"##,
                ##","$defs":{"a":{"type":"array","items":{"$ref":"#/properties/answer"}}}"##
            ),
            (
                ##"{"type":"array","items":{"$ref":"#/prefixItems/0"},"prefixItems":[{"properties":{"$ref":{"$ref":"x#/a"}}}]}"##,
                ##"{"type":"array","items":{"$ref":"#/properties/answer/prefixItems/0"},"prefixItems":[{"properties":{"$ref":{"$ref":"x#/a"}}}]}"##,
                ""
            ),
            (
                ##"{"const":{"$ref":"#"},"enum":[{"$ref":"#/a"}]}"##,
                ##"{"const":{"$ref":"#"},"enum":[{"$ref":"#/a"}]}"##, ""
            ),
            (
                ##"{"$id":"https://x.test/s","anyOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{}}}"##,
                ##"{"$id":"https://x.test/s","anyOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{}}}"##, ""
            ),
        ])
    func wrapping(schema: String, inner: String, definitions: String) throws {
        let call = try Shaped.call(Shaped.format(schema), entry: Self.toolsOnly)
        let sent = try Shaped.sent(call, to: .anthropic)
        let wrapped = #"{"type":"object","properties":{"answer":\#(inner)},"required":["answer"]\#(definitions)}"#
        #expect(sent["tools"]?[0]?["input_schema"] == (try JSON(Array(wrapped.utf8))))
    }

    @Test(
        "an object's schema stays as it is",
        arguments: [
            Shaped.person, #"{"type":"object"}"#, #"{"type":"object","$defs":{"a":{}},"additionalProperties":false}"#,
        ])
    func objects(schema: String) throws {
        let sent = try Shaped.sent(try Shaped.call(Shaped.format(schema), entry: Self.toolsOnly), to: .anthropic)
        #expect(sent["tools"]?[0]?["input_schema"] == (try JSON(Array(schema.utf8))))
    }

    @Test("a schema as deep as any text may be still fits into its object")
    func depth() throws {
        let depth = JSONDocument.maxDepth - 3
        let deep = String(repeating: #"{"not":"#, count: depth) + "{}" + String(repeating: "}", count: depth)
        let request = try OpenAI.decodeRequest(Array(Asking.body(Shaped.anyJSON).utf8))
        var asked = request
        asked.original = nil
        asked.responseFormat = .jsonSchema(name: "n", schema: try JSONDocument(deep).root, strict: nil)
        let call = ModelCall(request: asked, model: "m", streaming: false, entry: Self.toolsOnly)
        #expect(Shaped.plan(call, at: .anthropic) == "forced n")
    }
}
