import Base
import Testing

@testable import Resilience

@Suite("Overload, in simulated time") struct OverloadTests {
    /// How the calls went that came within some seconds.
    private struct Outcome {
        var goodput = 0.0
        var p99 = 0.0
        var refused = 0
        var refusedAfterWaiting = 0
        var hints: [Duration] = []

        init(_ simulation: LoadSimulation, from: Double, to: Double) {
            let calls = simulation.calls.filter { $0.arrived >= from && $0.arrived < to }
            let times = calls.compactMap { call in call.finished.map { $0 - call.arrived } }.sorted()
            p99 = times.isEmpty ? .infinity : times[times.count * 99 / 100]
            let finished = simulation.calls.compactMap(\.finished).count { $0 >= from && $0 < to }
            goodput = Double(finished) / (to - from)
            refused = calls.count { $0.refused != nil }
            refusedAfterWaiting = calls.count { $0.refused ?? $0.arrived > $0.arrived }
            hints = calls.compactMap(\.hint)
        }
    }

    private func run(
        _ limit: Int, load: Double, first: Double, rest: Double, spread: Double, bulkShare: Double = 0, seed: UInt64 = 1
    ) -> LoadSimulation {
        let bounds = LimitsPolicy(perProvider: limit).providerBounds
        let capacity = Double(limit) / (first + rest)
        let phase = { (from: Double, load: Double) in
            LoadSimulation.Phase(
                from: from, rate: capacity * load, first: first, rest: rest, spread: spread, bulkShare: bulkShare)
        }
        var simulation = LoadSimulation(bounds, seed: seed, [phase(0, load), phase(60, 0.5)])
        simulation.run(until: 80)
        return simulation
    }

    @Test(
        "at twice the capacity nearly all of it is used, hardly anybody takes twice as long, and refusals are at once",
        arguments: [
            (64, 1, 0, 0), (64, 1, 0, 0.3), (64, 1, 0, 1), (64, 0.3, 4, 0.5), (64, 0.05, 0, 0.3), (8, 0.5, 0, 0.3),
        ] as [(Int, Double, Double, Double)])
    func double(_ limit: Int, _ first: Double, _ rest: Double, _ spread: Double) {
        let unloaded = Outcome(run(limit, load: 0.1, first: first, rest: rest, spread: spread), from: 0, to: 60)
        #expect(unloaded.refused == 0)
        let simulation = run(limit, load: 2, first: first, rest: rest, spread: spread)
        let outcome = Outcome(simulation, from: 0, to: 60)
        let peak = Double(limit) / (first + rest)
        #expect(outcome.goodput >= 0.9 * peak, "\(outcome.goodput) of \(peak)")
        #expect(outcome.p99 <= 2 * unloaded.p99, "\(outcome.p99) for \(unloaded.p99)")
        #expect(outcome.refused > 0 && outcome.refusedAfterWaiting == 0)
        #expect(outcome.hints.allSatisfy { $0 >= .milliseconds(100) && $0 <= .seconds(60) })
        #expect(simulation.mostInFlight == limit)
    }

    @Test(
        "so few at once that they cannot be averaged are not left idle either",
        arguments: [(1, 5), (2, 3), (3, 3)] as [(Int, Double)])
    func few(_ limit: Int, _ factor: Double) {
        let outcome = Outcome(run(limit, load: 2, first: 0.2, rest: 0, spread: 0.3), from: 0, to: 60)
        #expect(outcome.goodput >= 0.85 * Double(limit) / 0.2, "\(outcome.goodput)")
        let unloaded = Outcome(run(limit, load: 0.1, first: 0.2, rest: 0, spread: 0.3), from: 0, to: 60)
        #expect(outcome.p99 <= factor * unloaded.p99, "\(outcome.p99) for \(unloaded.p99)")
    }

    @Test("at ten times the capacity the queue stays bounded, and five seconds later all is as before") func tenfold() {
        for (first, rest) in [(1.0, 0.0), (0.2, 1.0), (0.05, 0.0)] {
            let unloaded = Outcome(run(64, load: 0.5, first: first, rest: rest, spread: 0.3), from: 65, to: 75)
            let simulation = run(64, load: 10, first: first, rest: rest, spread: 0.3)
            #expect(simulation.mostWaiting <= 256 && simulation.mostInFlight == 64)
            let during = Outcome(simulation, from: 0, to: 60)
            #expect(during.goodput >= 0.9 * 64 / (first + rest))
            let after = Outcome(simulation, from: 65, to: 75)
            #expect(after.refused == 0)
            #expect(after.p99 <= 1.25 * unloaded.p99, "\(after.p99) for \(unloaded.p99)")
        }
    }

    @Test("under an overload of interactive calls bulk is shed first and still gets its tenth") func bulk() {
        let simulation = run(64, load: 2, first: 1, rest: 0, spread: 0.3, bulkShare: 0.3)
        let calls = simulation.calls.filter { $0.arrived < 60 }
        let done = { (priority: RunContext.Priority) in
            Double(calls.count { $0.priority == priority && $0.finished != nil })
        }
        let part = { (priority: RunContext.Priority) in
            done(priority) / Double(calls.count { $0.priority == priority })
        }
        #expect(part(.interactive) > 2 * part(.bulk))
        #expect(done(.bulk) / (done(.bulk) + done(.interactive)) > 0.09)
    }
}
