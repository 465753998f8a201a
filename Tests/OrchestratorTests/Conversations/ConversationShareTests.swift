import Base
import Models
import TestKit
import Testing

@testable import Orchestrator

@Suite("Whose conversations go")
struct ConversationShareTests {
    private let clock = TestClock()

    private func scope(_ user: String, tenant: String = "t") -> Scope {
        Scope(tenant: tenant, user: user, key: "k", role: .member)
    }

    private func store(conversations: Int = 10_000, memory: Int = 64 << 20) -> MemoryConversations {
        var limits = MemoryConversations.Limits()
        limits.conversations = conversations
        limits.memory = memory
        return MemoryConversations(limits, time: clock)
    }

    private func add(
        _ conversation: String, of user: String, to store: MemoryConversations, bytes: Int = 5, run: Int = 1
    ) async throws {
        let turn = ConversationTurn(
            runID: "run_\(run)", messages: [ChatMessage(.user, String(repeating: "x", count: bytes))],
            answer: ChatMessage(.assistant, "hi"), ended: clock.wallTime())
        try await store.append(turn, to: conversation, scope: scope(user))
    }

    private func has(_ conversation: String, of user: String, in store: MemoryConversations) async throws -> Bool {
        try await !store.turns(of: conversation, scope: scope(user), messages: 10).isEmpty
    }

    @Test("when there are too many, the one goes that was silent the longest of whoever has the most")
    func number() async throws {
        let store = store(conversations: 100)
        for index in 0..<20 { try await add("a\(index)", of: "anna", to: store) }
        for index in 0..<500 { try await add("b\(index)", of: "ben", to: store) }
        #expect(store.count == 100)
        for index in 0..<20 { #expect(try await has("a\(index)", of: "anna", in: store)) }
        for index in 0..<500 { #expect(try await has("b\(index)", of: "ben", in: store) == (index >= 420)) }
        // One that is used stays, and who comes later finds room.
        _ = try await has("b420", of: "ben", in: store)
        for index in 0..<40 { try await add("c\(index)", of: "cleo", to: store) }
        #expect(try await has("b420", of: "ben", in: store))
        #expect(try await !has("b421", of: "ben", in: store))
        for index in 0..<40 { #expect(try await has("c\(index)", of: "cleo", in: store)) }
        for index in 0..<20 { #expect(try await has("a\(index)", of: "anna", in: store)) }
    }

    @Test("the conversation that was just used stays, though its user has the most and nothing else")
    func used() async throws {
        let store = store(memory: 200_000)
        for user in 0..<20 { try await add("c", of: "user\(user)", to: store, bytes: 9_000) }
        for run in 1...5 { try await add("c", of: "anna", to: store, bytes: 9_000, run: run) }
        #expect(try await has("c", of: "anna", in: store))
        #expect(try await !has("c", of: "user0", in: store))
        #expect(store.weight <= 200_000)
    }

    @Test("over the memory as well, whoever has more conversations")
    func memory() async throws {
        let store = store(memory: 200_000)
        for index in 0..<100 { try await add("a\(index)", of: "anna", to: store) }
        for index in 0..<100 { try await add("b\(index)", of: "ben", to: store, bytes: 20_000) }
        #expect(store.weight <= 200_000)
        for index in 0..<100 { #expect(try await has("a\(index)", of: "anna", in: store)) }
        #expect(try await has("b99", of: "ben", in: store))
    }

    @Test("of many who each have little, the one goes that was silent the longest, however much its user has")
    func crowd() async throws {
        let store = store(conversations: 100)
        for index in 0..<90 { try await add("c", of: "u\(index)", to: store) }
        for index in 0..<6 { try await add("c\(index)", of: "active", to: store) }
        for index in 90..<150 { try await add("c", of: "u\(index)", to: store) }
        for index in 0..<6 { #expect(try await has("c\(index)", of: "active", in: store)) }
        #expect(try await !has("c", of: "u55", in: store))
        #expect(try await has("c", of: "u56", in: store))
    }

    @Test("equals lose what was silent the longest, and the one that was just used stays")
    func equals() async throws {
        let store = store(conversations: 3)
        for user in ["a", "b", "c", "d"] { try await add("c", of: user, to: store) }
        #expect(try await !has("c", of: "a", in: store))
        for user in ["b", "c", "d"] { #expect(try await has("c", of: user, in: store)) }
        // The same user's name in another tenant is another user.
        try await store.append(
            ConversationTurn(
                runID: "r", messages: [ChatMessage(.user, "x")], answer: ChatMessage(.assistant, "y"),
                ended: clock.wallTime()), to: "c", scope: scope("d", tenant: "other"))
        #expect(try await has("c", of: "d", in: store))
    }

    @Test("a lower bound takes from whoever has the most then")
    func adopted() async throws {
        let store = store(conversations: 1000)
        for index in 0..<20 { try await add("a\(index)", of: "anna", to: store) }
        for index in 0..<900 { try await add("b\(index)", of: "ben", to: store) }
        var limits = MemoryConversations.Limits()
        limits.conversations = 100
        store.adopt(limits)
        try await add("b900", of: "ben", to: store)
        #expect(store.count == 100)
        for index in 0..<20 { #expect(try await has("a\(index)", of: "anna", in: store)) }
    }

    @Test("whatever many users do, the bounds hold, and nobody with less than a share loses to one with more")
    func random() async throws {
        for seed in UInt64(0)..<20 {
            var generator = SeededGenerator(seed: seed)
            let store = store(conversations: 64, memory: 60_000)
            try await add("quiet", of: "quiet", to: store)
            for run in 0..<600 {
                let user = ["a", "b", "c"][Int(generator.next(upperBound: 3 as UInt64))]
                let name = "c\(generator.next(upperBound: 60 as UInt64))"
                switch generator.next(upperBound: 12 as UInt64) {
                case 0: try await store.forget(name, scope: scope(user))
                case 1...3: _ = try await has(name, of: user, in: store)
                default:
                    let bytes = Int(generator.next(upperBound: 3000 as UInt64))
                    try await add(name, of: user, to: store, bytes: bytes, run: run)
                    #expect(try await has(name, of: user, in: store))
                }
                #expect(store.count <= 64 && store.weight <= 60_000)
            }
            #expect(try await has("quiet", of: "quiet", in: store))
            for user in ["a", "b", "c"] {
                for index in 0..<60 { try await store.forget("c\(index)", scope: scope(user)) }
            }
            try await store.forget("quiet", scope: scope("quiet"))
            #expect(store.count == 0 && store.weight == 0 && store.users == 0)
        }
    }
}
