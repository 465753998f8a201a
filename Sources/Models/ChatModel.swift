public import Base
public import HTTP
public import Resilience

/// Something that answers chat requests: a provider behind a network, a model in this process, a script in a test.
public protocol ChatModel: Sendable {
    /// Sends the call. Returns once the first event is certain (the whole answer, when not streaming), so that
    /// whatever fails before can still be answered by another model. Cancelling the task ends the call at once.
    func start(_ call: ModelCall, context: RunContext) async throws(CodedError) -> any ModelStream
    /// The same for a call that ends with its token as well, while its task goes on. Of worth to models that can do so
    /// without a task of their own; for all others there is one that does.
    func start(
        _ call: ModelCall, context: RunContext, token: CancellationToken
    ) async throws(CodedError) -> any ModelStream
}

extension ChatModel {
    public func start(
        _ call: ModelCall, context: RunContext, token: CancellationToken
    ) async throws(CodedError) -> any ModelStream {
        try await token.cancelling { () async throws(CodedError) in try await self.start(call, context: context) }
    }
}

/// The events of one answer. One reader; what it does not take yet stays with the provider (back-pressure).
public protocol ModelStream: AnyObject, Sendable {
    /// What is there without waiting. Worth asking before ``next()``, whose suspensions cost more than most events.
    func ready() throws(CodedError) -> ModelSupply
    /// Appends what is there without waiting, at most `count` events, and says what comes behind them. What came before
    /// a failure is appended too. Of worth to streams that have several at hand: each layer is then asked once for all.
    func ready(_ count: Int, into events: inout [ModelEvent]) throws(CodedError) -> ModelRest
    /// The next event, or `nil` at the proper end of the answer. A stream that breaks off throws.
    func next() async throws(CodedError) -> ModelEvent?
    /// Ends the call at once; `next` then throws ``ErrorCode/cancelled``. Dropping the last reference does the same.
    func cancel()
    /// The provider's headers that may reach the caller.
    var forwardedHeaders: HTTPHeaders { get }
    /// What the provider has said with this answer of how many more calls it takes.
    var rateCount: RateCount? { get }
    /// What was done to the answer that its caller should know of. Complete when the stream is at its end.
    var marks: AnswerMarks { get }
}

extension ModelStream {
    public func ready() throws(CodedError) -> ModelSupply { .later }

    public func ready(_ count: Int, into events: inout [ModelEvent]) throws(CodedError) -> ModelRest {
        for _ in 0..<max(0, count) {
            switch try ready() {
            case .event(let event): events.append(event)
            case .end: return .end
            case .later: return .later
            }
        }
        return .more
    }

    public var forwardedHeaders: HTTPHeaders { HTTPHeaders() }
    public var rateCount: RateCount? { nil }
    public var marks: AnswerMarks { AnswerMarks() }
}

/// What a stream of events has at hand.
public enum ModelSupply: Sendable, Equatable {
    case event(ModelEvent)
    /// The proper end.
    case end
    /// Nothing yet: ``ModelStream/next()`` waits for it.
    case later
}

/// What comes behind the events that a stream had at hand.
public enum ModelRest: Sendable, Equatable {
    /// As many as were wanted are taken, so nobody has looked.
    case more
    /// The proper end.
    case end
    /// Nothing yet.
    case later
}

/// One request to one model of one provider.
public struct ModelCall: Sendable {
    public var request: ChatRequest {
        get { shared.value }
        set { shared = Shared(newValue) }
    }
    /// The model's name at its provider.
    public var model: String
    /// Whether the answer is wanted piece by piece. A model may answer otherwise; its events then say so.
    public var streaming: Bool
    /// What is known of the model at this provider.
    public var entry: CatalogueEntry? { known?.value }
    /// How long each part of the call may take; `nil` leaves it to the provider's own limits.
    public var timeouts: Timeouts?
    /// Whether nobody else would be asked after it: its first token may then take its time.
    public var isLast = false
    /// Whether its time limits are such that silence tells of the provider.
    var hasFairTime = true
    /// Which of the provider's keys it goes with, by its place in the configuration.
    public var key = 0

    // A call is copied by each step on its way; these are a kilobyte that stays where it is.
    private var shared: Shared<ChatRequest>
    private let known: Shared<CatalogueEntry>?

    public init(request: ChatRequest, model: String, streaming: Bool, entry: CatalogueEntry? = nil) {
        self.init(Shared(request), model: model, streaming: streaming, entry: entry.map { Shared($0) })
    }

    public init(_ request: Shared<ChatRequest>, model: String, streaming: Bool, entry: Shared<CatalogueEntry>?) {
        shared = request
        known = entry
        self.model = model
        self.streaming = streaming
    }
}

/// A wire format.
public enum Dialect: String, Sendable, Hashable, CaseIterable {
    /// OpenAI's chat completions, its responses, Anthropic's messages, and what has no wire.
    case openai, responses, anthropic, local
}

