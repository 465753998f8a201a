import Base
import Resilience
import Testing

@Suite("Retry policies") struct RetryPolicyTests {
    @Test("the defaults are those of the documentation, and have no faults") func defaults() {
        let policy = RetryPolicy()
        #expect(policy.retries == 3 && policy.maxAttempts == 8 && policy.factor == 2 && policy.budget == 0.2)
        #expect(policy.initialDelay == .seconds(1) && policy.maxDelay == .seconds(20) && policy.reasons.isEmpty)
        #expect(policy.faults.isEmpty)
    }

    static let right: [RetryPolicy] = [
        RetryPolicy(retries: 0, maxAttempts: 1), RetryPolicy(retries: 100, maxAttempts: 100),
        RetryPolicy(factor: 1, initialDelay: .milliseconds(1), maxDelay: .milliseconds(1), budget: 0),
        RetryPolicy(factor: 100, maxDelay: .seconds(86_400), budget: 1),
        RetryPolicy(reasons: [.providerRefused: .next, .providerFailed: .end, .cancelled: .end]),
    ]

    @Test("what can be used has no faults", arguments: right) func none(_ policy: RetryPolicy) {
        #expect(policy.faults.isEmpty)
    }

    static let wrong: [(policy: RetryPolicy, keys: [String])] = [
        (RetryPolicy(retries: -1), ["retries"]), (RetryPolicy(retries: 101), ["retries"]),
        (RetryPolicy(retries: .min, maxAttempts: .min), ["retries", "max_attempts"]),
        (RetryPolicy(maxAttempts: 0), ["max_attempts"]), (RetryPolicy(maxAttempts: .max), ["max_attempts"]),
        (RetryPolicy(factor: 0.99), ["factor"]), (RetryPolicy(factor: .nan), ["factor"]),
        (RetryPolicy(factor: .infinity), ["factor"]), (RetryPolicy(factor: -2), ["factor"]),
        (RetryPolicy(initialDelay: .zero), ["initial_delay"]),
        (RetryPolicy(initialDelay: .seconds(21)), ["max_delay"]),
        (RetryPolicy(initialDelay: .seconds(-1), maxDelay: .seconds(-2)), ["initial_delay", "max_delay", "max_delay"]),
        (RetryPolicy(maxDelay: .seconds(Int64.max)), ["max_delay"]),
        (RetryPolicy(budget: -0.1), ["budget"]), (RetryPolicy(budget: 1.1), ["budget"]),
        (RetryPolicy(budget: .nan), ["budget"]),
        (RetryPolicy(reasons: [.cancelled: .retry, .deadlineExceeded: .next]), ["reasons", "reasons"]),
    ]

    @Test("every fault is told by the name of its setting, and no policy makes a schedule trap", arguments: wrong)
    func faults(_ row: (policy: RetryPolicy, keys: [String])) {
        #expect(row.policy.faults.map(\.key) == row.keys)
        var generator = SeededGenerator(seed: 7)
        var schedule = RetrySchedule(row.policy, targets: 2, deadline: nil)
        var tries = 0
        search: while tries < 300 {
            tries += 1
            let error = CodedError(.providerFailed, "", retryAfter: tries % 3 == 0 ? .seconds(Int64.max) : nil)
            switch schedule.decide(after: AttemptFailure(error), now: Instant(nanoseconds: .max), using: &generator) {
            case .retry(let retry): #expect(retry.delay >= .zero && retry.delay <= .seconds(86_400))
            case .next(let target): #expect(target == 1)
            case .giveUp: break search
            }
        }
        // The nearest sane policy ends as well.
        #expect(tries < 202)
        var budget = RetryBudget(part: row.policy.budget)
        budget.offer(now: Instant(nanoseconds: .max))
        let isAffordable = budget.spend(now: Instant(nanoseconds: 0))
        #expect(isAffordable)
    }

    @Test("what nobody waits for any more ends, whatever the configuration says") func settled() {
        let policy = RetryPolicy(reasons: [.cancelled: .retry, .deadlineExceeded: .retry, .shuttingDown: .next])
        for code in [ErrorCode.cancelled, .deadlineExceeded, .shuttingDown] {
            #expect(policy.errorClass(of: code) == .end)
        }
    }
}
