import Base
import Testing

@testable import Resilience

@Suite("Adaptive limits") struct AdaptiveLimitTests {
    /// A limit that is told of calls by hand, round by round.
    private final class Bench {
        var limit: AdaptiveLimit
        var now = Instant(nanoseconds: 1_000_000_000)

        init(atMost most: Int) { limit = AdaptiveLimit(atMost: most) }

        /// Lets so many calls begin, and get their first token after `latency` milliseconds.
        func round(_ latency: Int, calls: Int = 32, inFlight: Int? = nil) {
            now = now.advanced(by: .milliseconds(max(latency, 100)))
            for _ in 0..<calls {
                limit.sample(.milliseconds(latency), inFlight: inFlight ?? limit.limit, now: now)
            }
        }

        /// How the limit goes, round by round.
        func rounds(_ latencies: [Int], inFlight: Int? = nil) -> [Int] {
            latencies.map { latency in
                round(latency, calls: 32, inFlight: inFlight)
                return limit.limit
            }
        }
    }

    @Test("begins with all that is allowed, and knows no baseline before the first round") func start() {
        let bench = Bench(atMost: 64)
        #expect(bench.limit.limit == 64 && bench.limit.least == 4 && bench.limit.baseline == nil)
        bench.round(200, calls: 15)
        #expect(bench.limit.baseline == nil)
        bench.round(200, calls: 1)
        #expect(bench.limit.baseline == .milliseconds(200))
        for (given, most, least) in [(Int.min, 1, 1), (0, 1, 1), (15, 15, 1), (.max, 100_000, 6_250)] {
            let limit = AdaptiveLimit(atMost: given)
            #expect(limit.most == most && limit.limit == most && limit.least == least)
        }
    }

    @Test("shrinks by the gradient while calls take somewhat longer, and grows again when they do not") func gradient()
    {
        let bench = Bench(atMost: 100)
        // 1.5 times as long is tolerated; at 1.9 the gradient is 0.79, with half of the square root on top.
        #expect(bench.rounds([100, 150, 190, 190]) == [100, 100, 83, 70])
        #expect(bench.rounds([100, 100]) == [75, 79])
        for _ in 0..<20 { bench.round(100) }
        #expect(bench.limit.limit == 100)
    }

    @Test("grows only while half of it is in use") func unused() {
        let bench = Bench(atMost: 100)
        _ = bench.rounds([100, 190, 190, 190])
        let low = bench.limit.limit
        #expect(bench.rounds([100, 100, 100], inFlight: (low - 1) / 2) == [low, low, low])
        #expect(bench.rounds([100], inFlight: (low + 1) / 2)[0] > low)
    }

    @Test("a latency that has doubled and falls with the limit is our queue: the limit goes down with it") func ours() {
        let bench = Bench(atMost: 64)
        _ = bench.rounds([100])
        // Ten at once take 100 ms, more take longer in proportion.
        var limits: [Int] = []
        for _ in 0..<9 { limits += bench.rounds([max(100, bench.limit.limit * 10)]) }
        #expect(limits.min() ?? 0 <= 12 && limits.allSatisfy { $0 >= 4 })
        for _ in 0..<20 { bench.round(max(100, bench.limit.limit * 10)) }
        #expect((10...20).contains(bench.limit.limit), "\(bench.limit.limit)")
        #expect(bench.limit.baseline ?? .zero < .milliseconds(130))
    }

    @Test("a latency that has doubled and stays when the limit falls is the provider's own: the limit is restored")
    func theirs() {
        let bench = Bench(atMost: 64)
        #expect(bench.rounds([100, 100, 400, 400, 400, 400]) == [64, 64, 64, 44, 64, 64])
        #expect(bench.limit.baseline == .milliseconds(400))
        // A baseline that has risen is tested once more, soon; then once a minute.
        #expect(bench.rounds(Array(repeating: 400, count: 14)).filter { $0 < 64 } == [44])
        #expect(bench.rounds(Array(repeating: 400, count: 100)).allSatisfy { $0 == 64 })
        #expect(bench.rounds(Array(repeating: 400, count: 60)).filter { $0 < 64 } == [44])
        // Back again: nothing is in the way, and the baseline follows.
        #expect(bench.rounds([100, 100, 100, 100]).allSatisfy { $0 == 64 })
        #expect(bench.limit.baseline ?? .zero < .milliseconds(200))
    }

    @Test("one slow round is no reason for a test") func single() {
        let bench = Bench(atMost: 64)
        #expect(bench.rounds([100, 100, 900, 100, 100]) == [64, 64, 64, 64, 64])
        #expect(bench.limit.baseline == .milliseconds(100))
    }

