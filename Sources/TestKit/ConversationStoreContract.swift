internal import Base
internal import Models
public import Orchestrator

/// What every store of conversations must do. Each check gets an empty engine and throws what it found wrong. An engine
/// that is bounded in number gets a bound of ``fewest`` here.
public enum ConversationStoreContract {
    public struct Broken: Error, CustomStringConvertible {
        public let description: String
    }

    public struct Check: Sendable, CustomStringConvertible {
        public let description: String
        public let run: @Sendable (any ConversationStore) async throws -> Void
    }

    public static let fewest = 64

    public static let checks: [Check] = [
        Check(description: "a conversation that is not there is empty") { store in
            try same(try await said(in: store, "c"), [])
            try await store.forget("c", scope: anna)
        },
        Check(description: "turns come back whole and oldest first") { store in
            for run in 1...3 { try await store.append(turn(run), to: "c", scope: anna) }
            try same(
                try await said(in: store, "c"),
                ["question 1", "answer 1", "question 2", "answer 2", "question 3", "answer 3"])
        },
        Check(description: "the last turns that fit, never a part of one") { store in
            for run in 1...3 { try await store.append(turn(run), to: "c", scope: anna) }
            for (limit, runs) in [(6, [1, 2, 3]), (5, [2, 3]), (4, [2, 3]), (3, [3]), (2, [3])] {
                let turns = try await store.turns(of: "c", scope: anna, messages: limit)
                try same(turns.map(\.runID), runs.map { "run_\($0)" })
            }
        },
        Check(description: "the last turn is there however long it is") { store in
            try await store.append(turn(1), to: "c", scope: anna)
            try await store.append(turn(2, questions: 30), to: "c", scope: anna)
            try same(try await store.turns(of: "c", scope: anna, messages: 10).map(\.runID), ["run_2"])
        },
        Check(description: "the turn of a run is kept once") { store in
            try await store.append(turn(1), to: "c", scope: anna)
            try await store.append(turn(1), to: "c", scope: anna)
            try await store.append(turn(1), to: "d", scope: anna)
            try same(try await said(in: store, "c"), ["question 1", "answer 1"])
            try same(try await said(in: store, "d"), ["question 1", "answer 1"])
        },
        Check(description: "a user of one tenant knows nothing of the others") { store in
            try await store.append(turn(1), to: "c", scope: anna)
            for other in [ben, scope("b", "anna")] {
                try same(try await store.turns(of: "c", scope: other, messages: 10).count, 0)
                try await store.append(turn(2), to: "c", scope: other)
                try await store.forget("c", scope: other)
            }
            try same(try await said(in: store, "c"), ["question 1", "answer 1"])
        },
        Check(description: "however much one user has to say, nothing of another's is lost for it") { store in
            try await store.append(turn(1), to: "c", scope: anna)
            for run in 1...3 * fewest { try await store.append(turn(run), to: "c\(run)", scope: ben) }
            try same(try await said(in: store, "c"), ["question 1", "answer 1"])
            let last = try await store.turns(of: "c\(3 * fewest)", scope: ben, messages: 10)
            try same(last.map(\.runID), ["run_\(3 * fewest)"])
        },
        Check(description: "a user's keys share a conversation") { store in
            try await store.append(turn(1), to: "c", scope: anna)
            let turns = try await store.turns(of: "c", scope: scope("a", "anna", key: "another"), messages: 10)
            try same(turns.map(\.runID), ["run_1"])
        },
        Check(description: "what is forgotten is gone, and begins anew") { store in
            try await store.append(turn(1), to: "c", scope: anna)
            try await store.append(turn(1), to: "d", scope: anna)
            try await store.forget("c", scope: anna)
            try same(try await said(in: store, "c"), [])
            try same(try await said(in: store, "d").count, 2)
            try await store.append(turn(2), to: "c", scope: anna)
            try same(try await said(in: store, "c"), ["question 2", "answer 2"])
        },
        Check(description: "turns at once are all kept") { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for run in 1...20 { group.addTask { try await store.append(turn(run), to: "c", scope: anna) } }
                try await group.waitForAll()
            }
            let runs = Set(try await store.turns(of: "c", scope: anna, messages: 100).map(\.runID))
            try same(runs, Set((1...20).map { "run_\($0)" }))
        },
        Check(description: "calls and their results come back as they were") { store in
            var call = ChatMessage(role: .assistant, content: .none)
            call.toolCalls = [ToolCall(id: "call_1", name: "weather", arguments: #"{"city":"Köln"}"#)]
            var result = ChatMessage(.tool, "rain ☔️")
            result.toolCallID = "call_1"
            let kept = ConversationTurn(
                runID: "run_1", messages: [ChatMessage(.user, "Rain?"), call, result],
                answer: ChatMessage(.assistant, "Yes."), ended: WallTime(milliseconds: 1))
            try await store.append(kept, to: "c", scope: anna)
            guard let back = try await store.turns(of: "c", scope: anna, messages: 10).first else {
                throw Broken(description: "the turn is not there")
            }
            try same(back.messages.map(\.role), [.user, .assistant, .tool])
            try same(back.messages[1].toolCalls, call.toolCalls)
            try same(back.messages[2].toolCallID, "call_1")
            try same(back.messages[2].text, "rain ☔️")
            try same(back.ended, WallTime(milliseconds: 1))
        },
    ]

    private static let anna = scope("a", "anna")
    private static let ben = scope("a", "ben")

    private static func scope(_ tenant: String, _ user: String, key: String = "key") -> Scope {
        Scope(tenant: tenant, user: user, key: key, role: .member)
    }

    private static func turn(_ run: Int, questions: Int = 1) -> ConversationTurn {
        ConversationTurn(
            runID: "run_\(run)",
            messages: (1...questions).map { ChatMessage(.user, $0 == 1 ? "question \(run)" : "and \($0)") },
            answer: ChatMessage(.assistant, "answer \(run)"), ended: WallTime(milliseconds: Int64(run)))
    }

    private static func said(in store: any ConversationStore, _ conversation: String) async throws -> [String] {
        try await store.turns(of: conversation, scope: anna, messages: 100).flatMap { turn in
            turn.messages.map(\.text) + [turn.answer.text]
        }
    }

    private static func same<Value: Equatable & Sendable>(_ found: Value, _ wanted: Value) throws {
        guard found != wanted else { return }
        throw Broken(description: "found \(found), wanted \(wanted)")
    }
}
