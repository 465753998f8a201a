import Base
import Resilience
import Testing

/// An upstream where 5 % of the answers are ten times as slow, and a stream of calls that come at random.
@Suite("Hedging, simulated") struct HedgeSimulationTests {
    struct Upstream: Sendable {
        /// Calls a second.
        var rate = 50.0
        var slow = 0.05
        /// Whether calls with effects are among them, every third.
        var hasEffects = false

        /// Nanoseconds to the first token.
        func draw(_ random: inout SeededGenerator) -> UInt64 {
            let usual = (0..<3).reduce(UInt64(60)) { sum, _ in sum + .random(in: 0...40, using: &random) } * 1_000_000
            return Double.random(in: 0..<1, using: &random) < slow ? usual * 10 : usual
        }
    }

    struct Result {
        var times: [UInt64] = []
        var extra = 0
        var worstShare = 0.0
        var hedgedEffects = 0
        var losses = 0

        func percentile(_ part: Double) -> Double {
            let sorted = times.sorted()
            return Double(sorted[Int(part * Double(sorted.count - 1))])
        }
    }

    private enum Event { case call, wake(Int), answer(Int, HedgeRace.Side) }

    private struct Simulation {
        let upstream: Upstream
        let policy: HedgePolicy
        var random: SeededGenerator
        /// First targets answer alike, whether calls are hedged or not.
        var primaries: SeededGenerator
        var queue = TimeQueue<UInt64, Event>()
        var window: LatencyWindow
        var budget: HedgeBudget
        var races: [(race: HedgeRace, start: Instant, hasEffects: Bool)] = []
        var result = Result()

        init(_ upstream: Upstream, _ policy: HedgePolicy, seed: UInt64) {
            self.upstream = upstream
            self.policy = policy
            random = SeededGenerator(seed: seed)
            primaries = random.split()
            window = LatencyWindow(policy)
            budget = HedgeBudget(policy)
        }

        mutating func run(_ calls: Int) -> Result {
            queue.add(.call, at: 0)
            while let (time, event) = queue.next() {
                let now = Instant(nanoseconds: time)
                switch event {
                case .call:
                    begin(now)
                    if races.count < calls {
                        queue.add(.call, at: time + .random(in: 1...UInt64(2e9 / upstream.rate), using: &random))
                    }
                case .wake(let place):
                    act(races[place].race.wake(hasTarget: true, budget: &budget, now: now), place, now)
                case .answer(let place, let side):
                    act(races[place].race.firstToken(side, now: now), place, now)
                }
            }
            return result
        }

        private mutating func begin(_ now: Instant) {
            let place = races.count
            let hasEffects = upstream.hasEffects && place % 3 == 0
            if !hasEffects { budget.offer() }
            let delay = policy.isEnabled ? window.delay(now: now) : nil
            let race = HedgeRace(delay: delay, hasEffects: hasEffects, now: now)
            races.append((race, now, hasEffects))
            queue.add(.answer(place, .primary), at: now.nanoseconds + upstream.draw(&primaries))
            if let wake = race.wakeAt { queue.add(.wake(place), at: wake.nanoseconds) }
        }

        private mutating func act(_ action: HedgeRace.Action, _ place: Int, _ now: Instant) {
            switch action {
            case .wait(let until): queue.add(.wake(place), at: until.nanoseconds)
            case .hedge:
                result.extra += 1
                if races[place].hasEffects { result.hedgedEffects += 1 }
                result.worstShare = max(result.worstShare, Double(result.extra) / Double(races.count))
                queue.add(.answer(place, .hedge), at: now.nanoseconds + upstream.draw(&random))
            case .deliver(_, let cancelled):
                let time = now.since(races[place].start)
                result.times.append(UInt64(time.saturatingNanoseconds))
                window.note(time, now: now)
                if let cancelled, races[place].race.ended(cancelled, now: now) != nil { result.losses += 1 }
            case .nothing, .skip, .fail, .cancel: break
            }
        }
    }

    private func run(_ upstream: Upstream, _ policy: HedgePolicy, seed: UInt64, calls: Int = 10_000) -> Result {
        var simulation = Simulation(upstream, policy, seed: seed)
        return simulation.run(calls)
    }

    @Test(
        "p99 of the time to the first token is at least halved, with at most 5 % extra calls at any time",
        arguments: 1...12 as ClosedRange<UInt64>)
    func halves(_ seed: UInt64) {
        for rate in [5.0, 50, 500] {
            let upstream = Upstream(rate: rate)
            let plain = run(upstream, HedgePolicy(), seed: seed)
            let hedged = run(upstream, HedgePolicy(isEnabled: true), seed: seed)
            #expect(plain.extra == 0 && plain.times.count == 10_000 && hedged.times.count == 10_000)
            #expect(
                hedged.percentile(0.99) <= plain.percentile(0.99) / 2,
                "seed \(seed), rate \(rate): \(plain.percentile(0.99)) to \(hedged.percentile(0.99))")
            #expect(hedged.worstShare <= 0.05, "seed \(seed), rate \(rate)")
            #expect(hedged.losses == hedged.extra)
        }
    }

    @Test("an upstream that is slow as a whole is not asked twice as often", arguments: [0.2, 0.5, 1])
    func slow(_ slow: Double) {
        let result = run(Upstream(slow: slow), HedgePolicy(isEnabled: true), seed: 7)
        #expect(result.times.count == 10_000)
        #expect(result.worstShare <= 0.05)
    }

    @Test("calls with effects are made once in all of it") func effects() {
        let result = run(Upstream(hasEffects: true), HedgePolicy(isEnabled: true), seed: 3)
        #expect(result.extra > 100 && result.hedgedEffects == 0)
    }

    @Test("the same seed leads to the same calls") func repeatable() {
        let runs = (0..<2).map { _ in run(Upstream(), HedgePolicy(isEnabled: true), seed: 5) }
        #expect(runs[0].times == runs[1].times && runs[0].extra == runs[1].extra)
    }
}
