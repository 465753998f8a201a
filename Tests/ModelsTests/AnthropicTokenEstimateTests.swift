import Base
import JSON
import Models
import Testing

@Suite("Estimates of input tokens")
struct AnthropicTokenEstimateTests {
    private static func estimate(_ body: String) throws -> Int {
        Anthropic.estimateInputTokens(of: try Anthropic.decodeTokenCountRequest(Array(body.utf8)))
    }

    private static func user(_ text: String) -> String {
        text.isEmpty ? "" : #"{"model":"m","messages":[{"role":"user","content":"\#(text)"}]}"#
    }

    /// Prompts and what the provider counted.
    static let counted: [(String, tokens: Int)] = [
        (user("Tell me a joke about OpenTelemetry"), 17), (user("What is the capital of France?"), 14),
        (user("Hello!"), 9),
        (
            #"{"model":"m","messages":[{"role":"user","content":"What is the largest city in the user country?"}],"tools":[{"name":"get_user_country","description":"","input_schema":{"additionalProperties":false,"properties":{},"type":"object"}}]}"#,
            563
        ),
    ]

    @Test("they are near what the provider counts", arguments: counted)
    func near(body: String, tokens: Int) throws {
        let estimate = try Self.estimate(body)
        #expect(abs(estimate - tokens) <= max(4, tokens / 3), "\(estimate)")
    }

    @Test("whatever is added makes them greater")
    func monotonic() throws {
        let base = #"{"model":"m","messages":[MESSAGES]SYSTEMTOOLSREST}"#
        var last = 0
        var steps: [(String, String)] = []
        steps.append(("MESSAGES", #"{"role":"user","content":[{"type":"text","text":"hi"}BLOCKS]}MORE"#))
        steps.append(("BLOCKS", #",{"type":"text","text":"what is it?"}BLOCKS"#))
        steps.append(("BLOCKS", #",{"type":"image","source":{"type":"url","url":"u"}}BLOCKS"#))
        steps.append(
            ("BLOCKS", #",{"type":"document","source":{"type":"base64","media_type":"a/b","data":"AAAA"}}BLOCKS"#))
        steps.append(("BLOCKS", #",{"type":"document","source":{"type":"url","url":"u"}}BLOCKS"#))
        steps.append(("BLOCKS", #",{"type":"search_result","title":"t"}"#))
        steps.append(("SYSTEM", #","system":"be brief""#))
        steps.append(
            (
                "MORE",
                #",{"role":"assistant","content":[{"type":"thinking","thinking":"hm"},{"type":"tool_use","id":"a","name":"f","input":{}}]}MORE"#
            ))
        steps.append(("MORE", #",{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}"#))
        steps.append(("TOOLS", #","tools":[{"name":"f","input_schema":{}}TOOLS]"#))
        steps.append(("TOOLS", #",{"name":"g","input_schema":{}}TOOLS"#))
        steps.append(("TOOLS", #",{"type":"web_search_20250305","name":"web_search"}"#))
        steps.append(("REST", #","output_config":{"format":{"type":"json_schema","schema":{}}}REST"#))
        steps.append(("REST", #","thinking":{"type":"adaptive"}"#))
        var body = base
        for (place, text) in steps {
            body = body.replacing(place, with: text)
            var closed = body
            for open in ["MESSAGES", "BLOCKS", "MORE", "SYSTEM", "TOOLS", "REST"] {
                closed = closed.replacing(open, with: "")
            }
            let estimate = try Self.estimate(closed)
            #expect(estimate > last, "\(text)")
            last = estimate
        }
    }

    @Test("they grow with a text, faster where its letters are not ASCII", arguments: [1, 10, 1000, 100_000])
    func length(_ count: Int) {
        func estimate(_ letter: String) -> Int {
            let text = String(repeating: letter, count: count)
            return Anthropic.estimateInputTokens(of: ChatRequest(model: "m", messages: [ChatMessage(.user, text)]))
        }
        #expect(estimate("a") < estimate("aa") || count == 1)
        #expect(estimate("é") > estimate("a") || count == 1)
        #expect(abs(estimate("a") - 7 - count * 2 / 7) <= 1)
        #expect(estimate("京") >= count)
    }

    @Test("the answer is a number under its name")
    func answer() {
        #expect(text(Anthropic.encodeTokenCount(14)) == #"{"input_tokens":14}"#)
    }
}
