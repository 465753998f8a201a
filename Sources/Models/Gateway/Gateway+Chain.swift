internal import Base
internal import Resilience

/// What came of one attempt.
enum AttemptOutcome<Value: Sendable>: Sendable {
    case answered(Value)
    case failed(AttemptFailure)
}

extension Gateway {
    /// Goes along the seats until one answers: the same one again after a delay, the next one, or nobody, as the
    /// schedule says after each failure.
    /// - Parameter ask: One attempt at the seat of this place.
    /// - Throws: the error of the only target; of several the most telling one; the caller's faults at once.
    func along<Value: Sendable>(
        _ seats: [KeyedTarget], _ settings: ResilienceSettings, _ context: RunContext, _ attempts: inout [Attempt],
        onRetry: OnRetry, ask: (Int) async -> (KeyedTarget, AttemptOutcome<Value>)
    ) async throws(CodedError) -> Value {
        guard !seats.isEmpty else { throw FallOver.summary(of: []) }
        var schedule = RetrySchedule(
            settings.retry, targets: seats.count, deadline: context.deadline, minimum: settings.timeouts.minimum)
        while true {
            let place = schedule.target
            let started = clock.now()
            try check(context, at: started)
            if schedule.attemptsOnTarget == 0 {
                resilience.record(of: seats[place].target.provider).budget.offer()
            }
            let (seat, outcome) = await ask(place)
            let failure: AttemptFailure?
            switch outcome {
            case .answered: failure = nil
            case .failed(let found): failure = found
            }
            let attempt = Attempt(target: seat.target, error: failure?.error, duration: clock.now().since(started))
            observer.attemptEnded(attempt, context: context)
            attempts.append(attempt)
            if case .answered(let value) = outcome { return value }
            guard let failure else { continue }
            let decision = decide(after: failure, &schedule, seats)
            try await follow(decision, from: seats[place], seats, failure.error, attempts, context, onRetry)
        }
    }

    private func follow(
        _ decision: RetryDecision, from seat: KeyedTarget, _ seats: [KeyedTarget], _ error: CodedError,
        _ attempts: [Attempt], _ context: RunContext, _ onRetry: OnRetry
    ) async throws(CodedError) {
        switch decision {
        case .next(let place):
            observer.happened(.failedOver(from: seat, to: seats[place], after: error.code), context: context)
        case .retry(let retry):
            observer.happened(.retried(seat.target, after: error.code, delay: retry.delay), context: context)
            try await onRetry(seat.target, retry)
            do throws(CancellationError) {
                try await clock.sleep(until: clock.now().advanced(by: retry.delay))
            } catch {
                throw CodedError(.cancelled, "The request was cancelled.")
            }
        case .giveUp(let reason):
            // The caller's own fault is told as it is, whatever was tried before.
            if reason == .error, !FallOver.isWorthwhile(after: error) { throw error }
            throw FallOver.summary(of: attempts)
        }
    }

    private func check(_ context: RunContext, at now: Instant) throws(CodedError) {
        if Task.isCancelled { throw CodedError(.cancelled, "The request was cancelled.") }
        if let deadline = context.deadline, deadline <= now {
            throw CodedError(.deadlineExceeded, "The time for this request is over.")
        }
    }

    private func decide(
        after failure: AttemptFailure, _ schedule: inout RetrySchedule, _ seats: [KeyedTarget]
    ) -> RetryDecision {
        let target = seats[schedule.target].target
        let budget = resilience.record(of: target.provider).budget
        var generator = resilience.randomness()
        let window = catalogue.info(of: target)?.window
        return schedule.decide(
            after: failure, now: clock.now(), using: &generator, affords: budget.spend,
            hasLargerWindow: { place in
                guard let window, let other = catalogue.info(of: seats[place].target)?.window else { return false }
                return other > window
            })
    }
}
