public import Base
public import Models

/// One turn that was answered: what was asked, and what the answer was.
public struct ConversationTurn: Sendable {
    /// The run that answered it. A turn is kept once, however often it is handed in.
    public var runID: String
    /// What the caller sent, without what was remembered before it.
    public var messages: [ChatMessage]
    public var answer: ChatMessage
    public var ended: WallTime

    public init(runID: String, messages: [ChatMessage], answer: ChatMessage, ended: WallTime) {
        self.runID = runID
        self.messages = messages
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
    fileprivate var weight: Int {
        var bytes = 96 + (refusal?.utf8.count ?? 0)
        switch content {
        case .none: break
        case .text(let text): bytes += text.utf8.count
        case .parts(let parts): bytes += parts.reduce(0) { $0 + $1.weight }
        }
        for call in toolCalls { bytes += 64 + call.arguments.utf8.count }
        return bytes
    }
}

extension ContentPart {
    fileprivate var weight: Int {
        switch self {
        case .text(let text), .refusal(let text): 32 + text.utf8.count
        case .image(let url, _): 32 + url.utf8.count
        case .audio(let data, _): 32 + data.utf8.count
        case .document(let document):
            switch document.source {
            case .base64(_, let text), .url(let text), .text(let text), .id(let text): 64 + text.utf8.count
            }
        case .cacheMark: 32
        // It holds on to the document that it was read from; how large that was is not known here.
        case .other: 1024
        }
    }
}
