internal import Base
internal import Graph
internal import HTTP
internal import Models

/// Makes one answer of the experts' answers, and tells what of it was not told yet. Where the plan's fusion fails, the
/// best single answer takes its place, unless a part of another was shown that cannot be taken back.
struct FuseNode: Sendable {
    /// UTF-8 bytes of a piece of an answer that is there as a whole before anything of it is shown.
    static let piece = 256

    let request: ChatRequest
    let plan: Plan
    let format: AnswerFormat?
    let streaming: Bool
    let takesBack: Bool
    let fusions: [String: any Fusion]
    let gateway: Gateway
    let guards: GuardSettings
    let time: any TimeSource

    func run(_ parts: ExpertResults, context: NodeContext<ChatEvent>) async throws -> Shared<ChatAnswer> {
        let inputs = parts.experts.compactMap { result -> FusionInput? in
            guard plan.fuses(result.name), let text = result.text else { return nil }
            return FusionInput(
                name: result.name, text: text, target: result.outcome.target, usage: result.outcome.usage)
        }
        guard !inputs.isEmpty else {
            throw CodedError(
                .noExpertAnswered, "No expert of '\(plan.model)' has answered, so there is nothing to answer with.")
        }
        var run = context.run
        run.deadline = parts.deadline
        let desk = FusionDesk(
            parts, plan, streaming: streaming, gateway: gateway, guards: guards, time: time,
            context: context)
        let fusing = FusionContext(request: request, run: run, desk: desk, format: format)
        let (fused, report) = try await fuse(inputs, fusing, context)
        // What a failed fusion has written is not the answer.
        var answer = answer(fused, parts, desk, written: report.failure == nil ? desk.written : nil)
        answer.fusion = report
        if !report.reasons.isEmpty { try await context.emit(.status(report.reasons.joined(separator: " "))) }
        try await tell(answer, parts, desk, context)
        return Shared(answer)
    }

    // MARK: Fusing

    private func fuse(
        _ inputs: [FusionInput], _ fusing: FusionContext, _ context: NodeContext<ChatEvent>
    ) async throws -> (FusedAnswer, FusionReport) {
        var report = FusionReport(kind: plan.fusion.kind, expert: nil, reasons: [], failure: nil)
        do {
            let fused = try await fusion().fuse(inputs, context: fusing)
            report.expert = fused.expert
            report.reasons = fused.reasons
            return (fused, report)
        } catch {
            let failure = CodedError(any: error)
            if Task.isCancelled || endsRun(failure, context) { throw failure }
            if fusing.desk.hasShown, !takesBack { throw FuseNode.broken(failure) }
            let best = try await BestFusion.withoutModel.fuse(inputs, context: fusing)
            try await context.emit(
                .status(
                    "The answers could not be fused (\(failure.code.name)); this is the one of "
                        + "'\(best.expert ?? "")' alone."))
            report.expert = best.expert
            report.reasons = best.reasons
            report.failure = failure.code
            return (best, report)
        }
    }

    /// The time of the plan is over, and there may be answers: it is the run's own time that ends it.
    private func endsRun(_ failure: CodedError, _ context: NodeContext<ChatEvent>) -> Bool {
        switch failure.code {
        case .cancelled, .shuttingDown: true
        case .deadlineExceeded: context.run.deadline.map { $0 <= time.now() } ?? false
        default: false
        }
    }

    /// What was shown for good ends the run, and not because an expert's provider failed.
    private static func broken(_ failure: CodedError) -> CodedError {
        guard failure.code.kind == .provider else { return failure }
        return CodedError(
            .fusionBroken, "The answer that was made of several broke off (\(failure.code.name)): \(failure.message)",
            retryAfter: failure.retryAfter, detail: failure.detail)
    }

    private func fusion() throws(CodedError) -> any Fusion {
        switch plan.fusion {
        case .lead(let name): return LeadFusion(name)
        case .best(let signals): return BestFusion(signals)
        case .vote: return VoteFusion()
        case .concatenate(let separator, let titled): return ConcatenateFusion(separator: separator, titled: titled)
        case .synthesise(let model): return SynthesiseFusion(model)
        case .own(let name):
            guard let own = fusions[name] else {
                throw CodedError(.internalError, "No fusion is registered under the name '\(name)'.")
            }
            return own
        }
    }

    // MARK: The answer

