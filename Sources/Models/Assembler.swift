/// Puts the events of a stream together to the whole answer that they tell.
public struct Assembler: Sendable {
    private var choices: [ChatCompletion.Choice] = []
    private var usage: Usage?
    private var whole: ChatCompletion?
    /// The calls of each choice by the index that the stream gives them, which need not be their position.
    private var callIndices: [[Int]] = []

    /// More answers or calls than any model gives; whatever a stream numbers beyond is dropped.
    private static let maxChoices = 128
    private static let maxToolCalls = 1024

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
        callIndices.append([])
        return choices.count - 1
    }

    private mutating func add(_ delta: ToolCallDelta, choice index: Int) {
        guard let position = position(of: index) else { return }
        if let call = callIndices[position].lastIndex(of: delta.index) {
            // Some providers give every whole call the index 0; a new id then is a new call.
            let known = choices[position].toolCalls[call]
            if delta.id == nil || known.id.isEmpty || delta.id == known.id || delta.id == "" {
                if let id = delta.id, known.id.isEmpty { choices[position].toolCalls[call].id = id }
                if let name = delta.name, known.name.isEmpty { choices[position].toolCalls[call].name = name }
                choices[position].toolCalls[call].arguments += delta.arguments
                return
            }
        }
        guard choices[position].toolCalls.count < Self.maxToolCalls else { return }
        callIndices[position].append(delta.index)
        choices[position].toolCalls.append(
            ToolCall(id: delta.id ?? "", name: delta.name ?? "", arguments: delta.arguments))
    }
}
