internal import Base
internal import HTTP
internal import Models

/// Decides what of the experts' work is heard as the answer, what provisionally, and in which order. A pure machine,
/// fed with what they tell, in the order in which they tell it.
///
/// Where the fusion keeps the text, the text of the lead, or of the sections in their order, is the answer as it comes.
/// Everybody else is heard provisionally. How the answer ends, and what it took, is told after the fusion.
struct ExpertStage: Sendable {
    private let lead: String?
    private let author: Target
    private let streaming: Bool
    /// Whether text that was shown as the answer can be taken back.
    private let takesBack: Bool
    private let keepsText: Bool
    private var sections: SectionWriter?
    private let inSections: Set<String>
    private var marks = AnswerMarks()
    private var progress: PlanProgress
    private(set) var shown = ExpertResults.Shown()
    /// Whose piece was the last that was heard provisionally: mostly the next one is, too.
    private var lastSpeaker: String?
    /// What was shown of texts that broke off and stay as they are.
    private(set) var cut: [String: String] = [:]

    init(_ plan: Plan, streaming: Bool, takesBack: Bool) {
        lead = plan.lead?.name
        author = plan.author
        self.streaming = streaming
        self.takesBack = takesBack
        keepsText = plan.fusion.keepsText
        sections = ConcatenateFusion(plan.fusion)?.writer(of: plan.fusionInputs.map(\.name))
        inSections = sections == nil ? [] : Set(plan.fusionInputs.map(\.name))
        progress = PlanProgress(plan)
    }

    /// Appends what the caller is to hear.
    mutating func take(_ signal: ExpertSignal, into output: inout [ChatEvent]) {
        switch signal {
        case .started(let name): output.append(.expert(name: name, phase: .started))
        case .answering(let name, let target, let headers, let marks):
            if name == lead {
                begin(.answering(target, headers: headers, marks: marks), into: &output)
            } else if inSections.contains(name) {
                self.marks = self.marks.merging(marks)
            }
        case .said(let name, let events): if streaming { say(events, by: name, into: &output) }
        case .stepped(let step): output.append(.stepped(step))
        case .continuing(let target): output.append(.continuing(target))
        case .failed(let name, let code): output.append(.expert(name: name, phase: .failed(code)))
        case .settled(let result):
            if streaming { end(result, into: &output) }
            output.append(.expert(name: result.name, phase: result.outcome.phase))
            if let step = progress.end(result.name) {
                output.append(.progress(percent: step.percent, layer: step.layer))
            }
        }
    }

    private mutating func begin(_ event: ChatEvent, into output: inout [ChatEvent]) {
        guard !shown.isBegun else { return }
        shown.isBegun = true
        output.append(event)
    }

    /// The lead's pieces stay as they are; of everybody else the text counts, in one piece.
    private mutating func say(_ events: [ModelEvent], by name: String, into output: inout [ChatEvent]) {
        if name == lead {
            for event in events { tell(event, into: &output) }
            return
        }
        var text = ""
        for event in events { Self.gather(event, into: &text) }
        write(text, by: name, into: &output)
    }

    private mutating func tell(_ event: ModelEvent, into output: inout [ChatEvent]) {
        if case .whole(let completion) = event.kind {
            for piece in completion.events { tell(piece, into: &output) }
            return
        }
        guard event.choice == 0 else { return }
        switch event.kind {
        // What all have used is told at the end, and a provider's own bytes tell of itself alone.
        case .finish, .usage, .other, .whole: return
        case .text, .reasoning, .refusal, .toolCall, .signature, .sealedReasoning: break
        }
        shown.isFinal = true
        output.append(.model(ModelEvent(event.kind, logprobs: event.logprobs)))
    }

    private static func gather(_ event: ModelEvent, into text: inout String) {
        if case .whole(let completion) = event.kind {
            for piece in completion.events { gather(piece, into: &text) }
            return
        }
        guard event.choice == 0 else { return }
        switch event.kind {
        case .text(let piece), .refusal(let piece): text += piece
        default: return
        }
    }

    /// The lead has broken off where what was shown of it need not stay. Its fallback follows.
    private mutating func takeBack(into output: inout [ChatEvent]) {
        (shown.isBegun, shown.isFinal) = (false, false)
        let reason = "The answer of '\(lead ?? "")' broke off; the plan's own text takes its place."
        output.append(.status(reason))
        output.append(.replaced(from: 0, reason: reason))
    }

    private mutating func write(_ text: String, by name: String, into output: inout [ChatEvent]) {
        guard !text.isEmpty else { return }
        if inSections.contains(name) { return show(sections?.add(text, to: name) ?? "", into: &output) }
        output.append(.provisional(text: text, expert: name))
        guard !keepsText else { return }
        if name != lastSpeaker {
            shown.speakers.insert(name)
            lastSpeaker = name
        }
        // Of several nothing is compared.
        if shown.speakers.count == 1 { shown.only += text } else { shown.only = "" }
    }

    private mutating func show(_ text: String, into output: inout [ChatEvent]) {
        guard !text.isEmpty else { return }
        begin(.answering(author, headers: [:], marks: marks), into: &output)
        shown.isFinal = true
        output.append(.model(ModelEvent(.text(text))))
    }

    /// An expert is at its end: what it did not say piece by piece is said now.
    private mutating func end(_ result: ExpertResult, into output: inout [ChatEvent]) {
        let name = result.name
        var text = result.text ?? ""
        switch result.outcome.phase {
        case .finished: text = ""
        case .fallback where takesBack && name == lead && shown.isFinal: takeBack(into: &output)
        case .leftOut, .fallback:
            guard let partial = sections?.breakOff(name), !partial.isEmpty else { break }
            cut[name] = partial
            text = ""
            output.append(.status("The answer of '\(name)' broke off; what was shown of it stays."))
        case .started, .failed, .cached: break
        }
        if name == lead, !text.isEmpty {
            begin(.answering(result.outcome.target ?? author, headers: [:], marks: result.marks), into: &output)
            shown.isFinal = true
            output.append(.model(ModelEvent(.text(text))))
        } else {
            write(text, by: name, into: &output)
        }
        if inSections.contains(name) { show(sections?.end(name) ?? "", into: &output) }
    }
}

extension Plan {
    /// Who is named as the author of what several experts wrote: the plan itself.
    var author: Target { Target(model) ?? Target(provider: "plan", model: model) }
}
