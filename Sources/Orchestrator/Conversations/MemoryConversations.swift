public import Base
internal import Synchronization

/// Conversations in memory, for as long as the process lives: bounded in number, in what they hold, and in time. Those
/// that were used longest ago go first. Every call takes one lock and copies the turns that it gives; keeping the order
/// costs O(1) a call, amortised.
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

    fileprivate struct Key: Hashable {
        let tenant: String
        let user: String
        let conversation: String
    }

    fileprivate struct Conversation {
        var turns: [ConversationTurn] = []
        var weight = 0
        var used: Instant
        /// Its youngest entry in the order of use.
        var use: UInt64
    }

    fileprivate struct Shelf {
        var limits: Limits
        var conversations: [Key: Conversation] = [:]
        /// Who was used when: a conversation's older entries count no more.
        var order: [(key: Key, use: UInt64)] = []
        var oldest = 0
        var lastUse: UInt64 = 0
        var weight = 0
    }

    private let time: any TimeSource
    private let shelf: Mutex<Shelf>

    public init(_ limits: Limits = Limits(), time: any TimeSource) {
        self.time = time
        shelf = Mutex(Shelf(limits: limits))
    }

    /// Other bounds hold from now on; what is over them goes with the next use.
    public func adopt(_ limits: Limits) { shelf.withLock { $0.limits = limits } }

    /// Conversations that are kept.
    public var count: Int { shelf.withLock(\.conversations.count) }
    /// Bytes that they hold, about.
    public var weight: Int { shelf.withLock(\.weight) }

    public func turns(
        of conversation: String, scope: Scope, messages: Int
    ) async throws(CodedError) -> [ConversationTurn] {
        let key = Key(tenant: scope.tenant, user: scope.user, conversation: conversation)
        let now = time.now()
        let kept = shelf.withLock { shelf in
            shelf.forgetOld(now)
            return shelf.use(key, now)
        }
        return Array(ConversationTurn.latest(kept, messages: messages))
    }

    public func append(_ turn: ConversationTurn, to conversation: String, scope: Scope) async throws(CodedError) {
        let key = Key(tenant: scope.tenant, user: scope.user, conversation: conversation)
        let now = time.now()
        shelf.withLock { shelf in
            shelf.forgetOld(now)
            shelf.append(turn, to: key, now)
        }
    }

    public func forget(_ conversation: String, scope: Scope) async throws(CodedError) {
        let key = Key(tenant: scope.tenant, user: scope.user, conversation: conversation)
        shelf.withLock { $0.remove(key) }
    }
}

extension MemoryConversations.Shelf {
    fileprivate mutating func use(_ key: MemoryConversations.Key, _ now: Instant) -> [ConversationTurn] {
        guard conversations[key] != nil else { return [] }
        touch(key, now)
        return conversations[key]?.turns ?? []
    }

    fileprivate mutating func append(
        _ turn: ConversationTurn, to key: MemoryConversations.Key, _ now: Instant
    ) {
        var conversation = conversations[key] ?? MemoryConversations.Conversation(used: now, use: 0)
        guard !conversation.turns.contains(where: { $0.runID == turn.runID }) else { return }
        let before = conversation.weight
        conversation.turns.append(turn)
        conversation.turns = Array(ConversationTurn.latest(conversation.turns, messages: limits.messages))
        conversation.weight = conversation.turns.reduce(256) { $0 + $1.weight }
        weight += conversation.weight - before
        conversations[key] = conversation
        touch(key, now)
        while let first = conversations.count > 1 ? next : nil,
            conversations.count > limits.conversations || weight > limits.memory
        {
            remove(first.key)
        }
        // One alone may be too much, too.
        if weight > limits.memory { remove(key) }
    }

    fileprivate mutating func remove(_ key: MemoryConversations.Key) {
        guard let gone = conversations.removeValue(forKey: key) else { return }
        weight -= gone.weight
    }

    fileprivate mutating func forgetOld(_ now: Instant) {
        while let first = next, now.since(first.used) >= limits.timeToLive { remove(first.key) }
    }

    /// The one that was used longest ago.
    private var next: (key: MemoryConversations.Key, used: Instant)? {
        mutating get {
            while oldest < order.count {
                let entry = order[oldest]
                if let conversation = conversations[entry.key], conversation.use == entry.use {
                    return (entry.key, conversation.used)
                }
                oldest += 1
            }
            order.removeAll(keepingCapacity: true)
            oldest = 0
            return nil
        }
    }

    private mutating func touch(_ key: MemoryConversations.Key, _ now: Instant) {
        lastUse += 1
        conversations[key]?.used = now
        conversations[key]?.use = lastUse
        order.append((key, lastUse))
        // Entries that count no more are thrown out when they are the most.
        guard order.count > 2 * conversations.count + 64 else { return }
        order = order[oldest...].filter { conversations[$0.key]?.use == $0.use }
        oldest = 0
    }
}
