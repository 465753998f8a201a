internal import Base
internal import JSON

extension Anthropic {
    /// `system` and `messages`.
    static func writeConversation(of request: ChatRequest, to writer: inout JSONWriter) throws(CodedError) {
        let isInstruction = { (message: ChatMessage) in message.role == .system || message.role == .developer }
        let first = request.messages.firstIndex { !isInstruction($0) } ?? request.messages.count
        try writeSystem(request, upTo: first, to: &writer)
        var turns = Turns(isOwn: request.dialect == .anthropic, prefill: request.prefill)
        writer.key("messages")
        writer.beginArray()
        for index in first..<request.messages.count {
            try turns.write(request.messages[index], at: index, request.path(of: index), to: &writer)
        }
        try turns.end(to: &writer)
        writer.endArray()
    }

    /// One text, or blocks where the client marked what is worth caching.
    private static func writeSystem(
        _ request: ChatRequest, upTo end: Int, to writer: inout JSONWriter
    ) throws(CodedError) {
        var texts: [String] = []
        var blocks: [Block] = []
        for index in 0..<end {
            let parts = try Block.all(
                of: request.messages[index], request.path(of: index), takesMedia: false, isOwn: false)
            if !parts.isEmpty { texts.append(parts.map(\.text).joined()) }
            blocks += parts
        }
        if blocks.isEmpty { return }
        guard blocks.contains(where: { $0.mark != nil }) else {
            return writer.member("system", texts.joined(separator: "\n\n"))
        }
        writer.key("system")
        writer.beginArray()
        for block in blocks { block.write(to: &writer) }
        writer.endArray()
    }
}

/// Writes messages as the turns of this dialect: neighbours of the same role become one message, results of tools are
/// a user's, and what holds nothing is left out.
private struct Turns {
    /// Whether the request is of this dialect, so that parts which only it knows are its own.
    let isOwn: Bool
    /// Where the beginning of the answer stands, which must not end in white space.
    let prefill: Int?
    private var openRole: ChatMessage.Role?
    private var previous: ChatMessage.Role?
    private var calls = ToolCallOrder()
    private var isEmpty = true

    init(isOwn: Bool, prefill: Int?) {
        self.isOwn = isOwn
        self.prefill = prefill
    }

    mutating func write(
        _ message: ChatMessage, at index: Int, _ path: MessagePath, to writer: inout JSONWriter
    ) throws(CodedError) {
        switch message.role {
        case .system, .developer:
            throw .foreign(path.role, "an instruction after the conversation has begun")
        case .function:
            throw .foreign(path.role, "the result of a call without an id")
        case .user:
            try calls.close()
            let blocks = try Anthropic.Block.all(of: message, path, takesMedia: true, isOwn: isOwn)
            begin(.user, if: !blocks.isEmpty, to: &writer)
            for block in blocks { block.write(to: &writer) }
        case .assistant: try writeAssistant(message, path, isLast: index == prefill, to: &writer)
        case .tool: try writeResult(message, path, to: &writer)
        }
        previous = message.role
    }

    mutating func end(to writer: inout JSONWriter) throws(CodedError) {
        try calls.close()
        if openRole != nil { endTurn(&writer) }
        guard isEmpty else { return }
        throw .foreign("messages", "a conversation in which nobody has said anything")
    }

    private mutating func writeAssistant(
        _ message: ChatMessage, _ path: MessagePath, isLast: Bool, to writer: inout JSONWriter
    ) throws(CodedError) {
        var blocks = try Anthropic.Block.all(of: message, path, takesMedia: false, isOwn: isOwn)
        if let refusal = message.refusal, !Anthropic.Block.isBlank(refusal) { blocks.append(.init(.text(refusal))) }
        if isLast, let last = blocks.last { blocks[blocks.count - 1] = last.trimmed }
        // Neighbours of an assistant that only call are one turn, whose results may come together.
        if previous != .assistant || !blocks.isEmpty { try calls.close() }
        let thoughts = message.reasoning.filter { $0.isProven(in: isOwn ? .anthropic : .openai) }
        begin(
            .assistant, if: !(thoughts.isEmpty && blocks.isEmpty && message.toolCalls.isEmpty), to: &writer)
        for thought in thoughts { Self.write(thought, to: &writer) }
        for block in blocks { block.write(to: &writer) }
        for (position, call) in message.toolCalls.enumerated() {
            let id = try calls.add(call.id, path, position)
            writer.beginObject()
            writer.member("type", "tool_use")
            writer.member("id", id)
            writer.member("name", call.name)
            writer.member("input", raw: try Self.input(of: call, path, position))
            writer.endObject()
        }
    }

    private mutating func writeResult(
        _ message: ChatMessage, _ path: MessagePath, to writer: inout JSONWriter
    ) throws(CodedError) {
        let id = try calls.answer(message.toolCallID ?? "", path)
        let blocks = try Anthropic.Block.all(of: message, path, takesMedia: true, isOwn: isOwn)
        begin(.user, if: true, to: &writer)
        writer.beginObject()
        writer.member("type", "tool_result")
        writer.member("tool_use_id", id)
        if case .text(let text) = message.content, !blocks.isEmpty {
            writer.member("content", text)
        } else if !blocks.isEmpty {
            writer.key("content")
            writer.beginArray()
            for block in blocks { block.write(marked: false, to: &writer) }
            writer.endArray()
        }
        if message.isFailure { writer.member("is_error", true) }
        // Pieces of a result cannot be marked, the result can.
        Anthropic.write(blocks.last { $0.mark != nil }?.mark, to: &writer)
        writer.endObject()
    }

    /// Opens a message of the role unless the open one is of it.
    private mutating func begin(_ role: ChatMessage.Role, if hasContent: Bool, to writer: inout JSONWriter) {
        guard hasContent, openRole != role else { return }
        if openRole != nil { endTurn(&writer) }
        openRole = role
        isEmpty = false
        writer.beginObject()
        writer.member("role", role.rawValue)
        writer.key("content")
        writer.beginArray()
    }

    private func endTurn(_ writer: inout JSONWriter) {
        writer.endArray()
        writer.endObject()
    }

    private static func write(_ thought: Reasoning, to writer: inout JSONWriter) {
        switch thought {
        case .text(let text, let signature):
            writer.value(["type": "thinking", "thinking": .string(text), "signature": .string(signature ?? "")])
        case .sealed(let data): writer.value(["type": "redacted_thinking", "data": .string(data)])
        }
    }

    /// The arguments' own bytes, which must be a JSON object; none at all are an empty one.
    private static func input(
        of call: ToolCall, _ path: MessagePath, _ position: Int
    ) throws(CodedError) -> [UInt8] {
        let bytes = Array(call.arguments.utf8)
        if bytes.allSatisfy({ $0 == 0x20 || 0x09...0x0d ~= $0 }) { return Array("{}".utf8) }
        if (try? JSONDocument(bytes))?.root.kind == .object { return bytes }
        let param = path.arguments(position)
        throw CodedError(.invalidValue, "'\(param)' must be a JSON object.", param: param)
    }
}
