internal import JSON

extension Anthropic {
    /// About how many input tokens a request has, for models that cannot be asked. By bytes, for the provider's
    /// tokenizer is not public: prose comes out up to a third too high, rarely too low; what only the provider can see
    /// (an image's size, a document's pages, the text of its own tools) is a flat or rough figure. What is added to a
    /// request never makes it less. Pure and saturating; O(size of the request).
    public static func estimateInputTokens(of request: ChatRequest) -> Int {
        var tally = Tally()
        tally.add(tokens: 3)
        for message in request.messages { tally.add(message) }
        if !request.tools.isEmpty { tally.add(tokens: 450) }
        for tool in request.tools {
            tally.add(tokens: 30)
            tally.add(text: tool.name)
            tally.add(text: tool.description ?? "")
            if let parameters = tool.parameters { tally.add(json: parameters) }
        }
        if request.hasForeignTools || request.foreignField != nil { tally.add(tokens: 2000) }
        if let reasoning = request.reasoning, reasoning != .off { tally.add(tokens: 28) }
        if case .jsonSchema(_, let schema, _)? = request.responseFormat {
            tally.add(tokens: 110)
            if let schema { tally.add(json: schema) }
        }
        return tally.tokens
    }

    /// The answer of `POST /v1/messages/count_tokens`.
    public static func encodeTokenCount(_ tokens: Int) -> [UInt8] {
        var writer = JSONWriter(reserving: 32)
        writer.beginObject()
        writer.member("input_tokens", tokens)
        writer.endObject()
        return writer.bytes
    }
}

/// Adds up parts of tokens, so that rounding happens once.
private struct Tally {
    /// In units of 1/21 token.
    private var units = 0
    private static let unitsPerToken = 21

    /// Rounded up.
    var tokens: Int { units / Self.unitsPerToken + (units % Self.unitsPerToken > 0 ? 1 : 0) }

    mutating func add(tokens: Int) { add(tokens, each: Self.unitsPerToken) }

    /// 3.5 bytes of ASCII a token; of other scripts, whose letters have two to four bytes, 2⅓.
    mutating func add(text: String) {
        let foreign = text.utf8.reduce(0) { $0 + Int($1 >> 7) }
        add(text.utf8.count - foreign, each: 6)
        add(foreign, each: 9)
    }

    /// Three bytes a token: punctuation is dense with them.
    mutating func add(json text: String) { add(text.utf8.count, each: 7) }

    mutating func add(json node: JSONNode) {
        var writer = JSONWriter()
        writer.value(node)
        add(writer.bytes.count, each: 7)
    }

    mutating func add(_ message: ChatMessage) {
        add(tokens: message.role == .tool ? 24 : 4)
        switch message.content {
        case .none: break
        case .text(let text): add(text: text)
        case .parts(let parts): for part in parts { add(part) }
        }
        add(text: message.refusal ?? "")
        for call in message.toolCalls {
            add(tokens: 20)
            add(text: call.name)
            add(json: call.arguments)
        }
        for piece in message.reasoning {
            switch piece {
            case .text(let text, _): add(text: text)
            case .sealed(let data): add(text: data)
            }
        }
    }

    private mutating func add(_ part: ContentPart) {
        switch part {
        case .text(let text), .refusal(let text): add(text: text)
        // What an image costs that is as large as models look at.
        case .image: add(tokens: 1600)
        case .audio(let data, _): add(file: data)
        case .document(let document):
            add(text: document.name ?? "")
            switch document.source {
            case .text(let text): add(text: text)
            case .base64(_, let data): add(file: data)
            case .url, .id: add(tokens: 2000)
            }
        case .cacheMark: break
        case .other(_, let node): add(json: node)
        }
    }

    /// A page and a bit, and by the size: a page of text and pictures has some 100 kB of base64 and 2,500 tokens.
    private mutating func add(file base64: String) {
        add(tokens: 2000)
        add(base64.utf8.count / 40, each: Self.unitsPerToken)
    }

    private mutating func add(_ count: Int, each weight: Int) {
        let (product, tooLarge) = count.multipliedReportingOverflow(by: weight)
        let (sum, overflow) = units.addingReportingOverflow(tooLarge ? .max : product)
        units = overflow ? .max : sum
    }
}