    @Test("a latency that rises while hardly anything is under way is no queue") func idle() {
        let bench = Bench(atMost: 64)
        _ = bench.rounds([100], inFlight: 2)
        #expect(bench.rounds([400, 400], inFlight: 2) == [64, 64])
        #expect(bench.limit.baseline == .milliseconds(400))
    }

    @Test("a round counts only calls that began in it") func stale() {
        let bench = Bench(atMost: 64)
        bench.round(100)
        bench.round(100)
        // From before the round, whenever they come.
        for _ in 0..<100 { bench.limit.sample(.seconds(50), inFlight: 64, now: bench.now) }
        bench.now = bench.now.advanced(by: .seconds(1))
        for _ in 0..<100 { bench.limit.sample(.milliseconds(1_001), inFlight: 64, now: bench.now) }
        #expect(bench.limit.limit == 64 && bench.limit.baseline == .milliseconds(100))
    }

    @Test("refusals of the provider take a tenth, once for all that were under way together") func drops() {
        let bench = Bench(atMost: 100)
        let began = bench.now
        bench.now = began.advanced(by: .seconds(1))
        for _ in 0..<50 { bench.limit.drop(began: began, now: bench.now) }
        #expect(bench.limit.limit == 90)
        bench.limit.drop(began: bench.now, now: bench.now)
        #expect(bench.limit.limit == 81)
        for _ in 0..<100 {
            bench.limit.drop(began: bench.now, now: bench.now)
            bench.now = bench.now.advanced(by: .seconds(1))
        }
        #expect(bench.limit.limit == bench.limit.least)
    }

    /// Lets as many calls succeed as there are places, and a second go by.
    private func successes(_ bench: Bench, _ rounds: Int, inFlight: Int? = nil) -> [Int] {
        (0..<rounds).map { _ in
            let began = bench.now
            bench.now = bench.now.advanced(by: .seconds(1))
            for _ in 0..<bench.limit.limit {
                bench.limit.succeed(began: began, inFlight: inFlight ?? bench.limit.limit, now: bench.now)
            }
            return bench.limit.limit
        }
    }

    private func refused(_ times: Int) -> Bench {
        let bench = Bench(atMost: 64)
        for _ in 0..<times {
            bench.now = bench.now.advanced(by: .milliseconds(1))
            bench.limit.drop(began: bench.now, now: bench.now)
        }
        return bench
    }

    @Test("successes without a latency make up for refusals, as fast as good rounds do, and are no latency")
    func successes() {
        let bench = refused(27)
        #expect(bench.limit.limit == 4)
        #expect(successes(bench, 5) == [5, 6, 7, 8, 10])
        let rest = successes(bench, 30)
        #expect(rest.last == 64 && rest.count { $0 < 64 } > 15)
        #expect(bench.limit.baseline == nil)
    }

    @Test("successes from before the last refusal, or while hardly anything is under way, change nothing")
    func idleSuccesses() {
        let bench = refused(27)
        #expect(successes(bench, 5, inFlight: 1) == [4, 4, 4, 4, 4])
        let before = bench.now
        bench.now = bench.now.advanced(by: .seconds(1))
        bench.limit.drop(began: bench.now, now: bench.now)
        bench.now = bench.now.advanced(by: .seconds(5))
        for _ in 0..<100 { bench.limit.succeed(began: before, inFlight: 64, now: bench.now) }
        #expect(bench.limit.limit == 4)
    }

    @Test("where latencies are known, they decide") func latenciesDecide() {
        let bench = Bench(atMost: 100)
        _ = bench.rounds([100, 190, 190])
        let low = bench.limit.limit
        for _ in 0..<2_000 {
            bench.now = bench.now.advanced(by: .milliseconds(1))
            bench.limit.sample(.microseconds(1), inFlight: 1, now: bench.now)
            for _ in 0..<50 { bench.limit.succeed(began: bench.now, inFlight: 100, now: bench.now) }
        }
        #expect(bench.limit.limit == low)
    }

    @Test("a test that gets no latencies any more ends with the limit restored") func abandonedTest() {
        let bench = Bench(atMost: 64)
        #expect(bench.rounds([100, 400, 400]) == [64, 64, 44])
        #expect(successes(bench, 1) == [64])
    }

    @Test("a call that comes alone finds all allowed again, when nothing has lowered the limit for a minute")
    func alone() {
        let bench = refused(27)
        for (wait, limit) in [(59, 4), (1, 64)] {
            bench.now = bench.now.advanced(by: .seconds(wait))
            bench.limit.beginAlone(now: bench.now)
            #expect(bench.limit.limit == limit)
        }
    }

