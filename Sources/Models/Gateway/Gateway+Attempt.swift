internal import Base
internal import Resilience

/// An answer whose first piece is there, which nobody has chosen yet.
struct BegunAnswer: Sendable {
    let seat: KeyedTarget
    /// What the caller reads.
    let stream: any ModelStream
    let observed: ObservedStream
    /// Who was asked in vain at the same time.
    var lost: Target?
}

// What works for a moment is kept out of line: inlined, its temporaries would lie in the frames that a call holds while
// it waits for a provider.
extension Gateway {
    /// Asks one target with one key, unless it is known to be unable, its circuit is open, or too many ask already.
    /// Circuit and limits hear how it ends: of an answer that begins, when that is over.
    /// - Parameter token: Ends the attempt while its task goes on.
    @inline(never)
    func attempt(
        _ question: Question, at seat: KeyedTarget, isLast: Bool, token: CancellationToken? = nil
    ) async -> AttemptOutcome<BegunAnswer> {
        guard let model = models[seat.target.provider] else {
            let error = CodedError(
                .modelUnavailable, "The provider '\(seat.target.provider)' is not configured.")
            return .failed(AttemptFailure(error, wasSent: false))
        }
        let facts = facts(of: seat.target)
        let timeouts = resilience.timeouts(of: seat.target.provider)
        let rights: CallRights
        do throws(CodedError) {
            try check(question, fits: seat.target, facts)
            rights = try await enter(
                seat, question.context, minimum: question.route.timeouts.minimum, question.chosen, token: token)
        } catch {
            return .failed(AttemptFailure(error, wasSent: false))
        }
        // Before its times are settled, and measured: what waits here is not the provider.
        if clock.isCrowded { await clock.giveWay() }
        let call = call(question, seat, timeouts, facts, isLast: isLast)
        return await begin(question, call, at: seat, model, rights, token)
    }

    @inline(never)
    private func begin(
        _ question: Question, _ call: ModelCall, at seat: KeyedTarget, _ model: any ChatModel,
        _ rights: consuming CallRights, _ token: CancellationToken?
    ) async -> AttemptOutcome<BegunAnswer> {
        let started = clock.now()
        // All that is needed of the call afterwards; a copy of it would lie in the frame.
        let hasFairTime = call.hasFairTime
        var rights: CallRights? = rights
        do throws(CodedError) {
            let stream =
                if let token {
                    try await model.start(call, context: question.context, token: token)
                } else {
                    try await model.start(call, context: question.context)
                }
            if let count = stream.rateCount { resilience.note(count, of: seat) }
            let observed = observed(stream, question, seat, rights.take(), started)
            guard question.streaming else {
                return .answered(BegunAnswer(seat: seat, stream: observed, observed: observed))
            }
            do throws(CodedError) {
                let held = try await HeldStream.held(observed, .tokens(0), token: token)
                return .answered(BegunAnswer(seat: seat, stream: held, observed: observed))
            } catch {
                restarted(from: seat.target, error, question.context)
                throw error
            }
        } catch {
            return failed(error, question, at: seat, rights.take(), hasFairTime: hasFairTime)
        }
    }

    @inline(never)
    private func failed(
        _ error: CodedError, _ question: Question, at seat: KeyedTarget, _ rights: consuming CallRights?,
        hasFairTime: Bool
    ) -> AttemptOutcome<BegunAnswer> {
        let failure = failure(error, at: seat, question.context)
        let end = failure.isSilent && !hasFairTime ? CallEnd.neutral : CallEnd(attempt: error)
        rights.take()?.end(end, isWhole: !question.streaming)
        return .failed(failure)
    }

    @inline(never)
    private func observed(
        _ stream: any ModelStream, _ question: Question, _ seat: KeyedTarget, _ rights: consuming CallRights?,
        _ started: Instant
    ) -> ObservedStream {
        let report = AnswerReport(
            target: seat.target, requestedModel: question.request.model, streaming: question.streaming, usage: nil,
            finishReason: nil, error: nil, duration: .zero, timeToFirstEvent: .zero, events: 0)
        return ObservedStream(
            stream, rights: rights, report: report, started: started, context: question.context, observer: observer,
            clock: clock)
    }

