import Base
import Resilience
import Testing

@Suite("Retry schedules") struct RetryScheduleTests {
    private let start = Instant(nanoseconds: 1_000_000_000_000)

    private func at(_ seconds: Double) -> Instant { start.advanced(by: .nanoseconds(Int64(seconds * 1e9))) }

    private func failure(_ code: ErrorCode, retryAfter: Duration? = nil, sent: Bool = true) -> AttemptFailure {
        AttemptFailure(CodedError(code, "", retryAfter: retryAfter), wasSent: sent)
    }

    /// What a chain does when every attempt fails with the same error: `R` for a retry, the index of the next target.
    private func course(
        _ failure: AttemptFailure, targets: Int, policy: RetryPolicy = RetryPolicy(), deadline: Instant? = nil,
        own: [Int: RetryPolicy] = [:], affords: () -> Bool = { true },
        hasLargerWindow: (Int) -> Bool = { _ in false }
    ) -> (steps: String, reason: RetryDecision.Reason) {
        var generator = SeededGenerator(seed: 3)
        var schedule = RetrySchedule(policy, targets: targets, deadline: deadline)
        var now = start
        var steps = ""
        for _ in 0..<1000 {
            switch schedule.decide(
                after: failure, now: now, using: &generator, affords: affords, hasLargerWindow: hasLargerWindow)
            {
            case .retry(let retry):
                steps += "R"
                now = now.advanced(by: retry.delay)
            case .next(let target):
                steps += "\(target)"
                schedule.take(own[target] ?? policy)
            case .giveUp(let reason): return (steps, reason)
            }
        }
        return (steps, .error)
    }

    @Test("retries on one target, then the next one, never more attempts than in all, and one for each target")
    func chain() {
        let broken = failure(.providerFailed)
        #expect(course(broken, targets: 1) == ("RRR", .retries))
        #expect(course(broken, targets: 2) == ("RRR1RRR", .attempts))
        #expect(course(broken, targets: 3) == ("RRR1RR2", .attempts))
        #expect(course(broken, targets: 5) == ("RRR1234", .attempts))
        #expect(course(broken, targets: 3, policy: RetryPolicy(retries: 1)) == ("R1R2R", .retries))
        #expect(course(broken, targets: 2, policy: RetryPolicy(maxAttempts: 20)) == ("RRR1RRR", .retries))
        #expect(course(broken, targets: 2, policy: RetryPolicy(retries: 0)) == ("1", .retries))
        #expect(course(broken, targets: 9, policy: RetryPolicy(maxAttempts: 1)) == ("", .attempts))
        #expect(course(broken, targets: 0) == ("RRR", .retries))
    }

    @Test("a target may have a policy of its own, but for the attempts in all")
    func own() {
        let broken = failure(.providerFailed)
        let once = RetryPolicy(retries: 0)
        #expect(course(broken, targets: 3, own: [1: once]) == ("RRR12RR", .attempts))
        #expect(course(broken, targets: 2, policy: once, own: [1: RetryPolicy(retries: 2)]) == ("1RR", .retries))
        let few = RetryPolicy(retries: 3, maxAttempts: 3)
        #expect(course(broken, targets: 2, policy: few, own: [1: RetryPolicy(maxAttempts: 90)]) == ("R1", .attempts))
    }

    @Test("what this target cannot do is not tried twice, and the caller's fault not at all") func classes() {
        #expect(course(failure(.modelUnavailable), targets: 3) == ("12", .error))
        #expect(course(failure(.providerRejectedKey), targets: 1) == ("", .error))
        #expect(course(failure(.invalidJSON), targets: 3) == ("", .error))
        #expect(course(failure(.cancelled), targets: 3) == ("", .error))
        #expect(course(failure(.providerRefused), targets: 3) == ("", .error), "a refusal is not routed around")
        // The last one may be gone in a moment; while others are left they are faster.
        #expect(course(failure(.providerUnreachable), targets: 3) == ("12RRR", .retries))
        // Our own full queue is told at once.
        #expect(course(failure(.overloaded, retryAfter: .seconds(1)), targets: 1) == ("", .error))
        let policy = RetryPolicy(reasons: [.providerRefused: .next])
        #expect(course(failure(.providerRefused), targets: 3, policy: policy) == ("12", .error))
    }

