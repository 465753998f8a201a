import Base
import Resilience
import Testing

@testable import Models

@Suite("What faults are drawn on purpose")
struct ChaosPlanTests {
    private static func settings(
        latency: Double = 0, error: Double = 0, cut: Double = 0, stall: Double = 0
    ) -> ChaosSettings {
        var settings = ChaosSettings()
        (settings.latencyRate, settings.errorRate) = (latency, error)
        (settings.cutRate, settings.stallRate) = (cut, stall)
        return settings
    }

    private static func plans(_ settings: ChaosSettings, seed: UInt64 = 1, _ count: Int = 2000) -> [ChaosPlan] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in ChaosPlan.draw(settings, using: &generator) }
    }

    @Test("a rate of 0 never hits")
    func never() {
        #expect(Self.plans(ChaosSettings()).allSatisfy { $0.isNone })
        #expect(!ChaosSettings().isEnabled)
    }

    @Test("a rate of 1 always hits, and nothing else does")
    func always() {
        for plan in Self.plans(Self.settings(latency: 1)) {
            #expect(plan.latency != nil && plan.failure == nil && plan.cut == nil && plan.stall == nil)
        }
        for plan in Self.plans(Self.settings(cut: 1, stall: 1)) {
            #expect(plan.latency == nil && plan.failure == nil && plan.cut != nil && plan.stall != nil)
        }
        for plan in Self.plans(Self.settings(latency: 1, error: 1, cut: 1, stall: 1)) {
            #expect(plan.latency != nil && plan.failure != nil)
            #expect(plan.cut == nil && plan.stall == nil, "what fails has no stream")
        }
    }

    @Test("the same seed draws the same faults, another one others", arguments: [1, 7, 1_000_003] as [UInt64])
    func seeds(_ seed: UInt64) {
        let settings = Self.settings(latency: 0.5, error: 0.2, cut: 0.5, stall: 0.5)
        #expect(Self.plans(settings, seed: seed) == Self.plans(settings, seed: seed))
        #expect(Self.plans(settings, seed: seed) != Self.plans(settings, seed: seed &+ 1))
    }

    @Test("a rate hits its part of the calls", arguments: [0.05, 0.25, 0.9])
    func share(_ rate: Double) {
        let count = Self.plans(Self.settings(cut: rate), 10_000).count { $0.cut != nil }
        #expect(abs(Double(count) / 10_000 - rate) < 0.02)
    }

    @Test("what is drawn is within its bounds, and every value comes")
    func bounds() {
        var settings = Self.settings(latency: 1, cut: 1, stall: 1)
        settings.latency = .seconds(2)
        settings.stall = .seconds(9)
        let plans = Self.plans(settings)
        let latencies = plans.compactMap(\.latency)
        #expect(latencies.allSatisfy { $0 >= .zero && $0 < .seconds(2) })
        #expect(latencies.contains { $0 < .milliseconds(200) } && latencies.contains { $0 > .milliseconds(1800) })
        #expect(Set(plans.compactMap(\.cut)) == Set(0...20))
        #expect(Set(plans.compactMap(\.stall?.after)) == Set(0...20))
        #expect(plans.allSatisfy { $0.stall?.duration == .seconds(9) })
        let failures = Set(Self.plans(Self.settings(error: 1)).compactMap(\.failure))
        let rests = (1...5).map { ChaosPlan.Failure.rateLimited(.seconds($0)) }
        #expect(failures == Set([.failed, .overloaded, .reset] + rests))
    }

    @Test("changing one rate moves no other fault of the same seed")
    func independent() {
        let few = Self.plans(Self.settings(cut: 0.3))
        let many = Self.plans(Self.settings(latency: 0.7, cut: 0.3, stall: 1))
        #expect(few.map(\.cut) == many.map(\.cut))
        let failing = Self.plans(Self.settings(error: 0.2, cut: 0.3))
        #expect(zip(few, failing).allSatisfy { $1.failure != nil || $0.cut == $1.cut })
        #expect(failing.contains { $0.failure != nil })
    }

    @Test(
        "figures that make no sense stop nothing",
        arguments: [
            (.nan, .seconds(1)), (.infinity, .seconds(Int64.max)), (-1, .seconds(-5)), (1e308, .zero),
        ] as [(Double, Duration)])
    func hostile(rate: Double, time: Duration) {
        var settings = Self.settings(latency: rate, error: 0, cut: rate, stall: rate)
        (settings.latency, settings.stall) = (time, time)
        for plan in Self.plans(settings, 100) {
            #expect(plan.isNone == !(rate > 0))
            #expect(plan.latency.map { $0 >= .zero } ?? true)
            #expect(plan.stall.map { $0.duration >= .zero } ?? true)
        }
        #expect(!settings.faults.isEmpty)
    }

    @Test("an answer that comes whole is silent or breaks off before all of it")
    func whole() {
        var plan = ChaosPlan()
        #expect(plan.ofWholeAnswer == plan)
        plan.cut = 7
        plan.stall = .init(after: 9, duration: .seconds(1))
        #expect(plan.ofWholeAnswer.cut == 0)
        #expect(plan.ofWholeAnswer.stall == .init(after: 0, duration: .seconds(1)))
    }

    @Test("settings are right from 0 to 1 and from 1ms to 24h; each that is not is named")
    func faults() {
        #expect(ChaosSettings().faults.isEmpty)
        var settings = Self.settings(latency: 1, error: 1, cut: 1, stall: 1)
        (settings.latency, settings.stall) = (.milliseconds(1), .seconds(86_400))
        #expect(settings.faults.isEmpty)
        settings = Self.settings(latency: -0.1, error: 1.1, cut: .nan, stall: .infinity)
        (settings.latency, settings.stall) = (.zero, .seconds(86_401))
        #expect(
            settings.faults.map(\.key) == [
                "latency_rate", "latency", "error_rate", "cut_rate", "stall_rate", "stall",
            ])
    }
}
