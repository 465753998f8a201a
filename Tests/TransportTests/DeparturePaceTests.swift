import Base
import Testing

@testable import Transport

@Suite struct DeparturePaceTests {
    private func at(_ seconds: Double) -> Instant { Instant(nanoseconds: UInt64((seconds + 1000) * 1e9)) }

    @Test func `only the time in which bytes wait counts`() {
        var pace = DeparturePace(rate: 500, grace: .seconds(30))
        #expect(pace.deadline == nil)
        // A model that says a word an hour, to a peer that needs ten seconds for each.
        for hour in 0..<4 {
            let begin = Double(hour) * 3600
            pace.wait(at: at(begin))
            #expect(pace.deadline == at(begin + 30))
            pace.wait(at: at(begin + 5))
            #expect(pace.deadline == at(begin + 30))
            pace.take(5000, at: at(begin + 10))
            pace.rest(at: at(begin + 10))
            #expect(pace.deadline == nil && !pace.isBehind)
        }
    }

    @Test func `a peer that takes a little now and then falls behind, in one wait as in many`() {
        for waits in [1, 10] {
            var pace = DeparturePace(rate: 500, grace: .seconds(30))
            // 100 bytes in two seconds of waiting: behind by 1.8 seconds each time.
            var time = 0.0
            var rounds = 0
            pace.wait(at: at(time))
            while let deadline = pace.deadline, deadline > at(time + 2) {
                time += 2
                rounds += 1
                pace.take(100, at: at(time))
                guard waits > 1 else { continue }
                // Silence in between is not the peer's.
                pace.rest(at: at(time))
                time += 600
                pace.wait(at: at(time))
            }
            #expect(rounds == 16, "\(waits)")
        }
    }

    @Test func `who keeps the rate is never too slow, in whatever pieces`() {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<50 {
            var pace = DeparturePace(rate: 500, grace: .seconds(30))
            var time = 0.0
            pace.wait(at: at(time))
            for _ in 0..<500 {
                let count = Int.random(in: 1...12_000, using: &random)
                time += Double(count) / 500
                #expect(pace.deadline.map { $0 > at(time) } == true)
                pace.take(count, at: at(time))
            }
        }
    }

    @Test func `what was taken before saves nothing for later`() {
        var pace = DeparturePace(rate: 500, grace: .seconds(30))
        pace.wait(at: at(0))
        pace.take(100 << 20, at: at(1))
        #expect(pace.deadline == at(31))
        pace.rest(at: at(1))
        pace.take(.max, at: at(2))
        pace.wait(at: at(3))
        #expect(pace.deadline == at(33))
    }

    @Test func `what is taken without a wait makes up for what was missed before`() {
        var pace = DeparturePace(rate: 500, grace: .seconds(30))
        pace.wait(at: at(0))
        pace.rest(at: at(20))
        #expect(pace.isBehind)
        pace.take(5000, at: at(100))
        pace.wait(at: at(200))
        #expect(pace.deadline == at(220))
        pace.rest(at: at(200))
        pace.take(1 << 20, at: at(300))
        #expect(!pace.isBehind)
    }

    @Test func `without a rate there is no end, and no number traps`() {
        var none = DeparturePace()
        none.wait(at: at(0))
        #expect(none.deadline == nil && !none.isBehind)
        none.take(1, at: at(1))
        none.rest(at: at(1))
        var pace = DeparturePace(rate: 1)
        pace.wait(at: Instant(nanoseconds: 0))
        pace.take(0, at: Instant(nanoseconds: .max))
        pace.rest(at: Instant(nanoseconds: 5))
        pace.wait(at: Instant(nanoseconds: .max))
        pace.take(.max, at: at(0))
        #expect(pace.deadline != nil)
    }
}
