public import Base
public import JSON

/// A field as records name it: where it lies in the state, and its type.
@usableFromInline
struct FieldKey: Hashable, Sendable {
    @usableFromInline let offset: Int
    @usableFromInline let type: ObjectIdentifier

    @inlinable
    init?<Value>(_ offset: Int?, _ type: Value.Type) {
        guard let offset else { return nil }
        self.offset = offset
        self.type = ObjectIdentifier(type)
    }
}

/// How a field's values become JSON and values again.
@usableFromInline
final class FieldCodec<Value: Sendable>: Sendable {
    @usableFromInline let encode: @Sendable (Value, inout JSONWriter) throws(JSONCodingError) -> Void
    let decode: @Sendable (JSONNode) throws(JSONCodingError) -> Value

    private init(
        encode: @escaping @Sendable (Value, inout JSONWriter) throws(JSONCodingError) -> Void,
        decode: @escaping @Sendable (JSONNode) throws(JSONCodingError) -> Value
    ) {
        self.encode = encode
        self.decode = decode
    }

    /// `nil` for a type that isn't `Codable`. Looked up once for each field, because the look-up is dear.
    static func make() -> FieldCodec? {
        // What is counted is written after every step: without finding out each time what it is.
        if Value.self == Int.self {
            return FieldCodec<Int>(
                encode: { (value, writer) throws(JSONCodingError) in writer.int(value) },
                decode: { (node) throws(JSONCodingError) in try JSONCoding.decode(Int.self, from: node) })
                as? FieldCodec
        }
        guard let type = Value.self as? any (Codable & Sendable).Type else { return nil }
        return make(type)
    }

    private static func make<Coded: Codable & Sendable>(_ type: Coded.Type) -> FieldCodec? {
        FieldCodec<Coded>(
            encode: { (value, writer) throws(JSONCodingError) in try writer.encode(value) },
            decode: { (node) throws(JSONCodingError) in try JSONCoding.decode(Coded.self, from: node) }
        ) as? FieldCodec
    }
}

/// How one written field is kept.
@usableFromInline
struct KeptField: Sendable {
    @usableFromInline let name: String
    /// A `FieldCodec` of the field's type.
    @usableFromInline let codec: any AnyObject & Sendable
}

/// Notes what is written as the members of a JSON object, while a step is being applied.
@usableFromInline
struct FieldRecorder: Sendable {
    @usableFromInline let fields: [FieldKey: KeptField]
    @usableFromInline var writer = JSONWriter(reserving: 64)
    @usableFromInline var failure: CodedError?

    init(_ fields: [FieldKey: KeptField]) {
        self.fields = fields
        writer.beginObject()
    }

    @inlinable
    mutating func note<Value: Sendable>(_ value: Value, at offset: Int?) {
        guard let key = FieldKey(offset, Value.self), let field = fields[key],
            let codec = field.codec as? FieldCodec<Value>
        else {
            return failNoForm()
        }
        writer.key(field.name)
        do throws(JSONCodingError) { try codec.encode(value, &writer) } catch { fail(field, error) }
    }

    @usableFromInline
    mutating func failNoForm() {
        failure = CodedError(.internalError, "A field that is to be kept has no form to be kept in.")
    }

    @usableFromInline
    mutating func fail(_ field: KeptField, _ error: JSONCodingError) {
        failure = CodedError(
            .internalError, "A step's result cannot be kept.", detail: "field \(field.name): \(error.message)")
    }

    /// The members, and an empty recorder for the next step.
    @usableFromInline
    mutating func take() throws(CodedError) -> [UInt8] {
        defer { self = FieldRecorder(fields) }
        if let failure { throw failure }
        writer.endObject()
        return writer.bytes
    }
}

/// A written field with its types erased: how a kept write is done again.
@usableFromInline
struct StoredField<State: Sendable>: Sendable {
    let name: String
    let key: FieldKey?
    /// `nil` for a type that isn't `Codable`.
    let kept: KeptField?
    let typeName: String
    /// `Reducer.name`, or none.
    let reducer: String
    /// A kept value as the write that it was.
    let update: @Sendable (JSONNode) throws(CodedError) -> Update<State>

    @usableFromInline
    init<Value: Sendable>(_ name: String, _ writer: FieldWriter<State, Value>, reducer: Reducer<Value>?) {
        let codec = FieldCodec<Value>.make()
        self.name = name
        key = FieldKey(writer.offset, Value.self)
        kept = codec.map { KeptField(name: name, codec: $0) }
        typeName = String(describing: Value.self)
        self.reducer = reducer?.name ?? ""
        update = { (node) throws(CodedError) in
            guard let codec else { throw CodedError(.checkpointUnreadable, "The field \(name) cannot be read back.") }
            let value: Value
            do throws(JSONCodingError) {
                value = try codec.decode(node)
            } catch {
                throw CodedError(
                    .checkpointUnreadable, "A kept step does not fit the field \(name).", detail: error.message)
            }
            return { store, rounds in writer.write(value, rounds: rounds, to: &store) }
        }
    }
}
