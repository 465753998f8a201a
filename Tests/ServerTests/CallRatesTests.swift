import Base
import Testing

@testable import Server

@Suite("Rates of recent calls")
struct CallRatesTests {
    private func at(_ seconds: Double) -> Instant { Instant(nanoseconds: UInt64(seconds * 1e9)) }

    @Test("a call is seen for 55 s at least and 60 s at most", arguments: [0.0, 0.5, 4.999, 5, 61.3, 1e9])
    func age(_ start: Double) {
        var rates = CallRates()
        rates.note(isSuccess: true, now: at(start))
        #expect(rates.sum(now: at(start)) == CallRates.Sum(calls: 1, successes: 1))
        #expect(rates.sum(now: at(start + 54.9)).calls == 1)
        #expect(rates.sum(now: at(start + 60)).calls == 0)
        #expect(rates.sum(now: Instant(nanoseconds: .max)).calls == 0)
    }

    @Test("no calls have no rate, and the rate is that of the calls that went well")
    func rate() {
        var rates = CallRates()
        #expect(rates.sum(now: at(1)).successRate == nil)
        for number in 0..<8 { rates.note(isSuccess: number < 6, now: at(1)) }
        #expect(rates.sum(now: at(1)).successRate == 0.75)
    }

    @Test("a time far behind adds nothing, one a little ahead is counted")
    func disorder() {
        var rates = CallRates()
        rates.note(isSuccess: true, now: at(1000))
        rates.note(isSuccess: false, now: at(940))
        #expect(rates.sum(now: at(1000)) == CallRates.Sum(calls: 1, successes: 1))
        #expect(rates.sum(now: at(994)).calls == 1)
    }

    @Test("against a list of all calls: never one that is older than the window, never one of its first 55 s missing")
    func model() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<20 {
            var rates = CallRates()
            var all: [(at: UInt64, isSuccess: Bool)] = []
            var now: UInt64 = generator.next() % 1_000_000_000_000
            for _ in 0..<150 {
                now += generator.next() % (generator.next() % 10 == 0 ? 80_000_000_000 : 2_000_000_000)
                let isSuccess = generator.next() % 3 > 0
                rates.note(isSuccess: isSuccess, now: Instant(nanoseconds: now))
                all.append((now, isSuccess))
                let sum = rates.sum(now: Instant(nanoseconds: now))
                let tick = now / 5_000_000_000
                let inside = all.filter { $0.at / 5_000_000_000 + 12 > tick }
                #expect(sum.calls == UInt64(inside.count))
                #expect(sum.successes == UInt64(inside.count { $0.isSuccess }))
                #expect(sum.calls >= UInt64(all.count { now - $0.at <= 55_000_000_000 }))
                #expect(sum.calls <= UInt64(all.count { now - $0.at < 60_000_000_000 }))
            }
        }
    }
}
