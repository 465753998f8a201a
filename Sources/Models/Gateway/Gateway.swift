public import Base
public import Resilience

/// Calls models: tries the targets of a chain in order until one begins to answer, each again as the policy of retries
/// says. What a provider breaks before its first event, another attempt may mend; afterwards the answer stands or falls
/// with its provider. The one layer that retries.
public final class Gateway: Sendable {
    let models: [String: any ChatModel]
    let observer: any GatewayObserver
    let clock: any TimeSource
    /// What is known of the models.
    public let catalogue: Catalogue
    public let resilience: GatewayResilience

    /// `models` by the names of their providers. Without `resilience` each target is asked once.
    public init(
        models: [String: any ChatModel], catalogue: Catalogue = .builtIn, resilience: GatewayResilience? = nil,
        observer: any GatewayObserver, clock: any TimeSource
    ) {
        self.models = models
        self.catalogue = catalogue
        self.resilience = resilience ?? .none(time: clock)
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

    /// Told before the gateway waits to ask the same target again.
    public typealias OnRetry = (Target, RetryDecision.Retry) async throws(CodedError) -> Void

    /// - Throws: the error of the only target; of several the most telling one; the caller's faults at once.
    public func answer(
        _ request: ChatRequest, route: Route, streaming: Bool, context: RunContext,
        onRetry: OnRetry = { _, _ throws(CodedError) in }
    ) async throws(CodedError) -> Answer {
        let chain = route.chain
        guard !chain.isEmpty else { throw FallOver.summary(of: []) }
        var attempts: [Attempt] = []
        let settings = route.settings ?? resilience.settings
        var schedule = RetrySchedule(
            settings.retry, targets: chain.count, deadline: context.deadline, minimum: settings.timeouts.minimum)
        while true {
            let target = chain[schedule.target]
            let started = clock.now()
            try check(context, at: started)
            if schedule.attemptsOnTarget == 0 { resilience.budget(of: target.provider).offer() }
            let outcome = await attempt(
                request, at: target, window: route.window, streaming: streaming, started: started, context: context)
            let attempt = Attempt(target: target, error: outcome.failure?.error, duration: clock.now().since(started))
            observer.attemptEnded(attempt, context: context)
            attempts.append(attempt)
            let failure: AttemptFailure
            switch outcome {
            case .answered(let stream): return Answer(stream: stream, target: target, attempts: attempts)
            case .failed(let found): failure = found
            }
            switch decide(after: failure, &schedule, chain) {
            case .next: continue
            case .retry(let retry):
                try await onRetry(target, retry)
                do throws(CancellationError) {
                    try await clock.sleep(until: clock.now().advanced(by: retry.delay))
                } catch {
                    throw CodedError(.cancelled, "The request was cancelled.")
                }
            case .giveUp(let reason):
                // The caller's own fault is told as it is, whatever was tried before.
                if reason == .error, !FallOver.isWorthwhile(after: failure.error) { throw failure.error }
                throw FallOver.summary(of: attempts)
            }
        }
    }

    private func check(_ context: RunContext, at now: Instant) throws(CodedError) {
        if Task.isCancelled { throw CodedError(.cancelled, "The request was cancelled.") }
        if let deadline = context.deadline, deadline <= now {
            throw CodedError(.deadlineExceeded, "The time for this request is over.")
        }
    }

    private func decide(
        after failure: AttemptFailure, _ schedule: inout RetrySchedule, _ chain: [Target]
    ) -> RetryDecision {
        let target = chain[schedule.target]
        let budget = resilience.budget(of: target.provider)
        var generator = resilience.randomness()
        let window = catalogue.info(of: target)?.window
        return schedule.decide(
            after: failure, now: clock.now(), using: &generator, affords: budget.spend,
            hasLargerWindow: { index in
                guard let window, let other = catalogue.info(of: chain[index])?.window else { return false }
                return other > window
            })
    }
}

extension Gateway {
    /// The row of the ledger for an answer of this target; `nil` for one that did not tell its usage.
    public func record(_ target: Target, _ usage: Usage?) -> UsageRecord? {
        usage.map { UsageRecord(target: target, usage: $0, prices: catalogue.entry(of: target)?.prices) }
    }
}
