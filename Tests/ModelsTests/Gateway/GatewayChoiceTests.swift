import Base
import Resilience
import TestKit
import Testing

@testable import Models

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

    @Test("calls with another key are attempts: no more of them than may be made, and one is left for each fallback")
    func keysWithinAttempts() async throws {
        let limited = PlayedModel.Play.failing(.providerRateLimited, retryAfter: .seconds(60))
        var settings = ResilienceSettings()
        settings.retry.maxAttempts = 3
        let keys = ["a": GatewayResilience.Keys(count: 9)]
        let alone = GatewayWorld(["a": [limited]], settings, keys: keys)
        let error = await #expect(throws: CodedError.self) { try await alone.ask(GatewayWorld.route(["a/m"])) }
        #expect(error?.code == .providerRateLimited && alone.calls(of: "a").count == 3)
        let world = GatewayWorld(["a": [limited], "b": [.text("b")]], settings, keys: keys)
        #expect(try await world.ask(GatewayWorld.route(["a/m", "b/m"])).text == "b")
        #expect(world.calls(of: "a").count == 2)
    }

    @Test("a rate limit without a time moves on at once, and the last one waits for as long as its circuit rests")
    func restOfCircuit() async throws {
        let limited = PlayedModel.Play.failing(.providerRateLimited)
        let world = GatewayWorld(["a": [limited], "b": [.text("b")]])
        #expect(try await world.ask(GatewayWorld.route(["a/m", "b/m"])).attempts == 2)
        #expect(world.calls(of: "a").count == 1)
        let clock = TickingClock()
        let alone = GatewayWorld(["a": [limited, limited, .text("a")]], clock: clock)
        let start = clock.now()
        #expect(try await alone.ask(GatewayWorld.route(["a/m"])).attempts == 3)
        #expect(alone.calls(of: "a").count == 3 && clock.now().since(start) >= .seconds(3))
    }

    @Test("the caller reads the true error, also when no attempt is left, and no text takes its place")
    func trueError() async throws {
        var settings = ResilienceSettings()
        settings.retry.maxAttempts = 1
        settings.retry.reasons = [.providerRefused: .retry, .invalidJSON: .next]
        (settings.degrade, settings.degradedText) = ([.text], "sorry")
        for code in [ErrorCode.contextLengthExceeded, .providerRefused, .invalidJSON] {
            for chain in [["a/m"], ["a/m", "b/m"]] {
                let world = GatewayWorld(["a": [.failing(code)], "b": [.text("b")]], settings)
                let error = await #expect(throws: CodedError.self) { try await world.ask(GatewayWorld.route(chain)) }
                #expect(error?.code == code && world.calls(of: "b").isEmpty)
            }
        }
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

    // MARK: Every target has its turn

    @Test("however often the first ones fail, the last one of a chain is asked")
    func everyTarget() async throws {
        let world = GatewayWorld([
            "a": [.failing(.providerFailed)], "b": [.failing(.providerFailed)], "c": [.text("c")],
        ])
        #expect(try await world.ask(GatewayWorld.route(Self.chain)).text == "c")
        #expect(world.calls(of: "a").count == 4 && world.calls(of: "b").count == 3)
    }

    @Test("a provider that is silent or down is not asked again with its other keys")
    func silentWithKeys() async throws {
        for code in [ErrorCode.providerTimeout, .providerUnreachable] {
            let world = GatewayWorld(
                ["a": [.failing(code)], "b": [.text("b")]], keys: ["a": GatewayResilience.Keys(count: 3)])
            #expect(try await world.ask(GatewayWorld.route(["a/m", "b/m"])).text == "b")
            #expect(world.calls(of: "a").count == 1)
        }
    }

    @Test("the only target is the last one, however many keys it has", arguments: [true, false])
    func lastWithKeys(streaming: Bool) async throws {
        let world = GatewayWorld(["a": [.text("a")]], keys: ["a": GatewayResilience.Keys(count: 2)])
        let answer = try await world.gateway.answer(
            GatewayWorld.request(), route: GatewayWorld.route(["a/m"]), streaming: streaming,
            context: testContext(deadline: Instant(nanoseconds: 300_000_000_000)))
        answer.stream.cancel()
        let call = try #require(world.calls(of: "a").first)
        #expect(call.isLast && call.timeouts.map { $0.total > .seconds(290) } == true)
    }

    @Test("a fallback whose window is too small does not hide that the first one only had a bad moment")
    func smallFallback() async throws {
        let chain = GatewayWorld.route(["a/m", "b/m"])
        let small = PlayedModel.Play.failing(.contextLengthExceeded)
        let world = GatewayWorld(["a": [.failing(.providerOverloaded)], "b": [small]])
        let error = await #expect(throws: CodedError.self) { try await world.ask(chain) }
        #expect(error?.code == .providerOverloaded)
        // A window that nobody knows may be large enough.
        let unknown = GatewayWorld(["a": [small], "b": [.text("b")]])
        #expect(try await unknown.ask(chain).text == "b")
        #expect(unknown.calls(of: "a").count == 1)
        let both = GatewayWorld(["a": [small], "b": [small]])
        let own = await #expect(throws: CodedError.self) { try await both.ask(chain) }
        #expect(own?.code == .contextLengthExceeded && both.calls(of: "b").count == 1)
        // What a provider refuses is told, and nobody else asked: it may have refused what was said.
        let refused = GatewayWorld([
            "a": [.failing(.providerOverloaded)], "b": [.failing(.providerRefused)], "c": [.text("c")],
        ])
        let reason = await #expect(throws: CodedError.self) { try await refused.ask(GatewayWorld.route(Self.chain)) }
        #expect(reason?.code == .providerRefused && refused.calls(of: "c").isEmpty)
    }

    @Test(
        "a prompt that is far too long for a model goes to one with a larger window, if there is one",
        arguments: [
            (200_000, ["a/gpt-4", "b/gpt-4.1"], "b", 0), (20_000, ["a/gpt-4", "b/gpt-4.1"], "a", 1),
            (200_000, ["a/gpt-4", "b/gpt-4"], "a", 1), (200_000, ["a/gpt-4"], "a", 1),
            (200_000, ["a/unheard-of", "b/gpt-4.1"], "a", 1),
        ])
    func tooLong(bytes: Int, chain: [String], answering: String, firstCalls: Int) async throws {
        let world = GatewayWorld(["a": [.text("a")], "b": [.text("b")]])
        let request = ChatRequest(
            model: "m", messages: [ChatMessage(.user, String(repeating: "word ", count: bytes / 5))])
        let answer = try await world.gateway.answer(
            request, route: GatewayWorld.route(chain), streaming: true, context: testContext())
        answer.stream.cancel()
        #expect(answer.target.provider == answering && world.calls(of: "a").count == firstCalls)
    }

    @Test("whole answers, too, go to who is faster")
    func fasterWhole() async throws {
        let answer = ModelEvent(.whole(ChatCompletion(choices: [.init(text: "x")])))
        let world = GatewayWorld([
            "a": [PlayedModel.Play(events: [answer]).after(.seconds(5))],
            "b": [PlayedModel.Play(events: [answer]).after(.milliseconds(100))],
        ])
        let route = GatewayWorld.route(["a/m", "b/m"]) { $0.strategy = .lowestLatency }
        for _ in 0..<60 { try await world.ask(route, streaming: false) }
        #expect(world.calls(of: "a").count <= 2 && world.calls(of: "b").count >= 58)
    }

    @Test("what a call may take of its request's time")
    func withinTheRequest() {
        let limits = Timeouts()
        func total(_ left: Double, isWhole: Bool, isLast: Bool) -> Duration {
            let now = Instant(nanoseconds: 1)
            let context = testContext(deadline: now.advanced(by: .seconds(left)))
            return limits.within(context, at: now, isWhole: isWhole, isLast: isLast).total
        }
        // The provider's limit comes before the deadline, which would count for nobody.
        #expect(total(300, isWhole: true, isLast: true) == .milliseconds(299_800))
        #expect(total(300, isWhole: false, isLast: true) == .milliseconds(299_800))
        // Half for those that come after it, unless they are told of the first token.
        #expect(total(300, isWhole: true, isLast: false) == .seconds(150))
        // Who had no fair time has not failed.
        #expect(total(20, isWhole: true, isLast: true) == .seconds(300))
        #expect(limits.within(testContext(), at: Instant(nanoseconds: 1), isWhole: true, isLast: false) == limits)
    }

    @Test("a short time is shared with those that come after, and does not count against who was in it")
    func shortTimes() {
        func first(_ limits: Timeouts, _ left: Double, isLast: Bool = false) -> (Timeouts, isFair: Bool) {
            let now = Instant(nanoseconds: 1)
            let context = testContext(deadline: now.advanced(by: .seconds(left)))
            let own = limits.within(context, at: now, isWhole: false, isLast: isLast)
            return (own, own.areFair(of: limits, isWhole: false))
        }
        // With a total of 20 s, which the limits below it follow.
        let short = Timeouts(firstByte: .seconds(20), firstToken: .seconds(20), total: .seconds(20))
        #expect(first(short, 20).0.firstToken == .seconds(10) && first(short, 20).0.firstByte == .seconds(10))
        #expect(first(short, 20).isFair)
        // The last one has what is left, and has failed a moment before nobody waits any more.
        #expect(first(short, 20, isLast: true).0.firstToken == .seconds(20))
        #expect(first(short, 20, isLast: true).0.total == .milliseconds(19_800))
        // A turn in a hurry asks the next one as well, and holds it against nobody.
        #expect(first(Timeouts(), 10).0.firstToken == .seconds(5) && !first(Timeouts(), 10).isFair)
        #expect(first(Timeouts(), 10, isLast: true).0.total == .seconds(300))
        // What was configured to be short is no hurry.
        #expect(first(Timeouts(firstToken: .seconds(3)), 300).isFair)
        #expect(first(Timeouts(), 300).0 == Timeouts(total: .milliseconds(299_800)) && first(Timeouts(), 300).isFair)
    }

    @Test(
        "a provider that is silent in a request's short time is followed by the next; its circuit counts fair times alone"
    )
    func silentInShortTime() async throws {
        for (left, isOpened) in [(8.0, false), (100.0, true)] {
            let clock = TestClock()
            var settings = ResilienceSettings()
            settings.breaker = BreakerPolicy(failures: 1)
            let world = GatewayWorld(
                ["a": [PlayedModel.Play(failure: TimeLimit.firstToken.error)], "b": [.text("b")]], settings,
                clock: clock)
            let context = testContext(deadline: clock.now().advanced(by: .seconds(left)))
            for _ in 0..<2 {
                let answer = try await world.gateway.answer(
                    GatewayWorld.request(), route: GatewayWorld.route(["a/m", "b/m"]), streaming: true, context: context
                )
                answer.stream.cancel()
                #expect(answer.target.provider == "b")
            }
            #expect(world.calls(of: "a").count == (isOpened ? 1 : 2))
        }
    }
}
