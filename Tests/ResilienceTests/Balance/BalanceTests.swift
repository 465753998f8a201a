import Base
import Testing

@testable import Resilience

@Suite("Choosing targets") struct BalanceTests {
    private let now = Instant(nanoseconds: 1_000_000_000)

    private func load(_ inFlight: Int, _ latency: Duration? = nil) -> TargetLoad {
        var load = TargetLoad()
        for _ in 0..<inFlight { load.begin() }
        if let latency { load.note(firstToken: latency, now: now) }
        return load
    }

    private func targets(_ weights: [Double]) -> [BalanceTarget] {
        weights.enumerated().map { BalanceTarget("t\($0.offset)", weight: $0.element) }
    }

    /// How often each is chosen, by a thousand draws.
    private func shares(
        _ strategy: BalanceStrategy, _ targets: [BalanceTarget], _ loads: [TargetLoad], from available: TargetSet? = nil
    ) -> [Int] {
        var balance = Balance(BalancePolicy(strategy), targets: targets)
        var random = SeededGenerator(seed: 1)
        var counts = Array(repeating: 0, count: targets.count)
        for _ in 0..<1000 {
            let place = balance.pick(
                from: available ?? TargetSet(first: targets.count), now: now, randomness: random.next()
            ) { loads[$0] }
            if let place { counts[place] += 1 }
        }
        return counts
    }

    @Test(
        "nothing available is nothing chosen, and what is not available never is", arguments: BalanceStrategy.allCases)
    func availability(_ strategy: BalanceStrategy) {
        var random = SeededGenerator(seed: 9)
        for count in [1, 2, 3, 8, 64] {
            var balance = Balance(BalancePolicy(strategy), targets: targets(Array(repeating: 1, count: count)))
            let loads = (0..<count).map { _ in load(Int.random(in: 0..<3, using: &random), .milliseconds(100)) }
            expectEqual(balance.pick(from: [], now: now, randomness: 1) { loads[$0] }, nil)
            for _ in 0..<200 {
                var available = TargetSet()
                for place in 0..<64 where Bool.random(using: &random) { available.insert(place) }
                let choice = balance.pick(
                    from: available, conversation: Bool.random(using: &random) ? random.next() : nil, now: now,
                    randomness: random.next()
                ) { loads[$0] }
                let possible = available.intersection(TargetSet(first: count))
                #expect(choice.map { possible.contains($0) } ?? possible.isEmpty)
            }
        }
    }

    @Test("order takes the first that is available") func order() {
        let loads = [load(50), load(0), load(0)]
        #expect(shares(.order, targets([1, 1, 1]), loads) == [1000, 0, 0])
        #expect(shares(.order, targets([1, 1, 1]), loads, from: [1, 2]) == [0, 1000, 0])
    }

    @Test("weighted gives each exactly its share in every round, and spreads it evenly") func weighted() {
        var balance = Balance(BalancePolicy(.weighted), targets: targets([5, 1, 1]))
        let turns = (0..<14).map { _ in
            balance.pick(from: TargetSet(first: 3), now: now, randomness: 0) { _ in TargetLoad() } ?? -1
        }
        #expect(turns == [0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 2, 0, 0])
        #expect(shares(.weighted, targets([0.5, 0.3, 0.2]), [load(0), load(9), load(0)]) == [500, 300, 200])
        #expect(shares(.weighted, targets([5, 3, 2]), [load(0), load(0), load(0)], from: [1, 2]) == [0, 600, 400])
    }

    @Test("weights hold at every time to within one call, for any weights") func weightedProperty() {
        for seed in 0..<50 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let weights = (0..<Int.random(in: 2...8, using: &random)).map { _ in
                Double(Int.random(in: 1...9, using: &random))
            }
            let sum = weights.reduce(0, +)
            var balance = Balance(BalancePolicy(.weighted), targets: targets(weights))
            var counts = weights.map { _ in 0 }
            for turn in 1...200 {
                let all = TargetSet(first: weights.count)
                let place = balance.pick(from: all, now: now, randomness: 0) { _ in TargetLoad() } ?? 0
                counts[place] += 1
                for (count, weight) in zip(counts, weights) {
                    #expect(abs(Double(count) - Double(turn) * weight / sum) < Double(weights.count))
                }
                if turn % Int(sum) == 0 {
                    #expect(zip(counts, weights).allSatisfy { Double($0) == Double(turn) * $1 / sum })
                }
            }
        }
    }

    @Test("least busy takes the one with the fewest calls, of equal ones each as often") func leastBusy() {
        #expect(shares(.leastBusy, targets([1, 1, 1]), [load(3), load(1), load(2)]) == [0, 1000, 0])
        let equal = shares(.leastBusy, targets([1, 1, 1, 1]), [load(1), load(2), load(1), load(1)])
        #expect(equal[1] == 0 && [equal[0], equal[2], equal[3]].allSatisfy { abs($0 - 333) < 60 })
        // Twice the weight bears twice the calls.
        #expect(shares(.leastBusy, targets([2, 1]), [load(4), load(2)]) == [1000, 0])
        #expect(shares(.leastBusy, targets([2, 1]), [load(6), load(2)]) == [0, 1000])
    }

    @Test("lowest latency takes the better of two, so that the worst is never and the best not always taken")
    func lowestLatency() {
        let loads = [load(0, .seconds(1)), load(0, .milliseconds(100)), load(0, .milliseconds(500))]
        let counts = shares(.lowestLatency, targets([1, 1, 1]), loads)
        #expect(counts[0] == 0 && abs(counts[1] - 667) < 60 && abs(counts[2] - 333) < 60)
        // The calls under way count as much as the time.
        let busy = [load(20, .milliseconds(100)), load(0, .seconds(1))]
        #expect(shares(.lowestLatency, targets([1, 1]), busy) == [0, 1000])
    }

    @Test("every pair of targets is drawn as often") func pairs() {
        for count in 2...6 {
            // The fastest wins all of its pairs, the second fastest all but one of its own, and so on.
            let loads = (0..<count).map { load(0, .milliseconds(100 * ($0 + 1))) }
            let counts = shares(.lowestLatency, targets(Array(repeating: 1, count: count)), loads)
            let pairs = count * (count - 1) / 2
            for (place, number) in counts.enumerated() {
                #expect(abs(number - 1000 * (count - 1 - place) / pairs) < 70, "\(count) targets")
            }
        }
    }

    @Test("lowest cost takes the cheapest that is available, and unknown prices last") func lowestCost() {
        let targets = [
            BalanceTarget("a", price: 2), BalanceTarget("b", price: 1), BalanceTarget("c"),
            BalanceTarget("d", price: 1),
        ]
        let loads = [load(0), load(5), load(0), load(4)]
        #expect(shares(.lowestCost, targets, loads) == [0, 0, 0, 1000])
        #expect(shares(.lowestCost, targets, loads, from: [0, 1, 2]) == [0, 1000, 0, 0])
        #expect(shares(.lowestCost, targets, loads, from: [0, 2]) == [1000, 0, 0, 0])
        #expect(shares(.lowestCost, targets, loads, from: [2]) == [0, 0, 1000, 0])
    }

    @Test("the same inputs lead to the same choice", arguments: BalanceStrategy.allCases)
    func repeatable(_ strategy: BalanceStrategy) {
        let loads = (0..<5).map { _ in load(1, .milliseconds(100)) }
        let runs = (0..<2).map { _ in shares(strategy, targets([1, 2, 3, 4, 5]), loads) }
        #expect(runs[0] == runs[1] && runs[0].reduce(0, +) == 1000)
    }
}
