public import Base
public import HTTP

/// What a wire format says of being asked and of answering: pure functions, and an encoder that is a value.
public protocol ClientDialect: Sendable {
    associatedtype Encoder: AnswerEncoder

    /// Reads a request, of its headers what this dialect says there.
    static func request(_ body: [UInt8], headers: HTTPHeaders) throws(CodedError) -> ChatRequest
    /// The body of a whole answer. Counts what had to be mended in it.
    static func answer(
        _ completion: ChatCompletion, to request: ChatRequest, as identity: AnswerIdentity, repairs: inout Repairs
    ) -> [UInt8]
    /// For one answer piece by piece. `requestID` is shown with an error, where the dialect has a place for it.
    static func encoder(to request: ChatRequest, as identity: AnswerIdentity, requestID: String) -> Encoder
}

/// Writes model events as the server-sent events of one answer. A pure state machine.
public protocol AnswerEncoder: Sendable {
    /// Appends what a client is to see of the event, which may be nothing.
    mutating func encode(_ event: ModelEvent, into output: inout [UInt8])
    /// Ends the stream of an answer that is whole.
    mutating func finish(into output: inout [UInt8])
    /// Ends the stream of an answer that failed: an error after what was shown.
    mutating func fail(_ error: CodedError, into output: inout [UInt8])
    /// What of the answer had to be mended so far.
    var repairs: Repairs { get }
}

/// What an answer says of itself.
public struct AnswerIdentity: Sendable {
    /// Of the answer, `chatcmpl-…`; a provider's own id takes its place where its frames go through.
    public var id: String
    /// Seconds since 1970.
    public var created: Int64
    /// The model that really answered.
    public var model: String

    public init(id: String, created: Int64, model: String) {
        self.id = id
        self.created = created
        self.model = model
    }
}
