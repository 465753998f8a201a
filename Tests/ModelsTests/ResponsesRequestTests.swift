import Base
import JSON
import Models
import Testing

@Suite("Reading requests in the dialect of responses")
struct ResponsesRequestTests {
    static func decode(_ body: String) throws(CodedError) -> ChatRequest {
        try Responses.decodeRequest(Array(body.utf8))
    }

    static func error(_ body: String) -> CodedError? {
        do {
            _ = try decode(body)
            return nil
        } catch { return error }
    }

    /// A body with this input, as JSON.
    static func input(_ input: String) -> String { #"{"model":"m","input":\#(input)}"# }
    /// A body with one input and these further fields.
    static func body(_ fields: String) -> String { #"{"model":"m","input":"hi",\#(fields)}"# }
    /// A body with one user message of this part.
    static func part(_ part: String) -> String { input(#"[{"role":"user","content":[\#(part)]}]"#) }

    static let refusals: [(String, ErrorCode, String?)] = [
        ("", .invalidJSON, nil), ("[]", .invalidType, nil), ("{}", .missingField, "model"),
        (#"{"model":7,"input":"x"}"#, .invalidType, "model"), (#"{"model":"","input":"x"}"#, .invalidValue, "model"),
        (#"{"model":"m"}"#, .missingField, "input"), (input("null"), .missingField, "input"),
        (input("5"), .invalidType, "input"), (input("{}"), .invalidType, "input"),
        (input("[]"), .invalidValue, "input"),
        (input("[5]"), .invalidType, "input[0]"), (input(#"["x"]"#), .invalidType, "input[0]"),
        (input("[{}]"), .missingField, "input[0].role"), (input(#"[{"type":7}]"#), .invalidType, "input[0].type"),
        (input(#"[{"role":"tool","content":"x"}]"#), .invalidValue, "input[0].role"),
        (input(#"[{"role":"user"}]"#), .missingField, "input[0].content"),
        (input(#"[{"role":"user","content":"x"},{"role":"user","content":5}]"#), .invalidType, "input[1].content"),
        (part("5"), .invalidType, "input[0].content[0]"), (part("{}"), .missingField, "input[0].content[0].type"),
        (part(#"{"type":"input_text"}"#), .missingField, "input[0].content[0].text"),
        (part(#"{"type":"output_text","text":5}"#), .invalidType, "input[0].content[0].text"),
        (part(#"{"type":"refusal"}"#), .missingField, "input[0].content[0].refusal"),
        (part(#"{"type":"input_image"}"#), .missingField, "input[0].content[0].image_url"),
        (part(#"{"type":"input_image","image_url":{"url":"x"}}"#), .invalidType, "input[0].content[0].image_url"),
        (
            part(#"{"type":"input_image","image_url":"data:image/png;base64,no!"}"#), .invalidValue,
            "input[0].content[0].image_url"
        ),
        (part(#"{"type":"input_file"}"#), .missingField, "input[0].content[0].file_data"),
        (part(#"{"type":"input_file","file_data":"no!"}"#), .invalidValue, "input[0].content[0].file_data"),
        (part(#"{"type":"input_audio"}"#), .missingField, "input[0].content[0].input_audio"),
        (
            part(#"{"type":"input_audio","input_audio":{"data":"A"}}"#), .missingField,
            "input[0].content[0].input_audio.format"
        ),
        (input(#"[{"type":"function_call","name":"f","arguments":"{}"}]"#), .missingField, "input[0].call_id"),
        (input(#"[{"type":"function_call","call_id":"c","arguments":"{}"}]"#), .missingField, "input[0].name"),
        (
            input(#"[{"type":"function_call","call_id":"c","name":"f","arguments":{}}]"#), .invalidType,
            "input[0].arguments"
        ),
        (
            input(#"[{"type":"function_call","call_id":"c","name":"a\n\ndata: x"}]"#), .invalidValue, "input[0].name"
        ),
        (input(#"[{"type":"function_call_output","output":"x"}]"#), .missingField, "input[0].call_id"),
        (
            input(#"[{"type":"function_call_output","call_id":"c","output":"x"}]"#), .invalidValue, "input[0].call_id"
        ),
        (
            input(
                #"[{"type":"function_call","call_id":"c","name":"f"},{"type":"function_call_output","call_id":"c"}]"#),
            .missingField, "input[1].output"
        ),
        (input(#"[{"type":"reasoning","summary":"x"}]"#), .invalidType, "input[0].summary"),
        (input(#"[{"type":"reasoning","summary":[{}]}]"#), .missingField, "input[0].summary[0].text"),
        (input(#"[{"type":"reasoning","encrypted_content":5}]"#), .invalidType, "input[0].encrypted_content"),
        (#"{"model":"m","input":"a","inpu\u0074":"b"}"#, .invalidValue, "input"),
    ]

    @Test("what is wrong is named by its path", arguments: refusals)
    func refused(body: String, code: ErrorCode, param: String?) {
        let error = Self.error(body)
        #expect(error?.code == code)
        #expect(error?.param == param)
        #expect(error?.message.hasSuffix(".") == true)
    }

    static let fields: [(String, ErrorCode, String)] = [
        (#""instructions":5"#, .invalidType, "instructions"), (#""stream":"yes""#, .invalidType, "stream"),
        (#""tools":{}"#, .invalidType, "tools"), (#""tools":[5]"#, .invalidType, "tools[0]"),
        (#""tools":[{"type":"function"}]"#, .missingField, "tools[0].name"),
        (#""tools":[{"type":"function","function":{"name":"f"}}]"#, .missingField, "tools[0].name"),
        (#""tools":[{"type":"function","name":"f","parameters":[]}]"#, .invalidType, "tools[0].parameters"),
        (#""tools":[{"type":"function","name":"f","strict":1}]"#, .invalidType, "tools[0].strict"),
        (#""tool_choice":5"#, .invalidType, "tool_choice"),
        (#""tool_choice":{"type":"function"}"#, .missingField, "tool_choice.name"),
        (#""parallel_tool_calls":1"#, .invalidType, "parallel_tool_calls"),
        (#""max_output_tokens":0"#, .invalidValue, "max_output_tokens"),
        (#""max_output_tokens":"9""#, .invalidType, "max_output_tokens"),
        (#""temperature":2.1"#, .invalidValue, "temperature"), (#""top_p":-1"#, .invalidValue, "top_p"),
        (#""top_logprobs":21"#, .invalidValue, "top_logprobs"), (#""user":5"#, .invalidType, "user"),
        (#""reasoning":"low""#, .invalidType, "reasoning"),
        (#""reasoning":{"effort":1}"#, .invalidType, "reasoning.effort"),
        (#""text":"x""#, .invalidType, "text"), (#""text":{"format":{}}"#, .missingField, "text.format.type"),
        (#""text":{"format":{"type":"xml"}}"#, .invalidValue, "text.format.type"),
        (#""text":{"format":{"type":"json_schema","schema":{}}}"#, .missingField, "text.format.name"),
        (#""text":{"format":{"type":"json_schema","name":"n"}}"#, .missingField, "text.format.schema"),
        (#""text":{"verbosity":5}"#, .invalidType, "text.verbosity"),
        (#""metadata":5"#, .invalidType, "metadata"), (#""store":5"#, .invalidType, "store"),
        (#""stream_options":5"#, .invalidType, "stream_options"), (#""truncation":5"#, .invalidType, "truncation"),
        (#""include":"x""#, .invalidType, "include"), (#""include":[5]"#, .invalidType, "include[0]"),
        (#""max_tool_calls":0"#, .invalidValue, "max_tool_calls"),
        (#""background":"yes""#, .invalidType, "background"),
        (#""background":true"#, .invalidValue, "background"),
        (#""conversation":"conv_1""#, .invalidValue, "conversation"),
        (#""conversation":{"id":"conv_1"}"#, .invalidValue, "conversation"),
        (#""previous_response_id":"resp_1""#, .invalidValue, "previous_response_id"),
        (#""previous_response_id":5"#, .invalidType, "previous_response_id"),
        (#""prompt":{"id":"pmpt_1"}"#, .invalidValue, "prompt"),
    ]

    @Test("every field is checked", arguments: fields)
    func fieldRefused(fields: String, code: ErrorCode, param: String) {
        let error = Self.error(Self.body(fields))
        #expect(error?.code == code)
        #expect(error?.param == param)
    }

    @Test("what would need a memory is refused with what to do instead, even without input")
    func memory() {
        for field in [#""previous_response_id":"resp_1""#, #""conversation":"c""#, #""prompt":{"id":"p"}"#] {
            #expect(Self.error(#"{"model":"m",\#(field)}"#)?.message.contains("'input'") == true)
        }
        #expect(Self.error(Self.body(#""previous_response_id":"r""#))?.message.contains("previous response") == true)
        let absent = #""previous_response_id":null,"conversation":null,"prompt":null,"background":false"#
        #expect(Self.error(Self.body(absent)) == nil)
    }

    @Test("counts are bounded where they are said to be")
    func bounds() {
        func tools(_ count: Int) -> String {
            let tool = #"{"type":"function","name":"f"}"#
            return Self.body("\"tools\":[\(Array(repeating: tool, count: count).joined(separator: ","))]")
        }
        #expect(Self.error(tools(512)) == nil)
        #expect(Self.error(tools(513))?.param == "tools")
        #expect(Self.error(tools(10_000))?.code == .invalidValue)
        let items = { (count: Int) in
            Self.input(
                "[\(Array(repeating: #"{"role":"user","content":"x"}"#, count: count).joined(separator: ","))]")
        }
        #expect(Self.error(items(100_000)) == nil)
        #expect(Self.error(items(100_001))?.param == "input")
        let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        #expect(Self.error(Self.body("\"x\":\(deep)"))?.code == .invalidJSON)
    }

    @Test("a request says what it says")
    func everything() throws {
        let body = """
            {"model":"gpt-x","input":"hi","instructions":"Be brief.","stream":true,"temperature":1,"top_p":0.5,
             "max_output_tokens":2048,"user":"ada","parallel_tool_calls":false,"store":true,"metadata":{"a":"b"},
             "service_tier":"flex","prompt_cache_key":"k","safety_identifier":"s","include":["reasoning.encrypted_content"],
             "truncation":"disabled","own":[1],"stream_options":{"include_obfuscation":false},
             "reasoning":{"effort":"low","summary":"auto"},
             "text":{"verbosity":"low","format":{"type":"json_schema","name":"n","schema":{"type":"object"},"strict":true}},
             "tools":[{"type":"function","name":"look","description":"d","parameters":{"type":"object"},"strict":false},{"type":"function","name":"g","parameters":null}],
             "tool_choice":{"type":"function","name":"look"}}
            """
        let request = try Self.decode(body)
        #expect(request.model == "gpt-x" && request.stream && request.temperature == 1 && request.topP == 0.5)
        #expect(request.maxTokens == 2048 && request.maxTokensField == "max_output_tokens")
        #expect(request.user == "ada" && request.parallelToolCalls == false && request.reasoning == .effort("low"))
        #expect(Self.summary(request) == ["system: Be brief.", "user: hi"])
        #expect(request.tools.map(\.name) == ["look", "g"] && request.tools[0].description == "d")
        #expect(request.tools[0].parameters?["type"]?.string == "object" && request.tools[0].strict == false)
        #expect(request.tools[1].parameters == nil && !request.hasForeignTools)
        if case .function("look")? = request.toolChoice {} else { Issue.record("tool choice") }
        if case .jsonSchema("n", let schema, true)? = request.responseFormat {
            #expect(schema?["type"]?.string == "object")
        } else {
            Issue.record("response format")
        }
        #expect(request.foreignField == nil && !request.logprobs && request.n == 1)
        #expect(request.dialect == .responses)
        #expect(request.original == ChatRequest.Original(dialect: .responses, bytes: Array(body.utf8)))
    }

    @Test("a plain request asks for nothing more")
    func plain() throws {
        let request = try Self.decode(Self.body(#""instructions":"","stream":null,"tools":null,"reasoning":{}"#))
        #expect(Self.summary(request) == ["user: hi"])
        #expect(!request.stream && request.tools.isEmpty && request.toolChoice == nil && request.reasoning == nil)
        #expect(request.maxTokens == nil && request.responseFormat == nil && request.foreignField == nil)
    }

    static let foreign: [(String, String)] = [
        (body(#""truncation":"auto""#), "truncation"), (body(#""max_tool_calls":3"#), "max_tool_calls"),
        (body(#""include":["reasoning.encrypted_content","web_search_call.action.sources"]"#), "include[1]"),
        (body(#""context_management":[{"type":"compaction"}]"#), "context_management"),
        (input(#"[{"role":"user","content":"x"},{"type":"item_reference","id":"msg_1"}]"#), "input[1]"),
        (input(#"[{"type":"compaction","encrypted_content":"x"}]"#), "input[0]"),
        (input(#"[{"type":"web_search_call","id":"ws_1"},{"type":"item_reference","id":"x"}]"#), "input[0]"),
        (part(#"{"type":"input_text","text":"x"},{"type":"input_image","file_id":"file_1"}"#), "input[0].content[1]"),
        (part(#"{"type":"input_video"}"#), "input[0].content[0]"),
        (
            input(
                #"[{"type":"function_call","call_id":"c","name":"f"},{"type":"function_call_output","call_id":"c","output":[{"type":"x"}]}]"#
            ), "input[1].output[0]"
        ),
    ]

    @Test("what only this dialect has goes in it alone, and others name it", arguments: foreign)
    func foreignField(body: String, field: String) throws {
        let request = try Self.decode(body)
        #expect(request.foreignField == field)
        let call = ModelCall(request: request, model: "m", streaming: false)
        let errors = [
            #expect(throws: CodedError.self) { _ = try OpenAI.encodeRequest(call, asksForUsage: false) },
            #expect(throws: CodedError.self) { _ = try Anthropic.encodeRequest(call, asksForUsage: false) },
        ]
        for error in errors { #expect(error?.code == .unsupportedByModel && error?.param == field) }
    }

    @Test("tools and choices of other kinds are foreign")
    func foreignTools() throws {
        let tools = try Self.decode(
            Self.body(#""tools":[{"type":"web_search"},{"type":"function","name":"f"}],"tool_choice":"required""#))
        #expect(tools.hasForeignTools && tools.tools.map(\.name) == ["f"])
        if case .required? = tools.toolChoice {} else { Issue.record("choice") }
        for choice in [#""any""#, #"{"type":"web_search"}"#, #"{"type":"allowed_tools","tools":[]}"#] {
            let request = try Self.decode(Self.body("\"tool_choice\":\(choice)"))
            if case .other? = request.toolChoice {} else { Issue.record("\(choice)") }
        }
        for (name, expected) in [("none", "none"), ("auto", "auto")] {
            let request = try Self.decode(Self.body("\"tool_choice\":\"\(name)\""))
            #expect(request.toolChoice.map { "\($0)" } == expected)
        }
    }

    @Test("a result may answer a call that only this dialect knows")
    func referencedCall() throws {
        let request = try Self.decode(
            Self.input(
                #"[{"type":"item_reference","id":"fc_1"},{"type":"function_call_output","call_id":"c","output":"x"}]"#))
        #expect(Self.summary(request) == ["tool: x, of c"])
    }

    @Test("log-probabilities are asked for by either field")
    func logprobs() throws {
        let included = try Self.decode(Self.body(#""include":["message.output_text.logprobs"],"top_logprobs":2"#))
        #expect(included.logprobs && included.topLogprobs == 2)
        #expect(try Self.decode(Self.body(#""top_logprobs":2"#)).logprobs)
        #expect(try !Self.decode(Self.body(#""top_logprobs":0"#)).logprobs)
    }

    @Test("efforts and formats")
    func efforts() throws {
        #expect(try Self.decode(Self.body(#""reasoning":{"effort":"none"}"#)).reasoning == .off)
        #expect(try Self.decode(Self.body(#""reasoning":{"effort":null,"summary":"auto"}"#)).reasoning == nil)
        if case .jsonObject? = try Self.decode(Self.body(#""text":{"format":{"type":"json_object"}}"#)).responseFormat {
        } else {
            Issue.record("json_object")
        }
        if case .text? = try Self.decode(Self.body(#""text":{"format":{"type":"text"}}"#)).responseFormat {
        } else {
            Issue.record("text")
        }
    }

    @Test("the same bytes give the same request")
    func deterministic() throws {
        for (body, _) in Self.foreign {
            #expect(try Self.summary(Self.decode(body)) == Self.summary(Self.decode(body)))
        }
    }
}
