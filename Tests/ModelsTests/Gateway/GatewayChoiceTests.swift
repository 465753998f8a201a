import Base
import Models
import Resilience
import Testing

@Suite("Which target and key the gateway asks", .timeLimit(.minutes(1)))
struct GatewayChoiceTests {
    private static let chain = ["a/m", "b/m", "c/m"]
    private static let plays: [String: [PlayedModel.Play]] = [
        "a": [.text("a")], "b": [.text("b")], "c": [.text("c")],
    ]

    @Test("in order the first one answers every time")
    func order() async throws {
        let world = GatewayWorld(Self.plays)
        for _ in 0..<10 { #expect(try await world.ask(GatewayWorld.route(Self.chain)).text == "a") }
    }

    @Test("weights share the calls out")
    func weighted() async throws {
        let world = GatewayWorld(Self.plays)
        let route = GatewayWorld.route(Self.chain) { ($0.strategy, $0.weights) = (.weighted, [1, 3, 6]) }
        var counts: [String: Int] = [:]
        for _ in 0..<100 { counts[try await world.ask(route).text, default: 0] += 1 }
        #expect(counts == ["a": 10, "b": 30, "c": 60])
    }

    @Test("what fails goes on in the chain's order, whoever was chosen first")
    func failOver() async throws {
        var plays = Self.plays
        plays["c"] = [.failing(.providerUnreachable)]
        let world = GatewayWorld(plays)
        let route = GatewayWorld.route(Self.chain) { ($0.strategy, $0.weights) = (.weighted, [1, 1, 1000]) }
        #expect(try await world.ask(route).text == "a")
        #expect(world.calls(of: "c").count == 1)
        guard case .failedOver(let from, let to, .providerUnreachable)? = world.observer.events.first else {
            Issue.record("\(world.observer.events)")
            return
        }
        #expect(from.target.name == "c/m" && to.target.name == "a/m")
    }

    @Test("the least busy one is asked, counting the calls that are still being read")
    func leastBusy() async throws {
        let world = GatewayWorld(
            Self.plays.mapValues {
                $0.map { play in
                    var play = play
                    play.isEndless = true
                    return play
                }
            })
        let route = GatewayWorld.route(Self.chain) { $0.strategy = .leastBusy }
        var answers: [Gateway.Answer] = []
        for _ in 0..<9 {
            answers.append(
                try await world.gateway.answer(
                    GatewayWorld.request(), route: route, streaming: true, context: testContext()))
        }
        for name in ["a", "b", "c"] { #expect(world.calls(of: name).count == 3) }
        for answer in answers where answer.target.provider == "b" { answer.stream.cancel() }
        for _ in 0..<3 {
            answers.append(
                try await world.gateway.answer(
                    GatewayWorld.request(), route: route, streaming: true, context: testContext()))
        }
        #expect(world.calls(of: "b").count == 6)
    }

    @Test("a conversation stays with its target, and another one may have another")
    func sticky() async throws {
        let world = GatewayWorld(Self.plays)
        let route = GatewayWorld.route(Self.chain) { $0.strategy = .sticky }
        var seen: Set<String> = []
        for topic in 0..<24 {
            var request = GatewayWorld.request("About \(topic)")
            let first = try await world.ask(route, request).text
            request.messages += [ChatMessage(.assistant, first), ChatMessage(.user, "Go on")]
            #expect(try await world.ask(route, request).text == first)
            seen.insert(first)
        }
        #expect(seen == ["a", "b", "c"])
    }

    @Test("the cheapest one is asked, by the catalogue's prices")
    func cheapest() async throws {
        let world = GatewayWorld(["openai": [.text("x")]])
        let route = GatewayWorld.route(["openai/gpt-4o", "openai/gpt-4o-mini", "openai/unheard-of"]) {
            $0.strategy = .lowestCost
        }
        #expect(try await world.ask(route).target == "openai/gpt-4o-mini")
    }

    @Test("the keys of a provider take turns, and one that meets its limit gives way to the next at once")
    func keys() async throws {
        let limited = PlayedModel.Play.failing(.providerRateLimited, retryAfter: .seconds(15))
        let clock = TickingClock()
        let world = GatewayWorld(
            ["a": [limited, .text("ok")]], keys: ["a": GatewayResilience.Keys(count: 3)], clock: clock)
        let start = clock.now()
        #expect(try await world.ask(GatewayWorld.route(["a/m"])).text == "ok")
        #expect(clock.now().since(start) < .seconds(1), "nobody waits for a limit while there is another key")
        for _ in 0..<6 { _ = try await world.ask(GatewayWorld.route(["a/m"])) }
        let used = world.calls(of: "a").map(\.key)
        #expect(used.count == 8 && used.filter { $0 == used[0] }.count == 1, "\(used)")
        #expect(Set(used).count == 3)
    }

    @Test("a key that its provider rejects rests for all models, and the others go on")
    func rejectedKey() async throws {
        let world = GatewayWorld(
            ["a": [.failing(.providerRejectedKey), .text("ok")]], keys: ["a": GatewayResilience.Keys(count: 2)])
        for model in ["m", "n", "m", "n"] {
            #expect(try await world.ask(GatewayWorld.route(["a/\(model)"])).text == "ok")
        }
        let used = world.calls(of: "a").map(\.key)
        #expect(used.filter { $0 == used[0] }.count == 1, "\(used)")
    }

    @Test("who says that the next call is one too many is not asked")
    func count() async throws {
        var spent = PlayedModel.Play.text("a")
        spent.count = RateCount(remaining: 0, reset: 30)
        let world = GatewayWorld(["a": [spent], "b": [.text("b")]])
        let route = GatewayWorld.route(["a/m", "b/m"])
        #expect(try await world.ask(route).text == "a")
        #expect(try await world.ask(route).text == "b")
        #expect(world.calls(of: "a").count == 1)
    }
}
