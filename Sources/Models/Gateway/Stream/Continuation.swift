internal import Base

/// Knows of an answer what has been shown, so that another model can go on with it when it breaks off, and makes one
/// answer of both. A pure state machine.
struct Continuation: Sendable {
    /// What is to follow when the stream has broken off.
    enum Verdict: Sendable {
        /// Nothing: the answer was whole.
        case end
        case fail
        /// This is to be asked elsewhere.
        case resume(ChatRequest)
    }

    /// How often one answer is continued.
    static let mostTimes = 3
    /// Bytes of text; hardly a model could be given more.
    static let mostText = 4 << 20

    private let request: ChatRequest
    private let mostText: Int
    private var shown = ""
    /// Whether nothing but text has been shown, and not too much of it.
    private var isPlain = true
    private var hasFinished = false
    private var times = 0
    /// Of the models that have broken off.
    private var parts: [BrokenPart] = []
    /// The bytes of `shown` that are theirs.
    private var partsEnd = 0
    /// What the model that answers has told of its own usage.
    private var told: Usage?
    /// Of the stream that goes on with the answer; `nil` for the first one.
    private var filter: EchoFilter?

    init(_ request: ChatRequest, mostText: Int = Self.mostText) {
        self.request = request
        self.mostText = mostText
        isPlain = request.mayBeContinued
    }

    /// Whether the events are another model's, and must go through ``take(_:into:)``.
    var isContinued: Bool { filter != nil }

    /// An event is shown as it is.
    mutating func note(_ event: ModelEvent) {
        switch event.kind {
        case .other: break
        case .usage(let usage): told = usage
        case .finish: if event.choice == 0 { hasFinished = true }
        case .whole: hasFinished = true
        case .text(let text):
            guard isPlain else { return }
            guard event.choice == 0, event.logprobs.isEmpty, shown.utf8.count + text.utf8.count <= mostText else {
                return forget()
            }
            shown += text
        case .reasoning, .signature, .sealedReasoning, .refusal, .toolCall: forget()
        }
    }

    private mutating func forget() {
        isPlain = false
        shown = ""
    }

    /// The stream has thrown this.
    func verdict(after error: CodedError) -> Verdict {
        // Whoever cancels, or asks for what cannot be, is told so.
        guard error.code.fault == .provider else { return .fail }
        if hasFinished, request.n == 1 { return .end }
        guard isPlain, times < Self.mostTimes, shown.contains(where: { !$0.isWhitespace }) else { return .fail }
        return .resume(request.continuing(after: shown))
    }

    /// Another stream goes on with the answer. What was held back of the one before has never been said.
    /// - Returns: What the one before has given.
    mutating func resume() -> BrokenPart {
        times += 1
        let part = BrokenPart(told: told, shown: shown[shown.utf8.index(shown.startIndex, offsetBy: partsEnd)...])
        parts.append(part)
        partsEnd = shown.utf8.count
        told = nil
        filter = EchoFilter(shown: shown, before: request.beginningText)
        return part
    }

    /// Appends what is to be shown of an event of the stream that goes on. Its frames are of another answer, with a
    /// beginning of its own, so that they are not shown as they are.
    mutating func take(_ event: ModelEvent, into output: inout [ModelEvent]) {
        switch event.kind {
        case .other: if event.isUnsaidEnd { output.append(event) }
        case .usage(let usage):
            told = usage
            // Of the whole text; the prompt holds the beginning of it already.
            output.append(ModelEvent(.usage(usage.including(tokens: parts.tokens)), choice: event.choice))
        case .text(let text):
            guard event.choice == 0, let rest = filter?.take(text) else { return }
            if !rest.isEmpty { show(.text(rest), logprobs: event.logprobs, into: &output) }
        case .whole(let completion): for event in completion.events { take(event, into: &output) }
        case .finish, .reasoning, .signature, .sealedReasoning, .refusal, .toolCall:
            // One answer was asked for.
            guard event.choice == 0 else { return }
            release(into: &output)
            show(event.kind, into: &output)
        }
    }

    /// The stream is at its proper end. Appends what is still to be shown.
    mutating func end(into output: inout [ModelEvent]) {
        guard isContinued else { return }
        release(into: &output)
        // Frames that were shown before do not end by themselves.
        if !hasFinished { show(.finish(.stop), into: &output) }
        // One before has told what it used, which is not what all of it took.
        if told == nil, let known = parts.last(where: { $0.told != nil })?.told {
            let own = BrokenPart(told: nil, shown: shown[shown.utf8.index(shown.startIndex, offsetBy: partsEnd)...])
            let prompt = Usage(promptTokens: known.promptTokens, completionTokens: 0).including(prompt: parts.tokens)
            let usage = prompt.including(tokens: own.tokens).including(tokens: parts.tokens)
            output.append(ModelEvent(.usage(usage)))
        }
    }

    private mutating func release(into output: inout [ModelEvent]) {
        if let rest = filter?.release(), !rest.isEmpty { show(.text(rest), into: &output) }
    }

    private mutating func show(
        _ kind: ModelEvent.Kind, logprobs: [TokenLogprob] = [], into output: inout [ModelEvent]
    ) {
        let event = ModelEvent(kind, logprobs: logprobs)
        note(event)
        output.append(event)
    }
}
