public import Base

/// A conversation for a local model.
public struct LocalRequest: Sendable {
    public struct Message: Sendable, Equatable {
        public var role: String
        public var text: String

        public init(role: String, text: String) {
            self.role = role
            self.text = text
        }
    }

    public var messages: [Message]
    /// The most tokens of one answer; `nil` for ``defaultMaxTokens``.
    public var maxTokens: Int?
    /// 0 always takes the likeliest token.
    public var temperature: Double = 1
    /// The share of the probability that tokens are drawn from.
    public var topP: Double = 1
    public var frequencyPenalty: Double = 0
    public var presencePenalty: Double = 0
    /// The same seed gives the same answer where nothing else runs at the same time; `nil` draws one.
    public var seed: UInt32?
    public var stop: [String] = []
    /// JSON text of a schema that the answer must satisfy.
    public var jsonSchema: String?
    /// Whether the answer must be a JSON object of any shape.
    public var jsonObject = false
    /// How many of the likeliest tokens to tell beside each chosen one; `nil` for no log probabilities.
    public var logprobs: Int?
    /// How many answers.
    public var choices = 1
    /// When it ends with `deadline_exceeded`, waiting or writing; looked at between passes.
    public var deadline: Instant?

    /// A small model that is asked for no limit may not stop by itself before its window is full.
    public static let defaultMaxTokens = 1024
    /// What SmolLM2's model card recommends. At 1 a model of this size loses the thread.
    public static let defaultTemperature = 0.2
    public static let defaultTopP = 0.9

    public init(messages: [Message]) { self.messages = messages }
}

/// A token of an answer and how likely it was.
public struct LocalToken: Sendable, Equatable {
    public struct Candidate: Sendable, Equatable {
        public var id: Int
        /// May begin or end inside a character; none for a control token.
        public var bytes: [UInt8]
        /// Natural logarithm, of the model's own distribution.
        public var logprob: Double

        public init(id: Int, bytes: [UInt8], logprob: Double) {
            self.id = id
            self.bytes = bytes
            self.logprob = logprob
        }
    }

    public var chosen: Candidate
    /// The likeliest, likeliest first.
    public var top: [Candidate]

    public init(chosen: Candidate, top: [Candidate]) {
        self.chosen = chosen
        self.top = top
    }
}

/// A piece of an answer.
public struct LocalEvent: Sendable, Equatable {
    public enum Reason: Sendable, Equatable {
        /// The model ended its turn, or a stop string came.
        case stop
        /// `maxTokens` or the window's end.
        case length
    }

    public enum Kind: Sendable, Equatable {
        /// Whole characters; `tokens` only when log probabilities were asked for.
        case piece(String, tokens: [LocalToken])
        case finished(Reason, promptTokens: Int, completionTokens: Int)
    }

    public var choice: Int
    public var kind: Kind

    public init(choice: Int, _ kind: Kind) {
        self.choice = choice
        self.kind = kind
    }
}