    @Test("what does not fit goes to a larger window, once, and nowhere else") func largerWindow() {
        let tooLong = failure(.contextLengthExceeded)
        #expect(course(tooLong, targets: 4, hasLargerWindow: { $0 == 2 }) == ("2", .error))
        #expect(course(tooLong, targets: 4, hasLargerWindow: { $0 >= 2 }) == ("23", .error))
        #expect(course(tooLong, targets: 4) == ("", .error))
        #expect(course(tooLong, targets: 1, hasLargerWindow: { _ in true }) == ("", .error))
    }

    @Test("a window that is too small is the reason, also when attempts or time are over") func noLargerWindow() {
        let tooLong = failure(.contextLengthExceeded)
        let one = RetryPolicy(maxAttempts: 1)
        #expect(course(tooLong, targets: 1, policy: one) == ("", .error))
        #expect(course(tooLong, targets: 3, policy: one) == ("", .error))
        #expect(course(tooLong, targets: 1, deadline: at(0.1)) == ("", .error))
        #expect(course(tooLong, targets: 3, policy: one, hasLargerWindow: { $0 == 2 }) == ("", .attempts))
    }

    @Test("no retry meets the rest of our own circuit: the next one is asked, and the last waits for it")
    func resting() {
        func decide(
            _ failure: AttemptFailure, targets: Int, rest: Duration?, deadline: Instant? = nil
        ) -> (decision: RetryDecision, asked: Bool) {
            var schedule = RetrySchedule(targets: targets, deadline: deadline)
            var generator = SeededGenerator(seed: 5)
            var wasAsked = false
            let decision = schedule.decide(
                after: failure, now: start, using: &generator,
                affords: {
                    wasAsked = true
                    return true
                }, resting: { rest })
            return (decision, wasAsked)
        }
        let limited = failure(.providerRateLimited)
        #expect(decide(limited, targets: 2, rest: .seconds(1)) == (.next(target: 1), false))
        #expect(decide(failure(.providerFailed), targets: 2, rest: .seconds(30)) == (.next(target: 1), false))
        #expect(decide(limited, targets: 1, rest: .seconds(21)) == (.giveUp(.wait), false))
        #expect(decide(limited, targets: 1, rest: .seconds(3), deadline: at(3)) == (.giveUp(.time), false))
        for (rest, asked) in [(1, nil), (5, nil), (nil, 2), (2, 2), (2, 3), (5, 2)] as [(Int?, Int?)] {
            let failure = failure(.providerRateLimited, retryAfter: asked.map { .seconds($0) })
            let (decision, _) = decide(failure, targets: 1, rest: rest.map { .seconds($0) })
            let least = Duration.seconds(max(rest ?? 0, asked ?? 0))
            guard case .retry(let retry) = decision else {
                Issue.record("\(decision)")
                continue
            }
            #expect(retry.delay >= least && retry.delay <= least + .seconds(1))
        }
        // What the provider has named is what the circuit rests for.
        let named = decide(failure(.providerRateLimited, retryAfter: .seconds(2)), targets: 2, rest: .seconds(2))
        guard case .retry = named.decision else { return #expect(Bool(false), "\(named)") }
    }

    @Test("calls with several keys of a provider are attempts, and each target that is left keeps one")
    func severalKeys() {
        var generator = SeededGenerator(seed: 5)
        var schedule = RetrySchedule(RetryPolicy(maxAttempts: 5), targets: 3, deadline: nil)
        #expect(schedule.callsLeft == 3)
        var failure = failure(.providerRateLimited, retryAfter: .seconds(1))
        failure.sent = 3
        #expect(schedule.decide(after: failure, now: start, using: &generator) == .next(target: 1))
        #expect(schedule.attempts == 3 && schedule.callsLeft == 1)
    }

    @Test("nothing follows a part of an answer that has been shown", arguments: ErrorCode.all)
    func visible(_ code: ErrorCode) {
        var shown = failure(code)
        shown.isVisible = true
        #expect(course(shown, targets: 3, hasLargerWindow: { _ in true }) == ("", .visible))
    }

    @Test("a target that is silent is asked once, whatever the configuration says of time limits") func silent() {
        var silent = failure(.providerTimeout)
        silent.isSilent = true
        #expect(course(silent, targets: 3) == ("12", .silent))
        #expect(course(silent, targets: 1) == ("", .silent))
        let policy = RetryPolicy(reasons: [.providerTimeout: .retry])
        #expect(course(silent, targets: 2, policy: policy) == ("1", .silent))
        // A 504 is a word from the provider.
        #expect(course(failure(.providerTimeout), targets: 1) == ("RRR", .retries))
    }

    @Test("what was refused before it was sent moves on at once, or waits as the last, and is no attempt")
    func refused() {
        #expect(course(failure(.providerRateLimited, retryAfter: .seconds(2), sent: false), targets: 2).steps == "1RRR")
        let wait = failure(.providerRateLimited, retryAfter: .seconds(2), sent: false)
        let policy = RetryPolicy(maxAttempts: 1)
        #expect(course(wait, targets: 1, policy: policy) == ("RRR", .retries))
        // It does not cost the provider anything, so it takes nothing from its budget.
        #expect(course(wait, targets: 1, affords: { false }) == ("RRR", .retries))
        // An open breaker has nothing to wait for.
        #expect(course(failure(.modelUnavailable, retryAfter: .seconds(2), sent: false), targets: 1) == ("", .error))
    }

    static let asked: [(seconds: Double, targets: Int, steps: String, reason: RetryDecision.Reason)] = [
        (2, 1, "RRR", .retries), (20, 1, "RRR", .retries), (20.001, 1, "", .wait), (20.001, 3, "12", .wait),
        (3600, 2, "1", .wait), (1e9, 2, "1", .wait), (-5, 1, "RRR", .retries),
    ]

    @Test("a provider's word is waited for, and a long one moves on", arguments: asked)
    func retryAfter(_ row: (seconds: Double, targets: Int, steps: String, reason: RetryDecision.Reason)) {
        let limited = failure(.providerRateLimited, retryAfter: .nanoseconds(Int64(row.seconds * 1e9)))
        #expect(course(limited, targets: row.targets) == (row.steps, row.reason))
    }

    @Test("no retry is earlier than the provider says, and none later than that and the whole delay") func floor() {
        for seed in 0..<2_000 {
            var generator = SeededGenerator(seed: UInt64(seed))
            var schedule = RetrySchedule(targets: 1, deadline: nil)
            for whole: Int64 in [1, 2, 4] {
                let limited = failure(.providerRateLimited, retryAfter: .seconds(2))
                guard case .retry(let retry) = schedule.decide(after: limited, now: start, using: &generator) else {
                    Issue.record("no retry")
                    return
                }
                #expect(retry.delay >= .seconds(2) && retry.delay <= .seconds(2 + whole))
            }
        }
    }

    @Test("no attempt begins with less than its minimum left, and no wait reaches past that") func deadline() {
        let policy = RetryPolicy(retries: 50, maxAttempts: 100)
        for seed in 0..<200 {
            var generator = SeededGenerator(seed: UInt64(seed))
            var schedule = RetrySchedule(policy, targets: 1, deadline: at(30), minimum: .seconds(5))
            var now = start
            while case .retry(let retry) = schedule.decide(
                after: failure(.providerFailed), now: now, using: &generator)
            {
                now = now.advanced(by: retry.delay).advanced(by: .milliseconds(700))
                #expect(now <= at(25.7))
            }
            #expect(now > at(25) || schedule.retriesOnTarget == 50)
        }
        #expect(course(failure(.providerFailed), targets: 3, deadline: at(0.199)) == ("", .time))
        #expect(course(failure(.providerFailed), targets: 3, deadline: at(-1)) == ("", .time))
        // Waiting would take the time, the next target does not.
        let limited = failure(.providerRateLimited, retryAfter: .seconds(10))
        #expect(course(limited, targets: 2, deadline: at(8)) == ("1", .time))
        #expect(course(limited, targets: 2, deadline: at(10.2)).steps.first == "R")
    }

    @Test("without a retry left in the budget the next target is asked, and the last one gives up") func budget() {
        var asked = 0
        let none = {
            asked += 1
            return false
        }
        #expect(course(failure(.providerFailed), targets: 3, affords: none) == ("12", .budget))
        #expect(asked == 3)
        // Nothing is taken for what is no retry.
        _ = course(failure(.modelUnavailable), targets: 3, affords: none)
        _ = course(failure(.providerFailed), targets: 3, policy: RetryPolicy(retries: 0), affords: none)
        _ = course(failure(.providerRateLimited, retryAfter: .seconds(60)), targets: 3, affords: none)
        #expect(asked == 3)
    }

    @Test("events and status tell which retry it is, of how many, and when") func events() {
        #expect(RetryDecision.Retry(attempt: 1, max: 3, delay: .milliseconds(812)).status == "Retry 1/3 in 812ms...")
        #expect(RetryDecision.Retry(attempt: 2, max: 3, delay: .nanoseconds(1)).status == "Retry 2/3 in 1ms...")
        #expect(RetryDecision.Retry(attempt: 3, max: 3, delay: .zero).status == "Retry 3/3 in 0ms...")
        #expect(RetryDecision.Retry(attempt: 1, max: 1, delay: .seconds(Int64.max)).status.hasSuffix("ms..."))
        var generator = SeededGenerator(seed: 1)
        var schedule = RetrySchedule(RetryPolicy(maxAttempts: 3), targets: 1, deadline: nil)
        var told: [String] = []
        while case .retry(let retry) = schedule.decide(
            after: failure(.providerFailed), now: start, using: &generator)
        {
            told.append("\(retry.attempt)/\(retry.max)")
        }
        #expect(told == ["1/2", "2/2"])
        #expect(schedule.attempts == 3 && schedule.attemptsOnTarget == 3)
    }

    @Test("a target that was asked beside another one and is spent has had its turn, and its calls count") func beside()
    {
        func steps(_ beside: AttemptFailure.Beside, targets: Int, _ policy: RetryPolicy = RetryPolicy()) -> [Int] {
            var generator = SeededGenerator(seed: 1)
            var schedule = RetrySchedule(policy, targets: targets, deadline: nil)
            var first = failure(.providerTimeout)
            first.beside = beside
            var steps: [Int] = []
            var next = first
            while case .next(let target) = schedule.decide(after: next, now: start, using: &generator) {
                steps.append(target)
                next = failure(.modelUnavailable)
            }
            return steps
        }
        #expect(steps(.init(target: 1, sent: 1, isSpent: true), targets: 3) == [2])
        #expect(steps(.init(target: 1, sent: 1, isSpent: false), targets: 3) == [1, 2])
        #expect(steps(.init(target: 2, sent: 1, isSpent: true), targets: 4) == [1, 3])
        #expect(steps(.init(target: 1, sent: 1, isSpent: true), targets: 2) == [])
        #expect(steps(.init(target: 1, sent: 2, isSpent: false), targets: 4, RetryPolicy(maxAttempts: 4)) == [1])
    }

    @Test("the same seed gives the same delays") func seeded() {
        func delays(_ seed: UInt64) -> [Duration] {
            var generator = SeededGenerator(seed: seed)
            var schedule = RetrySchedule(targets: 1, deadline: nil)
            var delays: [Duration] = []
            while case .retry(let retry) = schedule.decide(
                after: failure(.providerFailed), now: start, using: &generator)
            {
                delays.append(retry.delay)
            }
            return delays
        }
        #expect(delays(5) == delays(5))
        #expect(delays(5) != delays(6) && delays(5).count == 3)
    }
}
