import Base
import Models
import TestKit
import Testing

@testable import Orchestrator

@Suite("What a turn leaves in its conversation")
struct ConversationTurnTests {
    private func world(_ plan: Plan, keeping store: (MemoryConversations) -> Void) throws -> ExpertWorld {
        try ExpertWorld(
            plan,
            conversations: { clock in
                let conversations = MemoryConversations(time: clock)
                store(conversations)
                return ConversationSettings(ConversationMemory(conversations, time: clock))
            })
    }

    @Test("wherever it is cancelled it has never been, and once it is whole the next one knows of it")
    func cancelled() async throws {
        let pinned = Plan(model: "m", route: Route(chain: [Target(provider: "p", model: "m")]))
        let fused = try Plan(
            model: "plan/x", experts: [Plan.Expert("a"), Plan.Expert("b")],
            fusion: .concatenate(separator: " ", titled: false))
        for plan in [pinned, fused] {
            var kept: [MemoryConversations] = []
            let world = try world(plan) { kept.append($0) }
            let store = try #require(kept.first)
            let sink = RecordingSink()
            let whole = try world.turn(sink: sink, conversation: "whole")
            #expect(whole.error == nil && sink.count > 8)
            #expect(try await store.turns(of: "whole", scope: .local, messages: 10).count == 1)
            for count in 0..<sink.count {
                let turn = try world.turn(sink: RecordingSink(closingAfter: count), conversation: "\(count)")
                let kept = try await store.turns(of: "\(count)", scope: .local, messages: 10).count
                // With the last signal the turn is over, and its answer whole.
                let isOver = count == sink.count - 1
                #expect(turn.error?.code == (isOver ? nil : .cancelled), "after \(count) signals")
                #expect(kept == (isOver ? 1 : 0), "after \(count) signals")
            }
        }
    }
}
