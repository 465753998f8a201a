/// Where in the client's own body something stands. Numbers alone, for it is spelled out only when an error names it.
public struct ClientPlace: Sendable, Hashable {
    /// The body's field.
    public enum Field: String, Sendable {
        case messages, system, input, instructions
    }

    private let field: Field
    /// The element of the field, of that element's `content`, and of its `content` in turn; below 0 for none.
    private let item: Int32
    private let block: Int32
    private let inner: Int32

    /// - Parameters:
    ///   - item: The element of the field's array; `nil` for the field itself.
    ///   - block: The element of that element's `content`.
    ///   - inner: The element of that block's `content`.
    public init(_ field: Field, _ item: Int? = nil, block: Int? = nil, inner: Int? = nil) {
        self.field = field
        self.item = item.map(Int32.init(clamping:)) ?? -1
        self.block = block.map(Int32.init(clamping:)) ?? -1
        self.inner = inner.map(Int32.init(clamping:)) ?? -1
    }

    /// As an error's `param` names it, such as `messages[2].content[0]`.
    public var path: String {
        var path = field.rawValue
        if item >= 0 { path += "[\(item)]" }
        if block >= 0 { path += ".content[\(block)]" }
        if inner >= 0 { path += ".content[\(inner)]" }
        return path
    }
}

/// Where a message, its parts and its calls stand in the client's body. A dialect whose messages are not one to one the
/// neutral ones says so here; without it they are counted as they come.
public struct MessagePlaces: Sendable, Hashable {
    public var message: ClientPlace
    /// One for each part of the content, cache marks included; empty where the content is one text.
    public var parts: [ClientPlace] = []
    /// One for each tool call.
    public var calls: [ClientPlace] = []

    public init(_ message: ClientPlace) { self.message = message }

    /// Everything that was read from one block stands there.
    mutating func fill(to count: Int, _ place: ClientPlace) {
        while parts.count < count { parts.append(place) }
    }
}

/// Names a message and what is in it as its client would, for errors.
struct MessagePath {
    private let message: ChatMessage
    private let index: Int
    private let dialect: Dialect

    /// - Parameters:
    ///   - index: Where the message stands among the neutral ones.
    ///   - dialect: The client's.
    init(_ message: ChatMessage, at index: Int, in dialect: Dialect) {
        self.message = message
        self.index = index
        // Without places of its own, a message was read from OpenAI's dialect or made in its terms.
        self.dialect = message.places == nil ? .openai : dialect
    }

    var whole: String { message.places?.message.path ?? "messages[\(index)]" }
    var role: String { whole + ".role" }

    func part(_ position: Int) -> String {
        if let places = message.places {
            return places.parts.indices.contains(position) ? places.parts[position].path : whole
        }
        guard case .parts(let parts) = message.content else { return whole + ".content" }
        // Marks are parts of ours, not of the client's.
        let marks = parts.prefix(position).count { if case .cacheMark = $0 { true } else { false } }
        return "\(whole).content[\(position - marks)]"
    }

    func call(_ position: Int) -> String {
        if let calls = message.places?.calls, calls.indices.contains(position) { return calls[position].path }
        return "\(whole).tool_calls[\(position)]"
    }

    func callID(_ position: Int) -> String {
        call(position) + (dialect == .responses ? ".call_id" : ".id")
    }

    func arguments(_ position: Int) -> String {
        switch dialect {
        case .anthropic: call(position) + ".input"
        case .responses: call(position) + ".arguments"
        case .openai, .local: call(position) + ".function.arguments"
        }
    }

    /// Where a result names its call.
    var resultID: String {
        switch dialect {
        case .anthropic: whole + ".tool_use_id"
        case .responses: whole + ".call_id"
        case .openai, .local: whole + ".tool_call_id"
        }
    }
}

extension ChatRequest {
    /// The message as the client's own request names it.
    func path(of index: Int) -> MessagePath { MessagePath(messages[index], at: index, in: dialect) }

    /// A field of the body that each dialect names in its own way.
    enum NamedField {
        case format, effort
        case stop(Int)
    }

    /// Where the schema of the answer stands in the client's own body, such as `output_config.format.schema`.
    public var formatParam: String {
        switch dialect {
        case .openai, .local: param(.format) + ".json_schema.schema"
        case .responses, .anthropic: param(.format) + ".schema"
        }
    }

    func param(_ field: NamedField) -> String {
        switch (field, dialect) {
        case (.format, .anthropic): formatField ?? "output_config.format"
        case (.format, .responses): formatField ?? "text.format"
        case (.format, _): formatField ?? "response_format"
        case (.effort, .anthropic): "output_config.effort"
        case (.effort, .responses): "reasoning.effort"
        case (.effort, _): "reasoning_effort"
        case (.stop(let index), .anthropic): "stop_sequences[\(index)]"
        case (.stop(let index), _): "stop[\(index)]"
        }
    }
}
