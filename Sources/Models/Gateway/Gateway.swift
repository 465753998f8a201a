public import Base
public import Resilience

/// Calls models: tries the targets of a chain until one begins to answer, each again as the policy of retries says. What
/// a provider breaks before anything of its answer is visible, another attempt may mend; afterwards the route's settings
/// say whether another target may go on with it. The one layer that retries.
public final class Gateway: Sendable {
    let models: [String: any ChatModel]
    let observer: any GatewayObserver
    let clock: any TimeSource
    /// What is known of the models.
    public let catalogue: Catalogue
    private let factBoard: TargetFactBoard
    public let resilience: GatewayResilience
    /// What may take an answer's place when every target has failed.
    private let standIns: StandIns

    /// What may take an answer's place when every target has failed, beside a text.
    public struct StandIns: Sendable {
        /// A model in this process.
        public var local: Target?
        /// Where earlier answers are kept.
        public var stale: (any StaleAnswers)?

        public init(local: Target? = nil, stale: (any StaleAnswers)? = nil) {
            self.local = local
            self.stale = stale
        }
    }

    /// `models` by the names of their providers. Without `resilience` each target is asked once.
    public init(
        models: [String: any ChatModel], catalogue: Catalogue = .builtIn, resilience: GatewayResilience? = nil,
        standIns: StandIns = StandIns(), observer: any GatewayObserver, clock: any TimeSource
    ) {
        self.models = models
        self.catalogue = catalogue
        factBoard = TargetFactBoard(catalogue)
        self.resilience = resilience ?? .none(time: clock)
        self.standIns = standIns
        self.observer = observer
        self.clock = clock
    }

    /// An answer that has begun.
    public struct Answer: Sendable {
        public let stream: any ModelStream
        /// All that was tried, the successful one last.
        public let attempts: [Attempt]
        let answering: AnsweringTarget

        /// The model that really answers; another one once a stream that broke off has been continued.
        public var target: Target { answering.target }
    }

    /// What becomes of a target that has failed before anything of its answer was shown.
    public enum Step: Sendable, Equatable {
        /// It is asked again after a delay.
        case retry(Target, RetryDecision.Retry)
        /// This one is asked instead; the error is that of the one before.
        case next(Target, after: ErrorCode)
    }

    /// Told before the gateway waits to ask a target again, and before it asks the next one.
    public typealias OnStep = (Step) async throws(CodedError) -> Void

    /// - Throws: the error of the only target; of several the most telling one; the caller's faults at once.
    public func answer(
        _ request: Shared<ChatRequest>, route: Route, streaming: Bool, context: RunContext,
        onStep: OnStep = { _ throws(CodedError) in }
    ) async throws(CodedError) -> Answer {
        let question = question(request, route, streaming: streaming, context)
        defer { question.chosen?.release() }
        var attempts: [Attempt] = []
        do throws(CodedError) {
            let begun = try await firstToAnswer(of: question, &attempts, onStep: onStep)
            begun.observed.choose()
            return answer(begun, question, attempts)
        } catch {
            if error.code.fault == .provider {
                observer.happened(.exhausted(after: error.code), context: context)
            }
            guard let answer = await standIn(question, after: error, attempts) else { throw error }
            return answer
        }
    }

    @inline(never)
    private func question(
        _ request: Shared<ChatRequest>, _ route: Route, streaming: Bool, _ context: RunContext
    ) -> Question {
        let (targets, chosen) = resilience.targets(
            of: route, isWhole: !streaming, conversation: { request.value.conversationFingerprint },
            price: { catalogue.price(of: $0) })
        return Question(
            request, route: route, settings: settings(for: targets.first, by: route), targets: targets, chosen: chosen,
            streaming: streaming, context: context)
    }

    /// The same for a request that nobody else holds.
    public func answer(
        _ request: ChatRequest, route: Route, streaming: Bool, context: RunContext,
        onStep: OnStep = { _ throws(CodedError) in }
    ) async throws(CodedError) -> Answer {
        try await answer(Shared(request), route: route, streaming: streaming, context: context, onStep: onStep)
    }

    @inline(never)
    private func answer(_ begun: BegunAnswer, _ question: Question, _ attempts: [Attempt]) -> Answer {
        let answering = AnsweringTarget(begun.seat.target, lost: begun.lost)
        guard question.settings.midstream == .continue, question.streaming else {
            return Answer(stream: begun.stream, attempts: attempts, answering: answering)
        }
        let continued = ContinuedStream(
            begun.stream, request: question.request,
            resume: { request, error throws(CodedError) in
                try await self.resumed(request, question, after: error, from: answering.target)
            },
            onContinue: { answering.change(to: $0, after: $1) })
        return Answer(stream: continued, attempts: attempts, answering: answering)
    }

    @inline(never)
    private func standIn(
        _ question: Question, after error: CodedError, _ attempts: [Attempt]
    ) async -> Answer? {
        guard !question.settings.degrade.isEmpty, Degrade.isWanted(after: error) else { return nil }
        let found = await Degrade.answer(
            to: question.request, streaming: question.streaming, settings: question.settings,
            context: question.context, stale: standIns.stale,
            local: { () throws(CodedError) in
                guard let target = standIns.local else { return nil }
                let begun = try await alone(question, target)
                return (begun.stream, target)
            })
        guard let found else { return nil }
        observer.happened(.degraded(found.degradation, after: error.code), context: question.context)
        return Answer(stream: found.stream, attempts: attempts, answering: AnsweringTarget(found.target))
    }

    /// One attempt at one target, whatever else could be asked.
    private func alone(_ question: Question, _ target: Target) async throws(CodedError) -> BegunAnswer {
        switch await ask(question, target, isLast: true).outcome {
        case .answered(let begun):
            begun.observed.choose()
            return begun
        case .failed(let failure): throw failure.error
        }
    }
}

extension Gateway {
    func facts(of target: Target) -> TargetFacts { factBoard.facts(of: target) }

    /// What holds for calls to a target by the name that the route is of. What concerns all of a request, and not one
    /// target of it, is that of the first one.
    @inline(never)
    func settings(for target: Target?, by route: Route) -> ResilienceSettings {
        guard let target else { return resilience.settings }
        if let place = route.chain.firstIndex(of: target), place < route.settings.count { return route.settings[place] }
        return resilience.settings(of: target.provider)
    }

    /// The row of the ledger for an answer; `nil` for one that did not tell its usage. A call that was cancelled because
    /// this answer was faster is paid for as well: nobody tells what it used, which is the same prompt at least. So are
    /// the models that broke off, for their prompts and what they have shown.
    public func record(_ answer: Answer, _ usage: Usage?) -> UsageRecord? {
        guard let usage else { return nil }
        let course = answer.answering.course
        let shares = usage.shares(of: course.broken.map(\.part))
        var records = zip(course.broken, shares.broken).map { broken, used in record(broken.target, used) }
        records.append(record(course.target, shares.last))
        if let lost = answer.answering.lost {
            let prompt = (shares.broken.first ?? usage).promptTokens
            records.insert(record(lost, Usage(promptTokens: prompt, completionTokens: 0)), at: 0)
        }
        return records.compactMap(\.self).reduce(nil) { sum, record in sum?.adding(record) ?? record }
    }

    /// The row of the ledger for an answer of this target; `nil` for one that did not tell its usage.
    public func record(_ target: Target, _ usage: Usage?) -> UsageRecord? {
        usage.map { UsageRecord(target: target, usage: $0, prices: facts(of: target).entry?.prices) }
    }
}
