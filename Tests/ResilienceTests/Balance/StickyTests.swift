import Base
import Resilience
import Testing

@Suite("Sticky conversations") struct StickyTests {
    private func places(
        _ targets: [BalanceTarget], _ available: TargetSet, _ conversations: [UInt64]
    ) -> [Int] {
        var balance = Balance(BalancePolicy(.sticky), targets: targets)
        return conversations.map { conversation in
            balance.pick(
                from: available, conversation: conversation, now: Instant(nanoseconds: 1), randomness: 0
            ) { _ in TargetLoad() } ?? -1
        }
    }

    @Test("when a target goes, its conversations alone move, and they come back with it") func moves() {
        for seed in 0..<200 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let count = Int.random(in: 2...64, using: &random)
            let targets = (0..<count).map { _ in
                BalanceTarget("t\(random.next())", weight: Double.random(in: 0.1...10, using: &random))
            }
            let conversations = (0..<200).map { _ in random.next() }
            var available = TargetSet()
            for place in 0..<count where Int.random(in: 0..<4, using: &random) > 0 { available.insert(place) }
            guard available.count > 1 else { continue }
            let before = places(targets, available, conversations)
            let gone = Array(available)[Int.random(in: 0..<available.count, using: &random)]
            var rest = available
            rest.remove(gone)
            let after = places(targets, rest, conversations)
            for (old, new) in zip(before, after) {
                #expect(rest.contains(new) && (old == gone || old == new), "seed \(seed)")
            }
            #expect(places(targets, available, conversations) == before)
        }
    }

    @Test("a choice goes by the name of a target, not by its place") func names() {
        var random = SeededGenerator(seed: 4)
        let targets = (0..<10).map { BalanceTarget("provider/model-\($0)") }
        let conversations = (0..<500).map { _ in random.next() }
        let all = TargetSet(first: 10)
        let names = places(targets, all, conversations).map { targets[$0].name }
        let other = Array(targets.reversed())
        #expect(places(other, all, conversations).map { other[$0].name } == names)
    }

    @Test("conversations are spread as the weights say, however alike their numbers are") func spread() {
        let weights = [1.0, 1, 2, 4]
        let targets = weights.enumerated().map { BalanceTarget("t\($0.offset)", weight: $0.element) }
        var counts = [0, 0, 0, 0]
        for place in places(targets, TargetSet(first: 4), Array(0..<20_000)) { counts[place] += 1 }
        for (count, weight) in zip(counts, weights) {
            #expect(abs(Double(count) - 20_000 * weight / 8) < 250, "\(counts)")
        }
    }

    @Test("the conversations of a lost target are spread over all the others") func lost() {
        let targets = (0..<5).map { BalanceTarget("t\($0)") }
        let conversations = Array(0..<20_000 as Range<UInt64>)
        let before = places(targets, TargetSet(first: 5), conversations)
        let after = places(targets, [0, 1, 3, 4], conversations)
        var counts = [0, 0, 0, 0, 0]
        for (old, new) in zip(before, after) where old == 2 { counts[new] += 1 }
        #expect(counts[2] == 0 && [0, 1, 3, 4].allSatisfy { abs(counts[$0] - 1000) < 150 }, "\(counts)")
    }
}
