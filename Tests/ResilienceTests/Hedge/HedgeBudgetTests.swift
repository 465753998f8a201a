import Base
import Resilience
import Testing

@Suite("Hedge budgets") struct HedgeBudgetTests {
    @Test("a twentieth is one extra call after exactly twenty, and none before") func twentieth() {
        var budget = HedgeBudget(HedgePolicy())
        for _ in 0..<19 { budget.offer() }
        expectEqual(budget.take(), false)
        budget.offer()
        expectEqual([budget.take(), budget.take()], [true, false])
    }

    @Test("what is saved has a limit") func limit() {
        var budget = HedgeBudget(HedgePolicy(budget: 1))
        for _ in 0..<100_000 { budget.offer() }
        #expect(budget.available == HedgeBudget.limit)
        var taken = 0
        while budget.take() { taken += 1 }
        #expect(taken == HedgeBudget.limit)
    }

    @Test("at no time have more than the part been extra, and someone who always asks gets all of it")
    func prefixes() {
        for seed in 0..<200 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let part = Double.random(in: 0.001...1, using: &random)
            let eagerness = seed % 2 == 0 ? 1 : Double.random(in: 0...1, using: &random)
            var budget = HedgeBudget(HedgePolicy(budget: part))
            var taken = 0
            for call in 1...2000 {
                budget.offer()
                while Double.random(in: 0..<1, using: &random) < eagerness, budget.take() { taken += 1 }
                #expect(Double(taken) <= part * Double(call))
            }
            if eagerness == 1 { #expect(Double(taken) > part * 2000 - 1.01) }
        }
    }
}
