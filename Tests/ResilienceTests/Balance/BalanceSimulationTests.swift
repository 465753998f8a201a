import Base
import Resilience
import Testing

/// Calls that come at random to targets of which one becomes ten times as slow for a while.
@Suite("Balancing, simulated") struct BalanceSimulationTests {
    private enum Event { case call, token(Int, UInt64), end(Int, failed: Bool) }

    private struct Simulation {
        var balance: Balance
        var loads: [TargetLoad]
        var random: SeededGenerator
        var queue = TimeQueue<UInt64, Event>()
        /// What was chosen, call by call.
        var places: [Int] = []
        let rate: Double

        init(_ strategy: BalanceStrategy, targets: Int, rate: Double, seed: UInt64) {
            let policy = BalancePolicy(strategy)
            balance = Balance(policy, targets: (0..<targets).map { BalanceTarget("t\($0)") })
            loads = Array(repeating: TargetLoad(halfLife: policy.halfLife), count: targets)
            random = SeededGenerator(seed: seed)
            self.rate = rate
            queue.add(.call, at: 1_000_000_000)
        }

        /// So many calls more, while a target may be slow or fail at once.
        mutating func run(_ calls: Int, slow: Int? = nil, failing: Int? = nil) {
            let end = places.count + calls
            while places.count < end, let (time, event) = queue.next() {
                let now = Instant(nanoseconds: time)
                switch event {
                case .call:
                    queue.add(.call, at: time + .random(in: 1...UInt64(2e9 / rate), using: &random))
                    let place =
                        balance.pick(
                            from: TargetSet(first: loads.count), now: now, randomness: random.next()
                        ) { loads[$0] } ?? 0
                    places.append(place)
                    loads[place].begin()
                    if place == failing {
                        queue.add(.end(place, failed: true), at: time + 1_000_000)
                        continue
                    }
                    let first = UInt64.random(in: 80...120, using: &random) * (place == slow ? 10 : 1) * 1_000_000
                    queue.add(.token(place, first), at: time + first)
                    queue.add(.end(place, failed: false), at: time + first * 3)
                case .token(let place, let first): loads[place].note(firstToken: .nanoseconds(first), now: now)
                case .end(let place, let failed): loads[place].end(failed: failed, now: now)
                }
            }
        }

        /// What part of the last calls went to the first target.
        func share(ofLast calls: Int) -> Double {
            Double(places.suffix(calls).count { $0 == 0 }) / Double(calls)
        }
    }

    @Test(
        "calls move away from a target that becomes ten times as slow within 300, and come back within 500",
        arguments: [BalanceStrategy.leastBusy, .lowestLatency])
    func shifts(_ strategy: BalanceStrategy) {
        for seed in 0..<10 as Range<UInt64> {
            for targets in [2, 4] {
                var simulation = Simulation(strategy, targets: targets, rate: 25, seed: seed)
                let fair = 1 / Double(targets)
                simulation.run(1000)
                let before = simulation.share(ofLast: 600)
                simulation.run(300, slow: 0)
                simulation.run(300, slow: 0)
                let during = simulation.share(ofLast: 300)
                simulation.run(500)
                simulation.run(600)
                let after = simulation.share(ofLast: 600)
                let comment: Comment = "\(strategy), \(targets), seed \(seed): \(before), \(during), \(after)"
                #expect(abs(before - fair) < 0.15, comment)
                #expect(during < fair / 2.5, comment)
                #expect(abs(after - fair) < 0.15, comment)
            }
        }
    }

    @Test(
        "a target that fails at once does not draw the calls", arguments: [BalanceStrategy.leastBusy, .lowestLatency])
    func failing(_ strategy: BalanceStrategy) {
        for seed in 0..<10 as Range<UInt64> {
            var simulation = Simulation(strategy, targets: 3, rate: 25, seed: seed)
            simulation.run(500)
            simulation.run(500, failing: 0)
            #expect(simulation.share(ofLast: 400) < 1 / 3.0, "\(strategy), seed \(seed)")
        }
    }
}
