import Base
import JSON
import Testing

@testable import Models

@Suite("Thoughts of other providers, sent back to Anthropic")
struct UnprovenThoughtsTests {
    static let unproven = #"{"type":"thinking","thinking":"hm","signature":""}"#
    static let proven = #"{"type":"thinking","thinking":"so","signature":"s=="}"#
    static let text = #"{"type": "text", "text":"a\u0041"}"#
    static let use = #"{"type":"tool_use","id":"a","name":"f","input":{"n":1.50}}"#
    static let result = #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"r"}]}"#

    static func body(_ assistant: String, more: String = "", fields: String = "") -> String {
        let start = #"{"max_tokens":2000,"model":"claude-x", "x_new": {"b":1 },\#(fields)"#
        let first = #"{"role":"user","content":"q"}"#
        return start + #""messages":[\#(first),{"role":"assistant","content":[\#(assistant)]}\#(more)]}"#
    }

    static func sent(_ body: String) throws -> JSON {
        let request = try AnthropicRequestDecoderTests.decode(body)
        let call = ModelCall(request: request, model: "claude-x", streaming: false)
        let bytes = try Anthropic.encodeRequest(call, asksForUsage: true)
        #expect(Anthropic.encodeTokenCountRequest(request, model: "claude-x") == bytes)
        return try JSON(bytes)
    }

    @Test("a request without them passes byte for byte", arguments: [text, proven + "," + text, use])
    func untouched(blocks: String) throws {
        let body = Self.body(blocks, more: blocks == Self.use ? ",\(Self.result)" : "")
        let request = try AnthropicRequestDecoderTests.decode(body)
        let call = ModelCall(request: request, model: "claude-x", streaming: false)
        #expect(try Anthropic.encodeRequest(call, asksForUsage: true) == Array(body.utf8))
    }

    @Test(
        "they are left out, and nothing else",
        arguments: [
            unproven + "," + text, text + "," + unproven, unproven + "," + text + "," + unproven,
            #"{"type":"thinking","thinking":"hm"},"# + text,
            #"{"signature":null,"type":"thinking","thinking":"hm"},"# + text,
        ])
    func leftOut(blocks: String) throws {
        let end = #",{"role":"user","content":"go on"}"#
        #expect(try Self.sent(Self.body(blocks, more: end)) == JSON(Array(Self.body(Self.text, more: end).utf8)))
    }

    @Test("those that the provider knows stay, sealed ones too")
    func kept() throws {
        let sealed = #"{"type":"redacted_thinking","data":"z"}"#
        let blocks = [Self.proven, sealed, Self.text].joined(separator: ",")
        #expect(try Self.sent(Self.body(Self.unproven + "," + blocks)) == JSON(Array(Self.body(blocks).utf8)))
    }

    @Test("a message that says nothing else goes with them")
    func alone() throws {
        let sent = try Self.sent(Self.body(Self.unproven, more: #",{"role":"user","content":"well?"}"#))
        #expect(sent["messages"]?.array?.map { $0["role"] } == ["user", "user"])
    }

    @Test(
        "a budget goes with the thought that led to a call, adaptive thinking does not",
        arguments: [
            (#""thinking":{"type":"enabled","budget_tokens":1024},"#, unproven, false),
            (#""thinking":{"type":"enabled","budget_tokens":1024},"#, proven + "," + unproven, true),
            (#""thinking":{"type":"adaptive"},"#, unproven, true),
        ])
    func budget(fields: String, thoughts: String, stays: Bool) throws {
        let sent = try Self.sent(
            Self.body("\(thoughts),\(Self.use)", more: ",\(Self.result)", fields: fields))
        #expect((sent["thinking"] != nil) == stays)
        #expect(sent["messages"]?[1]?["content"]?.array?.last?["type"] == "tool_use")
        #expect(sent["x_new"]?["b"] == 1 && sent["max_tokens"] == 2000)
    }
}
