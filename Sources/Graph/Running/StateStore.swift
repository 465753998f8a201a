public import Base

/// The state of a run and the writes that wait for their turn.
///
/// A field that nodes write at the same time is not written when they finish: its writes are held, and folded in
/// their fixed order when somebody reads the field or the run ends. By then every writer that could come before one
/// of them has settled, because a reader never runs beside a writer.
@usableFromInline
struct StateStore<State: Sendable>: Sendable {
    @usableFromInline
    struct HeldWrite: Sendable {
        @usableFromInline let key: MergeKey
        @usableFromInline let apply: @Sendable (inout State) -> Void

        @inlinable
        init(key: MergeKey, apply: @escaping @Sendable (inout State) -> Void) {
            self.key = key
            self.apply = apply
        }
    }

    @usableFromInline var value: State
    @usableFromInline var held: [[HeldWrite]]
    /// Notes the writes of a run that is kept.
    @usableFromInline var recorder: FieldRecorder?
    /// The writes of the step at hand, where somebody wants to hear of them.
    @usableFromInline var tap: [FieldValue]?
    /// Whether there is one of the two.
    @usableFromInline private(set) var isNoting = false
    /// Writes are noted and nothing else.
    @usableFromInline var isDry = false

    @inlinable
    init(_ value: State, heldFields: Int) {
        self.value = value
        held = Array(repeating: [], count: heldFields)
    }

    /// From now on, with both of them or without. Not by observing the properties, which would copy what is noted.
    @usableFromInline
    mutating func note(in recorder: FieldRecorder?, tap: Bool) {
        self.recorder = recorder
        self.tap = tap ? self.tap ?? [] : nil
        isNoting = recorder != nil || tap
    }

    /// What was recorded since the last time.
    @inlinable
    mutating func takeRecord() throws(CodedError) -> [UInt8] { try recorder?.take() ?? [] }

    @inlinable
    mutating func note<Value: Sendable>(
        _ value: Value, of path: any WritableKeyPath<State, Value> & Sendable, at offset: Int?
    ) {
        recorder?.note(value, at: offset)
        tap?.append(FieldValue(path: path, value: value))
    }

    @inlinable
    mutating func hold(_ field: Int, _ key: MergeKey, _ apply: @escaping @Sendable (inout State) -> Void) {
        held[field].append(HeldWrite(key: key, apply: apply))
    }

    @inlinable
    mutating func fold(_ fields: [Int]) {
        for field in fields where !held[field].isEmpty { fold(field) }
    }

    @inlinable
    mutating func foldAll() {
        for field in held.indices where !held[field].isEmpty { fold(field) }
    }

    @inlinable
    mutating func fold(_ field: Int) {
        var writes = held[field]
        held[field] = []
        writes.sort { $0.key < $1.key }
        for write in writes { write.apply(&value) }
    }
}

/// The place of one write among all writes of its field: the writer's rank, and inside a loop the loop's rank and
/// round before it, so that a loop merges as a whole, round by round.
@usableFromInline
struct MergeKey: Comparable, Sendable {
    @usableFromInline let rank: Int
    /// For each loop around the writer, outermost first: the round, then the next rank.
    @usableFromInline let inner: [Int]

    @usableFromInline
    static func < (left: MergeKey, right: MergeKey) -> Bool {
        if left.rank != right.rank { return left.rank < right.rank }
        return left.inner.lexicographicallyPrecedes(right.inner)
    }
}

/// Where a node's writes of one field go when it is a field of which writes are held.
@usableFromInline
struct HeldPlace: Sendable {
    @usableFromInline let field: Int
    /// For each loop around the node, outermost first.
    @usableFromInline let loops: [(loop: Int, rank: Int)]
    @usableFromInline let rank: Int

    @usableFromInline
    func key(rounds: [Int]) -> MergeKey {
        guard let outermost = loops.first else { return MergeKey(rank: rank, inner: []) }
        var inner: [Int] = []
        for (index, around) in loops.enumerated() {
            inner.append(rounds[around.loop])
            inner.append(index + 1 < loops.count ? loops[index + 1].rank : rank)
        }
        return MergeKey(rank: outermost.rank, inner: inner)
    }
}

/// Writes one field as its reducer says.
@usableFromInline
struct FieldWriter<State: Sendable, Value: Sendable>: Sendable {
    @usableFromInline let path: any WritableKeyPath<State, Value> & Sendable
    @usableFromInline let offset: Int?
    @usableFromInline let combine: (@Sendable (inout Value, Value) -> Void)?
    @usableFromInline let held: HeldPlace?

    @inlinable
    init(
        path: any WritableKeyPath<State, Value> & Sendable, combine: (@Sendable (inout Value, Value) -> Void)?,
        held: HeldPlace?
    ) {
        self.path = path
        offset = MemoryLayout<State>.offset(of: path)
        self.combine = combine
        self.held = held
    }

    @inlinable
    func write(_ value: Value, rounds: [Int], to store: inout StateStore<State>) {
        if store.isNoting {
            note(value, in: &store)
            if store.isDry { return }
        }
        guard let held else { return write(value, to: &store.value) }
        store.hold(held.field, held.key(rounds: rounds)) { write(value, to: &$0) }
    }

    @inlinable
    func note(_ value: Value, in store: inout StateStore<State>) { store.note(value, of: path, at: offset) }

    @inlinable
    func write(_ value: Value, to state: inout State) {
        access(&state) { field in if let combine { combine(&field, value) } else { field = value } }
    }
}
