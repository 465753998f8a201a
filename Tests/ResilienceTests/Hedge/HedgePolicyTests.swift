import Base
import Resilience
import Testing

@Suite("Hedge policies") struct HedgePolicyTests {
    @Test("the defaults are those of the documentation: off, after p95, at most 5 % extra") func defaults() {
        let policy = HedgePolicy()
        #expect(!policy.isEnabled && policy.percentile == 0.95 && policy.budget == 0.05 && policy.faults.isEmpty)
    }

    static let wrong: [(policy: HedgePolicy, keys: [String])] = [
        (HedgePolicy(percentile: 0.49), ["percentile"]), (HedgePolicy(percentile: 1), ["percentile"]),
        (HedgePolicy(percentile: .nan, budget: .nan), ["percentile", "budget"]),
        (HedgePolicy(percentile: -.infinity, budget: .infinity), ["percentile", "budget"]),
        (HedgePolicy(budget: 0), ["budget"]), (HedgePolicy(budget: -1), ["budget"]),
        (HedgePolicy(budget: 1.01), ["budget"]), (HedgePolicy(minimum: 0), ["minimum"]),
        (HedgePolicy(minimum: .max, window: .zero), ["minimum", "window"]),
        (HedgePolicy(minimum: .min, window: .seconds(Int64.max)), ["minimum", "window"]),
        (HedgePolicy(window: .seconds(Int64.min)), ["window"]),
    ]

    @Test("every fault is told by the name of its setting, and no policy makes a hedge trap", arguments: wrong)
    func faults(_ row: (policy: HedgePolicy, keys: [String])) {
        #expect(row.policy.faults.map(\.key) == row.keys)
        var window = LatencyWindow(row.policy)
        var budget = HedgeBudget(row.policy)
        for time in [0, 1, 1 << 40, UInt64.max - 1, .max, .max] {
            let now = Instant(nanoseconds: time)
            for sample in [Duration.zero, .seconds(-1), .seconds(Int64.max), .seconds(Int64.min), .nanoseconds(1)] {
                window.note(sample, now: now)
                let delay = window.delay(now: now)
                #expect(delay.map { $0 >= .zero && $0 < .seconds(3600) } ?? true)
                for part in [-1, 0, 0.5, 1, 2, .nan, .infinity, -.infinity] {
                    _ = window.percentile(part, now: now)
                }
                budget.offer()
                var race = HedgeRace(delay: sample, hasEffects: false, now: now)
                for _ in 0..<10 { _ = race.wake(hasTarget: true, budget: &budget, now: now) }
            }
        }
    }

    @Test("a policy whose budget is none asks nobody") func noBudget() {
        for budget in [0, -1, Double.nan] {
            var budget = HedgeBudget(HedgePolicy(budget: budget))
            for _ in 0..<1000 { budget.offer() }
            expectEqual(budget.take(), false)
        }
    }
}
