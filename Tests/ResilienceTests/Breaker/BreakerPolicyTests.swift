import Base
import Resilience
import Testing

@Suite("Breaker policies") struct BreakerPolicyTests {
    @Test("the defaults are those of the documentation, and have no faults") func defaults() {
        let policy = BreakerPolicy()
        #expect(policy.failures == 5 && policy.failureRate == 0.5 && policy.slowRate == 0.8 && policy.minimum == 20)
        #expect(policy.slowAfter == .seconds(20) && policy.window == .seconds(10))
        #expect(policy.reset == .seconds(30) && policy.maxReset == .seconds(300) && policy.mode == .automatic)
        #expect(policy.faults.isEmpty)
    }

    static let wrong: [(policy: BreakerPolicy, keys: [String])] = [
        (BreakerPolicy(failures: 0), ["failures"]), (BreakerPolicy(failures: .min), ["failures"]),
        (BreakerPolicy(failures: .max, minimum: .max), ["failures", "minimum"]),
        (BreakerPolicy(failureRate: 0, slowRate: -1), ["failure_rate", "slow_rate"]),
        (BreakerPolicy(failureRate: 1.01, slowRate: .nan), ["failure_rate", "slow_rate"]),
        (BreakerPolicy(failureRate: .infinity), ["failure_rate"]), (BreakerPolicy(slowAfter: .zero), ["slow_after"]),
        (BreakerPolicy(window: .zero), ["window"]), (BreakerPolicy(window: .seconds(-1)), ["window"]),
        (BreakerPolicy(window: .nanoseconds(3)), ["window"]), (BreakerPolicy(minimum: 0), ["minimum"]),
        (BreakerPolicy(reset: .seconds(301)), ["max_reset"]),
        (BreakerPolicy(reset: .zero, maxReset: .zero), ["reset", "max_reset"]),
        (BreakerPolicy(maxReset: .seconds(Int64.max)), ["max_reset"]),
        (BreakerPolicy(reset: .seconds(Int64.min), probeLease: .zero), ["reset", "probe_lease"]),
    ]

    @Test("every fault is told by the name of its setting, and no policy makes a breaker trap", arguments: wrong)
    func faults(_ row: (policy: BreakerPolicy, keys: [String])) {
        #expect(row.policy.faults.map(\.key) == row.keys)
        var breaker = Breaker(row.policy)
        for time in [0, 1, 1 << 40, UInt64.max - 1, .max, .max, .max] {
            let now = Instant(nanoseconds: time)
            for outcome in [Breaker.Outcome.failure(.providerFailed), .success(after: .seconds(Int64.max)), .ignored] {
                switch breaker.admit(now: now) {
                case .passed(let ticket), .probe(let ticket): breaker.record(ticket, outcome, now: now)
                case .refused(let refusal): #expect(refusal.wait.map { $0 >= .zero } ?? true)
                }
            }
        }
        // Works as the nearest policy without faults: a failure opens one for which no number of failures was right.
        if row.policy.failures < 1 {
            var breaker = Breaker(row.policy)
            guard case .passed(let ticket) = breaker.admit(now: Instant(nanoseconds: 1)) else { return }
            breaker.record(ticket, .failure(.providerFailed), now: Instant(nanoseconds: 1))
            #expect(breaker.state.name == "open")
        }
    }
}
