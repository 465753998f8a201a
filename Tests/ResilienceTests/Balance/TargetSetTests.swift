import Base
import Resilience
import Testing

@Suite("Target sets") struct TargetSetTests {
    @Test("a target set is the set of its places, whatever is done to it") func model() {
        for seed in 0..<100 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            var set = TargetSet()
            var model: Set<Int> = []
            for _ in 0..<100 {
                let place = Int.random(in: -3...66, using: &random)
                if Bool.random(using: &random) {
                    set.insert(place)
                    if (0..<64).contains(place) { model.insert(place) }
                } else {
                    set.remove(place)
                    model.remove(place)
                }
                #expect(Array(set) == model.sorted() && set.count == model.count && set.first == model.min())
                #expect(set.contains(place) == model.contains(place) && set.isEmpty == model.isEmpty)
            }
            let half = TargetSet(first: 32)
            #expect(Array(set.intersection(half)) == model.sorted().filter { $0 < 32 })
            #expect(Array(set.subtracting(half)) == model.sorted().filter { $0 >= 32 })
        }
    }

    @Test("the first places are as many as said, within the limit", arguments: [Int.min, -1, 0, 1, 63, 64, 65, .max])
    func first(_ count: Int) {
        #expect(Array(TargetSet(first: count)) == Array(0..<min(max(count, 0), 64)))
    }
}
