import Base
import Resilience
import Testing

@Suite("Latency windows") struct LatencyWindowTests {
    private func at(_ seconds: Double) -> Instant { Instant(nanoseconds: UInt64(seconds * 1e9)) }

    @Test("a percentile is the one of the sorted times, to a sixteenth") func percentiles() {
        for seed in 0..<300 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            var window = LatencyWindow()
            // From 100 µs to half an hour, as likely in every order of magnitude.
            let times = (0..<Int.random(in: 1...900, using: &random)).map { _ in
                Int64.random(in: 100_000..<200_000, using: &random) << Int64.random(in: 0..<24, using: &random)
            }
            for time in times { window.note(.nanoseconds(time), now: at(1)) }
            let sorted = times.sorted()
            for part in [0.001, 0.1, 0.5, 0.9, 0.95, 0.99, 1] {
                let rank = Int((part * Double(times.count) - 1e-6).rounded(.up))
                let exact = Double(sorted[max(rank, 1) - 1])
                let found = Double(window.percentile(part, now: at(1))?.saturatingNanoseconds ?? 0)
                #expect(abs(found - exact) <= exact / 16 + 1, "seed \(seed), part \(part)")
            }
        }
    }

    @Test("times count for between a half of the window and all of it") func sliding() {
        var window = LatencyWindow(HedgePolicy(window: .seconds(10)))
        window.note(.seconds(1), now: at(100))
        window.note(.seconds(1), now: at(104.9))
        expectEqual(window.count(now: at(104.9)), 2)
        expectEqual(window.count(now: at(105)), 2)
        window.note(.seconds(1), now: at(106))
        expectEqual(window.count(now: at(109.9)), 3)
        expectEqual(window.count(now: at(110)), 1)
        expectEqual(window.count(now: at(120)), 0)
        expectEqual(window.percentile(0.5, now: at(120)), nil)
    }

    @Test("nothing is left after a pause of two windows, however it falls") func pause() {
        for pause in [10.0, 12, 20, 1e6] {
            var window = LatencyWindow(HedgePolicy(window: .seconds(10)))
            for time in 0..<50 { window.note(.seconds(1), now: at(100 + Double(time) / 10)) }
            expectEqual(window.count(now: at(105 + pause)), 0)
        }
    }

    @Test("a busy target forgets by number as well, and never holds more than twice the limit") func number() {
        var window = LatencyWindow()
        for _ in 0..<5000 { window.note(.seconds(10), now: at(1)) }
        let limit = LatencyWindow.halfLimit
        let count = window.count(now: at(1))
        #expect((limit...2 * limit).contains(count))
        for _ in 0..<2 * limit { window.note(.milliseconds(100), now: at(1)) }
        let longest = window.percentile(1, now: at(1)) ?? .zero
        #expect(longest > .milliseconds(90))
        #expect(longest < .milliseconds(110))
    }

    @Test("times that go back a little are taken as now") func backwards() {
        var window = LatencyWindow(HedgePolicy(window: .seconds(10)))
        window.note(.seconds(1), now: at(100))
        window.note(.seconds(1), now: at(90))
        expectEqual(window.count(now: at(80)), 2)
    }

    @Test("a delay follows what is noted within 16 notes, and a turn of the halves at once") func follows() {
        var window = LatencyWindow(HedgePolicy(window: .seconds(10)))
        for _ in 0..<40 { window.note(.milliseconds(100), now: at(100)) }
        let before = window.delay(now: at(100)) ?? .zero
        for _ in 0..<16 { window.note(.milliseconds(800), now: at(103)) }
        let after = window.delay(now: at(103)) ?? .zero
        #expect(before < .milliseconds(110) && after > .milliseconds(700))
        for _ in 0..<30 { window.note(.milliseconds(50), now: at(106)) }
        _ = window.delay(now: at(109.9))
        let turned = window.delay(now: at(111.1)) ?? .zero
        #expect(turned > .zero && turned < .milliseconds(60))
    }

    @Test("there is no delay before the minimum") func minimum() {
        var window = LatencyWindow(HedgePolicy(minimum: 20))
        for _ in 0..<19 { window.note(.seconds(1), now: at(1)) }
        expectEqual(window.delay(now: at(1)), nil)
        window.note(.seconds(1), now: at(1))
        expectEqual(window.delay(now: at(1)) == nil, false)
    }

    @Test("the delay is the percentile where times are spread") func spread() {
        var window = LatencyWindow()
        for time in 1...1000 { window.note(.milliseconds(time), now: at(1)) }
        let delay = window.delay(now: at(1)) ?? .zero
        expectEqual(delay, window.percentile(0.95, now: at(1)))
        #expect(abs(delay.milliseconds - 950) < 60)
    }

    @Test("a few slow calls more than the percentile leaves out do not make the delay a slow call's") func edge() {
        for slow in [40, 50, 55, 60] {
            var window = LatencyWindow()
            for call in 0..<1000 { window.note(.milliseconds(call < slow ? 1000 : 100), now: at(1)) }
            let delay = window.delay(now: at(1)) ?? .zero
            #expect(delay > .milliseconds(90) && delay < .milliseconds(170), "\(slow) slow ones")
        }
        // Where there are clearly more of them, slow is what the target is.
        var window = LatencyWindow()
        for call in 0..<1000 { window.note(.milliseconds(call < 150 ? 1000 : 100), now: at(1)) }
        let delay = window.delay(now: at(1)) ?? .zero
        #expect(delay > .milliseconds(900))
    }
}
