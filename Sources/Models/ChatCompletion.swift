/// A whole answer.
public struct ChatCompletion: Sendable, Equatable {
    public struct Choice: Sendable, Equatable {
        public var index: Int
        public var text: String?
        public var reasoning: String?
        public var refusal: String?
        public var toolCalls: [ToolCall]
        public var logprobs: [TokenLogprob]
        public var finishReason: FinishReason?

        public init(
            index: Int = 0, text: String? = nil, reasoning: String? = nil, refusal: String? = nil,
            toolCalls: [ToolCall] = [], logprobs: [TokenLogprob] = [], finishReason: FinishReason? = nil
        ) {
            self.index = index
            self.text = text
            self.reasoning = reasoning
            self.refusal = refusal
            self.toolCalls = toolCalls
            self.logprobs = logprobs
            self.finishReason = finishReason
        }
    }

    public var choices: [Choice]
    public var usage: Usage?
    /// The body that the answer was read from, for clients of the same dialect.
    public var frame: Frame?

    public init(choices: [Choice], usage: Usage? = nil, frame: Frame? = nil) {
        self.choices = choices
        self.usage = usage
        self.frame = frame
    }

    /// The text of the first choice.
    public var text: String { choices.first?.text ?? "" }

    /// The same answer as a stream would have given it.
    public var events: [ModelEvent] {
        var events: [ModelEvent] = []
        for choice in choices {
            let index = choice.index
            if let reasoning = choice.reasoning { events.append(ModelEvent(.reasoning(reasoning), choice: index)) }
            if let text = choice.text {
                events.append(ModelEvent(.text(text), choice: index, logprobs: choice.logprobs))
            }
            if let refusal = choice.refusal { events.append(ModelEvent(.refusal(refusal), choice: index)) }
            for (position, call) in choice.toolCalls.enumerated() {
                let delta = ToolCallDelta(index: position, id: call.id, name: call.name, arguments: call.arguments)
                events.append(ModelEvent(.toolCall(delta), choice: index))
            }
            events.append(ModelEvent(.finish(choice.finishReason ?? .stop), choice: index))
        }
        if let usage { events.append(ModelEvent(.usage(usage))) }
        return events
    }
}
