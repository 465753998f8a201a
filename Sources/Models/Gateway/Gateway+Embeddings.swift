public import Base
internal import Resilience

extension Gateway {
    /// Vectors, and the model that made them.
    public struct Embeddings: Sendable {
        public let answer: EmbeddingAnswer
        public let target: Target
    }

    /// Asks the first target of the route, and after a failure of its provider those others that have the same model:
    /// vectors of different models cannot be compared. Each again as the policy of retries says.
    /// - Throws: as ``answer(_:route:streaming:context:onStep:)`` does; `unsupported_by_model` for a provider without
    ///   embeddings.
    public func embed(
        _ request: EmbeddingRequest, route: Route, context: RunContext
    ) async throws(CodedError) -> Embeddings {
        var route = route
        let places = route.chain.indices.filter { route.chain[$0].model == route.chain.first?.model }
        if route.settings.count == route.chain.count { route.settings = places.map { route.settings[$0] } }
        route.chain = places.map { route.chain[$0] }
        (route.strategy, route.weights) = (.order, [])
        let (chain, limits, known) = (route.chain, route.timeouts, route)
        let settings = settings(for: chain.first, by: route)
        var attempts: [Attempt] = []
        return try await along(
            chain, settings.retry, { self.settings(for: $0, by: known).retry }, minimum: settings.timeouts.minimum,
            context, &attempts, onStep: { _ throws(CodedError) in }
        ) { place in
            await asking(chain[place.index], context, atMost: place.callsLeft) {
                await attempt(request, at: $0, limits, context, isLast: place.isLast)
            }
        }
    }

    private func attempt(
        _ request: EmbeddingRequest, at seat: KeyedTarget, _ own: TimeoutOverrides, _ context: RunContext, isLast: Bool
    ) async -> AttemptOutcome<Embeddings> {
        let target = seat.target
        let model: any EmbeddingModel
        let rights: CallRights
        do throws(CodedError) {
            model = try embeddingModel(of: target)
            rights = try await enter(seat, context)
        } catch {
            return .failed(AttemptFailure(error, wasSent: false))
        }
        let started = clock.now()
        do throws(CodedError) {
            let timeouts = resilience.timeouts(of: target.provider).map {
                own.applied(to: $0).within(context, at: started, isWhole: true, isLast: isLast)
            }
            let answer = try await model.embed(
                request, model: target.model, key: seat.key, timeouts: timeouts, context: context)
            let duration = clock.now().since(started)
            rights.end(.succeeded(after: duration), isWhole: true)
            observer.answerEnded(
                AnswerReport(
                    operation: .embeddings, target: target, requestedModel: request.model, streaming: false,
                    usage: answer.usage, finishReason: nil, error: nil, duration: duration, timeToFirstEvent: duration,
                    events: 1), context: context)
            return .answered(Embeddings(answer: answer, target: target))
        } catch {
            rights.end(CallEnd(attempt: error), isWhole: true)
            return .failed(failure(error, at: seat, context))
        }
    }

    private func embeddingModel(of target: Target) throws(CodedError) -> any EmbeddingModel {
        guard let model = models[target.provider] else {
            throw CodedError(.modelUnavailable, "The provider '\(target.provider)' is not configured.")
        }
        guard let model = model as? any EmbeddingModel else {
            throw CodedError(
                .unsupportedByModel,
                "The provider '\(target.provider)' has no embeddings. Name a model of another.", param: "model")
        }
        return model
    }
}
