import Base
import Resilience
import TestKit
import Testing

@Suite("Retry budgets") struct RetryBudgetTests {
    /// After a start at a whole second.
    private func at(_ seconds: Double) -> Instant {
        Instant(nanoseconds: 5_000_000_000_000 + UInt64((seconds * 1e9).rounded()))
    }

    /// How many of the wanted retries are given.
    private func spent(_ budget: inout RetryBudget, _ wanted: Int, at now: Instant) -> Int {
        (0..<wanted).count { _ in budget.spend(now: now) }
    }

    @Test("a lone request can retry, and so can some that fail together") func lone() {
        var budget = RetryBudget()
        budget.offer(now: at(0))
        #expect(spent(&budget, 3, at: at(0.1)) == 3)
        for _ in 0..<9 { budget.offer(now: at(5)) }
        #expect(spent(&budget, 27, at: at(5.1)) == 27)
    }

    @Test("without load three a second are given, however long it lasts, and ten seconds' worth is kept") func floor() {
        var budget = RetryBudget()
        #expect(spent(&budget, 1000, at: at(0)) == 30)
        for second in 1...100 { #expect(spent(&budget, 1000, at: at(Double(second))) == 3) }
        #expect(spent(&budget, 1000, at: at(104)) == 12)
        #expect(spent(&budget, 1000, at: at(1e6)) == 30)
    }

    @Test("under load a fifth is given, exactly, and no more for having been quiet") func part() {
        var budget = RetryBudget()
        for second in 0..<60 {
            for _ in 0..<200 { budget.offer(now: at(Double(second))) }
        }
        // What is kept is the earnings of a second, beside those of the one that counts now.
        #expect(spent(&budget, 1000, at: at(59.5)) == 80)
        for second in 60..<120 {
            var given = 0
            for _ in 0..<200 {
                budget.offer(now: at(Double(second)))
                given += spent(&budget, 3, at: at(Double(second) + 0.3))
            }
            #expect(given == 40)
        }
    }

    @Test("requests that come at once earn their part at once") func burst() {
        var budget = RetryBudget()
        for _ in 0..<1000 { budget.offer(now: at(0)) }
        #expect(spent(&budget, 1000, at: at(0.9)) == 200)
        for _ in 0..<1000 { budget.offer(now: at(1)) }
        #expect(spent(&budget, 1000, at: at(2.9)) == 200)
        // Two seconds later it is forgotten, but for the floor.
        for _ in 0..<1000 { budget.offer(now: at(10)) }
        #expect(spent(&budget, 1000, at: at(13)) == 30)
    }

    @Test("requests that come at once earn their part, also where a second ends among them")
    func acrossSeconds() {
        for first in 0...1000 {
            var budget = RetryBudget()
            for number in 0..<1000 { budget.offer(now: at(number < first ? 0.95 : 1.05)) }
            #expect(spent(&budget, 1000, at: at(1.2)) == 200, "\(first) in the one second")
        }
        var budget = RetryBudget()
        for second in 1...20 {
            for tenth in 0..<10 {
                for _ in 0..<100 { budget.offer(now: at(Double(second) + Double(tenth) / 10)) }
            }
        }
        #expect(spent(&budget, 10_000, at: at(21)) == 200, "of twenty seconds, what one has earned")
    }

    @Test("figures out of range, and clocks that jump, do not trap") func bounds() {
        for part in [0, -1, 1, 2, Double.nan, .infinity, -.infinity, 1e-300] {
            for floor in [0, -1, 3, Int.max, .min] {
                var budget = RetryBudget(part: part, floor: floor)
                for time in [0, UInt64.max, 5, .max, 1 << 63] {
                    for _ in 0..<20 { budget.offer(now: Instant(nanoseconds: time)) }
                    let given = spent(&budget, 20, at: Instant(nanoseconds: time))
                    if floor <= 0, !(part > 1e-9) { #expect(given == 0) }
                    if floor > 3 { #expect(given == 20) }
                }
            }
        }
        var budget = RetryBudget()
        #expect(spent(&budget, 100, at: at(50)) == 30)
        #expect(spent(&budget, 100, at: at(0)) == 0, "a clock that goes back gives nothing")
        #expect(spent(&budget, 100, at: at(51)) == 3)
    }

    /// Offered and given by the second, and by nothing else: the promise for any stretch of whole seconds.
    private struct Record {
        var offered: [Int] = Array(repeating: 0, count: 62)
        var given: [Int] = Array(repeating: 0, count: 62)

        func earned(_ second: Int) -> Double { max(3, 0.2 * Double(offered[second])) }
        /// The most that can be kept when a second begins.
        func kept(_ second: Int) -> Double { max(30, 0.2 * Double(second > 0 ? offered[second - 1] : 0)) }

        var isWithinBounds: Bool {
            for first in given.indices {
                var bound = kept(first) + 1e-6
                var sum = 0
                for last in first..<given.count {
                    bound += earned(last)
                    sum += given[last]
                    if Double(sum) > bound { return false }
                }
            }
            return true
        }

        /// Whether a refusal in this second is right: since some second all that had been earned was spent.
        func isRightToRefuse(in second: Int) -> Bool {
            var earned = 0.2 * Double(offered[second]) - 1 + 1e-6
            var sum = 0
            for first in stride(from: second, through: 0, by: -1) {
                if first < second { earned += self.earned(first) }
                sum += given[first]
                if Double(sum) >= earned { return true }
            }
            return false
        }
    }

    @Test("random loads: never more than the part or the floor of any stretch, and never less than was earned")
    func random() {
        var refusals = 0
        for seed: UInt64 in 0..<300 {
            var generator = SeededGenerator(seed: seed)
            var budget = RetryBudget()
            var record = Record()
            var rate = 1
            for tick in 0..<600 {
                if Int.random(in: 0...40, using: &generator) == 0 {
                    rate = [0, 1, 5, 20, 100].randomElement(using: &generator) ?? 0
                }
                let now = at(Double(tick) / 10)
                for _ in 0..<Int.random(in: 0...2 * rate, using: &generator) {
                    budget.offer(now: now)
                    record.offered[tick / 10] += 1
                }
                for _ in 0..<Int.random(in: 0...rate + 2, using: &generator) {
                    if budget.spend(now: now) {
                        record.given[tick / 10] += 1
                    } else {
                        refusals += 1
                        if !record.isRightToRefuse(in: tick / 10) {
                            Issue.record("seed \(seed): refused too early at \(Double(tick) / 10) s")
                            return
                        }
                    }
                }
            }
            let isWithinBounds = record.isWithinBounds
            #expect(isWithinBounds, "seed \(seed)")
        }
        #expect(refusals > 10_000)
    }

    @Test("a provider's budget is one for all threads, and counts what became of it") func driver() async {
        let clock = TestClock()
        let budget = ProviderBudget(RetryPolicy(), time: clock)
        let given = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<125 { budget.offer() }
                    return 0
                }
            }
            await group.waitForAll()
            for _ in 0..<8 {
                group.addTask { (0..<125).count { _ in budget.spend() } }
            }
            return await group.reduce(0, +)
        }
        #expect(given == 200)
        #expect(budget.counts.offered == 1000 && budget.counts.retries == 200 && budget.counts.refused == 800)
        let lone = ProviderBudget(RetryPolicy(budget: 0), time: clock)
        for _ in 0..<1000 { lone.offer() }
        #expect((0..<100).count { _ in lone.spend() } == 30)
        clock.advance(by: .seconds(2))
        #expect((0..<100).count { _ in lone.spend() } == 6)
    }
}
