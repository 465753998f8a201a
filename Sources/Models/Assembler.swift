/// Puts the events of a stream together to the whole answer that they tell.
public struct Assembler: Sendable {
    private var choices: [ChatCompletion.Choice] = []
    private var usage: Usage?
    private var whole: ChatCompletion?
    /// The calls of each choice.
    private var calls: [ToolCallTracker] = []

    /// More answers than any model gives; whatever a stream numbers beyond is dropped.
    private static let maxChoices = 128

    public init() {}

    public mutating func add(_ event: ModelEvent) {
        switch event.kind {
        case .other, .signature, .sealedReasoning: break
        case .usage(let usage): self.usage = usage
        case .whole(let completion):
            whole = completion
        case .text(let text):
            update(event.choice) { choice in
                Self.append(text, to: &choice.text)
                choice.logprobs += event.logprobs
            }
        case .reasoning(let text): update(event.choice) { Self.append(text, to: &$0.reasoning) }
        case .refusal(let text): update(event.choice) { Self.append(text, to: &$0.refusal) }
        case .finish(let reason): update(event.choice) { $0.finishReason = reason }
        case .toolCall(let delta): add(delta, choice: event.choice)
        }
    }

    /// The answer so far, its choices in order.
    public var completion: ChatCompletion {
        if let whole { return whole }
        var choices = choices
        for (position, tracker) in calls.enumerated() {
            choices[position].toolCalls = tracker.calls.map {
                ToolCall(id: $0.id, name: $0.name, arguments: $0.arguments)
            }
        }
        return ChatCompletion(choices: choices.sorted { $0.index < $1.index }, usage: usage)
    }

    /// In place, so that a long answer is not copied for every token.
    private static func append(_ piece: String, to text: inout String?) {
        if text == nil { text = piece } else { text?.append(piece) }
    }

    private mutating func update(_ index: Int, _ change: (inout ChatCompletion.Choice) -> Void) {
        guard let position = position(of: index) else { return }
        change(&choices[position])
    }

    private mutating func position(of index: Int) -> Int? {
        if let position = choices.firstIndex(where: { $0.index == index }) { return position }
        guard choices.count < Self.maxChoices else { return nil }
        choices.append(ChatCompletion.Choice(index: index))
        calls.append(ToolCallTracker())
        return choices.count - 1
    }

    private mutating func add(_ delta: ToolCallDelta, choice index: Int) {
        guard let position = position(of: index) else { return }
        _ = calls[position].add(delta)
    }
}
