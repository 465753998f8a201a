public import Base
public import HTTP

/// What a wire format says of asking a provider and of reading its answers: pure functions, and a decoder that is a
/// value.
public protocol ProviderDialect: Sendable {
    associatedtype Decoder: AnswerDecoder

    /// Which one it is.
    static var dialect: Dialect { get }
    /// What follows a provider's base URL.
    static var path: String { get }
    /// The address of a provider whose base URL, without slashes at its end, is this: mostly the base and ``path``.
    static func url(base: String) -> String
    /// How a call says who makes it, and what else goes with every call.
    static func headers(key: Secret?) -> [(name: String, value: String)]
    /// What goes with this call besides.
    static func headers(of request: ChatRequest) -> [(name: String, value: String)]
    /// Headers of a provider's answers that reach the caller: these, and those that begin so.
    static var forwardedNames: [String] { get }
    static var forwardedPrefixes: [String] { get }

    /// The body of a call. Throws what this dialect cannot say, as `unsupported_by_model` with the `param`.
    /// `asksForUsage` is off for servers that refuse to be asked.
    static func encodeRequest(_ call: ModelCall, asksForUsage: Bool) throws(CodedError) -> [UInt8]
    /// For the body of one streaming answer. What `secrets` names never shows in an error.
    static func decoder(secrets: Secrets) -> Decoder
    static func decodeCompletion(_ body: [UInt8], secrets: Secrets) throws(CodedError) -> ChatCompletion
    /// Of an answer whose status is not 200. `wall` is the present time, for headers that name a date.
    static func decodeError(
        status: Int, headers: HTTPHeaders, body: [UInt8], secrets: Secrets, wall: WallTime
    ) -> CodedError
}

extension ProviderDialect {
    public static func url(base: String) -> String { base + path }
    public static func headers(of request: ChatRequest) -> [(name: String, value: String)] { [] }
}

/// Reads the body of a streaming answer: bytes in, model events out. A pure state machine.
public protocol AnswerDecoder: Sendable {
    /// Whether the provider said that the answer is over; what follows is not read.
    var isDone: Bool { get }
    /// Appends the events that the bytes complete. Those before a fault are appended before it is thrown.
    mutating func feed(_ bytes: [UInt8], into output: inout [ModelEvent]) throws(CodedError)
    /// The body has ended. Throws when the answer had not.
    mutating func finish(into output: inout [ModelEvent]) throws(CodedError)
}