    @Test("stays within its bounds and traps nothing, whatever it is told", arguments: 0..<200 as Range<UInt64>)
    func anything(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        func pick(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &generator) }
        var limit = AdaptiveLimit(atMost: Int(pick(1...200)))
        let extremes: [Duration] = [.zero, .seconds(-1), .seconds(Int64.max), .seconds(Int64.min), .nanoseconds(1)]
        var now = Instant(nanoseconds: UInt64(pick(0...2_000_000_000)))
        for _ in 0..<3_000 {
            now = pick(0...2_000) == 0 ? Instant(nanoseconds: 0) : now.advanced(by: .microseconds(pick(0...90_000)))
            let latency = pick(0...20) == 0 ? extremes[Int(pick(0...4))] : .microseconds(pick(1...60_000))
            if pick(0...99) == 0 {
                limit.drop(began: now, now: now)
            } else if pick(0...3) == 0 {
                limit.succeed(began: now, inFlight: Int(pick(0...300)), now: now)
            } else if pick(0...99) == 0 {
                limit.beginAlone(now: now)
            } else {
                limit.sample(latency, inFlight: pick(0...50) == 0 ? .max / 4 : Int(pick(0...300)), now: now)
            }
            guard limit.limit >= limit.least, limit.limit <= limit.most else {
                Issue.record("\(limit.limit)")
                return
            }
        }
    }
}

@Suite("Adaptive limits, in simulated time") struct AdaptiveSimulationTests {
    private typealias Phase = LoadSimulation.Phase

    private func run(_ seed: UInt64, _ phases: [Phase], until end: Double) -> LoadSimulation {
        var simulation = LoadSimulation(LimitsPolicy().providerBounds, adaptive: true, seed: seed, phases)
        simulation.run(until: end)
        return simulation
    }

    /// What the provider finished a second, and the median of what it took.
    private func work(_ simulation: LoadSimulation, _ from: Double, _ to: Double) -> (rate: Double, median: Double) {
        let calls = simulation.calls.filter { $0.finished ?? -1 >= from && $0.finished ?? -1 < to }
        let times = calls.compactMap { call in call.finished.flatMap { end in call.admitted.map { end - $0 } } }
        return (Double(calls.count) / (to - from), times.isEmpty ? .infinity : times.sorted()[times.count / 2])
    }

    private let seeds: [UInt64] = [1, 2, 3, 4, 5]

    @Test("ten seconds after a provider has become four times as slow, and back, its capacity is used again")
    func slower() {
        for seed in seeds {
            let simulation = run(
                seed,
                [
                    Phase(from: 0, rate: 400, servers: 40, first: 0.2),
                    Phase(from: 30, rate: 400, servers: 40, first: 0.8),
                    Phase(from: 60, rate: 400, servers: 40, first: 0.2),
                ], until: 80)
            for (from, to, rate, first) in [(20.0, 30.0, 200.0, 0.2), (40, 60, 50, 0.8), (70, 80, 200, 0.2)] {
                let work = work(simulation, from, to)
                #expect(work.rate >= 0.88 * rate, "seed \(seed), \(from): \(work.rate) of \(rate)")
                #expect(work.median <= 2 * first, "seed \(seed), \(from): \(work.median)")
            }
        }
    }

    @Test("ten seconds after a provider has lost three quarters of its capacity, and back, no queue is left there")
    func smaller() {
        for seed in seeds {
            let simulation = run(
                seed,
                [
                    Phase(from: 0, rate: 400, servers: 40, first: 0.2),
                    Phase(from: 30, rate: 400, servers: 10, first: 0.2),
                    Phase(from: 60, rate: 400, servers: 40, first: 0.2),
                ], until: 80)
            #expect(simulation.limits[400..<590].max() ?? 64 < 30, "seed \(seed)")
            for (from, to, rate) in [(20.0, 30.0, 200.0), (40, 60, 50), (70, 80, 200)] {
                let work = work(simulation, from, to)
                #expect(work.rate >= 0.88 * rate, "seed \(seed), \(from): \(work.rate) of \(rate)")
                #expect(work.median <= 2 * 0.2, "seed \(seed), \(from): \(work.median)")
            }
        }
    }

    @Test("a baseline that was taken in a queue is found out") func born() {
        for seed in seeds {
            let simulation = run(seed, [Phase(from: 0, rate: 100, servers: 6, first: 0.2)], until: 60)
            #expect(simulation.limits[300...].max() ?? 64 <= 24, "seed \(seed)")
            #expect(work(simulation, 30, 60).median <= 2 * 0.2)
        }
    }

    @Test(
        "a provider that takes everything keeps the whole limit, nearly always, however uneven it is",
        arguments: [0, 0.3, 1])
    func free(_ spread: Double) {
        for seed in seeds {
            let simulation = run(seed, [Phase(from: 0, rate: 200, first: 0.5, spread: spread)], until: 60)
            #expect(work(simulation, 0, 60).rate >= 0.88 * 128, "seed \(seed)")
        }
    }
}
