internal import Base

/// The conversations that are in memory, and which go when they are too many. A pure machine. Each call costs O(1),
/// amortised, but for a new bound.
struct ConversationShelf: Sendable {
    struct Owner: Hashable {
        let tenant: String
        let user: String
    }

    struct Key: Hashable {
        let owner: Owner
        let conversation: String

        init(_ conversation: String, _ scope: Scope) {
            owner = Owner(tenant: scope.tenant, user: scope.user)
            self.conversation = conversation
        }
    }

    private struct Conversation {
        var turns: [ConversationTurn] = []
        var weight = 0
        var used: Instant
        /// Its youngest entry in the orders of use.
        var use: UInt64
    }

    /// What one user has.
    private struct Holding {
        var conversations = 0
        var weight = 0
        var order = UseOrder<Key>()
    }

    /// Who has more than this part of what there may be loses first.
    private static let part = 16

    private(set) var limits: MemoryConversations.Limits
    private var conversations: [Key: Conversation] = [:]
    private var order = UseOrder<Key>()
    private var holdings: [Owner: Holding] = [:]
    /// Who has more than a part of either: few, as long as the bounds hold.
    private var large: Set<Owner> = []
    private var lastUse: UInt64 = 0
    private(set) var weight = 0

    init(_ limits: MemoryConversations.Limits) { self.limits = limits }

    var count: Int { conversations.count }
    /// Whose conversations these are.
    var users: Int { holdings.count }

    mutating func adopt(_ limits: MemoryConversations.Limits) {
        self.limits = limits
        large = Set(holdings.keys.filter(isLarge))
    }

    mutating func use(_ key: Key, _ now: Instant) -> [ConversationTurn] {
        guard conversations[key] != nil else { return [] }
        touch(key, now)
        return conversations[key]?.turns ?? []
    }

    mutating func append(_ turn: ConversationTurn, to key: Key, _ now: Instant) {
        let isNew = conversations[key] == nil
        var conversation = conversations[key] ?? Conversation(used: now, use: 0)
        guard !conversation.turns.contains(where: { $0.runID == turn.runID }) else { return }
        let before = conversation.weight
        conversation.turns.append(turn)
        conversation.turns = Array(ConversationTurn.latest(conversation.turns, messages: limits.messages))
        conversation.weight = conversation.turns.reduce(256) { $0 + $1.weight }
        let growth = conversation.weight - before
        conversations[key] = conversation
        hold(key.owner, conversations: isNew ? 1 : 0, weight: growth)
        touch(key, now)
        while conversations.count > 1, let excess = excess(but: key) { remove(excess) }
        // One alone may be too much, too.
        if weight > limits.memory { remove(key) }
    }

    mutating func remove(_ key: Key) {
        guard let gone = conversations.removeValue(forKey: key) else { return }
        hold(key.owner, conversations: -1, weight: -gone.weight)
    }

    mutating func forgetOld(_ now: Instant) {
        while let first = oldest, let used = conversations[first]?.used, now.since(used) >= limits.timeToLive {
            remove(first)
        }
    }

    // MARK: Who has what

    private mutating func hold(_ owner: Owner, conversations: Int, weight: Int) {
        self.weight += weight
        holdings[owner, default: Holding()].conversations += conversations
        holdings[owner]?.weight += weight
        if isLarge(owner) { large.insert(owner) } else { large.remove(owner) }
        if holdings[owner]?.conversations == 0 { holdings[owner] = nil }
    }

    private func isLarge(_ owner: Owner) -> Bool {
        guard let holding = holdings[owner] else { return false }
        return Self.isPart(holding.conversations, of: limits.conversations)
            || Self.isPart(holding.weight, of: limits.memory)
    }

    private static func isPart(_ amount: Int, of whole: Int) -> Bool { amount > whole / part }

    // MARK: What goes

    /// The one to go while there is too much: never the one that has just been used, while there are others.
    private mutating func excess(but used: Key) -> Key? {
        if conversations.count > limits.conversations {
            return oldest(by: \.conversations, limits.conversations, but: used)
        }
        return weight > limits.memory ? oldest(by: \.weight, limits.memory, but: used) : nil
    }

    /// The one that was used longest ago: of whoever has most of what is scarce, where that is a part of the whole; of
    /// all, where nobody has so much.
    private mutating func oldest(by amount: (Holding) -> Int, _ whole: Int, but used: Key) -> Key? {
        // More of them than there can be come of a bound that was just lowered.
        guard large.count <= 4 * Self.part else { return oldest }
        var most = (amount: whole / Self.part, use: UInt64.max, key: Key?.none)
        for owner in large {
            guard let found = holdings[owner].map(amount), found >= most.amount, Self.isPart(found, of: whole),
                let entry = oldest(of: owner), entry.member != used, found > most.amount || entry.use < most.use
            else { continue }
            most = (found, entry.use, entry.member)
        }
        return most.key ?? oldest
    }

    private mutating func oldest(of owner: Owner) -> UseOrder<Key>.Entry? {
        let kept = conversations
        return holdings[owner]?.order.first { kept[$0.member]?.use == $0.use }
    }

    private var oldest: Key? {
        mutating get {
            let kept = conversations
            return order.first { kept[$0.member]?.use == $0.use }?.member
        }
    }

    private mutating func touch(_ key: Key, _ now: Instant) {
        lastUse += 1
        conversations[key]?.used = now
        conversations[key]?.use = lastUse
        note(key)
    }

    private mutating func note(_ key: Key) {
        let kept = conversations
        order.note(key, lastUse, of: kept.count) { kept[$0.member]?.use == $0.use }
        let own = holdings[key.owner]?.conversations ?? 0
        holdings[key.owner]?.order.note(key, lastUse, of: own) { kept[$0.member]?.use == $0.use }
    }
}