    private func answer(
        _ fused: FusedAnswer, _ parts: ExpertResults, _ desk: FusionDesk,
        written: (text: String, writer: FusionDesk.Writer)?
    ) -> ChatAnswer {
        var bill = Bill()
        // What was shown and taken back is no part of the answer.
        var findings = written == nil ? GuardFindings() : desk.findings
        var (attempts, marks) = (desk.attempts, AnswerMarks())
        for expert in parts.experts {
            if expert.completion != nil { bill.add(expert.outcome.usage, expert.outcome.ledger) }
            attempts += expert.attempts
            marks = marks.merging(expert.marks)
            findings.add(expert.findings)
        }
        bill.add(desk.bill)
        var choice: ChatCompletion.Choice
        var (target, headers, route) = (plan.author, HTTPHeaders(), Route?.none)
        if let (text, writer) = written {
            choice = writer.completion.choices.first ?? ChatCompletion.Choice(finishReason: .stop)
            if choice.text != nil { choice.text = text }
            (target, headers, route) = (writer.target, writer.headers, writer.route)
            marks = marks.merging(writer.marks)
        } else if let author = fused.expert.flatMap({ parts[$0] }) {
            choice = author.completion?.choices.first ?? ChatCompletion.Choice(text: fused.text, finishReason: .stop)
            (target, headers) = (author.outcome.target ?? plan.author, author.headers)
            route = plan.experts.first { $0.name == author.name }?.route
        } else {
            let (text, found) = guarded(fused.text)
            findings.add(found)
            choice = ChatCompletion.Choice(text: text, finishReason: finish(parts))
        }
        choice.index = 0
        marks.isRedacted = findings.isRedacted
        var answer = ChatAnswer(
            target: target, completion: ChatCompletion(choices: [choice], usage: bill.usage), headers: headers,
            attempts: attempts, ledger: bill.ledger, marks: marks)
        answer.experts = parts.experts.map(\.outcome)
        answer.planID = plan.identity.description
        answer.findings = findings
        answer.toKeep = parts.experts.compactMap(\.toKeep)
        answer.isCut = parts.experts.contains(where: \.isCut)
        answer.route = route
        answer.times = InnerTimes(
            cache: parts.lookups, guarding: parts.experts.reduce(desk.guardingTime) { $0 + $1.guarding })
        return answer
    }

    /// Texts of experts were guarded as they came; what a fusion of the user's makes of them was not.
    private func guarded(_ text: String) -> (String, GuardFindings) {
        guard case .own = plan.fusion, var stream = GuardedStream(guards) else { return (text, GuardFindings()) }
        var events: [ModelEvent] = []
        stream.take(ModelEvent(.text(text)), into: &events)
        stream.finish(into: &events)
        var assembler = Assembler()
        for event in events { assembler.add(event) }
        return (assembler.completion.text, stream.findings)
    }

    /// An answer of several is cut short when one of them is.
    private func finish(_ parts: ExpertResults) -> FinishReason {
        let isCut = parts.experts.contains { expert in
            expert.completion?.choices.first?.finishReason == .length && plan.fuses(expert.name)
        }
        return isCut ? .length : .stop
    }

    // MARK: Telling

    /// What the caller has not seen yet.
    private func tell(
        _ answer: ChatAnswer, _ parts: ExpertResults, _ desk: FusionDesk, _ context: NodeContext<ChatEvent>
    ) async throws {
        guard context.hasListener else { return }
        // What a failed fusion has shown is not the answer.
        let isWritten = desk.hasShown && answer.fusion?.failure == nil
        let isShown = parts.shown.isFinal || isWritten
        if !parts.shown.isBegun, !isWritten {
            if let event = replacement(of: parts.shown, by: answer, afterText: desk.hasShown) {
                try await context.emit(event)
            }
            try await context.emit(.answering(answer.target, headers: answer.headers, marks: answer.marks))
        }
        if !streaming {
            try await context.emit(.model(ModelEvent(.whole(answer.completion))))
        } else {
            for event in answer.completion.events {
                switch event.kind {
                case .finish, .usage: try await context.emit(.model(event))
                case .text(let text) where !isShown && event.logprobs.isEmpty:
                    for piece in text.pieces(ofBytes: Self.piece) {
                        try await context.emit(.model(ModelEvent(.text(piece))))
                    }
                default: if !isShown { try await context.emit(.model(event)) }
                }
            }
        }
        if !plan.fusion.keepsText { try await context.emit(.progress(percent: 100, layer: nil)) }
    }

    /// From where what was shown is not the answer; `nil` where it is, or where nothing was shown.
    /// - Parameter afterText: Whether text was shown as the answer that is not: nothing of it stays.
    private func replacement(of shown: ExpertResults.Shown, by answer: ChatAnswer, afterText: Bool) -> ChatEvent? {
        guard afterText || !shown.speakers.isEmpty else { return nil }
        let text = answer.completion.text
        let reason =
            answer.fusion?.expert.map { "This is the answer of '\($0)'." } ?? "This is what was made of the answers."
        guard shown.speakers.count == 1, !afterText else { return .replaced(from: 0, reason: reason) }
        let same = text.commonBeginning(with: shown.only)
        return same == text.utf8.count && same == shown.only.utf8.count ? nil : .replaced(from: same, reason: reason)
    }
}
