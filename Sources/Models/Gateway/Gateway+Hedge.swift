internal import Base
internal import Resilience
internal import Synchronization

extension Gateway {
    /// The targets in their order, until one of them has begun to answer.
    func firstToAnswer(
        of question: Question, _ attempts: inout [Attempt], onStep: OnStep
    ) async throws(CodedError) -> BegunAnswer {
        try await along(
            question.targets, question.settings.retry, { settings(for: $0, by: question.route).retry },
            minimum: question.settings.timeouts.minimum, question.context, &attempts, onStep: onStep
        ) { place in
            // Tools may change something on the way: such calls are made once.
            let isHedged =
                question.settings.hedge.isEnabled && question.streaming && !place.isLast
                && question.request.tools.isEmpty
                && !question.request.hasForeignTools
            return isHedged
                ? await hedged(question, place)
                : await ask(
                    question, question.targets[place.index], isLast: place.isLast, atMost: place.callsLeft)
        }
    }

    /// Asks one target; see ``asking(_:_:attempt:)``. What is to be held back is a part of the attempt: what breaks by
    /// then has failed.
    @inline(never)
    func ask(
        _ question: Question, _ target: Target, isLast: Bool, atMost calls: Int = .max
    ) async -> AskedTarget<BegunAnswer> {
        await asking(target, question.context, atMost: calls) { seat in
            let outcome = await attempt(question, at: seat, isLast: isLast)
            guard case .answered(let begun) = outcome else { return outcome }
            return await held(begun, question)
        }
    }

    /// Asks a target, and another one of the chain while it is silent for longer than it mostly is.
    @inline(never)
    private func hedged(_ question: Question, _ place: Place) async -> AskedTarget<BegunAnswer> {
        let first = question.targets[place.index]
        let call = HedgedQuestion(self, question, place.index)
        let run = resilience.hedge(of: first, question.settings.hedge).begin(call)
        // Who is first is known with the first piece; holding more of it back waits for the race.
        let asked = await asking(
            first, question.context, atMost: place.callsLeft, token: run.token, isWhole: question.holdsNoMore
        ) {
            await attempt(question, at: $0, isLast: false, token: run.token)
        }
        switch await run.end(asked.outcome.failure?.error) {
        case .won(.primary):
            // As nearly always: nobody else was asked, and nothing more is held back.
            if call.isAlone, question.holdsNoMore { return asked }
            return await won(asked, over: call.asked, call)
        case .won(.hedge):
            // Nobody wins without an answer.
            guard let second = call.asked else { return asked }
            return await won(second, over: asked, call)
        case .failed(let error):
            let second = call.asked
            discard(asked, question)
            if let second { discard(second, question) }
            // The schedule is about the first target; what the other one said is among the attempts. A first one that
            // was stopped has said nothing.
            var failure = AttemptFailure(error)
            if let own = asked.outcome.failure, own.error.code != .cancelled { failure = own }
            if let other = second?.outcome.failure, other.error.code != .cancelled {
                failure = call.both(failure, other)
            }
            return AskedTarget(outcome: .failed(failure), attempts: asked.attempts + (second?.attempts ?? []))
        }
    }

    @inline(never)
    private func won(
        _ winner: AskedTarget<BegunAnswer>, over loser: AskedTarget<BegunAnswer>?, _ call: HedgedQuestion
    ) async -> AskedTarget<BegunAnswer> {
        if let loser { discard(loser, call.question) }
        guard case .answered(let begun) = winner.outcome else { return winner }
        let since = clock.now()
        var outcome = await held(begun, call.question)
        let attempts = (loser?.attempts ?? []) + ended(winner.attempts, outcome.failure, since, call.question)
        if case .answered(var begun) = outcome {
            // What waited in our own queue was never sent.
            begun.lost = loser?.outcome.failure?.wasSent == false ? nil : call.lost
            outcome = .answered(begun)
        }
        return AskedTarget(outcome: outcome, attempts: attempts)
    }

    /// The last of the attempts had begun to answer, and is over with what was to be held back of it: one attempt.
    @inline(never)
    private func ended(
        _ attempts: [Attempt], _ failure: AttemptFailure?, _ since: Instant, _ question: Question
    ) -> [Attempt] {
        guard !question.holdsNoMore, var last = attempts.last else { return attempts }
        if let failure {
            last.error = failure.error
            last.duration += clock.now().since(since)
        }
        observer.attemptEnded(last, context: question.context)
        return attempts.dropLast() + [last]
    }

    /// It came too late, or nobody wants it any more.
    @inline(never)
    private func discard(_ asked: AskedTarget<BegunAnswer>, _ question: Question) {
        guard case .answered(let begun) = asked.outcome else { return }
        _ = ended(asked.attempts, nil, clock.now(), question)
        begun.stream.cancel()
    }
}

extension Question {
    /// Whether an attempt is over with the first piece of its answer.
    fileprivate var holdsNoMore: Bool { settings.hold == .tokens(0) }
}

/// The second side of a question that is hedged.
private final class HedgedQuestion: HedgedCall {
    private struct Second {
        var target: Target?
        /// Its place in the chain.
        var index: Int?
        var asked: AskedTarget<BegunAnswer>?
        var lost: Target?
    }

    private let gateway: Gateway
    let question: Question
    private let place: Int
    private let second = Mutex(Second())

    init(_ gateway: Gateway, _ question: Question, _ place: Int) {
        self.gateway = gateway
        self.question = question
        self.place = place
    }

    /// Whether no second target was ever thought of.
    var isAlone: Bool { second.withLock { $0.target == nil } }
    /// What came of asking the second target; `nil` where it was not asked.
    var asked: AskedTarget<BegunAnswer>? { second.withLock(\.asked) }
    /// Whose call was cancelled, and is to be paid for; `nil` where none was.
    var lost: Target? { second.withLock(\.lost) }

    func chooseSecond() -> Bool {
        let first = question.targets[place]
        let index = question.targets[(place + 1)...].firstIndex {
            $0 != first && gateway.resilience.isAvailable($0)
        }
        second.withLock { second in
            second.index = index
            second.target = index.map { question.targets[$0] }
        }
        return index != nil
    }

    /// What both have said: what ends a request ends it whoever said so, and who was silent is not asked again.
    func both(_ first: AttemptFailure, _ other: AttemptFailure) -> AttemptFailure {
        guard let index = second.withLock(\.index) else { return first }
        let settings = gateway.settings(for: question.targets[index], by: question.route)
        let asks = settings.retry.errorClass(of: other.error.code)
        if asks == .end {
            var end = other
            end.sent += first.sent
            return end
        }
        var failure = first
        failure.beside = AttemptFailure.Beside(
            target: index, sent: other.sent, isSpent: asks != .retry || other.isSilent)
        return failure
    }

    func askSecond() async throws(CodedError) {
        guard let target = second.withLock(\.target) else { return }
        let asked = await gateway.asking(target, question.context, isWhole: question.holdsNoMore) {
            await gateway.attempt(question, at: $0, isLast: false)
        }
        second.withLock { $0.asked = asked }
        if let failure = asked.outcome.failure { throw failure.error }
    }

    func happened(_ event: HedgeEvent, to side: HedgeRace.Side) {
        let first = question.targets[place]
        let target = second.withLock { second in
            let target = side == .primary ? first : second.target ?? first
            if case .lost = event { second.lost = target }
            return target
        }
        gateway.observer.happened(.hedge(target, event), context: question.context)
    }
}
