internal import JSON

/// What a builder is told of a field.
struct FieldDeclaration {
    let use: FieldUse
    /// A `Reducer` of the field's type, if there is one.
    let reducer: (any Sendable)?
    let origin: FieldOrigin
}

/// A field as a declaration names it: where it lies in the state, so that overlaps are seen. Not generic, so that the
/// checks of a graph are compiled once and not worked out anew for each state.
@usableFromInline
struct FieldUse: Sendable {
    let path: any AnyKeyPath & Sendable
    /// `nil` for anything but a stored property.
    let range: Range<Int>?
    let key: FieldKey?

    @usableFromInline
    init<State, Value>(_ path: any KeyPath<State, Value> & Sendable) {
        self.path = path
        let offset = MemoryLayout<State>.offset(of: path)
        range = offset.map { $0..<$0 + MemoryLayout<Value>.size }
        key = FieldKey(offset, Value.self)
    }

    var name: String { FieldUse.name(of: path) }

    static func name(of path: AnyKeyPath) -> String {
        let text = String(describing: path)
        return text.firstIndex(of: ".").map { String(text[text.index(after: $0)...]) } ?? text
    }

    func isSame(as other: FieldUse) -> Bool { key == other.key && (key != nil || path == other.path) }

    func overlaps(_ other: FieldUse) -> Bool {
        guard let range, let otherRange = other.range else { return path == other.path }
        return range.overlaps(otherRange)
    }
}

/// Writes a value that a node reads.
typealias EncodeInput<State: Sendable> =
    @Sendable (borrowing State, inout JSONWriter) throws(JSONCodingError) -> Void

/// A field that a node reads, and how its value becomes a part of a cache's key.
@usableFromInline
struct FieldRead<State: Sendable>: Sendable {
    let use: FieldUse
    /// `nil` for a type that isn't `Codable`.
    let encoder: @Sendable () -> EncodeInput<State>?

    @usableFromInline
    init<Value: Sendable>(_ path: any KeyPath<State, Value> & Sendable) {
        use = FieldUse(path)
        encoder = {
            guard let codec = FieldCodec<Value>.make() else { return nil }
            let field = Projection(path)
            return { (state, writer) throws(JSONCodingError) in try codec.encode(field.read(state), &writer) }
        }
    }
}

/// A field that a node writes, and how a kept write of it is done again.
@usableFromInline
struct FieldWrite<State: Sendable>: Sendable {
    let use: FieldUse
    let stored: @Sendable (FieldTable) -> StoredField<State>

    @usableFromInline
    init<Value: Sendable>(_ path: any WritableKeyPath<State, Value> & Sendable) {
        use = FieldUse(path)
        stored = { table in
            StoredField(FieldUse.name(of: path), table.writer(path), reducer: table.reducer(path))
        }
    }
}

/// What one node's writers need to know about the fields: their reducers, and their place where writes are held.
@usableFromInline
struct FieldTable: Sendable {
    @usableFromInline let reducers: [FieldKey: any Sendable]
    @usableFromInline let places: [FieldKey: HeldPlace]

    @usableFromInline
    func writer<State, Value>(_ path: any WritableKeyPath<State, Value> & Sendable) -> FieldWriter<State, Value> {
        let key = FieldKey(MemoryLayout<State>.offset(of: path), Value.self)
        return FieldWriter(path: path, combine: reducer(path)?.combine, held: key.flatMap { places[$0] })
    }

    func reducer<State, Value>(_ path: any WritableKeyPath<State, Value> & Sendable) -> Reducer<Value>? {
        FieldKey(MemoryLayout<State>.offset(of: path), Value.self).flatMap { reducers[$0] as? Reducer<Value> }
    }
}
