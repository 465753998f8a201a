import Base
import JSON
import Models
import Testing

@Suite("Conversations in Anthropic's dialect")
struct AnthropicConversationTests {
    private static func read(_ messages: String) throws(CodedError) -> [String] {
        try AnthropicRequestDecoderTests.decode(AnthropicRequestDecoderTests.conversation(messages)).messages
            .map(summary)
    }

    private static func user(_ blocks: String) -> String { #"{"role":"user","content":[\#(blocks)]}"# }
    private static func assistant(_ blocks: String) -> String { #"{"role":"assistant","content":[\#(blocks)]}"# }
    private static func use(_ id: String) -> String {
        #"{"type":"tool_use","id":"\#(id)","name":"f","input":{"z":1,"a":[1.5,"é"]}}"#
    }
    private static func result(_ id: String, _ rest: String = "") -> String {
        #"{"type":"tool_result","tool_use_id":"\#(id)"\#(rest)}"#
    }

    /// Blocks of every kind.
    static let long =
        user(#"{"type":"text","text":"look","cache_control":{"type":"ephemeral"}}"#) + ","
        + assistant(#"{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"so"},"# + use("a"))
        + ","
        + user(
            result("a", #","content":[{"type":"text","text":"r"}],"is_error":true"#)
                + #",{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}"#)

    static let blocks: [(String, String)] = [
        (#"{"type":"text","text":"a"}"#, "\"a\""), ("", ""),
        (#"{"type":"text","text":"a"},{"type":"text","text":"b"}"#, "a|b"),
        (#"{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}"#, "a|mark -"),
        (#"{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}"#, "a|mark 1h"),
        (
            #"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"},"cache_control":{}}"#,
            "image data:image/png;base64,AAAA|mark -"
        ),
        (#"{"type":"image","source":{"type":"url","url":"https://x/y.png"}}"#, "image https://x/y.png"),
        (#"{"type":"image","source":{"type":"file","file_id":"f"},"cache_control":{}}"#, "other image image"),
        (
            #"{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AAAA"},"title":"t"}"#,
            #"document base64(mediaType: "application/pdf", data: "AAAA") t"#
        ),
        (#"{"type":"document","source":{"type":"url","url":"https://x"}}"#, #"document url("https://x") -"#),
        (
            #"{"type":"document","source":{"type":"text","media_type":"text/plain","data":"d"},"context":"of May"}"#,
            #"of May|document text("d") -"#
        ),
        (#"{"type":"document","source":{"type":"content","content":"d"}}"#, #"document text("d") -"#),
        (#"{"type":"document","source":{"type":"content","content":[]}}"#, "other document document"),
        (#"{"type":"document","source":{"type":"file","file_id":"f"}}"#, "other document document"),
        (#"{"type":"search_result","title":"x"}"#, "other search_result search_result"),
        (#"{"type":"container_upload","file_id":"f"}"#, "other container_upload container_upload"),
        (#"{"type":"made up","x":[1]}"#, "other made up made up"),
    ]

    @Test("every kind of block has its place", arguments: blocks)
    func block(json: String, expected: String) throws {
        #expect(try Self.read(Self.user(json)) == ["user: \(expected)"])
        #expect(try Self.read(Self.assistant(json)) == ["assistant: \(expected.isEmpty ? "nothing" : expected)"])
    }

    @Test("what an assistant thought, said and called stands in its message")
    func assistantMessage() throws {
        let messages = try Self.read(
            Self.assistant(
                #"{"type":"thinking","thinking":"hm","signature":"s"},{"type":"redacted_thinking","data":"x"},"#
                    + #"{"type":"thinking","thinking":"","signature":""},{"type":"text","text":"so"},"# + Self.use("a")
                    + ","
                    + #"{"type":"server_tool_use","id":"srv","name":"web_search","input":{}}"#))
        #expect(
            messages == [
                "assistant: thought hm (s)|sealed x|thought  (unsigned)|so|other server_tool_use server_tool_use|"
                    + #"f({"z":1,"a":[1.5,"é"]}) as a"#
            ])
    }

    @Test("results come one a message, before the rest of what the user says")
    func results() throws {
        let messages = try Self.read(
            Self.assistant(Self.use("a") + "," + Self.use("b") + "," + Self.use("c")) + ","
                + Self.user(
                    #"{"type":"text","text":"first"},"# + Self.result("b", #","content":"r","is_error":false"#) + ","
                        + Self.result(
                            "a",
                            #","content":[{"type":"text","text":"x"},{"type":"image","source":{"type":"url","url":"u"}},{"type":"tool_reference"}],"is_error":true"#
                        )
                        + #",{"type":"text","text":"last"}"#) + ","
                + Self.user(Self.result("c", #","cache_control":{"type":"ephemeral"}"#)) + ","
                + #"{"role":"assistant","content":"done"}"#)
        #expect(
            Array(messages.dropFirst()) == [
                "tool(b): \"r\"", "tool(a failed): x|image u|other tool_reference tool_reference", "user: first|last",
                "tool(c): mark -", "assistant: \"done\"",
            ])
        #expect(
            try Self.read(Self.assistant(Self.use("a")) + "," + Self.user(Self.result("a"))).last == "tool(a): \"\"")
    }

    static let strays: [(String, String)] = [
        (user(result("a")), "messages[0].content[0].tool_use_id"),
        (assistant(use("a")) + "," + user(result("b")), "messages[1].content[0].tool_use_id"),
        (
            assistant(use("a")) + "," + user(result("a") + "," + result("a")), "messages[1].content[1].tool_use_id"
        ),
        (
            assistant(use("a")) + "," + user(result("a")) + "," + assistant(#"{"type":"text","text":"x"}"#) + ","
                + user(#"{"type":"text","text":"x"},"# + result("a")), "messages[3].content[1].tool_use_id"
        ),
        (
            assistant(use("a")) + "," + #"{"role":"user","content":"x"},{"role":"assistant","content":"y"}"# + ","
                + user(result("a")), "messages[3].content[0].tool_use_id"
        ),
        (assistant(use("a")) + "," + user(#"{"type":"tool_result"}"#), "messages[1].content[0].tool_use_id"),
    ]

    @Test("a result without its call, or a second one, is refused by its path", arguments: strays)
    func strayResult(messages: String, param: String) {
        let error = AnthropicRequestDecoderTests.error(AnthropicRequestDecoderTests.conversation(messages))
        #expect(error?.param == param)
        #expect(error?.code.status == 400)
    }

    @Test("messages of one role in a row are one turn: its calls and its results may be spread over them")
    func turns() throws {
        let messages = try Self.read(
            Self.assistant(Self.use("a")) + "," + Self.assistant(Self.use("b")) + "," + Self.user(Self.result("b"))
                + ","
                + Self.user(Self.result("a")))
        #expect(messages.map { $0.prefix { $0 != ":" } } == ["assistant", "assistant", "tool(b)", "tool(a)"])
    }

    @Test("what another dialect cannot say is refused there, with its path, and not before")
    func foreignContent() throws {
        let request = try AnthropicRequestDecoderTests.decode(
            AnthropicRequestDecoderTests.blocks(#"{"type":"text","text":"a"},{"type":"search_result"}"#))
        let call = ModelCall(request: request, model: "m", streaming: false)
        let error = #expect(throws: CodedError.self) { try OpenAI.encodeRequest(call, asksForUsage: true) }
        #expect(error?.code == .unsupportedByModel)
        #expect(error?.param == "messages[0].content[1]")
    }

    @Test("a conversation with tools and an image can be asked of an upstream of OpenAI's dialect")
    func translated() throws {
        let request = try AnthropicRequestDecoderTests.decode(AnthropicRequestDecoderTests.conversation(Self.long))
        let body = try JSON(
            OpenAI.encodeRequest(ModelCall(request: request, model: "m", streaming: false), asksForUsage: true))
        #expect(body["messages"]?.array?.map { $0["role"] } == ["user", "assistant", "tool", "user"])
        #expect(body["messages"]?[1]?["tool_calls"]?[0]?["id"] == "a")
        #expect(body["messages"]?[2]?["tool_call_id"] == "a")
        #expect(body["messages"]?[3]?["content"]?[0]?["image_url"]?["url"] == "data:image/png;base64,AAAA")
        #expect(body["max_tokens"] == 9)
    }

    /// A message in a line.
    static func summary(_ message: ChatMessage) -> String {
        var pieces: [String] = message.reasoning.map { piece in
            switch piece {
            case .text(let text, let signature): "thought \(text) (\(signature ?? "unsigned"))"
            case .sealed(let data): "sealed \(data)"
            }
        }
        switch message.content {
        case .none: pieces.append("nothing")
        case .text(let text): pieces.append("\"\(text)\"")
        case .parts(let parts):
            pieces += parts.map { part in
                switch part {
                case .text(let text): text
                case .image(let url, _): "image \(url)"
                case .document(let document): "document \(document.source) \(document.name ?? "-")"
                case .cacheMark(let mark): "mark \(mark.lifetime ?? "-")"
                case .other(let type, let node): "other \(type) \(node["type"]?.string ?? "-")"
                case .refusal, .audio: "?"
                }
            }
        }
        pieces += message.toolCalls.map { "\($0.name)(\($0.arguments)) as \($0.id)" }
        let answers = message.toolCallID.map { "(\($0)\(message.isFailure ? " failed" : ""))" } ?? ""
        return "\(message.role.rawValue)\(answers): " + pieces.joined(separator: "|")
    }
}
