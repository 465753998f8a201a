import Base
import TestKit
import Testing

@testable import Models
@testable import Resilience

@Suite("What a gateway remembers when the configuration is loaded again")
struct GatewayTakeOverTests {
    private static let target = Target(provider: "a", model: "x")
    private static let other = Target(provider: "b", model: "y")
    private let clock = TestClock()

    private func resilience(
        _ settings: ResilienceSettings = ResilienceSettings(), keys: Int = 1, after earlier: GatewayResilience? = nil
    ) -> GatewayResilience {
        GatewayResilience(
            settings, keys: keys > 1 ? ["a": .init(count: keys)] : [:], total: earlier?.total, time: clock,
            generator: SeededGenerator(seed: 1))
    }

    private func failed(_ resilience: GatewayResilience, _ target: Target, _ end: CallEnd, times: Int = 5) throws {
        for _ in 0..<times { try resilience.circuit(of: KeyedTarget(target))?.permit().end(end) }
    }

    @Test("an open circuit stays open at a provider that is the same, and is forgotten at one that is not")
    func circuits() throws {
        let earlier = resilience()
        for target in [Self.target, Self.other] { try failed(earlier, target, .failed(.providerFailed)) }
        let later = resilience(after: earlier)
        later.takeOver(earlier, providers: ["a"])
        #expect(later.refusal(of: KeyedTarget(Self.target))?.reason == .open)
        #expect(later.refusal(of: KeyedTarget(Self.other)) == nil)
    }

    @Test("what is known of hedging a target goes on under its policy; policies that nobody asks for are forgotten")
    func hedges() {
        func policy(_ number: Int) -> HedgePolicy { HedgePolicy(minimum: number) }
        var current = resilience()
        let first = current.hedge(of: Self.target, policy(1))
        for number in 1...TargetRecords.mostPolicies {
            let later = resilience(after: current)
            later.takeOver(current, providers: ["a"])
            _ = later.hedge(of: Self.target, policy(number))
            current = later
        }
        // One that is in use stays, whenever it was made.
        let second = current.hedge(of: Self.target, policy(2))
        #expect(current.hedge(of: Self.target, policy(1)) === first)
        for number in 1..<TargetRecords.mostPolicies {
            _ = current.hedge(of: Self.target, policy(TargetRecords.mostPolicies + number))
        }
        #expect(current.hedge(of: Self.target, policy(1)) === first)
        #expect(current.hedge(of: Self.target, policy(2)) !== second)
    }

    @Test("a provider that asked for rest keeps it, and a rejected key is tried again")
    func rests() throws {
        let earlier = resilience()
        try failed(earlier, Self.target, .rateLimited(retryAfter: 60), times: 1)
        try failed(earlier, Self.other, .rejectedKey, times: 1)
        #expect(earlier.refusal(of: KeyedTarget(Self.other))?.reason == .rejectedKey)
        let later = resilience(after: earlier)
        later.takeOver(earlier, providers: ["a", "b"])
        #expect(later.refusal(of: KeyedTarget(Self.target))?.reason == .rateLimited)
        #expect(later.refusal(of: KeyedTarget(Self.other)) == nil)
    }

    @Test("calls under way count on, at their provider and in all, and end in the same place")
    func limits() async throws {
        var settings = ResilienceSettings()
        settings.limits = LimitsPolicy(perProvider: 2, total: 3, queue: 0)
        let earlier = resilience(settings)
        let limiter = try #require(earlier.record(of: "a").limiter)
        let permit = try await limiter.enter()
        let later = resilience(settings, after: earlier)
        later.takeOver(earlier, providers: ["a"])
        #expect(later.record(of: "a").limiter === limiter && later.total === earlier.total)
        #expect(later.total?.snapshot.inFlight == 1)
        permit.end(.neutral)
        #expect(later.total?.snapshot.inFlight == 0 && limiter.snapshot.inFlight == 0)
        // A provider that is another one now has a limit of its own, within the same total.
        let newer = resilience(settings, after: later)
        newer.takeOver(later, providers: [])
        #expect(newer.record(of: "a").limiter !== limiter && newer.total === earlier.total)
    }

    @Test("what a provider can take is learnt anew only where its limit is another")
    func learnt() throws {
        var settings = ResilienceSettings()
        settings.limits = LimitsPolicy(perProvider: 8, total: 100)
        let earlier = resilience(settings)
        let limiter = try #require(earlier.record(of: "a").limiter)
        settings.limits.total = 50
        let later = resilience(settings, after: earlier)
        later.takeOver(earlier, providers: ["a"])
        #expect(limiter.snapshot.limit == 8 && later.total?.snapshot.limit == 50)
        settings.limits.perProvider = 3
        let last = resilience(settings, after: later)
        last.takeOver(later, providers: ["a"])
        #expect(limiter.snapshot.limit == 3 && last.record(of: "a").limiter === limiter)
    }

    @Test("a spent budget stays spent, unless it is another one")
    func budgets() {
        let earlier = resilience()
        var spent = 0
        while earlier.record(of: "a").budget.spend() { spent += 1 }
        #expect(spent > 0)
        let later = resilience(after: earlier)
        later.takeOver(earlier, providers: ["a"])
        #expect(!later.record(of: "a").budget.spend())
        var settings = ResilienceSettings()
        settings.retry.budget = 0.5
        let last = resilience(settings, after: later)
        last.takeOver(later, providers: ["a"])
        #expect(last.record(of: "a").budget.spend())
    }

    @Test("turns among keys and models, and what is known of how busy they are, go on")
    func turns() {
        let earlier = resilience(keys: 3)
        var route = Route(chain: [Self.target, Self.other])
        route.strategy = .weighted
        let question = route
        func first(_ resilience: GatewayResilience) -> Target {
            resilience.targets(of: question, isWhole: false, conversation: { 0 }, price: { _ in nil }).targets[0]
        }
        let (seat, model) = (earlier.seats(of: Self.target)[0], first(earlier))
        let later = resilience(keys: 3, after: earlier)
        later.takeOver(earlier, providers: ["a", "b"])
        #expect(later.seats(of: Self.target)[0].key == (seat.key + 1) % 3)
        #expect(first(later) != model)
        #expect(later.meter(of: Self.target) === earlier.meter(of: Self.target))
        let without = resilience(keys: 3, after: earlier)
        without.takeOver(earlier, providers: ["b"])
        #expect(without.meter(of: Self.target) !== earlier.meter(of: Self.target))
        #expect(without.meter(of: Self.other) === earlier.meter(of: Self.other))
    }
}
