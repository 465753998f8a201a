internal import Base
internal import Resilience
internal import Synchronization

extension Gateway {
    /// The seats in their order, until one of them has begun to answer.
    func firstToAnswer(
        of question: Question, _ attempts: inout [Attempt], onRetry: OnRetry
    ) async throws(CodedError) -> BegunAnswer {
        try await along(
            question.seats, question.settings, question.context, &attempts, onRetry: onRetry
        ) { place in
            let (seat, outcome) = await ask(question, place)
            guard case .answered(let begun) = outcome else { return (seat, outcome) }
            return (begun.seat, await held(begun, question))
        }
    }

    private func ask(_ question: Question, _ place: Int) async -> (KeyedTarget, AttemptOutcome<BegunAnswer>) {
        let seat = question.seats[place]
        let isLast = place == question.seats.count - 1
        // Tools may change something on the way: such calls are made once.
        guard question.settings.hedge.isEnabled, question.streaming, question.request.tools.isEmpty,
            !question.request.hasForeignTools, !isLast
        else { return (seat, await attempt(question, at: seat, isLast: isLast)) }
        return await hedged(question, place)
    }

    /// Asks a target, and another one of the chain while it is silent for longer than it mostly is.
    private func hedged(_ question: Question, _ place: Int) async -> (KeyedTarget, AttemptOutcome<BegunAnswer>) {
        let first = question.seats[place]
        let failures = FailureList()
        let context = question.context
        do throws(CodedError) {
            let begun = try await resilience.hedge(of: first.target, question.settings.hedge).race(
                from: first,
                to: {
                    question.seats[(place + 1)...].first {
                        $0.target != first.target && resilience.refusal(of: $0) == nil
                    }
                },
                discard: { $0.stream.cancel() },
                onEvent: { observer.happened(.hedge($0.target, $1), context: context) }
            ) { seat throws(CodedError) in
                switch await self.attempt(question, at: seat, isLast: false) {
                case .answered(let begun): return begun
                case .failed(let failure):
                    failures.add(seat, failure)
                    throw failure.error
                }
            }
            for (seat, failure) in failures.all { tell(seat, failure, context) }
            return (begun.seat, .answered(begun))
        } catch {
            // Of two failures the race has told the more telling one; the other is told here.
            guard let told = failures.all.firstIndex(where: { $0.failure.error == error }) else {
                return (first, .failed(AttemptFailure(error)))
            }
            for (index, (seat, failure)) in failures.all.enumerated() where index != told {
                tell(seat, failure, context)
            }
            return (failures.all[told].seat, .failed(failures.all[told].failure))
        }
    }

    private func tell(_ seat: KeyedTarget, _ failure: AttemptFailure, _ context: RunContext) {
        // What was cancelled has lost, which has been told.
        if failure.error.code == .cancelled { return }
        observer.attemptEnded(
            Attempt(target: seat.target, error: failure.error, duration: .zero), context: context)
    }
}

/// What came of the two calls of a race.
private final class FailureList: Sendable {
    private let list = Mutex<[(seat: KeyedTarget, failure: AttemptFailure)]>([])

    var all: [(seat: KeyedTarget, failure: AttemptFailure)] { list.withLock { $0 } }

    func add(_ seat: KeyedTarget, _ failure: AttemptFailure) { list.withLock { $0.append((seat, failure)) } }
}