    /// More of the answer is held back than its first piece.
    func held(_ begun: BegunAnswer, _ question: Question) async -> AttemptOutcome<BegunAnswer> {
        guard question.streaming, question.settings.hold != .tokens(0) else { return .answered(begun) }
        do throws(CodedError) {
            let stream = try await HeldStream.held(begun.stream, question.settings.hold)
            return .answered(BegunAnswer(seat: begun.seat, stream: stream, observed: begun.observed))
        } catch {
            restarted(from: begun.seat.target, error, question.context)
            return .failed(failure(error, at: begun.seat, question.context))
        }
    }

    /// Who was cancelled did not break: another one has won, or nobody asks any more.
    @inline(never)
    private func restarted(from target: Target, _ error: CodedError, _ context: RunContext) {
        if error.code == .cancelled { return }
        observer.happened(.restarted(from: target, after: error.code), context: context)
    }

    @inline(never)
    private func call(
        _ question: Question, _ seat: KeyedTarget, _ timeouts: Timeouts?, _ facts: TargetFacts, isLast: Bool
    ) -> ModelCall {
        var call = ModelCall(
            question.shared, model: seat.target.model, streaming: question.streaming, entry: facts.shared)
        if let known = timeouts.map({ question.route.timeouts.applied(to: $0) }) {
            let isWhole = !question.streaming
            let limits = known.within(question.context, at: clock.now(), isWhole: isWhole, isLast: isLast)
            call.hasFairTime = limits.areFair(of: known, isWhole: isWhole)
            call.timeouts = limits
        }
        call.isLast = isLast
        call.key = seat.key
        return call
    }

    /// Goes the way of a call to this target, whose order is that of ``Pipeline``.
    func enter(
        _ seat: KeyedTarget, _ context: RunContext, minimum: Duration?, _ chosen: ChosenCall? = nil,
        token: CancellationToken? = nil
    ) async throws(CodedError) -> CallRights {
        do throws(Pipeline.Refusal) {
            return try await resilience.pipeline(to: seat, minimum: minimum).enter(
                priority: context.priority, deadline: context.deadline, now: clock.now(),
                chosen: chosen?.take(for: seat.target), token: token)
        } catch {
            throw refused(error, seat, context)
        }
    }

    @inline(never)
    private func refused(_ refusal: Pipeline.Refusal, _ seat: KeyedTarget, _ context: RunContext) -> CodedError {
        switch refusal {
        case .late: return TimeLimit.deadline.error
        case .circuit(let refusal): return refusal.error(of: seat.target.name)
        case .limits(let error):
            // Who hung up while waiting was not refused.
            if error.code != .cancelled { observer.happened(.limited(seat.target, error.code), context: context) }
            return error
        }
    }

    @inline(never)
    func failure(_ error: CodedError, at seat: KeyedTarget, _ context: RunContext) -> AttemptFailure {
        if let limit = TimeLimit(error) { observer.happened(.timedOut(seat.target, limit), context: context) }
        if error.code == .providerRateLimited { resilience.record(of: seat.target.provider).keys?.limit(seat.key) }
        return AttemptFailure(error, isSilent: error.code == .providerTimeout && error.providerStatus == nil)
    }

    /// A prompt that is far too long goes to one who can take it, without being refused first. Who is to judge where
    /// nobody can is the provider.
    private func check(
        _ question: Question, fitsWindowOf target: Target, _ facts: TargetFacts
    ) throws(CodedError) {
        guard question.leastTokens > 0, question.route.window == nil, let window = facts.info?.window,
            question.leastTokens > window,
            question.targets.contains(where: { self.facts(of: $0).info.map { $0.window > window } ?? false })
        else { return }
        throw CodedError(
            .contextLengthExceeded, "The conversation does not fit into the window of \(target.name). Shorten it.",
            param: "messages")
    }

    /// What is known to be impossible is not sent.
    @inline(never)
    private func check(_ question: Question, fits target: Target, _ facts: TargetFacts) throws(CodedError) {
        if let entry = facts.entry { try question.shared.value.check(against: entry, target) }
        try check(question, fitsWindowOf: target, facts)
        guard let wanted = question.shared.value.maxTokens else { return }
        guard let limit = question.route.window ?? facts.info?.answerLimit, wanted > limit else {
            return
        }
        throw CodedError(
            .invalidValue,
            "'\(question.request.maxTokensField)' is \(wanted), but \(target.name) answers with at most \(limit) tokens.",
            param: question.request.maxTokensField)
    }
}
