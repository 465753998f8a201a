public import Base
public import HTTP
public import Resilience

/// What a client wants vectors of, and the bytes in which it asked.
public struct EmbeddingRequest: Sendable, Equatable {
    /// The client's name for the model: an alias, or `provider/model`.
    public var model: String
    /// How many texts, or lists of tokens.
    public var count: Int
    /// The client's own body. An upstream gets it as it is, but for the model.
    public var original: [UInt8]

    public init(model: String, count: Int, original: [UInt8]) {
        self.model = model
        self.count = count
        self.original = original
    }
}

/// The vectors as the provider wrote them: numbers or base64, as was asked for.
public struct EmbeddingAnswer: Sendable, Equatable {
    public var body: [UInt8]
    public var usage: Usage?
    /// The provider's headers that may reach the caller.
    public var headers: HTTPHeaders

    public init(body: [UInt8], usage: Usage?, headers: HTTPHeaders = HTTPHeaders()) {
        self.body = body
        self.usage = usage
        self.headers = headers
    }
}

/// Something that turns texts into vectors.
public protocol EmbeddingModel: Sendable {
    /// `model` is the model's name at its provider, `key` the place of the key that the call goes with;
    /// `timeouts` are the provider's own where they are `nil`. Cancelling the task ends the call at once.
    func embed(
        _ request: EmbeddingRequest, model: String, key: Int, timeouts: Timeouts?, context: RunContext
    ) async throws(CodedError) -> EmbeddingAnswer
}

/// What a wire format says of asking for vectors and of reading them.
public protocol EmbeddingDialect: ProviderDialect {
    static func embeddingURL(base: String) -> String
    static func encodeEmbeddingRequest(_ request: EmbeddingRequest, model: String) -> [UInt8]
    /// Checks that there are as many vectors as were asked for.
    static func decodeEmbeddings(_ body: [UInt8], count: Int, secrets: Secrets) throws(CodedError) -> EmbeddingAnswer
}
