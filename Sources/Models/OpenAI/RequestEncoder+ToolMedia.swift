extension OpenAI {
    /// The conversation with what this dialect's tool messages cannot hold, images and files, in a user's message after
    /// the results of the same turn. There, a text says whose they are.
    static func movingToolMedia(_ messages: [ChatMessage]) -> [ChatMessage] {
        // By their places, for a message is much to copy.
        guard messages.indices.contains(where: { messages[$0].role == .tool && messages[$0].hasMedia }) else {
            return messages
        }
        var result: [ChatMessage] = []
        result.reserveCapacity(messages.count + 1)
        var names: [String: String] = [:]
        var moved: [ContentPart] = []
        for message in messages {
            guard message.role == .tool else {
                // Two messages of a user's in a row are one too many for some servers.
                if !moved.isEmpty, message.role == .user {
                    result.append(message.following(moved))
                } else {
                    if !moved.isEmpty { result.append(ChatMessage(role: .user, content: .parts(moved))) }
                    result.append(message)
                }
                moved = []
                for call in message.toolCalls { names[call.id] = call.name }
                continue
            }
            guard message.hasMedia, case .parts(let parts) = message.content else {
                result.append(message)
                continue
            }
            let id = message.toolCallID ?? ""
            moved.append(.text("From the result of the tool call \(id)\(names[id].map { " (\($0))" } ?? ""):"))
            moved += parts.filter(\.isMedia)
            var rest = message
            let texts = parts.filter { !$0.isMedia }
            rest.content =
                texts.contains(where: \.isText)
                ? .parts(texts) : .text("The result is in the user's message after the results.")
            result.append(rest)
        }
        if !moved.isEmpty { result.append(ChatMessage(role: .user, content: .parts(moved))) }
        return result
    }
}

extension ChatMessage {
    fileprivate var hasMedia: Bool {
        if case .parts(let parts) = content { parts.contains(where: \.isMedia) } else { false }
    }

    /// The message with these parts before its own.
    fileprivate func following(_ parts: [ContentPart]) -> ChatMessage {
        var message = self
        switch content {
        case .none: message.content = .parts(parts)
        case .text(let text): message.content = .parts(parts + [.text(text)])
        case .parts(let own): message.content = .parts(parts + own)
        }
        message.places = nil
        return message
    }
}

extension ContentPart {
    fileprivate var isMedia: Bool {
        switch self {
        case .image, .document, .audio: true
        case .text, .refusal, .cacheMark, .other: false
        }
    }
}
