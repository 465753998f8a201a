import Base
import Foundation
import Models
import Resilience
import Testing

@testable import Orchestrator

@Suite("The identity of a plan")
struct PlanIdentityTests {
    /// More of them with `PLAN_CASES`.
    private static let cases = ProcessInfo.processInfo.environment["PLAN_CASES"].flatMap { UInt64($0) } ?? 2_000

    @Test("is the same however a plan is written down, and another after any change that could change an answer")
    func property() {
        var applied: [String: Int] = [:]
        for seed in 0..<Self.cases {
            var plans = RandomPlans(generator: SeededGenerator(seed: seed))
            let parts = plans.parts()
            let identity = parts.identity
            for _ in 0..<2 {
                let same = plans.rewritten(parts)
                guard same.identity == identity else {
                    Issue.record("seed \(seed): \(parts) and \(same) should be the same")
                    return
                }
            }
            for turn in 0..<4 {
                let mutation = PlanMutation.all[(Int(seed) * 4 + turn) % PlanMutation.all.count]
                guard let other = mutation.apply(parts, &plans) else { continue }
                applied[mutation.name, default: 0] += 1
                guard other.identity != identity else {
                    Issue.record("seed \(seed): \(mutation.name) should make another of \(parts)")
                    return
                }
            }
        }
        let idle = PlanMutation.all.map(\.name).filter { applied[$0] == nil }
        #expect(Self.cases < 500 || idle.isEmpty, "never applied: \(idle)")
    }

    @Test("is 64 hexadecimal digits, and the same in every process")
    func form() throws {
        let plan = Plan(model: "auto", route: Route(chain: [Target(provider: "p", model: "m")]))
        #expect(plan.identity.description == "9fde24fba7cd72e26a06ee50d69da1fb6243fe4492f9342998d636f1be5d166a")
        #expect(plan.identified() == plan)
        #expect(plan.identified().identity == plan.identity)
    }

    @Test("says nothing of the plan's name, nor of whether experts work at once")
    func names() throws {
        var second = Plan.Expert(name: "b", model: "m")
        second.after = ["a"]
        let experts = [Plan.Expert(name: "a", model: "m"), second]
        let plan = try Plan(model: "plan/one", experts: experts, fusion: .lead("b"))
        let other = try Plan(model: "plan/two", experts: experts.reversed(), fusion: .lead("b"), parallel: false)
        #expect(plan.identity == other.identity)
        #expect(plan != other)
    }

    @Test("an order counts for each fusion that goes by it, and for no other")
    func orders() {
        let (a, b) = (Plan.Expert(name: "a", model: "m"), Plan.Expert(name: "b", model: "m"))
        let judge = FusionModel(model: "m")
        for fusion: FusionRule in [
            .vote, .concatenate(separator: "", titled: false), .synthesise(judge), .own("x"),
            .best([FusionSignal(.agreement)]), .best([FusionSignal(.judge(judge))]),
        ] {
            let there = PlanParts(experts: [a, b], fusion: fusion).identity
            #expect(there != PlanParts(experts: [b, a], fusion: fusion).identity, "\(fusion)")
        }
        var end = Plan.Expert(name: "end", model: "m")
        end.after = ["a", "b"]
        for fusion: FusionRule in [.lead("end"), .vote] {
            let there = PlanParts(experts: [a, b, end], fusion: fusion).identity
            #expect(there == PlanParts(experts: [end, b, a], fusion: fusion).identity, "\(fusion)")
        }
    }

    @Test("tables of the settings count by what is in them, not by the order in which they lie in memory")
    func tables() {
        let codes: [ErrorCode] = [
            .providerFailed, .providerRefused, .providerUnreachable, .providerStreamBroken, .providerInvalidAnswer,
            .overloaded, .internalError, .modelNotFound,
        ]
        func identity(_ codes: some Sequence<ErrorCode>, capacity: Int, _ reason: ErrorClass = .next) -> PlanIdentity {
            var reasons: [ErrorCode: ErrorClass] = [:]
            // One of another size is in another order.
            reasons.reserveCapacity(capacity)
            for code in codes { reasons[code] = .next }
            reasons[.providerFailed] = reason
            var settings = ResilienceSettings()
            settings.retry.reasons = reasons
            var expert = Plan.Expert(name: "a", model: "m", route: Route(chain: [Target(provider: "p", model: "m")]))
            expert.route.settings = [settings]
            return PlanParts(experts: [expert], fusion: .vote).identity
        }
        let first = identity(codes, capacity: 0)
        for scale in 3..<13 {
            #expect(identity(codes.reversed(), capacity: 1 << scale) == first)
            #expect(identity(codes, capacity: 1 << scale, .end) != first)
        }
        #expect(identity(codes.dropLast(), capacity: 0) != first)
    }
}
