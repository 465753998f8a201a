import JSON
import Models

/// What the benchmark needs of a dialect on both of its sides, and how a conversation and an answer look in it.
protocol WireDialect: ProviderDialect {
    associatedtype Encoder: AnswerEncoder

    static var name: String { get }
    static var model: String { get }
    static func read(_ body: [UInt8]) throws -> ChatRequest
    static func encoder() -> Encoder
    static func write(_ completion: ChatCompletion) -> [UInt8]

    static func body(of chat: Chat) -> JSON
    static func answer(of reply: Reply) -> JSON
    static func stream(of reply: Reply) -> [UInt8]
}

extension WireDialect {
    static var target: Target { Target(provider: name, model: model) }
}

protocol AnswerEncoder {
    mutating func encode(_ event: ModelEvent, into output: inout [UInt8])
    mutating func finish(into output: inout [UInt8])
}

extension OpenAI.StreamEncoder: AnswerEncoder {}
extension Anthropic.StreamEncoder: AnswerEncoder {}

extension OpenAI: WireDialect {
    static let name = "openai"
    static let model = "gpt-4o"
    static func read(_ body: [UInt8]) throws -> ChatRequest { try decodeRequest(body) }
    static func encoder() -> StreamEncoder { StreamEncoder(as: Wire.identity, includeUsage: false) }
    static func write(_ completion: ChatCompletion) -> [UInt8] { encodeCompletion(completion, as: Wire.identity) }
}

extension Anthropic: WireDialect {
    static let name = "anthropic"
    static let model = "claude-sonnet-4-5"
    static func read(_ body: [UInt8]) throws -> ChatRequest { try decodeRequest(body) }
    static func encoder() -> StreamEncoder { StreamEncoder(as: Wire.identity) }
    static func write(_ completion: ChatCompletion) -> [UInt8] { encodeCompletion(completion, as: Wire.identity) }
}

enum Wire {
    static let identity = AnswerIdentity(
        id: "chatcmpl-0123456789abcdef01234567", created: 1_755_000_000, model: "bench")

    /// A server-sent event.
    static func append(_ data: JSON, named name: String? = nil, to stream: inout [UInt8]) {
        if let name { stream += Array("event: \(name)\n".utf8) }
        stream += Array("data: ".utf8) + data.bytes + [0x0a, 0x0a]
    }

    /// As much as a packet holds.
    static func pieces(of stream: [UInt8]) -> [[UInt8]] {
        stride(from: 0, to: stream.count, by: 1400).map { Array(stream[$0..<min($0 + 1400, stream.count)]) }
    }
}
