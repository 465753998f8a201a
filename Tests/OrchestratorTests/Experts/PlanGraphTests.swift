import Base
import Models
import TestKit
import Testing

@testable import Orchestrator

@Suite("Graphs of plans")
struct PlanGraphTests {
    private func plan(_ names: String..., parallel: Bool = true) throws -> Plan {
        try Plan(model: "plan/x", experts: names.map { Plan.Expert($0) }, fusion: .vote, parallel: parallel)
    }

    @Test("a plan's graph is built once, and so many are kept as there is room for, those used last")
    func bounded() throws {
        let graphs = PlanGraphs(capacity: 2, time: TestClock())
        for _ in 0..<3 { _ = try graphs.entry(for: plan("a", "b")) }
        #expect(graphs.count == 1)
        _ = try graphs.entry(for: plan("a", "b", parallel: false))
        #expect(graphs.count == 2)
        // Declared in another order it is another graph, even where it gives the same answers.
        _ = try graphs.entry(for: plan("b", "a"))
        #expect(graphs.count == 2)
    }

    @Test("experts come behind those that they come after, else as they were declared")
    func order() {
        let order = ExpertOrder([
            Plan.Expert("d", after: ["c", "a"]), Plan.Expert("b"), Plan.Expert("c", after: ["a"]), Plan.Expert("a"),
        ])
        #expect(order.names == ["b", "a", "c", "d"])
        #expect(order.before["d"] == ["a", "c"])
        #expect(order.before["b"] == [])
    }

    @Test("every plan that is valid makes a graph, at once and one after the other")
    func everyPlan() throws {
        let graphs = PlanGraphs(time: TestClock())
        for seed in 0..<300 as Range<UInt64> {
            let random = RandomPlan(seed: seed)
            for parallel in [true, false] { _ = try graphs.entry(for: random.plan(parallel: parallel)) }
        }
    }

    @Test("even shares of what is left never add up to more than the limit, along every way through a plan")
    func shares() throws {
        for seed in 0..<500 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let experts = RandomPlan(seed: seed).experts
            let order = ExpertOrder(experts)
            let limit = Int.random(in: 50...5000, using: &generator)
            var used: [String: Int] = [:]
            for name in order.names {
                let before = order.before[name] ?? []
                let spent = before.reduce(0) { $0 + (used[$1] ?? 0) }
                let share = try TokenShare.tokens(limit: limit, used: spent, parts: experts.count - before.count)
                used[name] = Int.random(in: 0...share, using: &generator)
            }
            #expect(used.values.reduce(0, +) <= limit, "seed \(seed)")
        }
    }
}
