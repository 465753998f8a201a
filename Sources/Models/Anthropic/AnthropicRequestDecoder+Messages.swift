internal import Base
internal import JSON

extension Anthropic {
    /// The system prompt, if there is one, and the conversation. A user's message with tool results becomes one message
    /// a result and, if it says anything else, one with the rest.
    static func messages(of fields: FieldReader, limits: RequestLimits) throws(CodedError) -> [ChatMessage] {
        guard let array = try fields.array("messages") else {
            throw fields.missing("messages", "an array with at least one message")
        }
        let count = array.count
        guard (1...limits.messages).contains(count) else {
            throw CodedError(
                .invalidValue, "'messages' holds \(count) messages; it must hold 1 to \(limits.messages).",
                param: "messages")
        }
        var messages: [ChatMessage] = []
        messages.reserveCapacity(count + 1)
        if let system = try system(of: fields) { messages.append(system) }
        var calls = OpenCalls()
        for (index, element) in array.elements.enumerated() {
            let message = try fields.element(element, "messages", index)
            switch try role(of: message) {
            case .assistant:
                calls.assistantSpeaks()
                messages.append(try assistantMessage(message, at: index, &calls, limits: limits))
            default:
                calls.userSpeaks()
                try readUserMessage(message, at: index, &calls, into: &messages)
            }
        }
        return messages
    }

    /// The calls of the assistant's last turn that have no result yet. Messages of the same role one after the other
    /// are one turn.
    private struct OpenCalls {
        private var ids: Set<String> = []
        private var isAssistantsTurn = false

        mutating func assistantSpeaks() {
            if !isAssistantsTurn { ids = [] }
            isAssistantsTurn = true
        }

        mutating func userSpeaks() { isAssistantsTurn = false }
        mutating func open(_ id: String) { ids.insert(id) }
        /// `false` when there is no such call.
        mutating func close(_ id: String) -> Bool { ids.remove(id) != nil }
    }

    private static func system(of fields: FieldReader) throws(CodedError) -> ChatMessage? {
        guard let node = fields.present("system") else { return nil }
        var places = MessagePlaces(ClientPlace(.system))
        if let text = node.string {
            var message = ChatMessage(.system, text)
            message.places = places
            return text.isEmpty ? nil : message
        }
        guard node.kind == .array else {
            throw fields.wrongType("system", is: node, expected: "a string or an array of text blocks")
        }
        var parts: [ContentPart] = []
        for (index, element) in node.elements.enumerated() {
            let block = try fields.element(element, "system", index)
            let type = try type(of: block)
            guard type == "text" else {
                let param = block.param("type")
                throw CodedError(
                    .invalidValue, "'\(param)' must be text: 'system' holds text blocks alone.", param: param)
            }
            try readPart(type, block, into: &parts)
            places.fill(to: parts.count, ClientPlace(.system, index))
        }
        var message = ChatMessage(role: .system, content: content(parts))
        message.places = places
        return parts.isEmpty ? nil : message
    }

    private static func role(of fields: FieldReader) throws(CodedError) -> ChatMessage.Role {
        guard let name = try fields.string("role") else { throw fields.missing("role", "user or assistant") }
        switch name {
        case "user": return .user
        case "assistant": return .assistant
        default:
            let param = fields.param("role")
            throw CodedError(
                .invalidValue,
                "'\(param)' must be user or assistant. Instructions to the model go in the top-level field 'system'.",
                param: param)
        }
    }

    static func type(of block: FieldReader) throws(CodedError) -> String {
        guard let type = try block.string("type") else {
            throw block.missing("type", "text, image, document, tool_use, tool_result or another kind of block")
        }
        return type
    }

    /// The blocks of a content, or `nil` where it is a string.
    private static func blocks(of fields: FieldReader) throws(CodedError) -> JSONElements? {
        guard let node = fields.present("content") else {
            throw fields.missing("content", "a string or an array of content blocks")
        }
        if node.kind == .string { return nil }
        guard node.kind == .array else {
            throw fields.wrongType("content", is: node, expected: "a string or an array of content blocks")
        }
        return node.elements
    }

    /// One text alone is what a string would have said.
    private static func content(_ parts: [ContentPart]) -> ChatMessage.Content {
        if parts.count == 1, case .text(let text) = parts[0] { return .text(text) }
        return .parts(parts)
    }

    private static func misplaced(_ block: FieldReader, _ type: String, role: String) -> CodedError {
        let param = block.param("type")
        return CodedError(
            .invalidValue, "'\(param)' is \(type), which only a message of the role \(role) may hold.", param: param)
    }

    // MARK: The assistant's

