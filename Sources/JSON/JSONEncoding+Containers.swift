// MARK: What is written without asking it

/// The values that are written without a call of their `encode(to:)`. Types are told by comparing metatypes, which costs
/// nothing where the compiler knows them and a comparison each where it does not.
enum JSONScalars {
    /// Whether this is such a value, which then is written. `depth` is how deep the place lies.
    static func write<Value: Encodable>(
        _ value: Value, to writer: inout JSONWriter, depth: Int
    ) throws(JSONCodingFault) -> Bool {
        if Value.self == String.self, let text = value as? String {
            try string(text, to: &writer)
        } else if Value.self == Int.self, let number = value as? Int {
            writer.int(number)
        } else if Value.self == Bool.self, let flag = value as? Bool {
            writer.bool(flag)
        } else if Value.self == Double.self, let number = value as? Double {
            try double(number, to: &writer)
        } else if Value.self == [String].self, let texts = value as? [String] {
            try list(texts, to: &writer, depth: depth, string)
        } else if Value.self == [Int].self, let numbers = value as? [Int] {
            try list(numbers, to: &writer, depth: depth, integer)
        } else if Value.self == [Double].self, let numbers = value as? [Double] {
            try list(numbers, to: &writer, depth: depth, double)
        } else if Value.self == [Float].self, let numbers = value as? [Float] {
            try list(numbers, to: &writer, depth: depth, float)
        } else if Value.self == [UInt8].self, let numbers = value as? [UInt8] {
            try list(numbers, to: &writer, depth: depth, integer)
        } else if Value.self == JSON.self, let json = value as? JSON {
            try self.json(json, to: &writer, depth: depth)
        } else {
            return try writeNumber(value, to: &writer)
        }
        return true
    }

    private static func writeNumber<Value: Encodable>(
        _ value: Value, to writer: inout JSONWriter
    ) throws(JSONCodingFault) -> Bool {
        if Value.self == Float.self, let number = value as? Float {
            try float(number, to: &writer)
        } else if Value.self == Int64.self, let number = value as? Int64 {
            writer.int(number)
        } else if Value.self == UInt64.self, let number = value as? UInt64 {
            writer.int(number)
        } else if Value.self == UInt.self, let number = value as? UInt {
            writer.int(number)
        } else if Value.self == Int32.self, let number = value as? Int32 {
            writer.int(number)
        } else if Value.self == UInt32.self, let number = value as? UInt32 {
            writer.int(number)
        } else if Value.self == UInt8.self, let number = value as? UInt8 {
            writer.int(number)
        } else if Value.self == Int16.self, let number = value as? Int16 {
            writer.int(number)
        } else if Value.self == UInt16.self, let number = value as? UInt16 {
            writer.int(number)
        } else if Value.self == Int8.self, let number = value as? Int8 {
            writer.int(number)
        } else if Value.self == Int128.self, let number = value as? Int128 {
            try integer(number, to: &writer)
        } else if Value.self == UInt128.self, let number = value as? UInt128 {
            try integer(number, to: &writer)
        } else {
            return false
        }
        return true
    }

    /// The reader refuses a NUL, so the writer does.
    static func hasNUL(_ text: String) -> Bool {
        let utf8 = text.utf8.span
        var least: UInt8 = 0xff
        for index in utf8.indices { least = min(least, utf8[index]) }
        return least == 0
    }

    /// The order of bytes; `nil` for equal ones.
    static func isSorted(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool? {
        for index in 0..<min(left.count, right.count) where left[index] != right[index] {
            return left[index] < right[index]
        }
        return left.count == right.count ? nil : left.count < right.count
    }

    private static func string(_ text: String, to writer: inout JSONWriter) throws(JSONCodingFault) {
        guard !hasNUL(text) else { throw JSONCodingFault(.nul) }
        writer.string(text)
    }

    private static func double(_ number: Double, to writer: inout JSONWriter) throws(JSONCodingFault) {
        guard number.isFinite else { throw JSONCodingFault(.nonFinite) }
        writer.double(number)
    }

    private static func float(_ number: Float, to writer: inout JSONWriter) throws(JSONCodingFault) {
        guard number.isFinite else { throw JSONCodingFault(.nonFinite) }
        writer.raw(number.description.utf8)
    }

    /// What 64 bits hold, for this is what the reader reads.
    private static func integer(
        _ number: some FixedWidthInteger, to writer: inout JSONWriter
    ) throws(JSONCodingFault) {
        guard Int64(exactly: number) != nil || UInt64(exactly: number) != nil else {
            throw JSONCodingFault(.outOfRange)
        }
        writer.int(number)
    }

    private static func list<Element>(
        _ elements: [Element], to writer: inout JSONWriter, depth: Int,
        _ write: (Element, inout JSONWriter) throws(JSONCodingFault) -> Void
    ) throws(JSONCodingFault) {
        guard depth < JSONDocument.maxDepth else { throw JSONCodingFault(.tooDeep) }
        writer.beginArray()
        for (index, element) in elements.enumerated() {
            do throws(JSONCodingFault) { try write(element, &writer) } catch { throw error.inside(.index(index)) }
        }
        writer.endArray()
    }

    private static func json(_ value: JSON, to writer: inout JSONWriter, depth: Int) throws(JSONCodingFault) {
        switch value {
        case .null, .bool, .int, .uint: writer.value(value)
        case .double(let number): try double(number, to: &writer)
        case .string(let text): try string(text, to: &writer)
        case .array(let elements):
            try list(elements, to: &writer, depth: depth) { (element, writer) throws(JSONCodingFault) in
                try json(element, to: &writer, depth: depth + 1)
            }
        case .object(let members):
            guard depth < JSONDocument.maxDepth else { throw JSONCodingFault(.tooDeep) }
            writer.beginObject()
            for member in members {
                do throws(JSONCodingFault) {
                    guard !hasNUL(member.key) else { throw JSONCodingFault(.nul) }
                    writer.key(member.key)
                    try json(member.value, to: &writer, depth: depth + 1)
                } catch { throw error.inside(.name(member.key)) }
            }
            writer.endObject()
        }
    }
}

// MARK: What iterates in no certain order

protocol JSONUnordered {
    /// How many elements of its array stay together.
    static var together: Int { get }
}

extension Set: JSONUnordered {
    static var together: Int { 1 }
}

/// For keys that are no strings: a key and its value.
extension Dictionary: JSONUnordered {
    static var together: Int { 2 }
}

/// Finds out with which type of key dictionaries ask for their container. It is the standard library's own, and the
/// one sign of a dictionary that a type flattens into itself with `members.encode(to: encoder)`.
private final class DictionaryKeyProbe: Encoder {
    static let keyType: ObjectIdentifier? = {
        let probe = DictionaryKeyProbe()
        try? [String: Int]().encode(to: probe)
        return probe.found
    }()

