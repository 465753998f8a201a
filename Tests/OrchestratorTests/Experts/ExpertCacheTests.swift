import Base
import Models
import TestKit
import Testing

@testable import Orchestrator

@Suite("The experts' cache", .timeLimit(.minutes(1)))
struct ExpertCacheTests {
    private func world(_ scripts: [String: ScriptedExperts.Script] = [:]) throws -> ExpertWorld {
        let plan = try Plan(
            model: "plan/x",
            experts: [Plan.Expert("search") { $0.isCached = true }, Plan.Expert("answer", after: ["search"])],
            fusion: .lead("answer"))
        return try ExpertWorld(plan, scripts, cache: { MemoryExpertCache(time: $0) })
    }

    @Test("a repeated search is answered from it, costs nothing, and gives the same text")
    func repeated() throws {
        let world = try world()
        let first = try world.turn()
        let second = try world.turn(streaming: false)
        #expect(world.models.calls(of: "search").count == 1)
        #expect(world.models.calls(of: "answer").map { $0.request.messages.last?.text ?? "" }.uniqueCount == 1)
        #expect(second.answer?.experts.first?.phase == .cached)
        #expect(second.answer?.experts.first?.target?.name == "p/search")
        #expect(first.answer?.completion.usage?.totalTokens == 10)
        #expect(second.answer?.completion.usage?.totalTokens == 5)
    }

    @Test("another question, another user, or a later time asks again")
    func misses() throws {
        let world = try world()
        _ = try world.turn()
        _ = try world.turn(ChatRequest(model: "plan/x", messages: [ChatMessage(.user, "How?")]))
        #expect(world.models.calls(of: "search").count == 2)
        _ = try world.turn(scope: Scope(tenant: "local", user: "other", key: "k", role: .member))
        #expect(world.models.calls(of: "search").count == 3)
        _ = try world.turn(scope: Scope(tenant: "local", user: "other", key: "k2", role: .member))
        #expect(world.models.calls(of: "search").count == 3)
        world.clock.advance(by: .seconds(300))
        _ = try world.turn()
        #expect(world.models.calls(of: "search").count == 4)
    }

    @Test("what was cut short, or cancelled, is not kept")
    func unclean() throws {
        var cut = ScriptedExperts.Script("half")
        cut.finish = .length
        let world = try world(["search": cut])
        _ = try world.turn()
        _ = try world.turn()
        #expect(world.models.calls(of: "search").count == 2)
        let slow = try self.world(["search": .init("a", "b", between: .seconds(9))])
        #expect(try slow.turn(cancelAt: .seconds(1)).error?.code == .cancelled)
        _ = try slow.turn()
        #expect(slow.models.calls(of: "search").count == 2)
    }

    @Test("of a turn that is cancelled, or fails, nothing is kept, not even of experts that had ended")
    func unanswered() throws {
        let slow = try world(["answer": .init("a", "b", between: .seconds(9))])
        #expect(try slow.turn(cancelAt: .seconds(1)).error?.code == .cancelled)
        #expect(slow.models.calls(of: "search").count == 1)
        _ = try slow.turn()
        #expect(slow.models.calls(of: "search").count == 2)
        _ = try slow.turn()
        #expect(slow.models.calls(of: "search").count == 2)
        let broken = try world(["answer": .init(end: .refusal(CodedError(.providerFailed, "Failed.")))])
        for turns in 1...2 {
            #expect(try broken.turn().error != nil)
            #expect(broken.models.calls(of: "search").count == turns)
        }
    }

    @Test("what was kept under one policy of the output guard is not served under another")
    func guards() throws {
        let plan = try Plan(
            model: "plan/x", experts: [Plan.Expert("a") { $0.isCached = true }, Plan.Expert("b", after: ["a"])],
            fusion: .lead("b"))
        var own = GuardSettings(input: .off, output: .redact)
        let problem = own.patterns.add(name: "word", pattern: "please")
        #expect(problem == nil)
        let policies = [
            GuardSettings(input: .off, output: .off), GuardSettings(input: .off, output: .flag),
            GuardSettings(input: .off, output: .redact), own,
        ]
        let expected = [
            "Write to ann@example.com, please.", "Write to ann@example.com, please.", "Write to [EMAIL], please.",
            "Write to [EMAIL], [PATTERN_WORD].",
        ]
        var cache: MemoryExpertCache?
        for (policy, text) in zip(policies, expected) {
            let world = try ExpertWorld(
                plan, ["a": .init("Write to ann@example.com, please.")],
                cache: { clock in
                    cache = cache ?? MemoryExpertCache(time: clock)
                    return cache
                }, guards: policy)
            #expect(try world.turn().answer?.experts.first?.phase != .cached)
            #expect(world.models.calls(of: "b").first?.request.messages.last?.text.contains(text) == true)
        }
    }

    @Test("a key tells apart whatever could change the answer")
    func keys() {
        let expert = Plan.Expert("e")
        let base = ChatRequest(model: "m", messages: [ChatMessage(.user, "ab"), ChatMessage(.user, "c")])
        func key(_ expert: Plan.Expert = expert, _ change: (inout ChatRequest) -> Void = { _ in }) -> String? {
            var request = base
            change(&request)
            return ExpertCacheKey(request, expert, guards: GuardSettings())?.digest
        }
        let keys = [
            key(), key { $0.temperature = 0 }, key { $0.topP = 0 }, key { $0.maxTokens = 5 }, key { $0.seed = 5 },
            key { $0.stop = ["x"] }, key { $0.messages[0] = ChatMessage(.system, "ab") },
            key { $0.messages = [ChatMessage(.user, "a"), ChatMessage(.user, "bc")] },
            key { $0.responseFormat = .jsonObject }, key(Plan.Expert("f")),
        ]
        #expect(keys.allSatisfy { $0 != nil })
        #expect(Set(keys).count == keys.count)
        #expect(key { $0.tools = [ToolDefinition(name: "t")] } == nil)
        #expect(key { $0.messages[0].content = .parts([.image(url: "u", detail: nil)]) } == nil)
    }

    @Test("it is bounded in number and bytes, and what was kept first goes first")
    func bounds() async throws {
        let clock = TestClock()
        var limits = MemoryExpertCache.Limits()
        (limits.answers, limits.bytes) = (3, 100)
        let cache = MemoryExpertCache(limits: limits, time: clock)
        func key(_ text: String) throws -> ExpertCacheKey {
            try #require(
                ExpertCacheKey(
                    ChatRequest(model: "m", messages: [ChatMessage(.user, text)]), Plan.Expert("e"),
                    guards: GuardSettings()))
        }
        let target = Target(provider: "p", model: "m")
        for number in 0..<50 {
            await cache.keep(KeptAnswer(text: "\(number)", target: target), for: try key("\(number)"), scope: .local)
            #expect(cache.count <= 3)
        }
        #expect(await cache.answer(for: try key("46"), scope: .local) == nil)
        #expect(await cache.answer(for: try key("49"), scope: .local)?.text == "49")
        let long = KeptAnswer(text: String(repeating: "x", count: 99), target: target)
        await cache.keep(long, for: try key("long"), scope: .local)
        #expect(cache.count == 1)
        let tooLong = KeptAnswer(text: String(repeating: "x", count: 101), target: target)
        await cache.keep(tooLong, for: try key("too long"), scope: .local)
        #expect(cache.count == 1)
    }
}

extension Sequence where Element: Hashable {
    fileprivate var uniqueCount: Int { Set(self).count }
}
