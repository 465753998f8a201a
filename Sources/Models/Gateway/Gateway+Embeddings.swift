public import Base

extension Gateway {
    /// Vectors, and the model that made them.
    public struct Embeddings: Sendable {
        public let answer: EmbeddingAnswer
        public let target: Target
    }

    /// Asks the first target of the chain, and after a failure of its provider those others that have the same model:
    /// vectors of different models cannot be compared.
    /// - Throws: as ``answer(_:chain:window:streaming:context:)`` does; `unsupported_by_model` for a provider without
    ///   embeddings.
    public func embed(
        _ request: EmbeddingRequest, chain: [Target], context: RunContext
    ) async throws(CodedError) -> Embeddings {
        var attempts: [Attempt] = []
        for target in chain where target.model == chain.first?.model {
            let started = clock.now()
            if Task.isCancelled { throw CodedError(.cancelled, "The request was cancelled.") }
            let result = await outcome(of: request, at: target, context: context)
            let duration = clock.now().since(started)
            let attempt = Attempt(target: target, error: result.failure, duration: duration)
            observer.attemptEnded(attempt, context: context)
            attempts.append(attempt)
            switch result {
            case .success(let answer):
                observer.answerEnded(
                    AnswerReport(
                        operation: .embeddings, target: target, requestedModel: request.model, streaming: false,
                        usage: answer.usage, finishReason: nil, error: nil, duration: duration,
                        timeToFirstEvent: duration, events: 1), context: context)
                return Embeddings(answer: answer, target: target)
            case .failure(let error): guard FallOver.isWorthwhile(after: error) else { throw error }
            }
        }
        throw FallOver.summary(of: attempts)
    }

    private func outcome(
        of request: EmbeddingRequest, at target: Target, context: RunContext
    ) async -> Result<EmbeddingAnswer, CodedError> {
        guard let model = models[target.provider] else {
            return .failure(
                CodedError(.modelUnavailable, "The provider '\(target.provider)' is not configured."))
        }
        guard let model = model as? any EmbeddingModel else {
            return .failure(
                CodedError(
                    .unsupportedByModel,
                    "The provider '\(target.provider)' has no embeddings. Name a model of another.",
                    param: "model"))
        }
        do throws(CodedError) {
            return .success(try await model.embed(request, model: target.model, context: context))
        } catch {
            return .failure(error)
        }
    }
}

extension Result where Failure == CodedError {
    fileprivate var failure: CodedError? { if case .failure(let error) = self { error } else { nil } }
}
