public import Base
internal import Resilience

extension Gateway {
    /// What the provider of the chain's first target counts, as it wrote it; `nil` where it doesn't. Such a call goes
    /// within the same limits and circuits as any other, once: what a provider breaks leaves it to an estimate.
    /// - Throws: the caller's faults.
    public func countTokens(
        of request: ChatRequest, route: Route, context: RunContext
    ) async throws(CodedError) -> [UInt8]? {
        guard let target = route.chain.first, let counter = models[target.provider] as? any TokenCounter else {
            return nil
        }
        let asked = await asking(target, context) { seat in
            await count(request, by: counter, at: seat, route.timeouts, context)
        }
        switch asked.outcome {
        case .answered(let counted): return counted
        case .failed(let failure):
            if failure.error.code.fault == .caller { throw failure.error }
            return nil
        }
    }

    private func count(
        _ request: ChatRequest, by counter: any TokenCounter, at seat: KeyedTarget, _ own: TimeoutOverrides,
        _ context: RunContext
    ) async -> AttemptOutcome<[UInt8]?> {
        let rights: CallRights
        do throws(CodedError) { rights = try await enter(seat, context, minimum: own.minimum) } catch {
            return .failed(AttemptFailure(error, wasSent: false))
        }
        do throws(CodedError) {
            let timeouts = resilience.timeouts(of: seat.target.provider).map {
                own.applied(to: $0).within(context, at: clock.now(), isWhole: true, isLast: true)
            }
            let counted = try await counter.countTokens(
                of: request, model: seat.target.model, key: seat.key, timeouts: timeouts, context: context)
            // It says that the provider is well, and nothing of how fast its models are.
            rights.end(.succeeded(after: .zero), isWhole: true)
            return .answered(counted)
        } catch {
            rights.end(CallEnd(attempt: error), isWhole: true)
            return .failed(failure(error, at: seat, context))
        }
    }
}
