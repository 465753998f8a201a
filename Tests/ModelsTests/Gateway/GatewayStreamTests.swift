import Base
import Models
import Resilience
import TestKit
import Testing

@Suite("Streams that break, through the gateway", .timeLimit(.minutes(1)))
struct GatewayStreamTests {
    private static let route = GatewayWorld.route(["a/m", "b/m"])

    private static func settings(_ change: (inout ResilienceSettings) -> Void) -> ResilienceSettings {
        var settings = ResilienceSettings()
        change(&settings)
        return settings
    }

    @Test("whole answers bring back what refusals took of a provider's limit")
    func wholeAnswersRestore() async throws {
        let clock = TickingClock()
        let limited = PlayedModel.Play.failing(.providerRateLimited)
        let whole = PlayedModel.Play(events: [ModelEvent(.whole(ChatCompletion(choices: [.init(text: "a")])))])
        let settings = Self.settings {
            $0.limits.perProvider = 16
            $0.retry.retries = 0
            $0.breaker.mode = .off
        }
        let world = GatewayWorld(["a": Array(repeating: limited, count: 27) + [whole]], settings, clock: clock)
        let route = GatewayWorld.route(["a/m"])
        for _ in 0..<27 {
            await #expect(throws: CodedError.self) { try await world.ask(route, streaming: false) }
        }
        let limiter = try #require(world.gateway.resilience.limiters.first?.limiter)
        #expect(limiter.snapshot.limit == 1)
        for _ in 0..<20 {
            var answers: [Gateway.Answer] = []
            for _ in 0..<limiter.snapshot.limit {
                answers.append(
                    try await world.gateway.answer(
                        GatewayWorld.request(), route: route, streaming: false, context: testContext()))
            }
            try await clock.sleep(until: clock.now().advanced(by: .seconds(1)))
            for answer in answers { while try await answer.stream.next() != nil {} }
        }
        #expect(limiter.snapshot.limit == 16 && limiter.snapshot.baseline == nil)
    }

    @Test("before anything is visible a broken stream begins anew, unseen")
    func unseen() async throws {
        let silent = PlayedModel.Play(
            events: [ModelEvent(.other)], breaksWith: CodedError(.providerInvalidAnswer, "No event."))
        let world = GatewayWorld(["a": [silent], "b": [.text("whole ", "answer")]])
        #expect(try await world.ask(Self.route).text == "whole answer")
        #expect(world.observer.reports.map(\.target.name) == ["b/m"], "an attempt is no answer")
        #expect(world.observer.events.contains(.restarted(from: Target("a/m")!, after: .providerInvalidAnswer)))
    }

    @Test("once a part is visible a broken stream ends in its error, and nobody else is asked")
    func visible() async throws {
        let world = GatewayWorld(["a": [.breaking("half")], "b": [.text("whole")]])
        let error = await #expect(throws: CodedError.self) { try await world.ask(Self.route) }
        #expect(error?.code == .providerStreamBroken)
        #expect(world.calls(of: "b").isEmpty)
        #expect(world.observer.reports.map(\.error) == [.providerStreamBroken])
    }

    @Test("what is held back can begin anew: so many pieces, or all of it")
    func held() async throws {
        let three = Self.settings { $0.hold = .tokens(3) }
        let world = GatewayWorld(["a": [.breaking("1", "2", "3")], "b": [.text("whole")]], three)
        #expect(try await world.ask(Self.route).text == "whole")
        let four = GatewayWorld(["a": [.breaking("1", "2", "3", "4")], "b": [.text("whole")]], three)
        await #expect(throws: CodedError.self) { try await four.ask(Self.route) }
        let all = GatewayWorld(
            ["a": [.breaking("1", "2", "3", "4", "5")], "b": [.text("whole")]], Self.settings { $0.hold = .all })
        #expect(try await all.ask(Self.route).text == "whole")
    }

    @Test("when all break while they are held back, the error is what broke them", arguments: [Hold.all, .tokens(9)])
    func allHeldBreak(hold: Hold) async throws {
        for isHedged in [false, true] {
            let settings = Self.settings {
                $0.hold = hold
                $0.retry.retries = 0
                $0.hedge.isEnabled = isHedged
            }
            let world = GatewayWorld(["a": [.breaking("1", "2")], "b": [.breaking("3")]], settings)
            let error = await #expect(throws: CodedError.self) { try await world.ask(Self.route) }
            #expect(error?.code == .providerStreamBroken)
            let codes = world.observer.attempts.map(\.error?.code)
            #expect(codes == [.providerStreamBroken, .providerStreamBroken], "Each is one attempt.")
            #expect(world.observer.reports.isEmpty)
        }
    }

