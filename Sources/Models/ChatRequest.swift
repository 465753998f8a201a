/// How much a model is to think before it answers.
public enum ReasoningRequest: Sendable, Equatable {
    case off
    /// As much as the model sees fit.
    case adaptive
    /// At most so many tokens.
    case budget(Int)
    /// In the words of OpenAI's dialect: minimal, low, medium, high…
    case effort(String)

    /// In the words of OpenAI's dialect; `nil` leaves it to the model.
    var effort: String? {
        switch self {
        case .off: "none"
        case .adaptive: nil
        case .budget(let tokens): tokens < 4096 ? "low" : tokens < 16_384 ? "medium" : "high"
        case .effort(let effort): effort
        }
    }
}

/// What a client asks for, in neutral terms, and the bytes in which it asked.
public struct ChatRequest: Sendable {
    /// The body as the client sent it.
    public struct Original: Sendable, Equatable {
        public var dialect: Dialect
        public var bytes: [UInt8]

        public init(dialect: Dialect, bytes: [UInt8]) {
            self.dialect = dialect
            self.bytes = bytes
        }
    }

    /// The client's name for the model: an alias, or `provider/model`.
    public var model: String
    public var messages: [ChatMessage]

    public var tools: [ToolDefinition] = []
    /// Whether the request has tools of other kinds than functions, or functions in their old form. Only its own
    /// dialect can carry them.
    public var hasForeignTools = false
    /// A field besides tools and content that only its own dialect can carry.
    public var foreignField: String?
    /// What Anthropic's clients name as still in trial, for a provider of that dialect.
    public var betas: String?
    /// By which version of Anthropic's interface the client's own bytes are to be read.
    public var version: String?
    public var toolChoice: ToolChoice?
    public var parallelToolCalls: Bool?
    public var responseFormat: ResponseFormat?
    /// The field in which the client said so, where its dialect has more than one; `nil` for the usual one.
    public var formatField: String?
    public var reasoning: ReasoningRequest?

    public var stop: [String] = []
    public var seed: Int64?
    public var logprobs = false
    public var topLogprobs: Int?
    /// How many answers, 1 to 8.
    public var n = 1
    public var temperature: Double?
    public var topP: Double?
    public var topK: Int?
    public var frequencyPenalty: Double?
    public var presencePenalty: Double?
    /// The most tokens of one answer.
    public var maxTokens: Int?
    /// The field in which the client said so.
    public var maxTokensField = "max_tokens"

    public var stream = false
    /// Whether a stream is to end with a chunk that has the usage.
    public var includeUsage = false
    public var user: String?

    /// The dialect in which the client asked. What only that one knows (`other` parts and choices, foreign tools) can
    /// go to nobody else.
    public var dialect = Dialect.openai
    /// The client's own bytes. An upstream of the same dialect gets them as they are, but for the model and the
    /// stream options; so whoever changes anything else in the request sets this to `nil`.
    public var original: Original?

    public init(model: String, messages: [ChatMessage]) {
        self.model = model
        self.messages = messages
    }

    /// The first field that asks for something only some models can do: images, audio, files or tools. The path is that
    /// of the client's own request; `nil` when a model that knows text alone will do.
    public var beyondText: (param: String, what: String)? {
        if !tools.isEmpty || hasForeignTools { return ("tools", "tools") }
        for (index, message) in messages.enumerated() {
            guard case .parts(let parts) = message.content else { continue }
            for (position, part) in parts.enumerated() {
                switch part {
                case .text, .refusal, .cacheMark: continue
                default: return (path(of: index).part(position), "\(part.type) content")
                }
            }
        }
        return nil
    }
}
