import Base
import JSON
import Models
import Testing

@Suite("Thinking and the most tokens, asked of Anthropic")
struct AnthropicThinkingTests {
    /// Of 8192 tokens in all, of which nothing says how many an answer may have.
    static let small = "llama3-8b-8192"
    static let unknown = "unknown"

    struct Case: Sendable {
        var wanted: ReasoningRequest?
        var asked: Int?
        var model = unknown
        var most: Int
        var budget: Int?
    }

    @Test(
        "the budget is below the most tokens, which grow by it within the model's limit",
        arguments: [
            Case(wanted: nil, asked: nil, most: 4096, budget: nil),
            Case(wanted: nil, asked: 9, most: 9, budget: nil),
            Case(wanted: nil, asked: nil, model: small, most: 8192, budget: nil),
            Case(wanted: .off, asked: 9, most: 9, budget: nil),
            Case(wanted: .effort("none"), asked: 9, most: 9, budget: nil),
            Case(wanted: .budget(0), asked: 9, most: 9, budget: nil),
            Case(wanted: .budget(-5), asked: 9, most: 9, budget: nil),
            Case(wanted: .effort("minimal"), asked: 2000, most: 2000, budget: 1024),
            Case(wanted: .effort("low"), asked: 1025, most: 1025, budget: 1024),
            Case(wanted: .effort("low"), asked: 1024, most: 2048, budget: 1024),
            Case(wanted: .effort("medium"), asked: 100, most: 4196, budget: 4096),
            Case(wanted: .effort("high"), asked: 100, most: 16_484, budget: 16_384),
            Case(wanted: .effort("xhigh"), asked: 20_000, most: 20_000, budget: 16_384),
            Case(wanted: .budget(5), asked: 4096, most: 4096, budget: 1024),
            Case(wanted: .budget(3000), asked: 4096, most: 4096, budget: 3000),
            Case(wanted: .budget(3000), asked: nil, most: 4096, budget: 3000),
            Case(wanted: .effort("medium"), asked: nil, most: 8192, budget: 4096),
            Case(wanted: .budget(.max), asked: 10, most: .max, budget: .max - 10),
            Case(wanted: .budget(.max), asked: .max, most: .max, budget: nil),
            // Within 8192: lowered, and dropped where less than 1024 are left.
            Case(wanted: .effort("high"), asked: 5000, model: small, most: 8192, budget: 3192),
            Case(wanted: .effort("high"), asked: 7168, model: small, most: 8192, budget: 1024),
            Case(wanted: .effort("high"), asked: 7169, model: small, most: 7169, budget: nil),
            Case(wanted: .effort("high"), asked: 8192, model: small, most: 8192, budget: nil),
            Case(wanted: .effort("high"), asked: nil, model: small, most: 8192, budget: 4096),
            Case(wanted: .effort("medium"), asked: nil, model: small, most: 8192, budget: 4096),
            Case(wanted: .effort("medium"), asked: 5000, model: small, most: 5000, budget: 4096),
        ])
    func budgets(_ it: Case) throws {
        var request = ChatRequest(model: "m", messages: [ChatMessage(.user, "hi")])
        request.reasoning = it.wanted
        request.maxTokens = it.asked
        let sent = try Asking.encode(request, model: it.model)
        #expect(sent["max_tokens"]?.int == Int64(it.most))
        #expect(sent["thinking"]?["budget_tokens"]?.int == it.budget.map(Int64.init))
        #expect(sent["thinking"]?["type"]?.string == it.budget.map { _ in "enabled" })
    }

    @Test("an effort that nobody knows is refused")
    func unknownEffort() {
        let error = Asking.refusal(Asking.body(#""reasoning_effort":"vast""#))
        #expect(error?.code == .invalidValue)
        #expect(error?.param == "reasoning_effort")
    }

    @Test("a model that thinks is not told a temperature or top_k", arguments: [true, false])
    func sampling(thinks: Bool) throws {
        var request = ChatRequest(model: "m", messages: [ChatMessage(.user, "hi")])
        request.reasoning = thinks ? .adaptive : .off
        (request.temperature, request.topK, request.topP) = (0.5, 7, 0.96)
        let sent = try Asking.encode(request)
        #expect(sent["thinking"] == (thinks ? ["type": "adaptive"] : nil))
        #expect((sent["temperature"] == nil) == thinks)
        #expect((sent["top_k"] == nil) == thinks)
        #expect(sent["top_p"]?.double == 0.96)
    }

    @Test("a forced tool leaves no room for thought, a tool that is not forced does")
    func forcedTool() throws {
        let tool = AnthropicRulesTests.tool
        for (choice, thinks) in [(#""required""#, false), (#""auto""#, true), (#""none""#, true)] {
            let fields = #"\#(tool),"tool_choice":\#(choice),"reasoning_effort":"low","max_tokens":100"#
            let sent = try Asking.encode(Asking.body(fields))
            #expect((sent["thinking"] != nil) == thinks)
            #expect(sent["max_tokens"] == (thinks ? 1124 : 100))
        }
        // Without tools the choice is dropped, and with it its force.
        let sent = try Asking.encode(Asking.body(#""tool_choice":"required","reasoning_effort":"low""#))
        #expect(sent["thinking"] != nil)
    }

    @Test(
        "no thinking goes on after calls whose thoughts are not at hand",
        arguments: [
            ([], false), ([.text("hm", signature: nil)], false), ([.text("hm", signature: "")], false),
            ([.text("hm", signature: "s")], true), ([.sealed("z")], true),
        ] as [([Reasoning], Bool)])
    func brokenThoughts(reasoning: [Reasoning], thinks: Bool) throws {
        var calling = ChatMessage(
            role: .assistant, content: .none, toolCalls: [ToolCall(id: "a", name: "f", arguments: "{}")])
        calling.reasoning = reasoning
        var request = ChatRequest(
            model: "m",
            messages: [
                ChatMessage(.user, "q"), calling, ChatMessage(role: .tool, content: .text("r"), toolCallID: "a"),
            ])
        request.dialect = .anthropic
        request.reasoning = .effort("low")
        #expect((try Asking.encode(request)["thinking"] != nil) == thinks)
        // Calls of earlier turns are of no matter.
        request.messages += [ChatMessage(.assistant, "so"), ChatMessage(.user, "and?")]
        #expect(try Asking.encode(request)["thinking"] != nil)
    }
}
