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
            var asked =
                isHedged
                ? await hedged(question, place) : await ask(question, question.targets[place], isLast: isLast)
            guard case .answered(let begun) = asked.outcome else { return asked }
            asked.outcome = await held(begun, question)
            return asked
        }
    }

    /// Asks one target; see ``asking(_:_:attempt:)``.
    func ask(_ question: Question, _ target: Target, isLast: Bool) async -> AskedTarget<BegunAnswer> {
        await asking(target, question.context) { await attempt(question, at: $0, isLast: isLast) }
    }

    /// Asks a target, and another one of the chain while it is silent for longer than it mostly is.
    private func hedged(_ question: Question, _ place: Int) async -> AskedTarget<BegunAnswer> {
        let first = question.targets[place]
        let tries = HedgedTries()
        do throws(CodedError) {
            let begun = try await resilience.hedge(of: first, question.settings.hedge).race(
                from: first,
                to: { question.targets[(place + 1)...].first { $0 != first && isAvailable($0) } },
                discard: { $0.stream.cancel() },
                onEvent: { observer.happened(.hedge($0, $1), context: question.context) }
            ) { target throws(CodedError) in
                let asked = await self.ask(question, target, isLast: false)
                tries.add(target, asked)
                switch asked.outcome {
                case .answered(let begun): return begun
                case .failed(let failure): throw failure.error
                }
            }
            return AskedTarget(outcome: .answered(begun), attempts: tries.attempts)
        } catch {
            // The schedule is about the first target; what the other one said is among the attempts.
            let failure = tries.failure(of: first) ?? AttemptFailure(error)
            return AskedTarget(outcome: .failed(failure), attempts: tries.attempts)
        }
    }

    private func isAvailable(_ target: Target) -> Bool {
        resilience.seats(of: target).contains { resilience.refusal(of: $0) == nil }
    }
}

/// What came of the two sides of a race.
private final class HedgedTries: Sendable {
    private let tries = Mutex<[(target: Target, failure: AttemptFailure?, attempts: [Attempt])]>([])

    func add(_ target: Target, _ asked: AskedTarget<BegunAnswer>) {
        tries.withLock { $0.append((target, asked.outcome.failure, asked.attempts)) }
    }

    var attempts: [Attempt] { tries.withLock { $0.flatMap(\.attempts) } }

    /// `nil` for one that was cancelled, because the other's failure was final.
    func failure(of target: Target) -> AttemptFailure? {
        tries.withLock { tries in
            tries.first { $0.target == target && $0.failure?.error.code != .cancelled }?.failure
        }
    }
}
