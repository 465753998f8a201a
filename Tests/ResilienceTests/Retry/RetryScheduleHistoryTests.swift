import Base
import Resilience
import Testing

/// Schedules against rules that are read off the record of a whole request, without counters of their own.
@Suite("Retry schedules against their rules") struct RetryScheduleHistoryTests {
    private struct Step {
        var target: Int
        var failure: AttemptFailure
        var decision: RetryDecision
    }

    private struct Case {
        var generator: SeededGenerator
        var policy: RetryPolicy
        var windows: [Int]
        var deadline: Instant?
        var minimum: Duration
        var now = Instant(nanoseconds: 9_000_000_000_000)

        init(seed: UInt64) {
            var generator = SeededGenerator(seed: seed)
            func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
            let initial = pick(1...3000)
            policy = RetryPolicy(
                retries: pick(0...4), maxAttempts: pick(1...9), factor: Double(pick(10...40)) / 10,
                initialDelay: .milliseconds(initial), maxDelay: .milliseconds(initial + pick(0...20_000)),
                reasons: pick(0...3) == 0 ? [.providerRefused: .next, .providerTimeout: .retry] : [:])
            windows = (0..<pick(1...5)).map { _ in pick(1...4) }
            deadline = pick(0...2) == 0 ? nil : now.advanced(by: .milliseconds(pick(0...60_000)))
            minimum = .milliseconds(pick(0...2000))
            self.generator = generator
        }

        mutating func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

        mutating func failure() -> AttemptFailure {
            let likely: [ErrorCode] = [.providerFailed, .providerRateLimited, .providerUnreachable, .providerTimeout]
            let code =
                pick(0...4) == 0 ? ErrorCode.all[pick(0...ErrorCode.all.count - 1)] : likely[pick(0...likely.count - 1)]
            let asked: Duration? = pick(0...2) > 0 ? nil : .milliseconds(pick(-1000...25_000))
            var failure = AttemptFailure(
                CodedError(code, "", retryAfter: asked), wasSent: pick(0...5) > 0, isVisible: pick(0...30) == 0,
                isSilent: code == .providerTimeout && pick(0...1) == 0)
            // With several keys.
            if failure.wasSent, pick(0...5) == 0 { failure.sent = pick(1...3) }
            return failure
        }
    }

    /// What the record says that nothing may be tried after; `nil` where something may.
    private func end(
        _ test: Case, _ record: [Step], _ target: Int, _ failure: AttemptFailure
    ) -> RetryDecision.Reason? {
        let sent = record.reduce(failure.sent) { $0 + $1.failure.sent }
        let errorClass = test.policy.errorClass(of: failure.error.code)
        if failure.isVisible { return .visible }
        if errorClass == .end || errorClass == .larger && larger(test, target) == nil { return .error }
        if sent >= test.policy.maxAttempts { return .attempts }
        return left(test) < .zero ? .time : nil
    }

    private func larger(_ test: Case, _ target: Int) -> Int? {
        test.windows.indices.first { $0 > target && test.windows[$0] > test.windows[target] }
    }

    private func left(_ test: Case) -> Duration {
        test.deadline.map { $0.since(test.now) - test.minimum } ?? .seconds(86_400)
    }

    /// Whether the same target may be asked again after the last failure of `record`, leaving the budget aside.
    /// - Parameter rest: For how long our own circuit keeps calls from it.
    private func mayRetry(
        _ test: Case, _ record: [Step], _ target: Int, _ failure: AttemptFailure, _ rest: Duration
    ) -> Bool {
        let here = record.filter { $0.target == target }
        let code = failure.error.code
        let left = test.windows.count - 1 - target
        let isLast = left == 0
        let sent = record.reduce(failure.sent) { $0 + $1.failure.sent }
        let asked = max(.zero, failure.error.retryAfter ?? .zero)
        if rest > asked + .milliseconds(1), !isLast { return false }
        let wait = max(asked, rest)
        let mayHelp: Bool =
            switch test.policy.errorClass(of: code) {
            case .retry: failure.wasSent || isLast
            case .next: isLast && code.retryable && code.fault == .provider
            case .larger, .end: false
            }
        return mayHelp && !failure.isSilent && here.count < test.policy.retries && wait <= test.policy.maxDelay
            && wait <= self.left(test) && sent + left < test.policy.maxAttempts
    }

