public import Models

/// The output guard as a stage between a model's events and whoever shows or keeps them. Each text of each choice is
/// guarded on its own: content, reasoning, refusal, the arguments of each call. Events in which nothing was found keep
/// their source, the provider's bytes, even where they waited; the others lose it, and with it what was likely at their
/// tokens. Bytes that say more than is read from them are searched as they are. A pure machine. Where the policy is `off`
/// there is none.
///
/// Under `flag` every event passes at once. Under `redact` an event waits until its text is decided and its frame is known
/// to be complete, which is when the next one comes: about a token. A choice's text is decided at its finish reason,
/// and where another kind of text begins in it.
public struct GuardedStream: Sendable {
    private let settings: GuardSettings
    /// By choice, in the order in which they began.
    private var choices: [GuardedChoice] = []
    /// Counts the frames, or events without one.
    private var frame = 0
    /// The choice that the frame's first event belongs to.
    private var frameChoice = 0
    /// The most of each kind in a frame that tells texts again, which may not be decided yet.
    private var repeated: [GuardKind: Int] = [:]
    /// Of all texts together, complete after ``finish(into:)``.
    public private(set) var findings = GuardFindings()

    /// More answers than any model gives.
    private static let maxChoices = 128

    /// `nil` where nothing is to be looked for.
    public init?(_ settings: GuardSettings) {
        guard settings.output != .off else { return nil }
        self.settings = settings
        findings.isRedacted = settings.output == .redact
    }

    /// The next event. Appends what may be shown now, of each choice in the order in which it came, possibly nothing.
    public mutating func take(_ event: ModelEvent, into output: inout [ModelEvent]) {
        if case .whole(let completion) = event.kind {
            finish(into: &output)
            output.append(guarded(completion, event))
            return
        }
        guard settings.output == .redact else {
            withChoice(event.choice) { $0.watch(event, &$1) }
            if let frame = event.unreadFrame { note(FrameSearch(frame, settings.patterns)) }
            output.append(event)
            return
        }
        var event = event
        if event.source != .sameFrame {
            frame += 1
            frameChoice = event.choice
        }
        // A frame goes to the client whole or not at all, so with pieces of several choices, which wait apart, it does not.
        let isShared = event.source == .sameFrame && event.choice != frameChoice
        if isShared {
            for position in choices.indices { choices[position].breakFrame(frame) }
        }
        let isBroken = isShared || !redact(&event)
        let frame = frame
        withChoice(event.choice) { $0.take(event, frame: frame, isBroken: isBroken, &$1) }
        for position in choices.indices { choices[position].release(before: frame, into: &output) }
    }

    /// The stream is at its end, or broke off: appends what was held back.
    public mutating func finish(into output: inout [ModelEvent]) {
        for position in choices.indices {
            choices[position].settle(&findings)
            choices[position].release(before: .max, into: &output)
        }
        choices = []
        for (kind, count) in repeated { findings.raise(kind, to: count) }
        repeated = [:]
    }

    private mutating func withChoice(_ index: Int, _ body: (inout GuardedChoice, inout GuardFindings) -> Void) {
        // Whoever numbers choices without end shares the last place.
        let position =
            choices.firstIndex { $0.index == index }
            ?? {
                if choices.count < Self.maxChoices {
                    choices.append(GuardedChoice(index, settings.patterns))
                }
                return choices.count - 1
            }()
        body(&choices[position], &findings)
    }

    /// Takes out what is found in the event's frame beside what is read from it. Gives whether the frame may go on: what
    /// has a neutral form is told in that.
    private mutating func redact(_ event: inout ModelEvent) -> Bool {
        guard let frame = event.unreadFrame else { return true }
        let search = FrameSearch(frame, settings.patterns)
        guard !search.isEmpty else { return true }
        note(search)
        guard case .other = event.kind, let redacted = search.redacted else { return false }
        event.source = .frame(redacted)
        return true
    }

    private mutating func note(_ search: FrameSearch) {
        for (kind, count) in search.counts {
            if search.isRepeating {
                repeated[kind] = max(repeated[kind] ?? 0, count)
            } else {
                findings.add(kind, count)
            }
        }
    }

    private mutating func guarded(_ completion: ChatCompletion, _ event: ModelEvent) -> ModelEvent {
        var choices = completion.choices
        var isChanged = false
        for position in choices.indices {
            if let text = redacted(completion.choices[position].text) {
                choices[position].text = text
                // What was likely at its tokens tells it, too.
                choices[position].logprobs = []
                isChanged = true
            }
            if let reasoning = redacted(completion.choices[position].reasoning) {
                choices[position].reasoning = reasoning
                isChanged = true
            }
            if let refusal = redacted(completion.choices[position].refusal) {
                choices[position].refusal = refusal
                isChanged = true
            }
            for call in completion.choices[position].toolCalls.indices {
                let arguments = completion.choices[position].toolCalls[call].arguments
                guard let arguments = redacted(arguments, isJSON: true) else { continue }
                choices[position].toolCalls[call].arguments = arguments
                isChanged = true
            }
        }
        if let frame = completion.frame, frame.hasUnread(texts: true) {
            // All texts stand in it, too.
            let search = FrameSearch(frame, settings.patterns)
            for (kind, count) in search.counts { findings.raise(kind, to: count) }
            isChanged = isChanged || settings.output == .redact && !search.isEmpty
        }
        guard isChanged else { return event }
        var changed = completion
        changed.choices = choices
        changed.frame = nil
        return ModelEvent(.whole(changed), choice: event.choice)
    }

    /// What becomes of a text that is there in one piece; `nil` where it stays as it is.
    private mutating func redacted(_ text: String?, isJSON: Bool = false) -> String? {
        guard let text else { return nil }
        var finder = SecretFinder(settings.patterns)
        var edits: [SecretFinder.Edit] = []
        finder.take(text, &edits)
        finder.finish(&edits)
        for edit in edits { if let kind = edit.kind { findings.add(kind) } }
        guard settings.output == .redact, !edits.isEmpty else { return nil }
        var redaction = Redaction(isJSON: isJSON)
        return redaction.apply(edits, to: text, from: 0)
    }
}
