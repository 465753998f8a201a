import Base
import Testing

@testable import Graph

/// What a snapshot says again of steps that are not over.
@Suite struct CarriedRecordsTests {
    private static let written = StepRecord.Event.succeeded(writes: Array("{}".utf8), choice: nil)

    @Test("what is carried is what no step around it, or item of a list, has ended since")
    func likeTheDefinition() throws {
        var most = 0
        for seed in 0..<300 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            func draw(_ bound: UInt64) -> Int { Int(generator.next() % bound) }
            var carried = CarriedRecords()
            var expected: [StepRecord] = []
            for _ in 0..<60 {
                var place = ""
                for _ in 0..<draw(4) {
                    place += StepRecord.step("", ["a", "ab", "b/c"][draw(3)], 1 + draw(2))
                    place += ["/", "[\(draw(3))]/", "[\(draw(12))]/"][draw(3)]
                }
                let node = ["a", "ab", "a#1"][draw(3)]
                let events: [StepRecord.Event] = [Self.written, .item(draw(12), result: [])]
                var record = StepRecord(place: place, node: node, activation: 1 + draw(2), event: events[draw(2)])
                if draw(3) == 0 {
                    record = StepRecord(place: "", node: record.step, activation: 0, event: .answered([]))
                }
                let ended = record.step
                if case .answered = record.event {
                } else {
                    expected.removeAll { other in
                        let isOwnAnswer = if case .answered = other.event { other.step == ended } else { false }
                        return isOwnAnswer || other.step.hasPrefix("\(ended)/") || other.step.hasPrefix("\(ended)[")
                    }
                }
                carried.note(record)
                if case .succeeded = record.event, place.isEmpty {} else { expected.append(record) }
                try #require(carried.all == expected, "seed \(seed)")
                most = max(most, expected.count)
            }
        }
        #expect(most > 20)
    }
}
