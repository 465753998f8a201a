import Base
import JSON
import Testing

@testable import Models

@Suite("What models are told of thinking and sampling, by the catalogue")
struct SteeringTests {
    static func entry(_ target: String) throws -> CatalogueEntry {
        let target = try #require(Target(target))
        return try #require(Catalogue.builtIn.entry(of: target), "no row for \(target)")
    }

    /// What goes upstream of a request in OpenAI's dialect.
    static func asked(_ target: String, _ fields: String) throws -> JSON {
        let entry = try entry(target)
        let request = try OpenAI.decodeRequest(Array(Asking.body(fields).utf8))
        let call = ModelCall(request: request, model: entry.model, streaming: false, entry: entry)
        return try JSON(Anthropic.encodeRequest(call, asksForUsage: true))
    }

    /// What goes upstream of a request in Anthropic's dialect.
    static func told(_ target: String, _ fields: String) throws -> JSON {
        let entry = try entry(target)
        let request = try AnthropicRequestDecoderTests.decode(AnthropicRequestDecoderTests.body(fields))
        let call = ModelCall(request: request, model: entry.model, streaming: false, entry: entry)
        return try JSON(OpenAI.encodeRequest(call, asksForUsage: true))
    }

    @Test(
        "an effort becomes adaptive thinking with the nearest word, or a budget for earlier models",
        arguments: [
            ("claude-opus-4-8", "minimal", "adaptive", "low"), ("claude-opus-4-8", "medium", "adaptive", "medium"),
            ("claude-opus-4-8", "xhigh", "adaptive", "xhigh"), ("claude-haiku-5-5", "max", "adaptive", "max"),
            ("claude-sonnet-4-6", "xhigh", "adaptive", "high"), ("claude-sonnet-4-6", "max", "adaptive", "max"),
            ("claude-opus-4-8", "none", nil, nil), ("claude-opus-5", "none", "disabled", nil),
            ("claude-opus-5-5", "none", "adaptive", "low"), ("claude-haiku-4-5", "high", "enabled", nil),
            ("claude-haiku-4-5", "none", nil, nil),
        ] as [(String, String, String?, String?)])
    func effort(model: String, effort: String, type: String?, word: String?) throws {
        let sent = try Self.asked("anthropic/\(model)", #""reasoning_effort":"\#(effort)""#)
        #expect(sent["thinking"]?["type"]?.string == type)
        #expect(sent["output_config"]?["effort"]?.string == word)
        #expect((sent["thinking"]?["budget_tokens"] != nil) == (type == "enabled"))
    }

    @Test("a model whose row is not known is judged by the version in its name")
    func unknown() throws {
        let body = Asking.body(#""reasoning_effort":"xhigh","temperature":0.5"#)
        let later = try Asking.encode(body, model: "claude-opus-7-1")
        #expect(later["thinking"] == ["type": "adaptive"] && later["output_config"] == ["effort": "high"])
        #expect(try Asking.encode(Asking.body(#""temperature":0.5"#), model: "claude-opus-7-1")["temperature"] == nil)
        #expect(try Asking.encode(Asking.body(#""temperature":0.5"#), model: "claude-opus-4-6")["temperature"] == 0.5)
        #expect(try Asking.encode(body, model: "claude-sonnet-4-5")["thinking"]?["budget_tokens"] == 16_384)
    }

    @Test("the effort and a schema share output_config")
    func schema() throws {
        let format = #""response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}}"#
        let sent = try Self.asked("anthropic/claude-opus-5", #"\#(format),"reasoning_effort":"low""#)
        #expect(sent["output_config"]?["effort"] == "low")
        #expect(sent["output_config"]?["format"]?["schema"] == ["type": "object"])
    }

    @Test("a forced tool turns thinking off where it is on unasked, and is refused where it cannot be forced")
    func forcedTool() throws {
        let fields = #"\#(AnthropicRulesTests.tool),"tool_choice":"required","reasoning_effort":"high""#
        let sent = try Self.asked("anthropic/claude-opus-5", fields)
        #expect(sent["thinking"] == ["type": "disabled"] && sent["output_config"] == nil)
        #expect(try Self.asked("anthropic/claude-opus-4-8", fields)["thinking"] == nil)
        let target = try #require(Target("anthropic/claude-opus-5-5"))
        for (choice, param) in [(#""required""#, "tool_choice"), (#""auto""#, nil)] {
            let request = try OpenAI.decodeRequest(
                Array(Asking.body(#"\#(AnthropicRulesTests.tool),"tool_choice":\#(choice)"#).utf8))
            let entry = try Self.entry("anthropic/claude-opus-5-5")
            let found = codedError { try request.check(against: entry, target) }
            #expect(found?.param == param && (param == nil || found?.code == .unsupportedByModel))
        }
    }

    @Test(
        "temperature, top_p and top_k are dropped for models that refuse them",
        arguments: [
            ("claude-sonnet-5", nil, nil), ("claude-haiku-4-5", 0.5, nil), ("claude-sonnet-4-0", 0.5, 0.9),
        ] as [(String, Double?, Double?)])
    func sampling(model: String, temperature: Double?, topP: Double?) throws {
        let sent = try Self.asked("anthropic/\(model)", #""temperature":0.5,"top_p":0.9"#)
        #expect(sent["temperature"]?.double == temperature && sent["top_p"]?.double == topP)
        // Alone, each goes to whoever takes any.
        let alone = try Self.asked("anthropic/\(model)", #""top_p":0.9"#)["top_p"]?.double
        #expect(alone == (temperature == nil ? nil : 0.9))
    }

    @Test("a temperature over 1 is refused only where it would be sent")
    func hot() throws {
        #expect(try Self.asked("anthropic/claude-opus-5", #""temperature":1.5"#)["temperature"] == nil)
        #expect(throws: CodedError.self) { try Self.asked("anthropic/claude-haiku-4-5", #""temperature":1.5"#) }
    }

    @Test("a model that thinks is told no top_p under 0.95", arguments: [(0.9, false), (0.95, true), (1, true)])
    func topP(value: Double, isSent: Bool) throws {
        let fields = #""top_p":\#(value),"reasoning_effort":"low""#
        #expect((try Self.asked("anthropic/claude-haiku-4-5", fields)["top_p"] != nil) == isSent)
    }

    @Test(
        "towards OpenAI, the effort is a word that the model takes",
        arguments: [
            ("openai/gpt-5", "max", "high"), ("openai/gpt-5.2", "max", "xhigh"), ("openai/gpt-6-sol", "max", "max"),
            ("openai/o3", "low", "low"), ("openai/gpt-5-pro", "low", "high"), ("openai/o1-mini", "high", nil),
            ("openai/gpt-4o", "high", nil),
        ] as [(String, String, String?)])
    func words(target: String, effort: String, word: String?) throws {
        #expect(try Self.told(target, #""output_config":{"effort":"\#(effort)"}"#)["reasoning_effort"]?.string == word)
    }

    @Test("towards OpenAI, no thinking is said where there is a word for it, and functions turn thinking off")
    func off() throws {
        let off = #""thinking":{"type":"disabled"}"#
        #expect(try Self.told("openai/gpt-5.2", off)["reasoning_effort"] == "none")
        #expect(try Self.told("openai/gpt-5", off)["reasoning_effort"] == nil)
        let tool = #""tools":[{"name":"f","input_schema":{"type":"object"}}],"output_config":{"effort":"high"}"#
        #expect(try Self.told("openai/gpt-5.6-sol", tool)["reasoning_effort"] == "none")
        #expect(try Self.told("openai/gpt-5.2", tool)["reasoning_effort"] == "high")
    }

    @Test(
        "towards OpenAI, sampling is dropped for models that think",
        arguments: [
            ("openai/o3", "", false), ("openai/gpt-5-mini", "", false), ("openai/gpt-4o", "", true),
            ("openai/gpt-5.2", "", true), ("openai/gpt-5.2", #","output_config":{"effort":"low"}"#, false),
            ("openai/gpt-5.2", #","thinking":{"type":"disabled"}"#, true),
            ("groq/llama-3.3-70b-versatile", "", true),
        ])
    func openAISampling(target: String, fields: String, isSent: Bool) throws {
        let sent = try Self.told(target, #""temperature":0.5,"top_p":0.9\#(fields)"#)
        #expect((sent["temperature"] != nil) == isSent && (sent["top_p"] != nil) == isSent)
        #expect(sent[target.hasPrefix("openai") ? "max_completion_tokens" : "max_tokens"]?.int != nil)
    }

    @Test("the nearest word is never above one that is known below, and thinking is never turned on or off by it")
    func nearest() {
        let all = ThinkingEffort.allCases
        for bits in 0..<(1 << all.count) {
            let known = Set(all.indices.filter { bits >> $0 & 1 == 1 }.map { all[$0] })
            for (place, wanted) in all.enumerated() {
                let found = ThinkingEffort.nearest(to: wanted, among: known)
                if known.contains(wanted) { #expect(found == wanted) }
                guard let found, let foundPlace = all.firstIndex(of: found) else {
                    #expect(known.subtracting([.off]).isEmpty || wanted == .off)
                    continue
                }
                #expect(known.contains(found) && (found == .off) == (wanted == .off))
                let lower = all[1..<max(1, place)].contains { known.contains($0) }
                if lower { #expect(foundPlace <= place) }
            }
        }
    }
}
