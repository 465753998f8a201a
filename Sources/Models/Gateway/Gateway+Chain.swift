internal import Base
internal import Resilience

/// What came of one attempt.
enum AttemptOutcome<Value: Sendable>: Sendable {
    case answered(Value)
    /// Kept elsewhere: an error is larger than all of an answer, and would be copied with each.
    indirect case failed(AttemptFailure)

    var failure: AttemptFailure? { if case .failed(let failure) = self { failure } else { nil } }
}

/// What came of asking a target, with one key of its provider after the other where that could help.
struct AskedTarget<Value: Sendable>: Sendable {
    var outcome: AttemptOutcome<Value>
    var attempts: [Attempt]
}

/// Which target of a chain is asked.
struct Place {
    var index: Int
    /// Whether none comes after it.
    var isLast: Bool
    /// How many calls may go to its provider, with one key after the other.
    var callsLeft: Int
}

/// What follows a failed attempt, with the place of one who is to wait first.
private struct NextStep: ~Copyable {
    let decision: RetryDecision
    let place: RetryPlace?

    init(_ decision: RetryDecision, _ place: consuming RetryPlace?) {
        self.decision = decision
        self.place = place
    }
}

extension Gateway {
    /// Goes along the targets until one answers: the same one again after a delay, the next one, or nobody, as the
    /// schedule says after each failure.
    /// - Parameters:
    ///   - retry: The policy of the first target; how many attempts there may be in all is its word.
    ///   - own: The policy of another one, when its turn comes.
    ///   - ask: Asks a target.
    /// - Throws: the error of the only target; of several the most telling one; the caller's faults at once.
    func along<Value: Sendable>(
        _ targets: [Target], _ retry: RetryPolicy, _ own: (Target) -> RetryPolicy, minimum: Duration,
        _ context: RunContext, _ attempts: inout [Attempt], onStep: OnStep, ask: (Place) async -> AskedTarget<Value>
    ) async throws(CodedError) -> Value {
        guard !targets.isEmpty else { throw FallOver.summary(of: []) }
        var schedule = RetrySchedule(
            retry, targets: targets.count, deadline: context.deadline, minimum: minimum)
        var offered = -1
        while true {
            let place = schedule.target
            try check(context, at: clock.now())
            if offered != place {
                offer(targets[place], &schedule, isFirst: offered < 0, own)
                offered = place
            }
            let asked = await ask(
                Place(index: place, isLast: place == targets.count - 1, callsLeft: schedule.callsLeft))
            attempts += asked.attempts
            switch asked.outcome {
            case .answered(let value): return value
            case .failed(let failure):
                let next = decide(after: failure, &schedule, targets, context)
                try await follow(next, from: targets[place], targets, failure.error, attempts, context, onStep)
            }
        }
    }

    /// A target has its turn.
    @inline(never)
    private func offer(
        _ target: Target, _ schedule: inout RetrySchedule, isFirst: Bool, _ own: (Target) -> RetryPolicy
    ) {
        if !isFirst { schedule.take(own(target)) }
        resilience.record(of: target.provider).budget.offer()
    }

    /// Asks a target with one key of its provider, and with the next one at once when the failure says nothing of that.
    /// - Parameters:
    ///   - calls: No other key is asked once so many calls have gone to the provider.
    ///   - token: Ends it while its task goes on: no other key is then asked.
    ///   - isWhole: Whether an attempt that begins to answer has succeeded; else the caller finds out, and tells.
    func asking<Value: Sendable>(
        _ target: Target, _ context: RunContext, atMost calls: Int = .max, token: CancellationToken? = nil,
        isWhole: Bool = true,
        attempt: (KeyedTarget) async -> AttemptOutcome<Value>
    ) async -> AskedTarget<Value> {
        let seats = resilience.seats(of: target)
        var attempts: [Attempt] = []
        var place = 0
        var sent = 0
        while true {
            let started = clock.now()
            var outcome = await attempt(seats[place])
            let made = Attempt(
                target: target, error: outcome.failure?.error, duration: clock.now().since(started),
                wasSent: outcome.failure?.wasSent ?? true)
            if isWhole || made.error != nil { observer.attemptEnded(made, context: context) }
            attempts.append(made)
            guard var failure = outcome.failure else { return AskedTarget(outcome: outcome, attempts: attempts) }
            sent += failure.sent
            guard failure.isOfKey, place + 1 < seats.count, sent < calls, !Task.isCancelled, token?.isCancelled != true
            else {
                // The last key's word stands for all of them, and its calls are those of all.
                failure.sent = sent
                outcome = .failed(failure)
                return AskedTarget(outcome: outcome, attempts: attempts)
            }
            place += 1
            observer.happened(
                .failedOver(from: seats[place - 1], to: seats[place], after: failure.error.code), context: context)
        }
    }

    /// - Parameter next: Its place among those who wait is held until the wait is over, however it ends.
    @inline(never)
    private func follow(
        _ next: consuming NextStep, from target: Target, _ targets: [Target], _ error: CodedError,
        _ attempts: [Attempt], _ context: RunContext, _ onStep: OnStep
    ) async throws(CodedError) {
        switch next.decision {
        case .next(let place):
            observer.happened(
                .failedOver(from: KeyedTarget(target), to: KeyedTarget(targets[place]), after: error.code),
                context: context)
            try await onStep(.next(targets[place], after: error.code))
        case .retry(let retry):
            observer.happened(.retried(target, after: error.code, delay: retry.delay), context: context)
            try await onStep(.retry(target, retry))
            do throws(CancellationError) {
                try await clock.sleep(until: clock.now().advanced(by: retry.delay))
            } catch {
                throw CodedError(.cancelled, "The request was cancelled.")
            }
        case .giveUp:
            if FallOver.isFinal(error, attempts) { throw error }
            throw FallOver.summary(of: attempts)
        }
    }

    private func check(_ context: RunContext, at now: Instant) throws(CodedError) {
        if Task.isCancelled { throw CodedError(.cancelled, "The request was cancelled.") }
        if let deadline = context.deadline, deadline <= now { throw TimeLimit.deadline.error }
    }

    @inline(never)
    private func decide(
        after failure: AttemptFailure, _ schedule: inout RetrySchedule, _ targets: [Target], _ context: RunContext
    ) -> NextStep {
        let target = targets[schedule.target]
        let record = resilience.record(of: target.provider)
        var place: RetryPlace?
        var generator = resilience.randomness()
        let window = facts(of: target).info?.window
        let decision = schedule.decide(
            after: failure, now: clock.now(), using: &generator, affords: record.budget.spend,
            mayWait: {
                place = record.waiting.enter()
                if place != nil { return true }
                observer.happened(.limited(target, .overloaded), context: context)
                return false
            },
            resting: { resilience.rest(of: target) },
            hasLargerWindow: { place in
                // What is not known may be large enough, and to find out costs little: it is refused at once.
                guard let window, let other = facts(of: targets[place]).info?.window else {
                    return targets[place] != target
                }
                return other > window
            })
        // Who does not wait after all leaves the place to another.
        guard case .retry = decision else { return NextStep(decision, nil) }
        return NextStep(decision, place.take())
    }
}

extension AttemptFailure {
    /// Whether it says nothing of the provider's other keys.
    fileprivate var isOfKey: Bool { error.code == .providerRateLimited || error.code == .providerRejectedKey }
}
