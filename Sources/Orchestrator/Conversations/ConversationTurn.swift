public import Base
internal import JSON
public import Models

/// One turn that was answered: what was asked, and what the answer was.
public struct ConversationTurn: Sendable {
    /// The run that answered it. A turn is kept once, however often it is handed in.
    public var runID: String
    /// What the caller sent, without what was remembered before it.
    public var messages: [ChatMessage]
    public var answer: ChatMessage
    public var ended: WallTime

    /// What of the messages was not read is copied out of the request that it came in, which would else live as long.
    public init(runID: String, messages: [ChatMessage], answer: ChatMessage, ended: WallTime) {
        self.runID = runID
        self.messages = messages.map(\.detached)
        self.answer = answer
        self.ended = ended
    }

    /// How many messages it is, the answer's included.
    public var count: Int { messages.count + 1 }

    /// What it takes in memory, about: the texts and a share for what is around them, in bytes.
    public var weight: Int { messages.reduce(answer.weight + 128) { $0 + $1.weight } }

    /// Whether it goes on with calls that the turn before it made, and means nothing without that one.
    private var answersCalls: Bool {
        guard let role = messages.first?.role else { return false }
        return role == .tool || role == .function
    }

    /// The last of `turns`, which are oldest first, that together are at most so many messages. Turns stay whole, as do
    /// those that belong together by a model's calls, and the last ones are there however long they are: an answer
    /// without its question means nothing.
    public static func latest(_ turns: [ConversationTurn], messages limit: Int) -> ArraySlice<ConversationTurn> {
        var first = turns.endIndex
        var count = 0
        for index in turns.indices.reversed() {
            count += turns[index].count
            guard count <= limit || first == turns.endIndex else { break }
            if !turns[index].answersCalls { first = index }
        }
        return turns[first...]
    }
}

extension ChatMessage {
    fileprivate var detached: ChatMessage {
        guard case .parts(let parts) = content else { return self }
        var message = self
        message.content = .parts(
            parts.map { part in
                if case .other(let type, let node) = part { .other(type: type, node.detached) } else { part }
            })
        return message
    }

    fileprivate var weight: Int {
        var bytes = 96 + (refusal?.utf8.count ?? 0) + (name?.utf8.count ?? 0) + (toolCallID?.utf8.count ?? 0)
        switch content {
        case .none: break
        case .text(let text): bytes += text.utf8.count
        case .parts(let parts): bytes += parts.reduce(0) { $0 + $1.weight }
        }
        for call in toolCalls { bytes += 64 + call.id.utf8.count + call.name.utf8.count + call.arguments.utf8.count }
        for piece in reasoning {
            switch piece {
            case .text(let text, let signature): bytes += 32 + text.utf8.count + (signature?.utf8.count ?? 0)
            case .sealed(let text): bytes += 32 + text.utf8.count
            }
        }
        return bytes
    }
}

extension ContentPart {
    fileprivate var weight: Int {
        switch self {
        case .text(let text), .refusal(let text): 32 + text.utf8.count
        case .image(let url, let detail): 32 + url.utf8.count + (detail?.utf8.count ?? 0)
        case .audio(let data, let format): 32 + data.utf8.count + format.utf8.count
        case .document(let document):
            switch document.source {
            case .base64(let type, let text): 64 + type.utf8.count + text.utf8.count + document.nameLength
            case .url(let text), .text(let text), .id(let text): 64 + text.utf8.count + document.nameLength
            }
        case .cacheMark(let mark): 32 + (mark.lifetime?.utf8.count ?? 0)
        case .other(let type, let node): 64 + type.utf8.count + node.documentSize
        }
    }
}

extension Document {
    fileprivate var nameLength: Int { name?.utf8.count ?? 0 }
}
