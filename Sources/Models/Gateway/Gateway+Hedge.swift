internal import Base
internal import Resilience
internal import Synchronization

extension Gateway {
    /// The targets in their order, until one of them has begun to answer.
    func firstToAnswer(
        of question: Question, _ attempts: inout [Attempt], onRetry: OnRetry
    ) async throws(CodedError) -> BegunAnswer {
        try await along(
            question.targets, question.settings, question.context, &attempts, onRetry: onRetry
        ) { place, isLast in
            // Tools may change something on the way: such calls are made once.
            let isHedged =
                question.settings.hedge.isEnabled && question.streaming && !isLast && question.request.tools.isEmpty
                && !question.request.hasForeignTools
            return isHedged
                ? await hedged(question, place)
                : await ask(question, question.targets[place], isLast: isLast)
        }
    }

    /// Asks one target; see ``asking(_:_:attempt:)``. What is to be held back is a part of the attempt: what breaks by
    /// then has failed.
    func ask(_ question: Question, _ target: Target, isLast: Bool) async -> AskedTarget<BegunAnswer> {
        await asking(target, question.context) { seat in
            let outcome = await attempt(question, at: seat, isLast: isLast)
            guard case .answered(let begun) = outcome else { return outcome }
            return await held(begun, question)
        }
    }

    /// Asks a target, and another one of the chain while it is silent for longer than it mostly is.
    private func hedged(_ question: Question, _ place: Int) async -> AskedTarget<BegunAnswer> {
        let first = question.targets[place]
        let tries = HedgedTries()
        do throws(CodedError) {
            let begun = try await resilience.hedge(of: first, question.settings.hedge).race(
                from: first,
                to: { question.targets[(place + 1)...].first { $0 != first && self.resilience.isAvailable($0) } },
                discard: { $0.stream.cancel() },
                onEvent: { self.observer.happened(.hedge($0, $1), context: question.context) }
            ) { target, token throws(CodedError) in
                // Who is first is known with the first piece; holding more of it back waits for the race.
                let asked = await self.asking(target, question.context, token: token) {
                    await self.attempt(question, at: $0, isLast: false, token: token)
                }
                tries.add(target, asked)
                switch asked.outcome {
                case .answered(let begun): return begun
                case .failed(let failure): throw failure.error
                }
            }
            let outcome = await held(begun, question)
            let made = tries.attempts(endingWith: begun.seat.target)
            guard let failure = outcome.failure else { return AskedTarget(outcome: outcome, attempts: made) }
            let broken = Attempt(target: begun.seat.target, error: failure.error, duration: .zero)
            observer.attemptEnded(broken, context: question.context)
            return AskedTarget(outcome: outcome, attempts: made + [broken])
        } catch {
            // The schedule is about the first target; what the other one said is among the attempts.
            let failure = tries.failure(of: first) ?? AttemptFailure(error)
            return AskedTarget(outcome: .failed(failure), attempts: tries.attempts(endingWith: nil))
        }
    }
}

/// What came of the two sides of a race.
private final class HedgedTries: Sendable {
    private let tries = Mutex<[(target: Target, failure: AttemptFailure?, attempts: [Attempt])]>([])

    func add(_ target: Target, _ asked: AskedTarget<BegunAnswer>) {
        tries.withLock { $0.append((target, asked.outcome.failure, asked.attempts)) }
    }

    /// In the order of their ends, but for those of the winner, whose side ends first.
    func attempts(endingWith winner: Target?) -> [Attempt] {
        tries.withLock { tries in
            if tries.count == 1 { return tries[0].attempts }
            return tries.filter { $0.target != winner }.flatMap(\.attempts)
                + tries.filter { $0.target == winner }.flatMap(\.attempts)
        }
    }

    /// `nil` for one that was cancelled, because the other's failure was final.
    func failure(of target: Target) -> AttemptFailure? {
        tries.withLock { tries in
            tries.first { $0.target == target && $0.failure?.error.code != .cancelled }?.failure
        }
    }
}
