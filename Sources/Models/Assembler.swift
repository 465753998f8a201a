/// Puts the events of a stream together to the whole answer that they tell.
public struct Assembler: Sendable {
    private var choices: [ChatCompletion.Choice] = []
    private var texts: [Texts] = []
    private var usage: Usage?
    private var whole: ChatCompletion?
    /// The calls of each choice.
    private var calls: [ToolCallTracker] = []

    /// More answers than any model gives; whatever a stream numbers beyond is dropped.
    private static let maxChoices = 128

    private struct Texts: Sendable {
        var text = LongText()
        var reasoning = LongText()
        var refusal = LongText()
    }

    public init() {}

    public mutating func add(_ event: ModelEvent) {
        switch event.kind {
        case .other, .signature, .sealedReasoning: break
        case .usage(let usage): self.usage = usage
        case .whole(let completion):
            whole = completion
        case .text(let text):
            guard let position = position(of: event.choice) else { return }
            texts[position].text.append(text)
            choices[position].logprobs += event.logprobs
        case .reasoning(let text): update(event.choice) { $0.reasoning.append(text) }
        case .refusal(let text): update(event.choice) { $0.refusal.append(text) }
        case .finish(let reason):
            if let position = position(of: event.choice) { choices[position].finishReason = reason }
        case .toolCall(let delta): add(delta, choice: event.choice)
        }
    }

    /// The answer so far, its choices in order.
    public var completion: ChatCompletion {
        if let whole { return whole }
        var choices = choices
        for (position, texts) in texts.enumerated() {
            choices[position].text = texts.text.whole
            choices[position].reasoning = texts.reasoning.whole
            choices[position].refusal = texts.refusal.whole
        }
        for (position, tracker) in calls.enumerated() {
            choices[position].toolCalls = tracker.calls.map {
                ToolCall(id: $0.id, name: $0.name, arguments: $0.arguments)
            }
        }
        return ChatCompletion(choices: choices.sorted { $0.index < $1.index }, usage: usage)
    }

    private mutating func update(_ index: Int, _ change: (inout Texts) -> Void) {
        guard let position = position(of: index) else { return }
        change(&texts[position])
    }

    private mutating func position(of index: Int) -> Int? {
        if let position = choices.firstIndex(where: { $0.index == index }) { return position }
        guard choices.count < Self.maxChoices else { return nil }
        choices.append(ChatCompletion.Choice(index: index))
        texts.append(Texts())
        calls.append(ToolCallTracker())
        return choices.count - 1
    }

    private mutating func add(_ delta: ToolCallDelta, choice index: Int) {
        guard let position = position(of: index) else { return }
        _ = calls[position].add(delta)
    }
}

/// A text that grows piece by piece: as one string that doubles it would take up to three times its length.
struct LongText: Sendable {
    private static let most = 16 * 1024

    private var full: [String] = []
    private var last: String?

    mutating func append(_ piece: String) {
        guard let length = last?.utf8.count, length + piece.utf8.count <= LongText.most else {
            if let last { full.append(last) }
            last = piece
            return
        }
        last?.append(piece)
    }

    /// `nil` when nothing was ever appended.
    var whole: String? { full.isEmpty ? last : full.joined() + (last ?? "") }
}
