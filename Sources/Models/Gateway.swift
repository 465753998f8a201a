public import Base

/// Calls models: tries the targets of a chain in order until one begins to answer. What a provider breaks before its
/// first event, the next one may mend; afterwards the answer stands or falls with its provider.
public final class Gateway: Sendable {
    let models: [String: any ChatModel]
    let observer: any GatewayObserver
    let clock: any TimeSource
    /// What is known of the models.
    public let catalogue: Catalogue

    /// `models` by the names of their providers.
    public init(
        models: [String: any ChatModel], catalogue: Catalogue = .builtIn, observer: any GatewayObserver,
        clock: any TimeSource
    ) {
        self.models = models
        self.catalogue = catalogue
        self.observer = observer
        self.clock = clock
    }

    /// An answer that has begun.
    public struct Answer: Sendable {
        public let stream: any ModelStream
        /// The model that really answers.
        public let target: Target
        /// All that was tried, the successful one last.
        public let attempts: [Attempt]
    }

    /// `window` is what the configuration says of the name behind the chain; else the catalogue's is meant.
    /// - Throws: the error of the only target; of several the most telling one; the caller's faults at once.
    public func answer(
        _ request: ChatRequest, chain: [Target], window: Int? = nil, streaming: Bool, context: RunContext
    ) async throws(CodedError) -> Answer {
        var attempts: [Attempt] = []
        for target in chain {
            let started = clock.now()
            if Task.isCancelled { throw CodedError(.cancelled, "The request was cancelled.") }
            if let deadline = context.deadline, deadline <= started {
                throw CodedError(.deadlineExceeded, "The time for this request is over.")
            }
            do throws(CodedError) {
                let stream = try await start(
                    request, at: target, window: window, streaming: streaming, context: context)
                let attempt = Attempt(target: target, error: nil, duration: clock.now().since(started))
                observer.attemptEnded(attempt, context: context)
                attempts.append(attempt)
                let report = AnswerReport(
                    target: target, requestedModel: request.model, streaming: streaming, usage: nil, finishReason: nil,
                    error: nil, duration: .zero, timeToFirstEvent: attempt.duration, events: 0)
                let observed = ObservedStream(
                    stream, report: report, started: started, context: context, observer: observer, clock: clock)
                return Answer(stream: observed, target: target, attempts: attempts)
            } catch {
                let attempt = Attempt(target: target, error: error, duration: clock.now().since(started))
                observer.attemptEnded(attempt, context: context)
                attempts.append(attempt)
                guard FallOver.isWorthwhile(after: error) else { throw error }
            }
        }
        throw FallOver.summary(of: attempts)
    }

    private func start(
        _ request: ChatRequest, at target: Target, window: Int?, streaming: Bool, context: RunContext
    ) async throws(CodedError) -> any ModelStream {
        guard let model = models[target.provider] else {
            throw CodedError(.modelUnavailable, "The provider '\(target.provider)' is not configured.")
        }
        try check(request, fits: target, window: window)
        let call = ModelCall(
            request: request, model: target.model, streaming: streaming, entry: catalogue.entry(of: target))
        return try await model.start(call, context: context)
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

extension Gateway {
    /// The row of the ledger for an answer of this target; `nil` for one that did not tell its usage.
    public func record(_ target: Target, _ usage: Usage?) -> UsageRecord? {
        usage.map { UsageRecord(target: target, usage: $0, prices: catalogue.entry(of: target)?.prices) }
    }
}

/// When the next target of a chain is tried, and what is said when none is left.
enum FallOver {
    /// After faults of the provider, and when this one target cannot do it; not after faults of the caller's.
    static func isWorthwhile(after error: CodedError) -> Bool {
        rank.contains(error.code)
    }

    /// The errors that another target may mend, the most telling first: those that go away by waiting, those of the
    /// providers, those of the configuration, and what only this model could not do.
    private static let rank: [ErrorCode] = [
        .providerRateLimited, .overloaded, .providerOverloaded, .providerTimeout, .providerStreamBroken,
        .providerFailed, .providerUnreachable, .providerInvalidAnswer, .providerRejectedKey, .modelUnavailable,
        .unsupportedByModel,
        .invalidValue,
    ]

    static func summary(of attempts: [Attempt]) -> CodedError {
        let errors = attempts.compactMap(\.error)
        let telling = rank.lazy.compactMap { code in errors.first { $0.code == code } }.first
        guard var error = telling else {
            return CodedError(.modelUnavailable, "The chain of this model is empty.", param: "model")
        }
        guard attempts.count > 1 else { return error }
        error.detail = attempts.map { "\($0.target): \($0.error?.code.name ?? "ok")" }.joined(separator: "; ")
        if error.code.fault != .caller { error.message += " All \(attempts.count) models of the chain failed." }
        return error
    }
}
