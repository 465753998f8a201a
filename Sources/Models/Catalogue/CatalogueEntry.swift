/// What a model does.
public enum ModelKind: String, Sendable, Hashable, CaseIterable {
    case chat
    /// Text that goes on, without messages.
    case completion
    case embedding
}

/// What a chat model can take or do beyond text.
public enum Capability: String, Sendable, Hashable, CaseIterable {
    case tools
    /// Several tool calls in one answer.
    case parallelTools = "parallel_tools"
    case vision, documents, audio
    /// Answers that obey a JSON schema.
    case jsonSchema = "json_schema"
    /// Answers that are some JSON object.
    case jsonObject = "json_object"
    case thinking
    /// The conversation may end with the beginning of the answer.
    case prefill
}

/// Which family of tokenizers counts a model's tokens.
public enum TokenizerFamily: String, Sendable, Hashable, CaseIterable {
    case cl100k, o200k, claude, llama3, mistral, deepseek, gemini
}

/// What is known of one model of one provider. Whatever is `nil` is not known.
public struct CatalogueEntry: Sendable, Hashable {
    public internal(set) var provider: String
    public internal(set) var model: String
    /// Other names of the same model at the same provider.
    public internal(set) var aliases: [String] = []
    public internal(set) var kind = ModelKind.chat
    /// Tokens of prompt and answer together.
    public internal(set) var context: Int?
    /// The most tokens of one answer.
    public internal(set) var output: Int?
    /// How long the vectors of an embedding model are by default.
    public internal(set) var dimensions: Int?
    /// What it is known to do.
    public internal(set) var capabilities: Set<Capability>?
    /// How it is steered; `nil` when nothing is known of that.
    public internal(set) var steering: Steering?
    public internal(set) var prices: Prices?
    public internal(set) var tokenizer: TokenizerFamily?
    /// The page that says so, or ``configuration``.
    public internal(set) var source: String
    /// The list through which the page was read.
    public internal(set) var via: String?
    /// The day on which it said so, as `2026-11-22`; `nil` for what the configuration says.
    public internal(set) var date: String?

    /// The source of what the configuration says.
    public static let configuration = "configuration"

    /// Whether it is known to; `nil` when nothing is known of what it can do.
    public func supports(_ capability: Capability) -> Bool? { capabilities?.contains(capability) }
}

/// What a configuration says of a model; `nil` leaves a field to the built-in catalogue.
public struct CatalogueRow: Sendable, Hashable {
    /// The provider's name in the configuration.
    public var provider: String
    public var model: String
    public var kind: ModelKind?
    public var context: Int?
    public var output: Int?
    public var dimensions: Int?
    public var capabilities: Set<Capability>?
    public var efforts: Set<ThinkingEffort>?
    public var refuses: Set<RequestRefusal>?
    /// All prices together: a list of one's own is not mixed with one that it replaces.
    public var prices: Prices?
    public var tokenizer: TokenizerFamily?

    public init(provider: String, model: String) {
        self.provider = provider
        self.model = model
    }
}

extension CatalogueEntry {
    /// The row, and what it leaves open from `base`.
    init(_ row: CatalogueRow, over base: CatalogueEntry?) {
        provider = row.provider
        model = row.model
        kind = row.kind ?? base?.kind ?? .chat
        context = row.context ?? base?.context
        output = row.output ?? base?.output
        dimensions = row.dimensions ?? base?.dimensions
        capabilities = row.capabilities ?? base?.capabilities
        steering = Steering(row, over: base?.steering)
        prices = row.prices ?? base?.prices
        tokenizer = row.tokenizer ?? base?.tokenizer
        source = Self.configuration
    }
}

/// What of a model bounds a chat request.
public struct ModelInfo: Sendable, Hashable {
    /// Tokens of prompt and answer together.
    public var window: Int
    /// The most tokens of one answer, where it is less than the window.
    public var maxAnswer: Int?
    public var tools: Bool
    public var images: Bool

    public init(window: Int, maxAnswer: Int? = nil, tools: Bool = true, images: Bool = false) {
        self.window = window
        self.maxAnswer = maxAnswer
        self.tools = tools
        self.images = images
    }

    /// `nil` when the window is not known. What is not known of the rest counts as possible.
    init?(_ entry: CatalogueEntry) {
        guard let context = entry.context else { return nil }
        self.init(
            window: context, maxAnswer: entry.output, tools: entry.supports(.tools) ?? true,
            images: entry.supports(.vision) ?? true)
    }

    /// The most tokens that one answer can have.
    public var answerLimit: Int { min(maxAnswer ?? window, window) }
}
