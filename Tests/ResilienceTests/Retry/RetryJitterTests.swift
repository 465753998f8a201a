import Base
import Resilience
import Testing

@Suite("Spread of retries") struct RetryJitterTests {
    /// The delays of many requests that fail at the same moment for the `number`-th time, in milliseconds, sorted.
    private func delays(_ number: Int, of count: Int = 1000, retryAfter: Duration? = nil, seed: UInt64) -> [Double] {
        var root = SeededGenerator(seed: seed)
        let failure = AttemptFailure(CodedError(.providerRateLimited, "", retryAfter: retryAfter))
        var delays: [Double] = []
        for _ in 0..<count {
            var generator = root.split()
            var schedule = RetrySchedule(RetryPolicy(retries: number), targets: 1, deadline: nil)
            for retry in 1...number {
                let now = Instant(nanoseconds: 1 << 40)
                if case .retry(let made) = schedule.decide(after: failure, now: now, using: &generator),
                    retry == number
                {
                    delays.append(made.delay.milliseconds)
                }
            }
        }
        return delays.sorted()
    }

    /// The most delays in any 100 ms, wherever they begin.
    private func most(_ delays: [Double]) -> Int {
        var most = 0
        var first = 0
        for last in delays.indices {
            while delays[last] - delays[first] >= 100 { first += 1 }
            most = max(most, last - first + 1)
        }
        return most
    }

    @Test("no 100 ms hold over a fifth of 1,000 retries that begin together", arguments: [nil, 2.0])
    func spread(_ seconds: Double?) {
        for seed: UInt64 in 0..<20 {
            for number in 1...4 {
                let asked = seconds.map { Duration.milliseconds(Int64($0 * 1000)) }
                let delays = delays(number, retryAfter: asked, seed: seed)
                #expect(delays.count == 1000)
                #expect(most(delays) <= 200, "retry \(number), seed \(seed)")
            }
        }
    }

    @Test("delays are even from nothing to the whole, which doubles up to the longest") func even() {
        for (number, whole) in [(1, 1.0), (2, 2), (3, 4), (4, 8), (5, 16), (6, 20), (7, 20)] {
            let delays = delays(number, of: 4000, seed: UInt64(number))
            #expect(delays.last ?? 0 <= whole * 1000)
            // Tenths of the range hold 400 each, give or take; a standard deviation is 19.
            for tenth in 0..<10 {
                let range = whole * 100 * Double(tenth)..<whole * 100 * Double(tenth + 1)
                let count = delays.count { range.contains($0) }
                #expect((300...500).contains(count), "retry \(number), tenth \(tenth)")
            }
        }
    }
}
