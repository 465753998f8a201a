import Base
import Resilience
import TestKit
import Testing

@Suite("Key pools") struct KeyPoolTests {
    private let clock = TestClock()

    @Test("keys take turns", arguments: KeyStrategy.allCases) func turns(_ strategy: KeyStrategy) {
        let pool = KeyPool(count: 3, strategy, time: clock)
        let all = TargetSet(first: 3)
        #expect((0..<7).map { _ in pool.next(from: all) } == [0, 1, 2, 0, 1, 2, 0])
        #expect((0..<4).map { _ in pool.next(from: [0, 2]) } == [2, 0, 2, 0])
        #expect(pool.next(from: []) == nil && pool.next(from: [3, 63]) == nil)
    }

    @Test("a key that was limited rests while there are others; then comes whose limit is longest ago")
    func leastLimited() {
        let pool = KeyPool(count: 3, time: clock)
        let all = TargetSet(first: 3)
        pool.limit(1)
        #expect((0..<4).map { _ in pool.next(from: all) } == [0, 2, 0, 2])
        clock.advance(by: .seconds(1))
        pool.limit(0)
        clock.advance(by: .seconds(1))
        pool.limit(2)
        #expect((0..<3).map { _ in pool.next(from: all) } == [1, 1, 1])
        #expect(pool.next(from: [0, 2]) == 0)
        // A limit is forgotten after five minutes.
        clock.advance(by: .seconds(298))
        #expect((0..<3).map { _ in pool.next(from: all) } == [1, 1, 1])
        clock.advance(by: .seconds(2))
        #expect(Set((0..<3).map { _ in pool.next(from: all) }) == [0, 1, 2])
    }

    @Test("round robin does not look at limits, and keys that are not there change nothing") func odd() {
        let pool = KeyPool(count: 2, .roundRobin, time: clock)
        for place in [0, 2, -1, .max, .min] { pool.limit(place) }
        #expect((0..<4).map { _ in pool.next(from: [0, 1]) } == [0, 1, 0, 1])
        for count in [0, -1, Int.min] { #expect(KeyPool(count: count, time: clock).next(from: [0]) == nil) }
        #expect(KeyTurns(count: .max).count == TargetSet.limit)
        let full = KeyPool(count: 64, time: clock)
        #expect((0..<65).map { _ in full.next(from: TargetSet(first: 64)) } == Array(0..<64) + [0])
    }
}
