internal import Base
internal import Graph
internal import HTTP
internal import Models

/// Calls the plan's models and passes on what they say as they say it.
struct ExecuteNode: Sendable {
    let gateway: Gateway
    let guards: GuardSettings
    let experts: ExpertSettings
    let graphs: PlanGraphs
    let time: any TimeSource

    /// - Parameter noticed: What the input guard noticed, which is told here: only now is there somebody to tell.
    func run(
        _ request: Shared<ChatRequest>, noticed: InputFindings, plan: Shared<Plan>?, streaming: Bool,
        takesBack: Bool, context: NodeContext<ChatEvent>
    ) async throws -> ChatState.Answering {
        guard let plan else { throw CodedError(.internalError, "The turn has no plan.") }
        try await context.emit(.planned(plan.value))
        if !noticed.isEmpty { try await context.emit(.noticed(noticed)) }
        if plan.value.isPinned {
            return .whole(try await ask(request, route: plan.value.route, streaming: streaming, context: context))
        }
        return .parts(
            try await consult(
                request.value, plan: plan.value, streaming: streaming, takesBack: takesBack, context: context))
    }

    /// Apart from those who wait for an answer, whose frames would hold the event as well.
    @inline(never)
    private static func tell(
        _ step: Gateway.Step, _ context: NodeContext<ChatEvent>
    ) async throws(CodedError) {
        do { try await context.emit(.stepped(step)) } catch { throw CodedError(any: error) }
    }

    /// The request as it stands, to one model.
    private func ask(
        _ request: Shared<ChatRequest>, route: Route, streaming: Bool, context: NodeContext<ChatEvent>
    ) async throws -> Shared<ChatAnswer> {
        let answer = try await gateway.answer(
            request, route: route, streaming: streaming, context: context.run
        ) { step throws(CodedError) in
            try await Self.tell(step, context)
        }
        let headers = answer.stream.forwardedHeaders
        try await context.emit(.answering(answer.target, headers: headers, marks: answer.stream.marks))
        var reader = AnswerReader(answer, guards, time: time)
        var shown = answer.target
        while true {
            var supply = try reader.ready()
            if case .later = supply {
                supply = try await reader.next()
                // Only who waits can find another model at the other end.
                if answer.target != shown {
                    shown = answer.target
                    try await context.emit(.continuing(shown))
                }
            }
            guard case .event(let event) = supply else { break }
            try await context.emit(.model(event))
        }
        if time.isCrowded { await time.giveWay() }
        return whole(answer, &reader, headers)
    }

    /// The reader is lent: given, it would be copied into the frame.
    @inline(never)
    private func whole(
        _ answer: Gateway.Answer, _ reader: inout AnswerReader, _ headers: HTTPHeaders
    ) -> Shared<ChatAnswer> {
        let completion = reader.completion
        var whole = ChatAnswer(
            target: answer.target, completion: completion, headers: headers, attempts: answer.attempts.count,
            ledger: gateway.record(answer, completion.usage), marks: answer.stream.marks)
        whole.findings = reader.findings
        whole.marks.isRedacted = whole.findings.isRedacted
        whole.times.guarding = reader.guardingTime
        return Shared(whole)
    }

    /// The plan's experts, as a graph of their own inside this node. What they tell goes through one bounded queue, so
    /// that the caller hears it in one order, and a caller who takes nothing holds all of them.
    private func consult(
        _ request: ChatRequest, plan: Plan, streaming: Bool, takesBack: Bool, context: NodeContext<ChatEvent>
    ) async throws -> Shared<ExpertResults> {
        let entry = try graphs.entry(for: plan)
        var inner = context.run
        if let wallTime = plan.limits.wallTime {
            let end = time.now().advanced(by: wallTime)
            inner.deadline = inner.deadline.map { min($0, end) } ?? end
        }
        let cache = experts.cache.map { TimedExpertCache($0, time: time) }
        let run = ExpertRun(
            plan, request, streaming: streaming, takesBack: takesBack, gateway: gateway, cache: cache, guards: guards,
            time: time, order: entry.order, deadline: inner.deadline)
        guard context.hasListener else {
            _ = try await entry.runner.run(ExpertState(run: run), context: inner)
            return Shared(
                ExpertResults(experts: run.results, deadline: inner.deadline, lookups: cache?.lookups ?? .zero))
        }
        let stage = try await listen(to: run, entry.runner, inner, context)
        var parts = ExpertResults(
            experts: run.results, deadline: inner.deadline, shown: stage.shown, lookups: cache?.lookups ?? .zero)
        for place in parts.experts.indices {
            guard let text = stage.cut[parts.experts[place].name] else { continue }
            parts.experts[place].text = text
            parts.experts[place].isCut = true
        }
        return Shared(parts)
    }

    private func listen(
        to run: ExpertRun, _ runner: Runner<ExpertState, ExpertSignal>, _ inner: RunContext,
        _ context: NodeContext<ChatEvent>
    ) async throws -> ExpertStage {
        let signals = RunEventStream<ExpertSignal>(capacity: 64, kinds: .custom)
        async let ended = runner.run(ExpertState(run: run), context: inner, events: signals)
        var stage = ExpertStage(run.plan, streaming: run.streaming, takesBack: run.takesBack)
        var heard: [ChatEvent] = []
        do {
            while let signal = await signals.next() {
                guard case .emitted(_, let said) = signal else { continue }
                stage.take(said, into: &heard)
                for event in heard { try await context.emit(event) }
                heard.removeAll(keepingCapacity: true)
            }
        } catch {
            // Nobody hears the rest: whoever waits for room ends now.
            signals.close()
            throw error
        }
        _ = try await ended
        return stage
    }
}