    private static let prefill: [CatalogueRow] = ["b", "c"].map { provider in
        var row = CatalogueRow(provider: provider, model: "m")
        row.capabilities = [.prefill]
        return row
    }

    @Test("the next target continues the text where it broke off, and the answer names it")
    func continued() async throws {
        let world = GatewayWorld(
            ["a": [.breaking("The first half of it, ")], "b": [.text("and the second.")]],
            Self.settings { $0.midstream = .continue }, rows: Self.prefill)
        let answer = try await world.ask(Self.route)
        #expect(answer.text == "The first half of it, and the second." && answer.target == "b/m")
        let asked = try #require(world.calls(of: "b").first)
        #expect(asked.request.messages.last?.text == "The first half of it," && asked.request.prefill == 1)
        #expect(world.observer.reports.map(\.target.name) == ["a/m", "b/m"])
    }

    @Test("who is not known to take a beginning is not asked to go on, nor is a refusal shown")
    func notContinued() async throws {
        let settings = Self.settings { $0.midstream = .continue }
        let unknown = GatewayWorld(["a": [.breaking("half")], "b": [.text("x")]], settings)
        let error = await #expect(throws: CodedError.self) { try await unknown.ask(Self.route) }
        #expect(error?.code == .providerStreamBroken && unknown.calls(of: "b").isEmpty)
        let refusing = GatewayWorld(
            ["a": [.breaking("half")], "b": [.failing(.providerRefused)]], settings, rows: Self.prefill)
        let told = await #expect(throws: CodedError.self) { try await refusing.ask(Self.route) }
        #expect(told?.code == .providerStreamBroken && refusing.calls(of: "b").count == 1)
    }

    @Test("of a chain the first that goes on does so")
    func continuedByThird() async throws {
        let world = GatewayWorld(
            ["a": [.breaking("one, ")], "b": [.failing(.providerFailed)], "c": [.text("two")]],
            Self.settings { $0.midstream = .continue }, rows: Self.prefill)
        let answer = try await world.ask(GatewayWorld.route(["a/m", "b/m", "c/m"]))
        #expect(answer.text == "one, two" && answer.target == "c/m")
    }

    @Test("calls at once are limited: who finds no room is refused, or goes to another provider")
    func limited() async throws {
        let settings = Self.settings { $0.limits = LimitsPolicy(perProvider: 1, total: 8, queue: 0) }
        var endless = PlayedModel.Play.text("a", finish: false)
        endless.isEndless = true
        let world = GatewayWorld(["a": [endless], "b": [endless]], settings)
        let alone = GatewayWorld.route(["a/m"])
        let running = try await world.gateway.answer(
            GatewayWorld.request(), route: alone, streaming: true, context: testContext())
        let error = await #expect(throws: CodedError.self) { try await world.ask(alone) }
        #expect(error?.code == .overloaded)
        let other = try await world.gateway.answer(
            GatewayWorld.request(), route: Self.route, streaming: true, context: testContext())
        #expect(other.target.name == "b/m")
        running.stream.cancel()
        let again = try await world.gateway.answer(
            GatewayWorld.request(), route: alone, streaming: true, context: testContext())
        again.stream.cancel()
        other.stream.cancel()
    }

    @Test("a target that is silent for longer than it mostly is gets company, and who is first answers")
    func hedged() async throws {
        let clock = TestClock()
        let settings = Self.settings {
            $0.hedge = HedgePolicy(isEnabled: true, percentile: 0.95, budget: 1, minimum: 1)
        }
        let world = GatewayWorld(
            ["a": [.text("quick"), PlayedModel.Play.text("slow").after(.seconds(60))], "b": [.text("second")]],
            settings, clock: clock)
        #expect(try await world.ask(Self.route).text == "quick")
        let pending = Task { try await world.ask(Self.route) }
        while clock.sleeperCount < 2 { await Task.yield() }
        clock.advance(by: .seconds(30))
        #expect(try await pending.value.text == "second")
        #expect(world.models["a"]?.cancelled == 1)
        #expect(world.calls(of: "b").count == 1)
    }
}