    private static func assistantMessage(
        _ fields: FieldReader, at place: Int, _ calls: inout OpenCalls, limits: RequestLimits
    ) throws(CodedError) -> ChatMessage {
        var places = MessagePlaces(ClientPlace(.messages, place))
        var message = ChatMessage(role: .assistant, content: .none)
        guard let blocks = try blocks(of: fields) else {
            message.content = .text(try fields.string("content") ?? "")
            message.places = places
            return message
        }
        var parts: [ContentPart] = []
        for (index, element) in blocks.enumerated() {
            let block = try fields.element(element, "content", index)
            let type = try type(of: block)
            switch type {
            case "tool_use":
                let call = try toolCall(block, limits: limits)
                calls.open(call.id)
                message.toolCalls.append(call)
                places.calls.append(ClientPlace(.messages, place, block: index))
            case "thinking":
                guard let text = try block.string("thinking") else { throw block.missing("thinking", "a string") }
                let signature = try block.string("signature")
                // Empty where the thoughts were another dialect's.
                message.reasoning.append(.text(text, signature: signature == "" ? nil : signature))
            case "redacted_thinking":
                guard let data = try block.string("data") else { throw block.missing("data", "a string") }
                message.reasoning.append(.sealed(data))
            case "tool_result": throw misplaced(block, type, role: "user")
            default:
                try readPart(type, block, into: &parts)
                places.fill(to: parts.count, ClientPlace(.messages, place, block: index))
            }
        }
        message.places = places
        if !parts.isEmpty { message.content = content(parts) }
        return message
    }

    private static func toolCall(_ block: FieldReader, limits: RequestLimits) throws(CodedError) -> ToolCall {
        guard let id = try block.name("id", limit: limits.name) else { throw block.missing("id", "a string") }
        guard let name = try block.name("name", limit: limits.name) else {
            throw block.missing("name", "the tool's name")
        }
        guard let input = try block.object("input") else { throw block.missing("input", "an object") }
        var writer = JSONWriter()
        writer.value(input.node)
        return ToolCall(id: id, name: name, arguments: String(decoding: writer.bytes, as: UTF8.self))
    }

    // MARK: The user's

    private static func readUserMessage(
        _ fields: FieldReader, at place: Int, _ calls: inout OpenCalls, into messages: inout [ChatMessage]
    ) throws(CodedError) {
        var places = MessagePlaces(ClientPlace(.messages, place))
        guard let blocks = try blocks(of: fields) else {
            var message = ChatMessage(.user, try fields.string("content") ?? "")
            message.places = places
            return messages.append(message)
        }
        var parts: [ContentPart] = []
        var hasResults = false
        for (index, element) in blocks.enumerated() {
            let block = try fields.element(element, "content", index)
            let type = try type(of: block)
            switch type {
            case "tool_result":
                messages.append(try toolResult(block, at: (place, index), &calls))
                hasResults = true
            case "tool_use", "thinking", "redacted_thinking": throw misplaced(block, type, role: "assistant")
            default:
                try readPart(type, block, into: &parts)
                places.fill(to: parts.count, ClientPlace(.messages, place, block: index))
            }
        }
        guard !hasResults || !parts.isEmpty else { return }
        var message = ChatMessage(role: .user, content: content(parts))
        message.places = places
        messages.append(message)
    }

    private static func toolResult(
        _ block: FieldReader, at place: (message: Int, block: Int), _ calls: inout OpenCalls
    ) throws(CodedError) -> ChatMessage {
        guard let id = try block.string("tool_use_id") else {
            throw block.missing("tool_use_id", "the id of the tool_use block that this answers")
        }
        guard calls.close(id) else {
            let param = block.param("tool_use_id")
            throw CodedError(
                .invalidValue,
                "'\(param)' answers no call: the assistant's message before has no tool_use block with this id, or its "
                    + "result came already.",
                param: param)
        }
        let whole = ClientPlace(.messages, place.message, block: place.block)
        var places = MessagePlaces(whole)
        var parts: [ContentPart] = []
        if let node = block.present("content") {
            if let text = node.string {
                parts.append(.text(text))
                places.fill(to: 1, whole)
            } else if node.kind == .array {
                for (index, element) in node.elements.enumerated() {
                    let inner = try block.element(element, "content", index)
                    try readPart(try type(of: inner), inner, into: &parts)
                    let place = ClientPlace(.messages, place.message, block: place.block, inner: index)
                    places.fill(to: parts.count, place)
                }
            } else {
                throw block.wrongType("content", is: node, expected: "a string or an array of content blocks")
            }
        }
        if let mark = try cacheMark(of: block) { parts.append(.cacheMark(mark)) }
        places.fill(to: parts.count, whole)
        var message = ChatMessage(
            role: .tool, content: parts.isEmpty ? .text("") : content(parts), toolCallID: id)
        message.places = places
        message.isFailure = try block.bool("is_error") ?? false
        return message
    }
}
