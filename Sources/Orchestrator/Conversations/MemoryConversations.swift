public import Base
internal import Synchronization

/// Conversations in memory, for as long as the process lives: bounded in number, in what they hold, and in time. Those
/// that were used longest ago go first: of whoever has the most, once that is more than a sixteenth of the whole. Every
/// call takes one lock and copies the turns that it gives; keeping the order costs O(1) a call, amortised.
public final class MemoryConversations: ConversationStore {
    public struct Limits: Sendable, Equatable {
        /// Conversations at once.
        public var conversations = 10_000
        /// The time since its last use after which a conversation is forgotten.
        public var timeToLive = Duration.seconds(3600)
        /// Bytes in all, about.
        public var memory = 64 << 20
        /// Messages that a conversation keeps; older turns go.
        public var messages = 100

        public init() {}
    }

    private let time: any TimeSource
    private let shelf: Mutex<ConversationShelf>

    public init(_ limits: Limits = Limits(), time: any TimeSource) {
        self.time = time
        shelf = Mutex(ConversationShelf(limits))
    }

    /// Other bounds hold from now on; what is over them goes with the next use.
    public func adopt(_ limits: Limits) { shelf.withLock { $0.adopt(limits) } }

    /// Conversations that are kept.
    public var count: Int { shelf.withLock(\.count) }
    /// Bytes that they hold, about.
    public var weight: Int { shelf.withLock(\.weight) }
    /// Whose they are.
    var users: Int { shelf.withLock(\.users) }

    public func turns(
        of conversation: String, scope: Scope, messages: Int
    ) async throws(CodedError) -> [ConversationTurn] {
        let key = ConversationShelf.Key(conversation, scope)
        let now = time.now()
        let kept = shelf.withLock { shelf in
            shelf.forgetOld(now)
            return shelf.use(key, now)
        }
        return Array(ConversationTurn.latest(kept, messages: messages))
    }

    public func append(_ turn: ConversationTurn, to conversation: String, scope: Scope) async throws(CodedError) {
        let key = ConversationShelf.Key(conversation, scope)
        let now = time.now()
        shelf.withLock { shelf in
            shelf.forgetOld(now)
            shelf.append(turn, to: key, now)
        }
    }

    public func forget(_ conversation: String, scope: Scope) async throws(CodedError) {
        let key = ConversationShelf.Key(conversation, scope)
        shelf.withLock { $0.remove(key) }
    }
}
