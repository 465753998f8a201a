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
        let known = Shared(Self.likeTheFirst(route))
        let (chain, limits) = (known.value.chain, known.value.timeouts)
        let (retry, minimum) = beginning(of: known.value)
        var attempts: [Attempt] = []
        return try await along(
            chain, retry, { self.settings(for: $0, by: known.value).retry }, minimum: minimum, context, &attempts,
            onStep: { _ throws(CodedError) in }
        ) { place in
            await asking(chain[place.index], context, atMost: place.callsLeft) {
                await attempt(request, at: $0, limits, context, isLast: place.isLast)
            }
        }
    }

    /// The targets of the first one's model, in their order.
    @inline(never)
    private static func likeTheFirst(_ route: Route) -> Route {
        let places = route.chain.indices.filter { route.chain[$0].model == route.chain.first?.model }
        var known = route
        if route.settings.count == route.chain.count { known.settings = places.map { route.settings[$0] } }
        known.chain = places.map { route.chain[$0] }
        (known.strategy, known.weights) = (.order, [])
        return known
    }

    @inline(never)
    private func beginning(of route: Route) -> (RetryPolicy, minimum: Duration) {
        let settings = settings(for: route.chain.first, by: route)
        return (settings.retry, settings.timeouts.minimum)
    }

    @inline(never)
    private func attempt(
        _ request: EmbeddingRequest, at seat: KeyedTarget, _ own: TimeoutOverrides, _ context: RunContext, isLast: Bool
    ) async -> AttemptOutcome<Embeddings> {
        let target = seat.target
        let model: any EmbeddingModel
        let rights: CallRights
        do throws(CodedError) {
            model = try embeddingModel(of: target)
            rights = try await enter(seat, context, minimum: own.minimum)
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