/// One message of a provider as it came: of a stream the data of one event, otherwise the body.
public struct Frame: Sendable, Equatable {
    public var dialect: Dialect
    public var bytes: [UInt8]

    public init(dialect: Dialect, bytes: [UInt8]) {
        self.dialect = dialect
        self.bytes = bytes
    }
}

/// A piece of an answer, neutral, and with it the bytes that it was read from.
public struct ModelEvent: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        case text(String)
        case reasoning(String)
        /// What proves to its provider that the reasoning before it is its own, and ends that piece of reasoning.
        case signature(String)
        /// Reasoning that only its provider can read.
        case sealedReasoning(String)
        case refusal(String)
        // What is large lies elsewhere: an event is copied by each step on its way, and most are a few letters.
        indirect case toolCall(ToolCallDelta)
        case finish(FinishReason)
        indirect case usage(Usage)
        /// A frame in which nothing is for us to read.
        case other
        /// The whole answer at once, from a call that did not stream.
        indirect case whole(ChatCompletion)
    }

    /// Where the event's bytes are.
    public enum Source: Sendable, Equatable {
        /// There are none: the event was not read from a wire.
        case built
        case frame(Frame)
        /// In the frame of an event before it: a frame with several pieces gives several events.
        case sameFrame
    }

    public var kind: Kind
    /// Which of the `n` answers this belongs to.
    public var choice: Int
    /// For text: what was likely at each of its tokens, if that was asked for.
    public var logprobs: [TokenLogprob]
    public var source: Source

    public init(_ kind: Kind, choice: Int = 0, logprobs: [TokenLogprob] = [], source: Source = .built) {
        self.kind = kind
        self.choice = choice
        self.logprobs = logprobs
        self.source = source
    }
}

/// A piece of a tool call. The first one of an index has the id and the name.
public struct ToolCallDelta: Sendable, Equatable {
    public var index: Int
    public var id: String?
    public var name: String?
    /// A piece of the arguments' JSON text.
    public var arguments: String

    public init(index: Int, id: String? = nil, name: String? = nil, arguments: String = "") {
        self.index = index
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}

/// Why an answer ended. Extensible: providers have reasons of their own.
public enum FinishReason: Sendable, Hashable {
    case stop, length, toolCalls, contentFilter, functionCall
    case other(String)

    public init(_ name: String) {
        self =
            switch name {
            case "stop": .stop
            case "length": .length
            case "tool_calls": .toolCalls
            case "content_filter": .contentFilter
            case "function_call": .functionCall
            default: .other(name)
            }
    }

    /// The name in OpenAI's dialect.
    public var name: String {
        switch self {
        case .stop: "stop"
        case .length: "length"
        case .toolCalls: "tool_calls"
        case .contentFilter: "content_filter"
        case .functionCall: "function_call"
        case .other(let name): name
        }
    }
}

/// The tokens of one answer. The prompt's include those that were cached, the answer's those of its reasoning.
public struct Usage: Sendable, Hashable {
    public var promptTokens: Int
    public var completionTokens: Int
    public var totalTokens: Int
    /// The part of the prompt that the provider had cached.
    public var cachedTokens: Int?
    /// The part of the prompt that the provider has put into its cache, and of that the part which it keeps for an hour.
    public var cacheWriteTokens: Int?
    public var cacheWriteHourTokens: Int?
    /// The part of the answer that was reasoning.
    public var reasoningTokens: Int?
    /// Why the prices of tokens do not tell what the answer cost, if they do not.
    public var unpriced: Unpriced?

    public init(
        promptTokens: Int, completionTokens: Int, totalTokens: Int? = nil, cachedTokens: Int? = nil,
        cacheWriteTokens: Int? = nil, cacheWriteHourTokens: Int? = nil, reasoningTokens: Int? = nil,
        unpriced: Unpriced? = nil
    ) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        // Counts come from outside; a sum must not trap.
        let (sum, overflow) = promptTokens.addingReportingOverflow(completionTokens)
        self.totalTokens = totalTokens ?? (overflow ? .max : sum)
        self.cachedTokens = cachedTokens
        self.cacheWriteTokens = cacheWriteTokens
        self.cacheWriteHourTokens = cacheWriteHourTokens
        self.reasoningTokens = reasoningTokens
        self.unpriced = unpriced
    }
}

/// How likely a token was, and what else was.
public struct TokenLogprob: Sendable, Hashable {
    public struct Candidate: Sendable, Hashable {
        public var token: String
        public var logprob: Double
        /// The token's bytes, for tokens that are no whole characters.
        public var bytes: [UInt8]?

        public init(token: String, logprob: Double, bytes: [UInt8]? = nil) {
            self.token = token
            self.logprob = logprob
            self.bytes = bytes
        }
    }

    public var chosen: Candidate
    public var top: [Candidate]

    public init(_ chosen: Candidate, top: [Candidate] = []) {
        self.chosen = chosen
        self.top = top
    }
}