    private var found: ObjectIdentifier?
    private let encoder: JSONValueEncoder
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    private init() {
        let encoding = JSONEncoding()
        encoder = JSONValueEncoder(encoding: encoding, serial: encoding.current)
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        found = ObjectIdentifier(type)
        return KeyedEncodingContainer(JSONMembersEncoding(encoding: encoder.encoding, serial: encoder.serial))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer { encoder.unkeyedContainer() }
    func singleValueContainer() -> any SingleValueEncodingContainer { encoder.singleValueContainer() }
}

// MARK: Containers

/// The right of one value to write. The generic methods of the containers stand for the many of the protocols, so that
/// each is compiled for its type.
struct JSONValueEncoder: Encoder, SingleValueEncodingContainer {
    let encoding: JSONEncoding
    let serial: Int

    var codingPath: [any CodingKey] { encoding.steps }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        guard ObjectIdentifier(type) == DictionaryKeyProbe.keyType else {
            let serial = encoding.open(.object, by: serial)
            return KeyedEncodingContainer(JSONMembersEncoding(encoding: encoding, serial: serial))
        }
        let members = encoding.sortedMembers(by: serial)
        return KeyedEncodingContainer(JSONMembersEncoding(encoding: members, serial: members.current))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if let elements = encoding.sortedElements(by: serial) {
            return JSONElementsEncoding(encoding: elements, serial: elements.current)
        }
        return JSONElementsEncoding(encoding: encoding, serial: encoding.open(.array, by: serial))
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func encodeNil() throws { try encoding.writeOnlyNull(by: serial) }
    func encode<Value: Encodable>(_ value: Value) throws { try encoding.writeOnly(value, by: serial) }
}

private struct JSONMembersEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoding: JSONEncoding
    let serial: Int

    var codingPath: [any CodingKey] { encoding.steps }

    func encodeNil(forKey key: Key) throws { try encoding.writeMember(nil as Int?, key, by: serial) }

    @inline(__always)
    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        try encoding.writeMember(value, key, by: serial)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> { encoder(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { encoder(key).unkeyedContainer() }
    func superEncoder() -> any Encoder { encoder(JSONStep.name("super")) }
    func superEncoder(forKey key: Key) -> any Encoder { encoder(key) }

    private func encoder(_ key: some CodingKey) -> JSONValueEncoder {
        let part = encoding.member(key, by: serial)
        return JSONValueEncoder(encoding: part, serial: part.current)
    }
}

private struct JSONElementsEncoding: UnkeyedEncodingContainer {
    let encoding: JSONEncoding
    let serial: Int
    private(set) var count = 0

    init(encoding: JSONEncoding, serial: Int) {
        self.encoding = encoding
        self.serial = serial
    }

    var codingPath: [any CodingKey] { encoding.steps }

    mutating func encodeNil() throws {
        try encoding.writeElement(nil as Int?, count, by: serial)
        count += 1
    }

    mutating func encode<Value: Encodable>(_ value: Value) throws {
        try encoding.writeElement(value, count, by: serial)
        count += 1
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        encoder().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder().unkeyedContainer() }
    mutating func superEncoder() -> any Encoder { encoder() }

    private mutating func encoder() -> JSONValueEncoder {
        defer { count += 1 }
        let part = encoding.element(count, by: serial)
        return JSONValueEncoder(encoding: part, serial: part.current)
    }
}
