public import Base
internal import Synchronization

/// Keeps answers of experts in memory: bounded in number and bytes, each for so long. When it is full, what was kept
/// first goes first. One lock a call, O(1) but for what gives way.
public final class MemoryExpertCache: ExpertCache {
    public struct Limits: Sendable {
        public var answers = 1000
        /// UTF-8 bytes of all texts.
        public var bytes = 16 << 20
        /// How long an answer is good for.
        public var lifetime: Duration = .seconds(300)

        public init() {}
    }

    /// A user's, whichever of their keys asked.
    fileprivate struct Key: Hashable {
        let tenant: String
        let user: String
        let key: ExpertCacheKey
    }

    fileprivate struct Entry {
        let answer: KeptAnswer
        let end: Instant
        /// Tells it from what was kept under its key before or after it.
        let ticket: Int
    }

    fileprivate struct State {
        var entries: [Key: Entry] = [:]
        /// In the order of keeping, with some that are gone.
        var queue: [(key: Key, ticket: Int)] = []
        var first = 0
        var bytes = 0
        var tickets = 0
    }

    private let limits: Limits
    private let time: any TimeSource
    private let state = Mutex(State())

    public init(limits: Limits = Limits(), time: any TimeSource) {
        self.limits = limits
        self.time = time
    }

    /// How many answers it holds, those included whose time is over and that nobody has asked for since.
    public var count: Int { state.withLock(\.entries.count) }

    public func answer(for key: ExpertCacheKey, scope: Scope) async -> KeptAnswer? {
        let key = Key(tenant: scope.tenant, user: scope.user, key: key)
        let now = time.now()
        return state.withLock { state in
            guard let entry = state.entries[key] else { return nil }
            guard now < entry.end else {
                state.drop(key)
                return nil
            }
            return entry.answer
        }
    }

    public func keep(_ answer: KeptAnswer, for key: ExpertCacheKey, scope: Scope) async {
        guard answer.text.utf8.count <= limits.bytes, limits.answers > 0 else { return }
        let key = Key(tenant: scope.tenant, user: scope.user, key: key)
        let end = time.now().advanced(by: limits.lifetime)
        state.withLock { state in
            state.drop(key)
            state.tickets += 1
            state.entries[key] = Entry(answer: answer, end: end, ticket: state.tickets)
            state.queue.append((key, state.tickets))
            state.bytes += answer.text.utf8.count
            while state.entries.count > limits.answers || state.bytes > limits.bytes { state.dropOldest() }
            state.tidy()
        }
    }
}

extension MemoryExpertCache.State {
    fileprivate mutating func drop(_ key: MemoryExpertCache.Key) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        bytes -= entry.answer.text.utf8.count
    }

    fileprivate mutating func dropOldest() {
        guard first < queue.count else { return }
        let (key, ticket) = queue[first]
        first += 1
        if entries[key]?.ticket == ticket { drop(key) }
    }

    /// The queue stays within twice the entries.
    fileprivate mutating func tidy() {
        guard queue.count > 2 * entries.count + 16 else { return }
        queue = queue[first...].filter { entries[$0.key]?.ticket == $0.ticket }
        first = 0
    }
}
