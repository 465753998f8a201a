public import Base
public import Synchronization

/// The circuits of a gateway, one for each key (provider, model and key of the provider), made when first asked for. At
/// most `limit` at a time: beyond it, the one that nobody has asked for in a while goes, closed ones first.
///
/// From any thread. ``circuit(for:)`` costs a short lock and one look-up; who keeps what it returns spares both.
public final class BreakerBoard<Key: Hashable & Sendable>: Sendable {
    @usableFromInline
    struct Entry: Sendable {
        let key: Key
        @usableFromInline let circuit: CircuitBreaker
        @usableFromInline var wasAsked = true
    }

    @usableFromInline
    struct Table: Sendable {
        @usableFromInline var entries: [Entry] = []
        @usableFromInline var places: [Key: Int] = [:]
        var keys: [Key: ProviderKey] = [:]
        var hand = 0
        let policy: @Sendable (Key) -> BreakerPolicy
        let cooldown: CooldownPolicy
    }

    /// So many entries are looked at for one to let go.
    private static var steps: Int { 32 }

    @usableFromInline let table: Mutex<Table>
    private let limit: Int
    private let credential: @Sendable (Key) -> Key
    private let time: any TimeSource
    private let onEvent: (@Sendable (Key, CircuitEvent) -> Void)?

    /// - Parameters:
    ///   - limit: How many circuits at most; at least 1.
    ///   - policy: A key's own policy; called under the lock, so it must not come back to the board.
    ///   - credential: What stands for the provider and its key alone, so that a rejected key rests for all models; by
    ///     default every key of the board for itself.
    ///   - onEvent: Called after all locks.
    public init(
        limit: Int = 1024, cooldown: CooldownPolicy = CooldownPolicy(), time: any TimeSource,
        credential: @escaping @Sendable (Key) -> Key = { $0 },
        onEvent: (@Sendable (Key, CircuitEvent) -> Void)? = nil,
        policy: @escaping @Sendable (Key) -> BreakerPolicy = { _ in BreakerPolicy() }
    ) {
        self.limit = max(1, limit)
        self.credential = credential
        self.time = time
        self.onEvent = onEvent
        table = Mutex(Table(policy: policy, cooldown: cooldown))
    }

    public var count: Int { table.withLock(\.entries.count) }

    /// The key's circuit; a new one is closed, unless its policy says otherwise.
    @inlinable
    public func circuit(for key: Key) -> CircuitBreaker {
        // In the module of its key, since a look-up for any key costs several times as much.
        let known = table.withLock { table -> CircuitBreaker? in
            guard let place = table.places[key] else { return nil }
            table.entries[place].wasAsked = true
            return table.entries[place].circuit
        }
        return known ?? newCircuit(for: key)
    }

    @usableFromInline
    func newCircuit(for key: Key) -> CircuitBreaker {
        table.withLock { table in
            // Another caller may have been faster.
            if let place = table.places[key] { return table.entries[place].circuit }
            let circuit = make(key, &table)
            let entry = Entry(key: key, circuit: circuit)
            if table.entries.count < limit {
                table.places[key] = table.entries.count
                table.entries.append(entry)
            } else {
                let place = placeToClear(&table)
                table.places[table.entries[place].key] = nil
                table.places[key] = place
                table.entries[place] = entry
            }
            return circuit
        }
    }

    private func make(_ key: Key, _ table: inout Table) -> CircuitBreaker {
        let owner = credential(key)
        let shared = table.keys[owner] ?? ProviderKey()
        if table.keys[owner] == nil {
            // A key that is accepted has nothing to remember, and its circuits hold it as long as they need it.
            if table.keys.count >= limit { table.keys = table.keys.filter { $0.value.isRejected } }
            if table.keys.count < limit { table.keys[owner] = shared }
        }
        var tell: (@Sendable (CircuitEvent) -> Void)?
        if let onEvent { tell = { event in onEvent(key, event) } }
        return CircuitBreaker(
            table.policy(key), cooldown: table.cooldown, key: shared, time: time, onEvent: tell)
    }

    /// The first entry under the hand that nobody has asked for since the hand last passed, and that has nothing to
    /// remember; after some steps whatever is there.
    private func placeToClear(_ table: inout Table) -> Int {
        for _ in 0..<BreakerBoard.steps {
            let place = table.hand
            table.hand = (table.hand + 1) % table.entries.count
            if table.entries[place].wasAsked {
                table.entries[place].wasAsked = false
            } else if table.entries[place].circuit.isIdle {
                return place
            }
        }
        return table.hand
    }

    /// All circuits at this moment, in no order. O(n); for health routes and metrics.
    public func snapshot() -> [(key: Key, circuit: CircuitSnapshot)] {
        let entries = table.withLock(\.entries)
        return entries.map { ($0.key, $0.circuit.snapshot) }
    }

    /// The configuration has been loaded again, and this board takes the place of an earlier one: it goes on with its
    /// circuits, each under the policy that its key has here. What is open stays open; calls under way end in the same
    /// circuits. Keys that were rejected are tried again at once, for somebody may have mended that.
    ///
    /// O(n); to be called before this board is asked for anything.
    /// - Parameter isKept: Whether a key, or a credential, means the same as before; called under a lock.
    public func takeOver(_ earlier: BreakerBoard, where isKept: (Key) -> Bool) {
        let (entries, keys) = earlier.table.withLock { table in
            (table.entries.filter { isKept($0.key) }, table.keys.filter { isKept($0.key) })
        }
        let kept = table.withLock { table in
            for (owner, key) in keys where table.keys.count < limit { table.keys[owner] = key }
            var kept: [(CircuitBreaker, BreakerPolicy)] = []
            for entry in entries where table.places[entry.key] == nil && table.entries.count < limit {
                table.places[entry.key] = table.entries.count
                table.entries.append(entry)
                kept.append((entry.circuit, table.policy(entry.key)))
            }
            return kept
        }
        for key in keys.values { key.reset() }
        for (circuit, policy) in kept {
            // A circuit may hold a key that the table has let go.
            circuit.key?.reset()
            circuit.adopt(policy)
        }
    }
}
