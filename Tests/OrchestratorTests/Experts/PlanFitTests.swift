import Base
import Models
import TestKit
import Testing

@testable import Orchestrator

@Suite("What a plan cannot give")
struct PlanFitTests {
    private static let lead = FusionRule.lead("b")
    private static let joined = FusionRule.concatenate(separator: "", titled: false)

    private func param(_ fusion: FusionRule, _ change: (inout ChatRequest) -> Void) throws -> String? {
        let experts = [Plan.Expert("a"), Plan.Expert("b", after: fusion.kind == .lead ? ["a"] : [])]
        let world = try ExpertWorld(try Plan(model: "plan/x", experts: experts, fusion: fusion))
        var request = ChatRequest(model: "plan/x", messages: [ChatMessage(.user, "Why?")])
        change(&request)
        let error = try world.turn(request).error
        if let error {
            #expect(error.code == .unsupportedByModel && error.code.status == 400)
            #expect(world.models.calls.isEmpty)
        }
        return error?.param
    }

    @Test("is refused with the field before any model is asked, and given to the lead where there is one")
    func fields() throws {
        let tool = ToolDefinition(name: "t")
        for fusion in [Self.lead, Self.joined, .vote] {
            #expect(try param(fusion) { $0.n = 2 } == "n")
            #expect(try param(fusion) { $0.hasForeignTools = true } == "tools")
            #expect(try param(fusion) { $0.foreignField = "container" } == "container")
            #expect(try param(fusion) { $0.messages.append(ChatMessage(.assistant, "Be")) } == "messages[1]")
            #expect(try param(fusion) { $0.stop = ["x"] } == nil)
            let isLead = fusion == Self.lead
            #expect(try param(fusion) { $0.logprobs = true } == (isLead ? nil : "logprobs"))
            #expect(try param(fusion) { $0.tools = [tool] } == (isLead ? nil : "tools"))
        }
        #expect(try param(Self.joined) { $0.responseFormat = .jsonObject } == "response_format")
    }

    @Test("tools go to the lead, and to others only as far as the plan names them")
    func tools() throws {
        var experts = [
            Plan.Expert("none"), Plan.Expert("some") { $0.tools = ["x", "z"] },
            Plan.Expert("lead", after: ["none", "some"]),
        ]
        var request = ChatRequest(model: "plan/x", messages: [ChatMessage(.user, "Why?")])
        request.tools = ["x", "y"].map { ToolDefinition(name: $0) }
        request.toolChoice = .function("y")
        func offered(_ name: String) throws -> [String]? {
            let world = try ExpertWorld(try Plan(model: "plan/x", experts: experts, fusion: .lead("lead")))
            _ = try world.turn(request)
            return world.models.calls(of: name).first?.request.tools.map(\.name)
        }
        #expect(try offered("none") == [])
        #expect(try offered("some") == ["x"])
        #expect(try offered("lead") == ["x", "y"])
        experts[2].tools = ["y"]
        #expect(try offered("lead") == ["y"])
        // A conversation with calls goes with its tools, which may not be called.
        request.messages += [
            ChatMessage(role: .assistant, content: .none, toolCalls: [ToolCall(id: "1", name: "x", arguments: "{}")]),
            ChatMessage(role: .tool, content: .text("1"), toolCallID: "1"),
        ]
        #expect(try offered("none") == ["x", "y"])
    }
}
