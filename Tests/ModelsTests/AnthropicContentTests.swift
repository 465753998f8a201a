import Base
import JSON
import Models
import Testing

@Suite("Writing content in Anthropic's dialect")
struct AnthropicContentTests {
    @Test(
        "images that Anthropic could not read are refused before anything is sent",
        arguments: [
            ("data:image/png;base64,AAAA", nil), ("data:IMAGE/PNG;base64,AAAA", nil), ("https://x/y", nil),
            ("data:image/svg+xml;base64,AAAA", .unsupportedByModel), ("data:image/png,AAAA", .unsupportedByModel),
            ("data:;base64,AAAA", .unsupportedByModel), ("http://x/y", .unsupportedByModel),
            ("", .unsupportedByModel), ("data:image/png;base64,", .invalidValue),
            ("data:image/png;base64,A*AA", .invalidValue), ("data:image/webp;base64,AAAAA", .invalidValue),
        ] as [(String, ErrorCode?)])
    func images(url: String, expected: ErrorCode?) {
        let marked = #"{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}"#
        let image = #"{"type":"image_url","image_url":{"url":"\#(url)"}}"#
        let body = Asking.body(messages: #"{"role":"user","content":[\#(marked),\#(image)]}"#)
        let error = Asking.refusal(body)
        #expect(error?.code == expected)
        // The client's own position: a mark is no part of its content.
        let field = expected == .invalidValue ? ".image_url.url" : ""
        #expect(error?.param == expected.map { _ in "messages[0].content[1]\(field)" })
    }

    @Test("pictures stand in a user's messages and in results, nowhere else", arguments: ["system", "assistant"])
    func misplacedImages(role: String) {
        let image = #"{"type":"image_url","image_url":{"url":"https://x/y"}}"#
        let body = Asking.body(
            messages: #"{"role":"\#(role)","content":[\#(image)]},{"role":"user","content":"hi"}"#)
        #expect(Asking.refusal(body)?.param == "messages[0].content[0]")
        #expect(Asking.refusal(body)?.code == .unsupportedByModel)
    }

    @Test("documents of every source")
    func documents() throws {
        func encode(_ source: Document.Source) throws(CodedError) -> JSON? {
            let message = ChatMessage(role: .user, content: .parts([.document(Document(source, name: ""))]))
            return try Asking.encode(ChatRequest(model: "m", messages: [message]))["messages"]?[0]?["content"]?[0]
        }
        #expect(
            try encode(.text("plain")) == [
                "type": "document", "source": ["type": "text", "media_type": "text/plain", "data": "plain"],
            ])
        for source: Document.Source in [
            .id("f"), .url("http://x"), .url("file:///etc/passwd"), .base64(mediaType: "text/csv", data: "AAAA"),
            .base64(mediaType: "application/pdf", data: "?"),
        ] {
            let error = #expect(throws: CodedError.self) { try encode(source) }
            #expect(error?.param == "messages[0].content[0]")
        }
    }

    @Test("cache marks stand on the block before them; in a result on the result")
    func cacheMarks() throws {
        var request = ChatRequest(
            model: "m",
            messages: [
                ChatMessage(role: .system, content: .parts([.text("a"), .cacheMark(CacheMark())])),
                ChatMessage(.developer, "b"),
                ChatMessage(
                    role: .user,
                    content: .parts([
                        .cacheMark(CacheMark(lifetime: "5m")), .text("c"), .text(""),
                        .cacheMark(CacheMark(lifetime: "1h")), .text("d"),
                    ])),
                ChatMessage(
                    role: .assistant, content: .none, toolCalls: [ToolCall(id: "x", name: "f", arguments: "")]),
                ChatMessage(
                    role: .tool, content: .parts([.text("e"), .cacheMark(CacheMark()), .text("f")]), toolCallID: "x"),
            ])
        request.messages[4].isFailure = true
        request.tools = [ToolDefinition(name: "f", description: "", strict: true)]
        request.tools[0].cacheMark = CacheMark(lifetime: "1h")
        let sent = try Asking.encode(request)
        let mark: JSON = ["type": "ephemeral"]
        let hour: JSON = ["type": "ephemeral", "ttl": "1h"]
        #expect(
            sent["system"] == [
                ["type": "text", "text": "a", "cache_control": mark], ["type": "text", "text": "b"],
            ])
        #expect(
            sent["messages"]?[0]?["content"] == [
                ["type": "text", "text": "c", "cache_control": hour], ["type": "text", "text": "d"],
            ])
        #expect(
            sent["messages"]?[2]?["content"] == [
                [
                    "type": "tool_result", "tool_use_id": "x",
                    "content": [["type": "text", "text": "e"], ["type": "text", "text": "f"]], "is_error": true,
                    "cache_control": mark,
                ]
            ])
        #expect(
            sent["tools"] == [
                [
                    "name": "f", "description": "", "input_schema": ["type": "object", "properties": [:]],
                    "strict": true, "cache_control": hour,
                ]
            ])
    }

    @Test("only thoughts that Anthropic knows as its own go back, first in their message")
    func thoughts() throws {
        var message = ChatMessage(.assistant, "a")
        message.reasoning = [
            .text("foreign", signature: nil), .text("", signature: "s"), .sealed("z"), .text("x", signature: ""),
        ]
        var request = ChatRequest(model: "m", messages: [ChatMessage(.user, "q"), message])
        let proven: JSON = ["type": "thinking", "thinking": "", "signature": "s"]
        let text: JSON = ["type": "text", "text": "a"]
        // What another dialect's client was given to keep is another provider's seal.
        #expect(try Asking.encode(request)["messages"]?[1]?["content"] == [proven, text])
        request.dialect = .anthropic
        #expect(
            try Asking.encode(request)["messages"]?[1]?["content"] == [
                proven, ["type": "redacted_thinking", "data": "z"], text,
            ])
    }

    @Test("a changed request of its own dialect keeps the parts that only it knows")
    func ownParts() throws {
        let node = try JSONDocument(#"{"type":"search_result","title":"t"}"#).root
        var request = ChatRequest(
            model: "m",
            messages: [ChatMessage(role: .user, content: .parts([.other(type: "search_result", node), .text("a")]))])
        request.dialect = .anthropic
        #expect(
            try Asking.encode(request)["messages"]?[0]?["content"]
                == [["type": "search_result", "title": "t"], ["type": "text", "text": "a"]])
        request.dialect = .openai
        let error = #expect(throws: CodedError.self) { try Asking.encode(request) }
        #expect(error?.param == "messages[0].content[0]")
    }
}
