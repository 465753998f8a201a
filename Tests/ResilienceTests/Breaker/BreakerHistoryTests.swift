import Base
import Resilience
import Testing

@Suite("Breaker against its model") struct BreakerHistoryTests {
    /// A random history: many calls under way at once, results in any order, some never, and the clock jumps to where
    /// something is about to happen.
    private struct History {
        var generator: SeededGenerator
        var breaker: Breaker
        var model: BreakerModel
        let policy: BreakerPolicy
        var now: UInt64 = 5_000_000_000
        var tickets: [(call: Int, ticket: Breaker.Ticket)] = []
        var seen: Set<String> = []

        init(seed: UInt64) {
            var generator = SeededGenerator(seed: seed)
            func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
            let policy = BreakerPolicy(
                failures: pick(1...6), failureRate: Double(pick(1...100)) / 100, slowRate: Double(pick(1...100)) / 100,
                slowAfter: .milliseconds(20), window: .milliseconds(10 * pick(1...30)), minimum: pick(1...9),
                reset: .milliseconds(pick(1...200)), maxReset: .milliseconds(pick(200...900)),
                probeLease: .milliseconds(pick(1...300)))
            self.policy = policy
            breaker = Breaker(policy)
            model = BreakerModel(policy)
            self.generator = generator
        }

        mutating func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

        mutating func moveClock() {
            let jump: UInt64
            switch (model.phase, pick(0...9)) {
            case (.open(let until), 0...3), (.halfOpen(let until?), 0...3):
                // Just before, exactly at, and just after.
                jump = until &- UInt64(1) &+ UInt64(pick(0...2)) &- min(now, until)
            case (_, 4): jump = UInt64(policy.window.saturatingNanoseconds / 10)
            case (_, 5): jump = UInt64(pick(0...2_000)) * 1_000_000
            default: jump = UInt64(pick(0...4)) * 1_000_000
            }
            if jump < 1 << 40 { now += jump }
        }

        mutating func outcome() -> Breaker.Outcome {
            switch pick(0...9) {
            case 0...4: .failure(pick(0...1) == 0 ? .providerFailed : .providerTimeout)
            case 5, 6: .success(after: .milliseconds(pick(0...20)))
            case 7: .success(after: .milliseconds(pick(21...99)))
            default: .ignored
            }
        }

        /// One event in both; what is different, if anything.
        mutating func step() -> String? {
            moveClock()
            // Threads read the clock before they get the lock.
            let time = now - UInt64(pick(0...9) == 0 ? pick(0...3_000_000) : 0)
            let at = Instant(nanoseconds: time)
            switch pick(0...99) {
            case 0:
                let mode = BreakerMode.allCases[pick(0...2)]
                breaker.force(mode, now: at)
                model.force(mode, time)
            case 1:
                breaker.reset(policy, now: at)
                model.reset(time)
            case 2...49:
                if let difference = admit(at) { return difference }
            case 50...59:
                guard let index = tickets.indices.randomElement(using: &generator) else { break }
                let after = Duration.milliseconds(pick(0...25))
                tickets[index].ticket = breaker.begin(tickets[index].ticket, after: after, now: at)
                model.begin(tickets[index].call, after: after, time)
            default:
                guard let index = tickets.indices.randomElement(using: &generator) else { break }
                let (call, ticket) = tickets.remove(at: index)
                let outcome = outcome()
                breaker.record(ticket, outcome, now: at)
                model.end(call, outcome, time)
            }
            seen.insert(breaker.state.name)
            return BreakerModel.Phase(breaker.state) == model.phase ? nil : "\(breaker.state), not \(model.phase)"
        }

        mutating func admit(_ at: Instant) -> String? {
            let expected = model.admit(at.nanoseconds)
            let admission = breaker.admit(now: at)
            switch (admission, expected) {
            case (.passed(let ticket), .passed(let call)), (.probe(let ticket), .probe(let call)):
                tickets.append((call, ticket))
                return nil
            case (.refused(let refusal), .refused(let reason, let wait))
            where refusal.reason == reason && refusal.wait?.saturatingNanoseconds == wait.map { Int64($0) }:
                return nil
            default: return "\(admission), not \(expected)"
            }
        }
    }

    @Test("100,000 random histories lead through the same states, with the same answers") func histories() {
        var causes: Set<Breaker.Cause> = []
        var states: Set<String> = []
        for seed in 0..<UInt64(100_000) {
            var history = History(seed: seed)
            for step in 0..<60 {
                if let difference = history.step() {
                    Issue.record("seed \(seed), step \(step): \(difference)")
                    return
                }
            }
            for transition in history.breaker.history { causes.insert(transition.cause) }
            states.formUnion(history.seen)
        }
        // Histories that never come somewhere say nothing about it.
        #expect(causes == Set(Breaker.Cause.allCases))
        #expect(states == ["closed", "open", "half_open", "forced_open", "forced_closed"])
    }
}
