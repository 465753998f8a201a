internal import Base
internal import Resilience

extension Gateway {
    /// What came of one attempt.
    enum AttemptOutcome {
        case answered(any ModelStream)
        case failed(AttemptFailure)

        var failure: AttemptFailure? { if case .failed(let failure) = self { failure } else { nil } }
    }

    /// Asks one target, unless it is known to be unable, or its circuit is open. The circuit hears how it ends: of an
    /// answer that begins, when that is over.
    func attempt(
        _ request: ChatRequest, at target: Target, window: Int?, streaming: Bool, started: Instant, context: RunContext
    ) async -> AttemptOutcome {
        guard let model = models[target.provider] else {
            let error = CodedError(.modelUnavailable, "The provider '\(target.provider)' is not configured.")
            return .failed(AttemptFailure(error, wasSent: false))
        }
        do throws(CodedError) { try check(request, fits: target, window: window) } catch {
            return .failed(AttemptFailure(error, wasSent: false))
        }
        var permit: CallPermit?
        do throws(CallRefusal) { permit = try resilience.permit(for: KeyedTarget(target)) } catch {
            return .failed(AttemptFailure(error.error(of: target.name), wasSent: false))
        }
        let call = ModelCall(
            request: request, model: target.model, streaming: streaming, entry: catalogue.entry(of: target))
        do throws(CodedError) {
            let stream = try await model.start(call, context: context)
            let first = clock.now().since(started)
            permit?.begin(after: first)
            let report = AnswerReport(
                target: target, requestedModel: request.model, streaming: streaming, usage: nil, finishReason: nil,
                error: nil, duration: .zero, timeToFirstEvent: first, events: 0)
            return .answered(
                ObservedStream(
                    stream, permit: permit, report: report, started: started, context: context, observer: observer,
                    clock: clock))
        } catch {
            permit.take()?.end(CallEnd(attempt: error))
            return .failed(AttemptFailure(error, isSilent: error.isSilence))
        }
    }

    /// What is known to be impossible is not sent.
    private func check(_ request: ChatRequest, fits target: Target, window: Int?) throws(CodedError) {
        if let entry = catalogue.entry(of: target) { try request.check(against: entry, target) }
        guard let wanted = request.maxTokens else { return }
        guard let limit = window ?? catalogue.info(of: target)?.answerLimit, wanted > limit else { return }
        throw CodedError(
            .invalidValue,
            "'\(request.maxTokensField)' is \(wanted), but \(target.name) answers with at most \(limit) tokens.",
            param: request.maxTokensField)
    }
}

extension CallEnd {
    /// What an attempt's error says of its provider. A model that the key may not use (403) says nothing of the others.
    init(attempt error: CodedError) {
        self =
            error.code == .providerRejectedKey && error.providerStatus == 403
            ? .forbidden(retryAfter: error.retryAfter?.seconds) : CallEnd(coded: error)
    }
}

extension CodedError {
    /// Whether one of our time limits ended the call, not a word from the provider.
    fileprivate var isSilence: Bool { code == .providerTimeout && providerStatus == nil }
}
