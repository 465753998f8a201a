import Base
import JSON
import Models
import Testing

@Suite("Reading chat requests in OpenAI's dialect")
struct RequestDecodingTests {
    static func error(_ body: String) -> CodedError? {
        do {
            _ = try OpenAI.decodeRequest(Array(body.utf8))
            return nil
        } catch { return error }
    }

    /// A body with one user message and these further fields.
    static func body(_ fields: String) -> String {
        #"{"model":"m","messages":[{"role":"user","content":"hi"}]\#(fields.isEmpty ? "" : ",\(fields)")}"#
    }

    static let bodies: [(String, ErrorCode, String?)] = [
        ("", .invalidJSON, nil),
        ("not json", .invalidJSON, nil),
        ("[]", .invalidType, nil),
        ("\"text\"", .invalidType, nil),
        ("{}", .missingField, "model"),
        (#"{"model":null,"messages":[]}"#, .missingField, "model"),
        (#"{"model":7,"messages":[]}"#, .invalidType, "model"),
        (#"{"model":"","messages":[]}"#, .invalidValue, "model"),
        (#"{"model":"m"}"#, .missingField, "messages"),
        (#"{"model":"m","messages":[]}"#, .invalidValue, "messages"),
        (#"{"model":"m","messages":"hi"}"#, .invalidType, "messages"),
        (#"{"model":"m","messages":["hi"]}"#, .invalidType, "messages[0]"),
        (#"{"model":"m","messages":[{"content":"hi"}]}"#, .missingField, "messages[0].role"),
        (#"{"model":"m","messages":[{"role":"robot","content":"hi"}]}"#, .invalidValue, "messages[0].role"),
        (#"{"model":"m","messages":[{"role":"user"}]}"#, .missingField, "messages[0].content"),
        (#"{"model":"m","messages":[{"role":"user","content":7}]}"#, .invalidType, "messages[0].content"),
        (#"{"model":"m","messages":[{"role":"user","content":["x"]}]}"#, .invalidType, "messages[0].content[0]"),
        (
            #"{"model":"m","messages":[{"role":"user","content":"a"},{"role":"user","content":[{"text":"x"}]}]}"#,
            .missingField, "messages[1].content[0].type"
        ),
        (
            #"{"model":"m","messages":[{"role":"user","content":[{"type":7}]}]}"#, .invalidType,
            "messages[0].content[0].type"
        ),
        (
            #"{"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]}"#, .missingField,
            "messages[0].content[0].text"
        ),
        (
            #"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]}"#,
            .missingField, "messages[0].content[0].image_url.url"
        ),
        (
            #"{"model":"m","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"x"}}]}]}"#,
            .missingField, "messages[0].content[0].input_audio.format"
        ),
        (#"{"model":"m","messages":[{"role":"tool","content":"x"}]}"#, .missingField, "messages[0].tool_call_id"),
        (
            #"{"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"1","function":{"arguments":"{}"}}]}]}"#,
            .missingField, "messages[0].tool_calls[0].function.name"
        ),
        (
            #"{"model":"m","messages":[{"role":"user","content":"x","name":"a\nb"}]}"#, .invalidValue,
            "messages[0].name"
        ),
        (#"{"model":"a","messages":[{"role":"user","content":"hi"}],"model":"b"}"#, .invalidValue, "model"),
        (#"{"model":"a","messages":[{"role":"user","content":"hi"}],"mod\u0065l":"b"}"#, .invalidValue, "model"),
        (#"{"model":"\ud800","messages":[]}"#, .invalidJSON, "model"),
        (#"{"model":"a\u0000","messages":[]}"#, .invalidJSON, "model"),
        (#"{"model":"a","temperature":1e400}"#, .invalidJSON, "temperature"),
    ]

    @Test("what is wrong is named by its path", arguments: bodies)
    func refused(body: String, code: ErrorCode, param: String?) {
        let error = Self.error(body)
        #expect(error?.code == code)
        #expect(error?.param == param)
        #expect(error?.message.hasSuffix(".") == true)
    }

    static let fields: [(String, ErrorCode, String)] = [
        (#""n":9"#, .invalidValue, "n"), (#""n":0"#, .invalidValue, "n"), (#""n":"2""#, .invalidType, "n"),
        (#""n":1.5"#, .invalidType, "n"), (#""n":1e300"#, .invalidValue, "n"),
        (#""n":18446744073709551615"#, .invalidValue, "n"),
        (#""temperature":2.1"#, .invalidValue, "temperature"), (#""temperature":-0.1"#, .invalidValue, "temperature"),
        (#""temperature":true"#, .invalidType, "temperature"), (#""top_p":1.01"#, .invalidValue, "top_p"),
        (#""presence_penalty":3"#, .invalidValue, "presence_penalty"),
        (#""frequency_penalty":-3"#, .invalidValue, "frequency_penalty"),
        (#""max_tokens":0"#, .invalidValue, "max_tokens"), (#""max_tokens":"x""#, .invalidType, "max_tokens"),
        (#""max_completion_tokens":-1"#, .invalidValue, "max_completion_tokens"),
        (#""top_logprobs":21,"logprobs":true"#, .invalidValue, "top_logprobs"),
        (#""top_logprobs":2"#, .invalidValue, "top_logprobs"), (#""logprobs":1"#, .invalidType, "logprobs"),
        (#""seed":"x""#, .invalidType, "seed"), (#""seed":18446744073709551615"#, .invalidValue, "seed"),
        (#""stop":["a","b","c","d","e"]"#, .invalidValue, "stop"), (#""stop":[1]"#, .invalidType, "stop[0]"),
        (#""stop":{}"#, .invalidType, "stop"), (#""stream":"yes""#, .invalidType, "stream"),
        (#""stream_options":true"#, .invalidType, "stream_options"),
        (#""stream_options":{"include_usage":1}"#, .invalidType, "stream_options.include_usage"),
        (#""user":7"#, .invalidType, "user"), (#""metadata":[]"#, .invalidType, "metadata"),
        (#""logit_bias":7"#, .invalidType, "logit_bias"),
        (#""response_format":"json""#, .invalidType, "response_format"),
        (#""response_format":{}"#, .missingField, "response_format.type"),
        (#""response_format":{"type":"xml"}"#, .invalidValue, "response_format.type"),
        (#""response_format":{"type":"json_schema"}"#, .missingField, "response_format.json_schema"),
        (
            #""response_format":{"type":"json_schema","json_schema":{"name":"x","schema":[]}}"#, .invalidType,
            "response_format.json_schema.schema"
        ),
        (#""tools":{}"#, .invalidType, "tools"), (#""tools":[7]"#, .invalidType, "tools[0]"),
        (#""tools":[{"type":"function"}]"#, .missingField, "tools[0].function"),
        (#""tools":[{"type":"function","function":{}}]"#, .missingField, "tools[0].function.name"),
        (#""tools":[{"type":"function","function":{"name":"a\n\ndata: x"}}]"#, .invalidValue, "tools[0].function.name"),
        (
            #""tools":[{"type":"function","function":{"name":"a","parameters":"x"}}]"#, .invalidType,
            "tools[0].function.parameters"
        ),
        (#""tool_choice":7"#, .invalidType, "tool_choice"),
        (#""parallel_tool_calls":"x""#, .invalidType, "parallel_tool_calls"),
    ]

    @Test("every field is checked", arguments: fields)
    func fieldRefused(fields: String, code: ErrorCode, param: String) {
        let error = Self.error(Self.body(fields))
        #expect(error?.code == code)
        #expect(error?.param == param)
    }

    @Test(
        "a number that is too large is told so",
        arguments: [
            ("9223372036854775808", true), ("18446744073709551615", true), ("1e30", true), ("0", false),
            ("-9223372036854775808", false), ("-1e30", false),
        ])
    func tooLarge(number: String, isTooLarge: Bool) {
        let chat = Self.error(Self.body(#""max_tokens":\#(number)"#))
        let responses = codedError {
            _ = try Responses.decodeRequest(
                Array(#"{"model":"m","input":"hi","max_output_tokens":\#(number)}"#.utf8))
        }
        for (error, param) in [(chat, "max_tokens"), (responses, "max_output_tokens")] {
            #expect(error?.code == .invalidValue && error?.param == param)
            #expect(error?.message.contains("is too large: it must be at most 9223372036854775807.") == isTooLarge)
            #expect(error?.message.contains("must be at least 1.") == !isTooLarge)
        }
    }

    static let media: [(String, String?)] = [
        (#"{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}"#, nil),
        (#"{"type":"image_url","image_url":{"url":"data:image/svg+xml,%3Csvg/%3E"}}"#, nil),
        (#"{"type":"image_url","image_url":{"url":"https://x/y.png"}}"#, nil),
        (#"{"type":"image_url","image_url":{"url":"data:image/png;base64,no!"}}"#, "image_url.url"),
        (#"{"type":"image_url","image_url":{"url":"data:image/png;base64,"}}"#, "image_url.url"),
        (#"{"type":"image_url","image_url":"data:image/png;base64,AAAA"}"#, nil),
        (#"{"type":"image_url","image_url":"data:image/png;base64,AA\nAA"}"#, "image_url"),
        (#"{"type":"file","file":{"file_data":"data:application/pdf;base64,JVBERi0xLjQ="}}"#, nil),
        (#"{"type":"file","file":{"file_data":"JVBERi0xLjQ="}}"#, nil),
        (#"{"type":"file","file":{"file_data":"https://x/y.pdf"}}"#, nil),
        (#"{"type":"file","file":{"file_data":"data:application/pdf;base64,?"}}"#, "file.file_data"),
        (#"{"type":"file","file":{"file_data":"C:\\a.pdf"}}"#, "file.file_data"),
        (#"{"type":"input_audio","input_audio":{"data":"QUFB","format":"wav"}}"#, nil),
        (#"{"type":"input_audio","input_audio":{"data":"data:;base64,QUFB","format":"wav"}}"#, nil),
        (#"{"type":"input_audio","input_audio":{"data":"https://x/y.wav","format":"wav"}}"#, nil),
        (#"{"type":"input_audio","input_audio":{"data":"Q*FB","format":"wav"}}"#, "input_audio.data"),
        (#"{"type":"input_audio","input_audio":{"data":"","format":"wav"}}"#, "input_audio.data"),
    ]

    @Test("what is to be base64 is base64", arguments: media)
    func base64(part: String, param: String?) {
        let text = #"{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}"#
        let error = Self.error(#"{"model":"m","messages":[{"role":"user","content":[\#(text),\#(part)]}]}"#)
        #expect(error?.code == param.map { _ in .invalidValue })
        #expect(error?.param == param.map { "messages[0].content[1].\($0)" })
    }

    @Test("counts are bounded where they are said to be")
    func bounds() {
        let tool = #"{"type":"function","function":{"name":"f"}}"#
        func tools(_ count: Int) -> String {
            Self.body("\"tools\":[\(Array(repeating: tool, count: count).joined(separator: ","))]")
        }
        #expect(Self.error(tools(128)) == nil)
        #expect(Self.error(tools(129))?.param == "tools")
        let message = #"{"role":"user","content":"x"}"#
        func messages(_ count: Int) -> String {
            #"{"model":"m","messages":[\#(Array(repeating: message, count: count).joined(separator: ","))]}"#
        }
        #expect(Self.error(messages(10_000)) == nil)
        #expect(Self.error(messages(10_001))?.param == "messages")
        let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        #expect(Self.error(Self.body("\"x\":\(deep)"))?.code == .invalidJSON)
    }

    @Test("a request says what it says")
    func everything() throws {
        let body = """
            {"model":"gpt-4o","messages":[
              {"role":"developer","content":"be brief"},
              {"role":"user","name":"ann","content":[{"type":"text","text":"what is "},{"type":"image_url","image_url":{"url":"data:x","detail":"low"}},{"type":"text","text":"this?"},
                {"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}},{"type":"file","file":{"file_id":"f"}},{"type":"video_url","video_url":{}}]},
              {"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"look","arguments":"{\\"a\\":1}"}}]},
              {"role":"tool","tool_call_id":"c1","content":"a cat"}],
             "tools":[{"type":"function","function":{"name":"look","description":"d","parameters":{"type":"object"},"strict":true}},{"type":"custom","custom":{"name":"c"}}],
             "tool_choice":{"type":"function","function":{"name":"look"}},"parallel_tool_calls":false,
             "response_format":{"type":"json_schema","json_schema":{"name":"s","strict":true,"schema":{"type":"object"}}},
             "stop":["a","b"],"seed":-5,"logprobs":true,"top_logprobs":3,"n":2,"temperature":0,"top_p":1,"frequency_penalty":-2,"presence_penalty":2,
             "max_tokens":5,"max_completion_tokens":6,"stream":true,"stream_options":{"include_usage":true},"user":"u","metadata":{"k":"v"},"logit_bias":{"1":2}}
            """
        let request = try OpenAI.decodeRequest(Array(body.utf8))
        #expect(request.model == "gpt-4o")
        #expect(request.messages.map(\.role) == [.developer, .user, .assistant, .tool])
        #expect(request.messages[1].text == "what is this?")
        #expect(request.messages[1].name == "ann")
        guard case .parts(let parts) = request.messages[1].content else {
            return #expect(Bool(false), "parts expected")
        }
        #expect(parts.map(\.type) == ["text", "image_url", "text", "input_audio", "file", "video_url"])
        #expect(request.messages[2].toolCalls == [ToolCall(id: "c1", name: "look", arguments: #"{"a":1}"#)])
        #expect(request.messages[3].toolCallID == "c1")
        #expect(request.tools.map(\.name) == ["look"])
        #expect(request.tools[0].parameters?["type"]?.string == "object")
        #expect(request.hasForeignTools)
        if case .function("look")? = request.toolChoice {} else { Issue.record("tool choice") }
        if case .jsonSchema("s", let schema, true)? = request.responseFormat {
            #expect(schema?.kind == .object)
        } else {
            Issue.record("response format")
        }
        #expect(request.stop == ["a", "b"])
        #expect(request.seed == -5)
        #expect(request.logprobs && request.topLogprobs == 3 && request.n == 2)
        #expect(request.temperature == 0 && request.topP == 1)
        #expect(request.frequencyPenalty == -2 && request.presencePenalty == 2)
        #expect(request.maxTokens == 6 && request.maxTokensField == "max_completion_tokens")
        #expect(request.stream && request.includeUsage && request.parallelToolCalls == false)
        #expect(request.user == "u")
        #expect(request.beyondText?.param == "tools")
        #expect(request.original?.bytes == Array(body.utf8))
    }

    @Test("null is as good as left out, and unknown fields do no harm")
    func lenient() throws {
        let request = try OpenAI.decodeRequest(
            Array(
                Self.body(#""n":null,"stop":null,"tools":null,"tool_choice":"any","stream":null,"seed":3.0,"x_y":[1]"#)
                    .utf8))
        #expect(request.n == 1 && request.stop.isEmpty && request.tools.isEmpty && !request.stream)
        #expect(request.seed == 3)
        #expect(request.beyondText == nil)
    }

    @Test("the first thing beyond text is named")
    func beyondText() throws {
        let body =
            #"{"model":"m","messages":[{"role":"user","content":"a"},{"role":"user","content":[{"type":"text","text":"t"},{"type":"image_url","image_url":{"url":"u"}}]}]}"#
        #expect(try OpenAI.decodeRequest(Array(body.utf8)).beyondText?.param == "messages[1].content[1]")
    }
}
