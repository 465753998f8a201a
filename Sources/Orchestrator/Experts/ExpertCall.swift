internal import Base
internal import Graph
internal import Models
internal import Resilience

/// What the node of one expert does.
enum ExpertCall {
    /// The longest answer of an expert, in UTF-8 bytes: several times what models give.
    static let longestText = 4 << 20
    /// How many events go through the experts' queue as one: those that are there at once. To pass the queue costs more
    /// than all else that is done with an event.
    static let mostAtOnce = 16

    /// Asks the expert's model and leaves the answer on the board.
    static func run(_ name: String, _ run: ExpertRun, _ context: NodeContext<ExpertSignal>) async throws {
        run.begin(name)
        try await context.emit(.started(name))
        let expert = try run.expert(name)
        let request = try run.request(for: expert)
        var key: ExpertCacheKey?
        if expert.isCached, let cache = run.cache {
            key = ExpertCacheKey(request, expert, guards: run.guards)
            if let key, let kept = await cache.answer(for: key, scope: context.run.scope) {
                let outcome = ExpertOutcome(
                    name: name, phase: .cached, target: kept.target, duration: run.duration(of: name))
                return try await settle(ExpertResult(outcome: outcome, text: kept.text), run, context)
            }
        }
        var result = try await ask(request, expert, run, context)
        if let key, let text = result.text, let target = result.outcome.target, mayBeKept(result) {
            result.toKeep = AnswerToKeep(key: key, answer: KeptAnswer(text: text, target: target))
        }
        try await settle(result, run, context)
    }

    private static func ask(
        _ request: ChatRequest, _ expert: Plan.Expert, _ run: ExpertRun, _ context: NodeContext<ExpertSignal>
    ) async throws -> ExpertResult {
        let name = expert.name
        var scoped = context.run
        if let timeout = expert.timeout {
            let end = run.time.now().advanced(by: timeout)
            scoped.deadline = scoped.deadline.map { min($0, end) } ?? end
        }
        let answer = try await run.gateway.answer(
            request, route: expert.route, streaming: run.streaming, context: scoped
        ) { step throws(CodedError) in
            do { try await context.emit(.stepped(step)) } catch { throw CodedError(any: error) }
        }
        try await context.emit(
            .answering(name, answer.target, answer.stream.forwardedHeaders, answer.stream.marks))
        var reader = AnswerReader(answer, run.guards, time: run.time, joins: true)
        try await read(&reader, of: answer, name, run, context)
        let completion = reader.completion
        let duration = run.duration(of: name)
        return ExpertResult(
            outcome: ExpertOutcome(
                name: name, phase: .finished(duration, answer.target), target: answer.target, duration: duration,
                usage: completion.usage, ledger: run.gateway.record(answer, completion.usage)),
            text: completion.spoken, completion: completion, headers: answer.stream.forwardedHeaders,
            marks: answer.stream.marks, attempts: answer.attempts.count, findings: reader.findings,
            guarding: reader.guardingTime)
    }

    /// Reads the answer to its end and tells what it says.
    private static func read(
        _ reader: inout AnswerReader, of answer: Gateway.Answer, _ name: String, _ run: ExpertRun,
        _ context: NodeContext<ExpertSignal>
    ) async throws {
        var pending: [ModelEvent] = []
        do {
            var shown = answer.target
            var length = 0
            while true {
                var supply = try reader.ready()
                if case .later = supply {
                    try await tell(&pending, by: name, run, context)
                    supply = try await reader.next()
                    if answer.target != shown {
                        shown = answer.target
                        try await context.emit(.continuing(shown))
                    }
                }
                guard case .event(let event) = supply else { break }
                length += event.textLength
                guard length <= longestText else {
                    throw CodedError(
                        .providerInvalidAnswer, "The answer of \(shown.name) is longer than \(longestText) bytes.")
                }
                guard run.streaming else { continue }
                // Mostly one comes alone, or many.
                if pending.count == 1 { pending.reserveCapacity(mostAtOnce) }
                pending.append(event)
                if pending.count == mostAtOnce { try await tell(&pending, by: name, run, context) }
            }
        } catch {
            // What came before the failure was said.
            try await tell(&pending, by: name, run, context)
            throw error
        }
        try await tell(&pending, by: name, run, context)
    }

    private static func tell(
        _ pending: inout [ModelEvent], by name: String, _ run: ExpertRun, _ context: NodeContext<ExpertSignal>
    ) async throws {
        guard !pending.isEmpty else { return }
        let events = pending
        pending = []
        let calls = events.contains { $0.hasToolCall }
        if calls || events.contains(where: { $0.textLength > 0 }) { run.speak(name, calling: calls) }
        try await context.emit(.said(name, events))
    }

    /// What becomes of an expert that has failed for good; not called when the run itself is over.
    static func recover(
        _ name: String, from error: any Error, _ run: ExpertRun, _ context: NodeContext<ExpertSignal>
    ) async throws {
        let expert = try run.expert(name)
        let failure = failure(error, of: expert)
        try await context.emit(.failed(name, failure.code))
        guard !run.isBound(to: name), expert.fallback != nil || expert.isOptional else { throw failure }
        let outcome = ExpertOutcome(
            name: name, phase: expert.fallback == nil ? .leftOut : .fallback, duration: run.duration(of: name),
            failure: failure.code)
        try await settle(ExpertResult(outcome: outcome, text: expert.fallback), run, context)
    }

    private static func settle(
        _ result: ExpertResult, _ run: ExpertRun, _ context: NodeContext<ExpertSignal>
    ) async throws {
        run.settle(result)
        try await context.emit(.settled(result))
    }

    /// The expert's own time limit is told as such, whoever noticed it first.
    private static func failure(_ error: any Error, of expert: Plan.Expert) -> CodedError {
        var failure = CodedError(any: error)
        if let timeout = expert.timeout, failure.code == .nodeTimeout || failure.code == .deadlineExceeded {
            return CodedError(
                .nodeTimeout, "The expert '\(expert.name)' took longer than its \(timeout.milliseconds) ms.",
                detail: failure.detail)
        }
        // Its messages are not counted as the client's are.
        if failure.param?.hasPrefix("messages[") == true { failure.param = "messages" }
        return failure
    }

    private static func mayBeKept(_ result: ExpertResult) -> Bool {
        guard result.marks.isClean, let choices = result.completion?.choices, choices.count == 1 else { return false }
        return choices[0].finishReason == .stop && choices[0].toolCalls.isEmpty
    }
}

extension ChatCompletion {
    /// What the first choice says in words, a refusal included.
    var spoken: String { (choices.first?.text ?? "") + (choices.first?.refusal ?? "") }
}

extension ModelEvent {
    fileprivate var hasToolCall: Bool {
        switch kind {
        case .toolCall: true
        case .whole(let completion): completion.choices.first?.toolCalls.isEmpty == false
        default: false
        }
    }

    /// UTF-8 bytes of what is read by people, of the first answer.
    fileprivate var textLength: Int {
        switch kind {
        case .text(let text), .reasoning(let text), .refusal(let text): text.utf8.count
        case .toolCall(let delta): delta.arguments.utf8.count
        case .whole(let completion): completion.spoken.utf8.count
        default: 0
        }
    }
}
