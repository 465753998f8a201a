import Base
import JSON
import Testing

@testable import Models

@Suite("Images and files in tools' results, towards OpenAI's dialect")
struct ToolMediaTests {
    static let image = ClientPlaceTests.image
    static let url: JSON = ["type": "image_url", "image_url": ["url": "https://x/y.png"]]

    /// Results of calls of the assistant's, and what the user says with them.
    static func sent(_ results: [String], more: String = "") throws -> [JSON] {
        let calls = results.indices.map { #"{"type":"tool_use","id":"c\#($0)","name":"look","input":{}}"# }
        let blocks = results.enumerated().map {
            #"{"type":"tool_result","tool_use_id":"c\#($0.offset)","content":[\#($0.element)]}"#
        }
        let body = ClientPlaceTests.body(
            #"{"role":"assistant","content":[\#(calls.joined(separator: ","))]},"#
                + ClientPlaceTests.user((blocks + (more.isEmpty ? [] : [more])).joined(separator: ",")))
        let request = try AnthropicRequestDecoderTests.decode(body)
        let call = ModelCall(request: request, model: "m", streaming: false)
        return try JSON(OpenAI.encodeRequest(call, asksForUsage: true))["messages"]?.array ?? []
    }

    @Test("an image goes into a user's message after the results, with the name of its call")
    func moved() throws {
        let sent = try Self.sent([#"{"type":"text","text":"there"},"# + Self.image, #"{"type":"text","text":"r"}"#])
        #expect(sent.map { $0["role"] } == ["assistant", "tool", "tool", "user"])
        #expect(sent[1]["tool_call_id"] == "c0" && sent[2]["content"]?.array?.isEmpty != true)
        #expect(text(sent[1].bytes).contains("there") && !text(sent[1].bytes).contains("image_url"))
        let parts = try #require(sent[3]["content"]?.array)
        #expect(parts.count == 2 && parts[1] == Self.url)
        #expect(parts[0]["text"]?.string?.contains("c0 (look)") == true)
    }

    @Test("what the user says with the results follows in the same message, and an empty result says where it went")
    func merged() throws {
        let sent = try Self.sent([Self.image, Self.image], more: #"{"type":"text","text":"and?"}"#)
        #expect(sent.map { $0["role"] } == ["assistant", "tool", "tool", "user"])
        let parts = try #require(sent[3]["content"]?.array)
        #expect(parts.map { $0["type"] } == ["text", "image_url", "text", "image_url", "text"])
        #expect(parts[0]["text"] != parts[2]["text"] && parts[4]["text"] == "and?")
        #expect(sent[1]["content"]?.string?.isEmpty == false)
    }

    @Test("documents go the same way, and results of text stay as they are")
    func documents() throws {
        let pdf = #"{"type":"document","source":{"type":"url","url":"https://x/y.pdf"}}"#
        let sent = try Self.sent([pdf])
        #expect(sent.last?["content"]?[1]?["file"]?["file_data"] == "https://x/y.pdf")
        let plain = try Self.sent([#"{"type":"text","text":"r"}"#], more: #"{"type":"text","text":"and?"}"#)
        #expect(plain.map { $0["role"] } == ["assistant", "tool", "user"] && plain[2]["content"] == "and?")
    }

    @Test("a model that sees nothing is not asked, and the image is named where the client has it")
    func blind() throws {
        let body = ClientPlaceTests.body(
            #"{"role":"assistant","content":[\#(ClientPlaceTests.use)]},"#
                + ClientPlaceTests.user(ClientPlaceTests.result(Self.image)))
        let request = try AnthropicRequestDecoderTests.decode(body)
        let error = try PrefillTests.refusal(request, at: "openai/o3-mini")
        #expect(error?.param == "messages[1].content[0].content[0]")
    }
}
