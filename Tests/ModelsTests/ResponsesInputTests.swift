import Base
import JSON
import Models
import Testing

@Suite("Conversations in the dialect of responses")
struct ResponsesInputTests {
    static let user = #"{"role":"user","content":"Q"}"#
    static func said(_ text: String) -> String {
        #"{"type":"message","id":"msg_1","status":"completed","phase":"final_answer","role":"assistant","content":[{"type":"output_text","text":"\#(text)","annotations":[]}]}"#
    }
    static func call(_ id: String) -> String {
        #"{"type":"function_call","id":"fc_\#(id)","call_id":"\#(id)","name":"f","arguments":"{}","status":"completed"}"#
    }
    static func result(_ id: String) -> String {
        #"{"type":"function_call_output","call_id":"\#(id)","output":"R"}"#
    }
    static func thought(_ text: String, _ sealed: String = "null") -> String {
        #"{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"\#(text)"}],"encrypted_content":\#(sealed)}"#
    }

    static let conversations: [([String], [String])] = [
        ([user], ["user: Q"]),
        (
            [#"{"type":"message","role":"developer","content":[{"type":"input_text","text":"D"}]}"#, user],
            ["developer: D", "user: Q"]
        ),
        // Calls, and what was said before them, are one message.
        (
            [user, said("A"), call("a"), call("b"), result("a"), result("b")],
            ["user: Q", "assistant: A, call a f {}, call b f {}", "tool: R, of a", "tool: R, of b"]
        ),
        (
            [user, call("a"), result("a"), call("b"), result("b"), said("A")],
            [
                "user: Q", "assistant: call a f {}", "tool: R, of a", "assistant: call b f {}", "tool: R, of b",
                "assistant: A",
            ]
        ),
        // So is what is said between them, for results must follow the calls.
        (
            [user, said("A"), call("a"), said("B"), call("b"), result("a"), result("b")],
            ["user: Q", "assistant: [A|B], call a f {}, call b f {}", "tool: R, of a", "tool: R, of b"]
        ),
        ([user, call("a"), said("B"), result("a")], ["user: Q", "assistant: B, call a f {}", "tool: R, of a"]),
        // Two answers one after the other stay two.
        ([said("A"), said("B"), user], ["assistant: A", "assistant: B", "user: Q"]),
        // Thoughts belong to what follows them.
        (
            [user, thought("T"), said("A"), thought("U", "\"xyz\""), call("a"), result("a")],
            ["user: Q", "assistant: thought T, thought U, sealed xyz, A, call a f {}", "tool: R, of a"]
        ),
        ([thought("T"), thought("", "\"x\""), said("A")], ["assistant: thought T, sealed x, A"]),
        (
            [thought("T"), call("a"), result("a"), thought("U"), user],
            ["assistant: thought T, call a f {}", "tool: R, of a", "user: Q"]
        ),
        ([said("A"), thought("T")], ["assistant: A"]),
    ]

    @Test("items become messages", arguments: conversations)
    func becomeMessages(items: [String], expected: [String]) throws {
        let request = try ResponsesRequestTests.decode(
            ResponsesRequestTests.input("[\(items.joined(separator: ","))]"))
        #expect(ResponsesRequestTests.summary(request) == expected)
        #expect(request.foreignField == nil)
    }

    @Test("the thoughts themselves stand for their summary")
    func thoughts() throws {
        let item =
            #"{"type":"reasoning","summary":[{"type":"summary_text","text":"S"}],"content":[{"type":"reasoning_text","text":"T"}]}"#
        let request = try ResponsesRequestTests.decode(ResponsesRequestTests.input("[\(item),\(Self.said("A"))]"))
        #expect(ResponsesRequestTests.summary(request) == ["assistant: thought T, A"])
    }

    static let parts: [(String, String)] = [
        (#"{"type":"input_text","text":"x"},{"type":"output_text","text":"y"}"#, "[x|y]"),
        (#"{"type":"input_text","text":"x"}"#, "x"), (#"{"type":"refusal","refusal":"no"}"#, "[refusal no]"),
        (#"{"type":"input_image","image_url":"https://x/y.png","detail":"low"}"#, "[image https://x/y.png low]"),
        (
            #"{"type":"input_image","image_url":"data:image/png;base64,iVBORw0KGgo="}"#,
            "[image data:image/png;base64,iVBORw0KGgo= -]"
        ),
        (
            #"{"type":"input_file","file_data":"data:text/plain;base64,QUFB","filename":"a.txt"}"#,
            #"[document base64(mediaType: "text/plain", data: "QUFB") a.txt]"#
        ),
        (
            #"{"type":"input_file","file_data":"QUFB"}"#,
            #"[document base64(mediaType: "application/pdf", data: "QUFB") -]"#
        ),
        (#"{"type":"input_file","file_url":"https://x/y.pdf"}"#, #"[document url("https://x/y.pdf") -]"#),
        (#"{"type":"input_file","file_data":"https://x/y.pdf"}"#, #"[document url("https://x/y.pdf") -]"#),
        (#"{"type":"input_file","file_id":"file_1"}"#, #"[document id("file_1") -]"#),
        (#"{"type":"input_audio","input_audio":{"data":"QUFB","format":"wav"}}"#, "[audio QUFB wav]"),
        (#"{"type":"input_image","file_id":"file_1"}"#, "[other input_image]"),
    ]

    @Test("parts of a message, and of what a call gave", arguments: parts)
    func content(parts: String, expected: String) throws {
        let said = try ResponsesRequestTests.decode(ResponsesRequestTests.part(parts))
        #expect(ResponsesRequestTests.summary(said) == ["user: \(expected)"])
        let given = #"[\#(Self.call("a")),{"type":"function_call_output","call_id":"a","output":[\#(parts)]}]"#
        let result = try ResponsesRequestTests.decode(ResponsesRequestTests.input(given))
        #expect(ResponsesRequestTests.summary(result).last == "tool: \(expected), of a")
    }

    @Test("a conversation arrives at a chat upstream as chats have it")
    func chat() throws {
        let items = [Self.user, Self.said("A"), Self.call("a"), Self.result("a")]
        let request = try ResponsesRequestTests.decode(
            #"{"model":"m","instructions":"I","max_output_tokens":7,"tools":[{"type":"function","name":"f","parameters":{"type":"object"}}],"input":[\#(items.joined(separator: ","))]}"#
        )
        let body = try JSON(
            OpenAI.encodeRequest(ModelCall(request: request, model: "x", streaming: false), asksForUsage: false))
        #expect(
            body["messages"] == [
                ["role": "system", "content": "I"], ["role": "user", "content": "Q"],
                [
                    "role": "assistant", "content": "A",
                    "tool_calls": [
                        ["id": "a", "type": "function", "function": ["name": "f", "arguments": "{}"]]
                    ],
                ], ["role": "tool", "content": "R", "tool_call_id": "a"],
            ])
        #expect(body["max_tokens"] == 7)
        #expect(body["tools"]?[0]?["function"]?["name"] == "f")
    }
}

extension ResponsesRequestTests {
    /// Messages in short: what each says and calls.
    static func summary(_ request: ChatRequest) -> [String] {
        request.messages.map { message in
            var pieces: [String] = message.reasoning.map {
                switch $0 {
                case .text(let text, let signature): "thought \(text)\(signature.map { " by \($0)" } ?? "")"
                case .sealed(let data): "sealed \(data)"
                }
            }
            switch message.content {
            case .none: break
            case .text(let text): pieces.append(text)
            case .parts(let parts): pieces.append("[\(parts.map(describe).joined(separator: "|"))]")
            }
            pieces += message.toolCalls.map { "call \($0.id) \($0.name) \($0.arguments)" }
            if let id = message.toolCallID { pieces.append("of \(id)") }
            return "\(message.role): \(pieces.joined(separator: ", "))"
        }
    }

    private static func describe(_ part: ContentPart) -> String {
        switch part {
        case .text(let text): text
        case .refusal(let text): "refusal \(text)"
        case .image(let url, let detail): "image \(url) \(detail ?? "-")"
        case .audio(let data, let format): "audio \(data) \(format)"
        case .document(let document): "document \(document.source) \(document.name ?? "-")"
        case .cacheMark: "mark"
        case .other(let type, _): "other \(type)"
        }
    }
}
