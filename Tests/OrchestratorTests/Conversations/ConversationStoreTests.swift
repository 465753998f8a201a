import Base
import JSON
import Models
import TestKit
import Testing

@testable import Orchestrator

@Suite("Conversations")
struct ConversationStoreTests {
    private let clock = TestClock()
    private let anna = Scope(tenant: "a", user: "anna", key: "k", role: .member)

    @Test("in memory: what every store must do", arguments: ConversationStoreContract.checks.indices)
    func contract(_ index: Int) async throws {
        let check = ConversationStoreContract.checks[index]
        var limits = MemoryConversations.Limits()
        limits.conversations = ConversationStoreContract.fewest
        do { try await check.run(MemoryConversations(limits, time: clock)) } catch {
            Issue.record("\(check): \(error)")
        }
    }

    private func turn(_ run: Int, text: String = "hello", messages: Int = 1) -> ConversationTurn {
        ConversationTurn(
            runID: "run_\(run)", messages: (0..<messages).map { _ in ChatMessage(.user, text) },
            answer: ChatMessage(.assistant, "hi"), ended: clock.wallTime())
    }

    private func kept(_ store: MemoryConversations, _ conversation: String) async throws -> [String] {
        try await store.turns(of: conversation, scope: anna, messages: 1000).map(\.runID)
    }

    @Test("one that nobody used for its time to live is forgotten, one that was read is not")
    func timeToLive() async throws {
        var limits = MemoryConversations.Limits()
        limits.timeToLive = .seconds(60)
        let store = MemoryConversations(limits, time: clock)
        try await store.append(turn(1), to: "a", scope: anna)
        try await store.append(turn(1), to: "b", scope: anna)
        clock.advance(by: .seconds(40))
        #expect(try await kept(store, "a") == ["run_1"])
        clock.advance(by: .seconds(20))
        #expect(try await kept(store, "b") == [])
        #expect(try await kept(store, "a") == ["run_1"])
        #expect(store.count == 1)
        clock.advance(by: .seconds(60))
        #expect(try await kept(store, "a") == [])
        #expect(store.weight == 0)
    }

    @Test("beyond the number the one that was used longest ago goes")
    func number() async throws {
        var limits = MemoryConversations.Limits()
        limits.conversations = 2
        let store = MemoryConversations(limits, time: clock)
        try await store.append(turn(1), to: "a", scope: anna)
        try await store.append(turn(1), to: "b", scope: anna)
        _ = try await kept(store, "a")
        try await store.append(turn(1), to: "c", scope: anna)
        #expect(try await kept(store, "b") == [])
        #expect(try await kept(store, "a") == ["run_1"])
        #expect(try await kept(store, "c") == ["run_1"])
    }

    @Test("beyond the memory as well, and one conversation alone cannot take more than all of it")
    func memory() async throws {
        var limits = MemoryConversations.Limits()
        limits.memory = 10_000
        let store = MemoryConversations(limits, time: clock)
        for index in 0..<100 {
            try await store.append(turn(1, text: String(repeating: "x", count: 1000)), to: "c\(index)", scope: anna)
            #expect(store.weight <= 10_000)
        }
        #expect(store.count > 1)
        try await store.append(turn(1, text: String(repeating: "x", count: 20_000)), to: "large", scope: anna)
        #expect(store.weight <= 10_000)
        #expect(try await kept(store, "large") == [])
    }

    @Test("what of a message was not read holds on to itself alone, and counts as what it is")
    func unread() async throws {
        func part(_ own: Int, in all: Int) throws -> ContentPart {
            let text = { String(repeating: "x", count: $0) }
            let request = try JSONDocument(
                #"{"part":{"type":"new","n":1.5,"of":"\#(text(own))"},"rest":"\#(text(all))"}"#)
            return .other(type: "new", try #require(request.root["part"]))
        }
        var limits = MemoryConversations.Limits()
        limits.memory = 10_000
        let store = MemoryConversations(limits, time: clock)
        func append(_ run: Int, _ part: ContentPart, to name: String) async throws {
            try await store.append(
                ConversationTurn(
                    runID: "run_\(run)", messages: [ChatMessage(role: .user, content: .parts([part]))],
                    answer: ChatMessage(.assistant, "hi"), ended: clock.wallTime()), to: name, scope: anna)
        }
        // A small part of a large request.
        try await append(1, try part(1000, in: 1_000_000), to: "a")
        let turn = try #require(try await store.turns(of: "a", scope: anna, messages: 10).first)
        guard case .parts(let parts) = turn.messages.first?.content, case .other("new", let node)? = parts.first else {
            Issue.record("The part is gone.")
            return
        }
        #expect(node.documentSize < 2000)
        #expect(JSON(node)["n"]?.double == 1.5)
        #expect(JSON(node)["of"]?.string?.utf8.count == 1000)
        // Many that are larger than a guess.
        for run in 2..<100 {
            try await append(run, try part(3000, in: 10), to: "c\(run)")
            #expect(store.count <= 3)
        }
        try await append(100, try part(20_000, in: 10), to: "large")
        #expect(try await kept(store, "large") == [])
    }

    @Test("a long conversation keeps its last turns")
    func messages() async throws {
        var limits = MemoryConversations.Limits()
        limits.messages = 10
        let store = MemoryConversations(limits, time: clock)
        for run in 1...100 { try await store.append(turn(run), to: "c", scope: anna) }
        #expect(try await kept(store, "c") == ["run_96", "run_97", "run_98", "run_99", "run_100"])
    }

    @Test("whatever is done in whatever order, the bounds hold and the weight is that of what is there")
    func bounds() async throws {
        for seed in UInt64(0)..<50 {
            var generator = SeededGenerator(seed: seed)
            var limits = MemoryConversations.Limits()
            limits.conversations = 5
            limits.memory = 6000
            limits.timeToLive = .seconds(30)
            let store = MemoryConversations(limits, time: clock)
            var lastRuns: [String: String] = [:]
            for run in 0..<200 {
                let name = "c\(generator.next(upperBound: 8 as UInt64))"
                switch generator.next(upperBound: 10 as UInt64) {
                case 0: clock.advance(by: .seconds(Int(generator.next(upperBound: 20 as UInt64))))
                case 1:
                    try await store.forget(name, scope: anna)
                    #expect(try await kept(store, name) == [])
                    lastRuns[name] = nil
                case 2...4:
                    // What is there ends with what was said last.
                    if let last = try await kept(store, name).last { #expect(last == lastRuns[name]) }
                default:
                    let length = Int(generator.next(upperBound: 800 as UInt64))
                    try await store.append(
                        turn(run, text: String(repeating: "y", count: length)), to: name, scope: anna)
                    lastRuns[name] = "run_\(run)"
                }
                #expect(store.count <= 5)
                #expect(store.weight <= 6000)
            }
            for index in 0..<8 { try await store.forget("c\(index)", scope: anna) }
            #expect(store.count == 0)
            #expect(store.weight == 0)
        }
    }
}
