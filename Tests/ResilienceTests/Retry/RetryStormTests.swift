import Base
import Resilience
import Testing

/// A provider that fails everything, 200 requests a second, with each request's own schedule and one budget, in
/// milliseconds of a clock that is moved by hand.
@Suite("A storm of retries") struct RetryStormTests {
    private struct Storm {
        /// Requests a second.
        var rate = 200
        /// When the provider fails, and so long it takes to.
        var outage = 0..<60_000
        var answersAfter = 20
        var budget: RetryBudget? = RetryBudget()

        /// Attempts by the millisecond.
        func run(until end: Int = 70_000) -> (offered: [Int], attempts: [Int]) {
            var root = SeededGenerator(seed: 11)
            var budget = budget
            var offered = Array(repeating: 0, count: end)
            var attempts = Array(repeating: 0, count: end)
            var calls: [[(RetrySchedule, SeededGenerator)]] = Array(repeating: [], count: end)
            var ends = calls
            for time in 0..<end {
                let now = Instant(nanoseconds: 1 << 50).advanced(by: .milliseconds(time))
                if time % (1000 / rate) == 0 {
                    offered[time] += 1
                    budget?.offer(now: now)
                    calls[time].append((RetrySchedule(targets: 1, deadline: nil), root.split()))
                }
                attempts[time] = calls[time].count
                if outage.contains(time), time + answersAfter < end { ends[time + answersAfter] += calls[time] }
                for (schedule, generator) in ends[time] {
                    var (schedule, generator) = (schedule, generator)
                    let decision = schedule.decide(
                        after: AttemptFailure(CodedError(.providerFailed, "")), now: now, using: &generator,
                        affords: { budget?.spend(now: now) ?? true })
                    if case .retry(let retry) = decision {
                        let next = time + Int(retry.delay.milliseconds.rounded(.up)) + 1
                        if next < end { calls[next].append((schedule, generator)) }
                    }
                }
                calls[time] = []
                ends[time] = []
            }
            return (offered, attempts)
        }
    }

    private func sum(_ counts: [Int], _ range: Range<Int>) -> Int { counts[range].reduce(0, +) }

    @Test("attempts are at most 1.2 times the offered plus the floor", arguments: [0, 10_000])
    func minute(_ healthy: Int) {
        var storm = Storm()
        storm.outage = healthy..<healthy + 60_000
        let (offered, attempts) = storm.run()
        let load = sum(offered, storm.outage)
        let made = sum(attempts, storm.outage)
        #expect(load == 12_000)
        #expect(made <= load * 12 / 10 + 3 * 60)
        // The budget is used, not shut.
        #expect(made >= load * 118 / 100)
        // Nor do they come in bursts: a second's attempts.
        for second in stride(from: storm.outage.lowerBound, to: storm.outage.upperBound, by: 1000) {
            #expect(sum(attempts, second..<second + 1000) <= 300)
        }
    }

    @Test("the floor bounds a light load as well", arguments: [1, 2, 5, 10])
    func light(_ rate: Int) {
        var storm = Storm()
        storm.rate = rate
        let (offered, attempts) = storm.run()
        let load = sum(offered, storm.outage)
        let made = sum(attempts, storm.outage)
        #expect(made <= load * 12 / 10 + 3 * 60 + 30)
        #expect(made >= min(load * 38 / 10, load + 3 * 58))
    }

    @Test("without a budget it would be almost four times the load") func control() {
        var storm = Storm()
        storm.budget = nil
        let (offered, attempts) = storm.run()
        #expect(sum(attempts, storm.outage) > sum(offered, storm.outage) * 36 / 10)
    }
}