    /// What is wrong with a decision.
    private func complaint(
        _ test: Case, _ record: [Step], _ target: Int, _ failure: AttemptFailure, _ rest: Duration, _ hasRoom: Bool,
        _ affords: Bool, _ wasAsked: Bool, _ decision: RetryDecision
    ) -> String? {
        let wasSentHere = failure.wasSent || record.contains { $0.target == target && $0.failure.wasSent }
        let errorClass = test.policy.errorClass(of: failure.error.code)
        let end = end(test, record, target, failure)
        let isOver = end != nil
        let mayRetry = mayRetry(test, record, target, failure, rest) && hasRoom
        if wasAsked != (!isOver && mayRetry && wasSentHere) { return "budget" }
        switch decision {
        case .giveUp(let reason):
            if isOver { return reason == end ? nil : "reason" }
            if errorClass == .larger { return "gave up before a larger window" }
            if target < test.windows.count - 1 { return "gave up before the chain's end" }
            return mayRetry && (affords || !wasSentHere) ? "gave up a retry" : nil
        case .next(let next):
            if isOver { return "went on" }
            if errorClass == .larger { return next == larger(test, target) ? nil : "window" }
            if next != target + 1 { return "order" }
            return mayRetry && (affords || !wasSentHere) ? "left too early" : nil
        case .retry(let retry):
            if isOver || !mayRetry || wasSentHere && !affords { return "retried" }
            let number = record.count { $0.target == target } + 1
            let asked = max(.zero, failure.error.retryAfter ?? .zero)
            let wait = rest > asked + .milliseconds(1) ? rest : asked
            var whole = test.policy.initialDelay.seconds
            for _ in 1..<number { whole *= test.policy.factor }
            let latest = wait.seconds + min(whole, test.policy.maxDelay.seconds) + 1e-6
            if retry.attempt != number || retry.max > test.policy.retries || retry.max < number { return "numbers" }
            if retry.delay < wait || retry.delay.seconds > latest || retry.delay > left(test) { return "delay" }
            return nil
        }
    }

    @Test("20,000 random requests keep to the rules, and meet every decision and reason")
    func histories() {
        var seen: Set<String> = []
        for seed: UInt64 in 0..<20_000 {
            var test = Case(seed: seed)
            var schedule = RetrySchedule(
                test.policy, targets: test.windows.count, deadline: test.deadline, minimum: test.minimum)
            var record: [Step] = []
            var isDone = false
            while !isDone {
                test.now = test.now.advanced(by: .milliseconds(test.pick(0...1500)))
                let target = schedule.target
                let failure = test.failure()
                let affords = test.pick(0...6) > 0
                let hasRoom = test.pick(0...9) > 0
                let rest = Duration.milliseconds(test.pick(0...2) > 0 ? 0 : test.pick(0...25_000))
                var wasAsked = false
                let decision = schedule.decide(
                    after: failure, now: test.now, using: &test.generator,
                    affords: {
                        wasAsked = true
                        return affords
                    }, mayWait: { hasRoom }, resting: { rest > .zero ? rest : nil },
                    hasLargerWindow: { [windows = test.windows] in windows[$0] > windows[target] })
                if let complaint = complaint(test, record, target, failure, rest, hasRoom, affords, wasAsked, decision)
                {
                    Issue.record("seed \(seed), step \(record.count): \(complaint), \(decision) after \(failure)")
                    return
                }
                record.append(Step(target: target, failure: failure, decision: decision))
                switch decision {
                case .retry(let retry):
                    test.now = test.now.advanced(by: retry.delay)
                    seen.insert("retry")
                case .next: seen.insert("next")
                case .giveUp(let reason):
                    seen.insert(reason.rawValue)
                    isDone = true
                }
                #expect(record.count <= test.windows.count * (test.policy.retries + 1))
            }
        }
        #expect(seen == Set(RetryDecision.Reason.allCases.map(\.rawValue)).union(["retry", "next"]))
    }
}
