internal import Base
internal import JSON

extension Responses {
    /// The instructions, if there are any, and the conversation.
    static func input(of fields: FieldReader, limits: RequestLimits) throws(CodedError) -> InputReader {
        guard let node = fields.present("input") else {
            throw fields.missing("input", "a string or an array of items")
        }
        var reader = InputReader(limits: limits)
        if let instructions = try fields.string("instructions"), !instructions.isEmpty {
            reader.messages.append(message(.system, instructions, at: ClientPlace(.instructions)))
        }
        if let text = node.string {
            reader.messages.append(message(.user, text, at: ClientPlace(.input)))
            return reader
        }
        guard node.kind == .array else {
            throw fields.wrongType("input", is: node, expected: "a string or an array of items")
        }
        let count = node.count
        guard (1...limits.items).contains(count) else {
            throw CodedError(
                .invalidValue, "'input' holds \(count) items; it must hold 1 to \(limits.items).", param: "input")
        }
        reader.messages.reserveCapacity(count + 1)
        for (index, element) in node.elements.enumerated() {
            try reader.read(try fields.element(element, "input", index), at: index)
        }
        return reader
    }

    private static func message(_ role: ChatMessage.Role, _ text: String, at place: ClientPlace) -> ChatMessage {
        var message = ChatMessage(role, text)
        message.places = MessagePlaces(place)
        return message
    }

    /// Reads the items of a conversation into messages. What an assistant thought, said and called without a result
    /// between is one message, as in the other dialects.
    struct InputReader {
        fileprivate(set) var messages: [ChatMessage] = []
        /// The path of the first thing that only this dialect has.
        fileprivate(set) var foreign: String?
        /// Thoughts whose message has not come yet.
        private var thoughts: [Reasoning] = []
        private var calls: Set<String> = []
        /// A kind of item that is not known may be the call that a result answers.
        private var hasForeignItems = false
        private let limits: RequestLimits

        fileprivate init(limits: RequestLimits) { self.limits = limits }
    }
}

extension Responses.InputReader {
    fileprivate mutating func read(_ item: FieldReader, at index: Int) throws(CodedError) {
        switch try item.string("type") ?? "message" {
        case "message": try readMessage(item, at: index)
        case "function_call": try readCall(item, at: index)
        case "function_call_output": try readResult(item, at: index)
        case "reasoning": try readThoughts(item)
        default:
            hasForeignItems = true
            foreign = foreign ?? "input[\(index)]"
        }
    }

    private mutating func readMessage(_ item: FieldReader, at index: Int) throws(CodedError) {
        guard let name = try item.string("role") else {
            throw item.missing("role", "user, assistant, system or developer")
        }
        guard let role = ChatMessage.Role(rawValue: name), role != .tool, role != .function else {
            let param = item.param("role")
            throw CodedError(.invalidValue, "'\(param)' must be user, assistant, system or developer.", param: param)
        }
        let content = try Responses.content(of: item, "content", foreign: &foreign)
        let thoughts = takeThoughts()
        let places = Self.places(of: content, at: index)
        guard role == .assistant else {
            var message = ChatMessage(role: role, content: content)
            message.places = places
            messages.append(message)
            return
        }
        // Words among calls whose results are still to come.
        if let last = messages.indices.last, messages[last].role == .assistant, !messages[last].toolCalls.isEmpty {
            messages[last].reasoning += thoughts
            messages[last].content = Self.joined(messages[last].content, content)
            if case .parts(let parts) = messages[last].content {
                messages[last].places?.parts += places.parts
                messages[last].places?.fill(to: parts.count, places.message)
            }
            return
        }
        var message = ChatMessage(role: .assistant, content: content)
        message.reasoning = thoughts
        message.places = places
        messages.append(message)
    }

    private static func places(of content: ChatMessage.Content, at index: Int) -> MessagePlaces {
        var places = MessagePlaces(ClientPlace(.input, index))
        if case .parts(let parts) = content {
            for block in parts.indices { places.parts.append(ClientPlace(.input, index, block: block)) }
        }
        return places
    }

    private static func joined(
        _ first: ChatMessage.Content, _ second: ChatMessage.Content
    ) -> ChatMessage.Content {
        func parts(_ content: ChatMessage.Content) -> [ContentPart] {
            switch content {
            case .none: []
            case .text(let text): text.isEmpty ? [] : [.text(text)]
            case .parts(let parts): parts
            }
        }
        let (left, right) = (parts(first), parts(second))
        if left.isEmpty { return second }
        return right.isEmpty ? first : .parts(left + right)
    }

    private mutating func readCall(_ item: FieldReader, at index: Int) throws(CodedError) {
        guard let id = try item.name("call_id", limit: limits.name) else { throw item.missing("call_id", "a string") }
        guard let name = try item.name("name", limit: limits.name) else {
            throw item.missing("name", "the function's name")
        }
        let call = ToolCall(id: id, name: name, arguments: try item.string("arguments") ?? "")
        calls.insert(id)
        if messages.last?.role != .assistant {
            var message = ChatMessage(role: .assistant, content: .none)
            message.places = MessagePlaces(ClientPlace(.input, index))
            messages.append(message)
        }
        let last = messages.count - 1
        messages[last].reasoning += takeThoughts()
        messages[last].toolCalls.append(call)
        messages[last].places?.calls.append(ClientPlace(.input, index))
    }

    private mutating func readResult(_ item: FieldReader, at index: Int) throws(CodedError) {
        guard let id = try item.string("call_id") else {
            throw item.missing("call_id", "the call_id of the function_call that this answers")
        }
        guard calls.contains(id) || hasForeignItems else {
            let param = item.param("call_id")
            throw CodedError(
                .invalidValue, "'\(param)' answers no call: no function_call before it in 'input' has this call_id.",
                param: param)
        }
        let content = try Responses.content(of: item, "output", foreign: &foreign)
        _ = takeThoughts()
        var message = ChatMessage(role: .tool, content: content, toolCallID: id)
        message.places = Self.places(of: content, at: index)
        messages.append(message)
    }

    /// The thoughts themselves where there are any, else what sums them up.
    private mutating func readThoughts(_ item: FieldReader) throws(CodedError) {
        let summary = try texts(of: item, "summary")
        let content = try texts(of: item, "content")
        for text in content.isEmpty ? summary : content { thoughts.append(.text(text, signature: nil)) }
        if let sealed = try item.string("encrypted_content"), !sealed.isEmpty { thoughts.append(.sealed(sealed)) }
    }

    private func texts(of item: FieldReader, _ field: String) throws(CodedError) -> [String] {
        guard let array = try item.array(field) else { return [] }
        var texts: [String] = []
        for (index, element) in array.elements.enumerated() {
            let part = try item.element(element, field, index)
            guard let text = try part.string("text") else { throw part.missing("text", "a string") }
            if !text.isEmpty { texts.append(text) }
        }
        return texts
    }

    /// Thoughts that lead to nothing an assistant said mean nothing to anybody.
    private mutating func takeThoughts() -> [Reasoning] {
        defer { thoughts = [] }
        return thoughts
    }
}
