import Base
import JSON
import Models
import Testing

@Suite("Reading requests in Anthropic's dialect")
struct AnthropicRequestDecoderTests {
    static func decode(_ body: String) throws(CodedError) -> ChatRequest {
        try Anthropic.decodeRequest(Array(body.utf8))
    }

    static func error(_ body: String) -> CodedError? {
        do {
            _ = try decode(body)
            return nil
        } catch { return error }
    }

    /// A body with one user message and these further fields.
    static func body(_ fields: String) -> String {
        #"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]\#(fields.isEmpty ? "" : ",\(fields)")}"#
    }

    /// A body with these messages.
    static func conversation(_ messages: String) -> String {
        #"{"model":"m","max_tokens":9,"messages":[\#(messages)]}"#
    }

    /// A body with one user message of these blocks.
    static func blocks(_ blocks: String) -> String { conversation(#"{"role":"user","content":[\#(blocks)]}"#) }

    static let bodies: [(String, ErrorCode, String?)] = [
        ("", .invalidJSON, nil), ("[]", .invalidType, nil), ("{}", .missingField, "model"),
        (#"{"model":7,"messages":[]}"#, .invalidType, "model"),
        (#"{"model":"","messages":[]}"#, .invalidValue, "model"),
        (#"{"model":"m","max_tokens":1}"#, .missingField, "messages"),
        (#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#, .missingField, "max_tokens"),
        (conversation(""), .invalidValue, "messages"), (conversation("7"), .invalidType, "messages[0]"),
        (conversation(#"{"content":"x"}"#), .missingField, "messages[0].role"),
        (conversation(#"{"role":"robot","content":"x"}"#), .invalidValue, "messages[0].role"),
        (
            conversation(#"{"role":"user","content":"x"},{"role":"system","content":"x"}"#), .invalidValue,
            "messages[1].role"
        ),
        (conversation(#"{"role":"tool","content":"x"}"#), .invalidValue, "messages[0].role"),
        (conversation(#"{"role":"user"}"#), .missingField, "messages[0].content"),
        (conversation(#"{"role":"assistant","content":7}"#), .invalidType, "messages[0].content"),
        (blocks("7"), .invalidType, "messages[0].content[0]"),
        (blocks(#"{"text":"x"}"#), .missingField, "messages[0].content[0].type"),
        (blocks(#"{"type":"text"}"#), .missingField, "messages[0].content[0].text"),
        (
            blocks(#"{"type":"text","text":"x"},{"type":"text","text":"x","cache_control":7}"#), .invalidType,
            "messages[0].content[1].cache_control"
        ),
        (blocks(#"{"type":"image"}"#), .missingField, "messages[0].content[0].source"),
        (blocks(#"{"type":"image","source":{}}"#), .missingField, "messages[0].content[0].source.type"),
        (
            blocks(#"{"type":"image","source":{"type":"base64","data":"AAAA"}}"#), .missingField,
            "messages[0].content[0].source.media_type"
        ),
        (
            blocks(#"{"type":"image","source":{"type":"base64","media_type":"a/b,c","data":"AAAA"}}"#), .invalidValue,
            "messages[0].content[0].source.media_type"
        ),
        (
            blocks(#"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"not base64!"}}"#),
            .invalidValue, "messages[0].content[0].source.data"
        ),
        (
            blocks(#"{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":""}}"#),
            .invalidValue, "messages[0].content[0].source.data"
        ),
        (blocks(#"{"type":"document","source":{"type":"url"}}"#), .missingField, "messages[0].content[0].source.url"),
        (
            blocks(#"{"type":"tool_use","id":"a","name":"f","input":{}}"#), .invalidValue,
            "messages[0].content[0].type"
        ),
        (
            conversation(#"{"role":"assistant","content":[{"type":"tool_result","tool_use_id":"a"}]}"#), .invalidValue,
            "messages[0].content[0].type"
        ),
        (
            conversation(#"{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f"}]}"#), .missingField,
            "messages[0].content[0].input"
        ),
        (
            conversation(#"{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":"{}"}]}"#),
            .invalidType, "messages[0].content[0].input"
        ),
        (
            conversation(#"{"role":"assistant","content":[{"type":"tool_use","id":"","name":"f","input":{}}]}"#),
            .invalidValue, "messages[0].content[0].id"
        ),
        (
            conversation(#"{"role":"assistant","content":[{"type":"thinking","signature":"s"}]}"#), .missingField,
            "messages[0].content[0].thinking"
        ),
        (
            #"{"model":"a","max_tokens":1,"messages":[{"role":"user","content":"x"}],"mod\u0065l":"b"}"#, .invalidValue,
            "model"
        ),
        (body(#""system":"a","system":"b""#), .invalidValue, "system"),
    ]

    @Test("what is wrong is named by its path", arguments: bodies)
    func refused(body: String, code: ErrorCode, param: String?) {
        let error = Self.error(body)
        #expect(error?.code == code)
        #expect(error?.param == param)
        #expect(error?.message.hasSuffix(".") == true)
    }

    static let fields: [(String, ErrorCode, String)] = [
        (#""max_tokens":-1"#, .invalidValue, "max_tokens"), (#""max_tokens":"9""#, .invalidType, "max_tokens"),
        (#""system":7"#, .invalidType, "system"), (#""system":["x"]"#, .invalidType, "system[0]"),
        (#""system":[{"type":"image"}]"#, .invalidValue, "system[0].type"),
        (#""temperature":1.1"#, .invalidValue, "temperature"), (#""top_p":-1"#, .invalidValue, "top_p"),
        (#""top_k":-1"#, .invalidValue, "top_k"), (#""stream":1"#, .invalidType, "stream"),
        (#""stop_sequences":"x""#, .invalidType, "stop_sequences"),
        (#""stop_sequences":[1]"#, .invalidType, "stop_sequences[0]"),
        (#""metadata":{"user_id":7}"#, .invalidType, "metadata.user_id"),
        (#""thinking":{}"#, .missingField, "thinking.type"),
        (#""thinking":{"type":"enabled"}"#, .missingField, "thinking.budget_tokens"),
        (#""thinking":{"type":"enabled","budget_tokens":0}"#, .invalidValue, "thinking.budget_tokens"),
        (#""output_config":7"#, .invalidType, "output_config"),
        (#""output_config":{"format":{"type":"xml"}}"#, .invalidValue, "output_config.format.type"),
        (#""output_config":{"format":{"type":"json_schema"}}"#, .missingField, "output_config.format.schema"),
        (#""output_format":{"type":"json_schema","schema":[]}"#, .invalidType, "output_format.schema"),
        (#""cache_control":"x""#, .invalidType, "cache_control"),
        (#""tools":{}"#, .invalidType, "tools"), (#""tools":[7]"#, .invalidType, "tools[0]"),
        (#""tools":[{"name":"f"}]"#, .missingField, "tools[0].input_schema"),
        (#""tools":[{"input_schema":{}}]"#, .missingField, "tools[0].name"),
        (#""tools":[{"name":"a\n\ndata: x","input_schema":{}}]"#, .invalidValue, "tools[0].name"),
        (#""tool_choice":"auto""#, .invalidType, "tool_choice"),
        (#""tool_choice":{}"#, .missingField, "tool_choice.type"),
        (#""tool_choice":{"type":"tool"}"#, .missingField, "tool_choice.name"),
        (#""mcp_servers":{}"#, .invalidType, "mcp_servers"),
    ]

    @Test("every field is checked", arguments: fields)
    func fieldRefused(fields: String, code: ErrorCode, param: String) {
        // `max_tokens` in the row takes the place of the usual one.
        let body = Self.body(fields)
        let error = Self.error(param == "max_tokens" ? body.replacing(#""max_tokens":9,"#, with: "") : body)
        #expect(error?.code == code)
        #expect(error?.param == param)
    }

    @Test("counts are bounded where they are said to be")
    func bounds() {
        func tools(_ count: Int) -> String {
            let tool = #"{"name":"f","input_schema":{}}"#
            return Self.body("\"tools\":[\(Array(repeating: tool, count: count).joined(separator: ","))]")
        }
        #expect(Self.error(tools(512)) == nil)
        #expect(Self.error(tools(513))?.param == "tools")
        #expect(Self.error(tools(10_000))?.code == .invalidValue)
        let strings = Array(repeating: "\"s\"", count: 65).joined(separator: ",")
        #expect(Self.error(Self.body("\"stop_sequences\":[\(strings)]"))?.param == "stop_sequences")
        let message = #"{"role":"user","content":"x"}"#
        let messages = { (count: Int) in
            Self.conversation(Array(repeating: message, count: count).joined(separator: ","))
        }
        #expect(Self.error(messages(100_000)) == nil)
        #expect(Self.error(messages(100_001))?.param == "messages")
        let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        #expect(Self.error(Self.body("\"x\":\(deep)"))?.code == .invalidJSON)
    }

    @Test("a request says what it says")
    func everything() throws {
        let body = """
            {"model":"claude-x","max_tokens":5,"stream":true,"temperature":1,"top_p":0,"top_k":7,"stop_sequences":["a","b"],
             "metadata":{"user_id":"u"},"service_tier":"auto","cache_control":{"type":"ephemeral"},"own":[1],
             "system":[{"type":"text","text":"be"},{"type":"text","text":"brief","cache_control":{"type":"ephemeral","ttl":"1h"}}],
             "messages":[{"role":"user","content":"hi"}],
             "tools":[{"name":"look","description":"d","input_schema":{"type":"object"},"strict":true,"cache_control":{"type":"ephemeral"}},{"type":"custom","name":"g","input_schema":{}}],
             "tool_choice":{"type":"tool","name":"look","disable_parallel_tool_use":true},
             "thinking":{"type":"enabled","budget_tokens":2048},"output_config":{"effort":"low","format":{"type":"json_schema","schema":{"type":"object"}}}}
            """
        let request = try Self.decode(body)
        #expect(request.model == "claude-x" && request.maxTokens == 5 && request.maxTokensField == "max_tokens")
        #expect(request.stream && request.temperature == 1 && request.topP == 0 && request.topK == 7)
        #expect(request.stop == ["a", "b"] && request.user == "u" && request.n == 1)
        #expect(request.messages.map(\.role) == [.system, .user])
        #expect(AnthropicConversationTests.summary(request.messages[0]) == "system: be|brief|mark 1h")
        #expect(request.tools.map(\.name) == ["look", "g"])
        #expect(request.tools[0].parameters?["type"]?.string == "object" && request.tools[0].strict == true)
        #expect(request.tools[0].cacheMark == CacheMark() && request.tools[1].cacheMark == nil)
        #expect(!request.hasForeignTools && request.parallelToolCalls == false)
        if case .function("look")? = request.toolChoice {} else { Issue.record("tool choice") }
        #expect(request.reasoning == .budget(2048))
        if case .jsonSchema("answer", let schema, true)? = request.responseFormat {
            #expect(schema?["type"]?.string == "object")
        } else {
            Issue.record("response format")
        }
        #expect(request.dialect == .anthropic)
        #expect(request.original == ChatRequest.Original(dialect: .anthropic, bytes: Array(body.utf8)))
    }

    @Test("null is as good as left out, and unknown fields do no harm")
    func lenient() throws {
        let request = try Self.decode(
            Self.body(
                #""system":null,"tools":null,"thinking":null,"metadata":{"user_id":null},"x_y":[1],"container":null"#))
        #expect(request.messages.count == 1 && request.tools.isEmpty && request.user == nil)
        #expect(!request.hasForeignTools && request.reasoning == nil && request.beyondText == nil)
        #expect(try Self.decode(Self.body(#""system":"""#)).messages.count == 1)
    }

    static let choices: [(String, String)] = [
        (#"{"type":"auto"}"#, "auto"), (#"{"type":"any"}"#, "required"), (#"{"type":"none"}"#, "none"),
        (#"{"type":"tool","name":"f"}"#, "function(\"f\")"), (#"{"type":"new"}"#, "other"),
    ]

    @Test("which tool is to be called has its neutral word", arguments: choices)
    func toolChoice(json: String, expected: String) throws {
        let request = try Self.decode(Self.body("\"tool_choice\":\(json)"))
        let choice = request.toolChoice.map { "\($0)" }
        #expect(choice?.hasPrefix(expected) == true)
        #expect(request.parallelToolCalls == nil)
    }

    static let foreign = [
        #""tools":[{"type":"web_search_20250305","name":"web_search"}]"#, #""mcp_servers":[{"type":"url"}]"#,
        #""container":"c""#, #""container":{"id":"c"}"#, #""thread":{"type":"continue"}"#,
    ]

    @Test("tools that only the provider has are known as such, and reach nobody else", arguments: foreign)
    func foreignTools(fields: String) throws {
        let request = try Self.decode(Self.body(fields))
        #expect(request.hasForeignTools || fields.contains("\"\(request.foreignField ?? "none")\":"))
        #expect(request.tools.isEmpty)
        let call = ModelCall(request: request, model: "m", streaming: false)
        let error = #expect(throws: CodedError.self) { try OpenAI.encodeRequest(call, asksForUsage: true) }
        #expect(error?.code == .unsupportedByModel)
    }

    static let thinking: [(String, ReasoningRequest?)] = [
        (#""thinking":{"type":"disabled"}"#, .off), (#""thinking":{"type":"adaptive"}"#, .adaptive),
        (#""thinking":{"type":"adaptive"},"output_config":{"effort":"high"}"#, .effort("high")),
        (#""thinking":{"type":"enabled","budget_tokens":9},"output_config":{"effort":"high"}"#, .budget(9)),
        (#""thinking":{"type":"disabled"},"output_config":{"effort":"high"}"#, .off),
        (#""output_config":{"effort":"medium"}"#, .effort("medium")),
        (#""output_config":{"effort":"max"}"#, .effort("max")), (#""thinking":{"type":"new"}"#, nil),
        (#""output_config":{}"#, nil),
    ]

    @Test("how much to think is asked in one way or the other", arguments: thinking)
    func reasoning(fields: String, expected: ReasoningRequest?) throws {
        #expect(try Self.decode(Self.body(fields)).reasoning == expected)
    }

    @Test("a count needs no max_tokens, and is checked all the same")
    func tokenCount() throws {
        let body = #"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#
        #expect(try Anthropic.decodeTokenCountRequest(Array(body.utf8)).messages.count == 1)
        let error = #expect(throws: CodedError.self) {
            try Anthropic.decodeTokenCountRequest(Array(#"{"model":"m","messages":[{}]}"#.utf8))
        }
        #expect(error?.param == "messages[0].role")
    }

    @Test("a body with bytes changed, lost or doubled is read or refused as the caller's fault, and nothing else")
    func mutations() {
        let seed = Self.conversation(AnthropicConversationTests.long)
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<4000 {
            var bytes = Array(seed.utf8)
            for _ in 0..<1 + Int(generator.next() % 3) {
                let place = Int(generator.next() % UInt64(bytes.count))
                switch generator.next() % 4 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: generator.next())
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(bytes[place], at: place)
                default: bytes[place] = Array("{}[]\",:0nt".utf8)[Int(generator.next() % 10)]
                }
            }
            do { _ = try Anthropic.decodeRequest(bytes) } catch {
                #expect(error.code.fault == .caller && error.code.status == 400)
            }
        }
    }
}
