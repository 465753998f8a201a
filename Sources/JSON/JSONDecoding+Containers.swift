/// The way from the root to a value that is being decoded.
final class JSONPlace: Sendable {
    static let root = JSONPlace()

    private let parent: JSONPlace?
    private let step: (any CodingKey)?
    /// How many values are in the middle of `init(from:)`.
    let calls: Int

    private init() {
        parent = nil
        step = nil
        calls = 0
    }

    init(in parent: JSONPlace, at step: (any CodingKey)?) {
        self.parent = parent
        self.step = step
        calls = parent.calls + 1
    }

    var steps: [any CodingKey] {
        var steps: [any CodingKey] = []
        var place: JSONPlace? = self
        while let current = place {
            if let step = current.step { steps.append(step) }
            place = current.parent
        }
        return steps.reversed()
    }

    func fail(
        _ reason: JSONCodingError.Reason, at step: (any CodingKey)? = nil, _ inner: [JSONStep] = []
    ) -> JSONCodingError {
        JSONCodingError(reason, at: steps + (step.map { [$0] } ?? []) + inner)
    }
}

/// One value to be read. Reading changes nothing, so decoders and containers may be kept and used in any order.
struct JSONValueDecoder: Decoder, SingleValueDecodingContainer {
    let node: JSONNode
    let place: JSONPlace

    var codingPath: [any CodingKey] { place.steps }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(try JSONMembersDecoding<Key>(node, place))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try JSONElementsDecoding(node, place) }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { node.isNull }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try node.decode(type, in: place, at: nil)
    }
}

private struct JSONMembersDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
    private let node: JSONNode
    private let place: JSONPlace
    /// Where the members of a large object are, so that decoding one takes no quadratic time.
    private let positions: [ArraySlice<UInt8>: Int]?

    init(_ node: JSONNode, _ place: JSONPlace) throws(JSONCodingError) {
        guard node.kind == .object else { throw place.fail(.wrongType) }
        self.node = node
        self.place = place
        guard node.count > 32 else {
            positions = nil
            return
        }
        var positions: [ArraySlice<UInt8>: Int] = [:]
        positions.reserveCapacity(node.count)
        for member in node.members {
            guard let key = member.key.stringBytes, positions[key] == nil else { continue }
            positions[key] = member.value.index
        }
        self.positions = positions
    }

    var codingPath: [any CodingKey] { place.steps }
    var allKeys: [Key] { node.members.compactMap { $0.key.string.flatMap(Key.init(stringValue:)) } }

    private func find(_ name: String) -> JSONNode? {
        guard let positions else { return node[name] }
        return positions[ArraySlice(name.utf8)].map { JSONNode(document: node.document, index: $0) }
    }

    private func member(_ key: some CodingKey) throws(JSONCodingError) -> JSONNode {
        guard let member = find(key.stringValue) else { throw place.fail(.missing, at: key) }
        return member
    }

    func contains(_ key: Key) -> Bool { find(key.stringValue) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try member(key).isNull }

    @inline(__always)
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try member(key).decode(type, in: place, at: key)
    }

    /// One search instead of the three of the protocol's own.
    @inline(__always)
    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        guard let member = find(key.stringValue), !member.isNull else { return nil }
        return try member.decode(type, in: place, at: key)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try decoder(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { try decoder(JSONStep.name("super")) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }

    private func decoder(_ key: some CodingKey) throws(JSONCodingError) -> JSONValueDecoder {
        JSONValueDecoder(node: try member(key), place: JSONPlace(in: place, at: key))
    }
}

private struct JSONElementsDecoding: UnkeyedDecodingContainer {
    private let place: JSONPlace
    private let size: Int
    private var rest: JSONElements
    /// The element that is read next.
    private var upcoming: JSONNode?
    private(set) var currentIndex = 0

    init(_ node: JSONNode, _ place: JSONPlace) throws(JSONCodingError) {
        guard node.kind == .array else { throw place.fail(.wrongType) }
        self.place = place
        size = node.count
        rest = node.elements
        upcoming = rest.next()
    }

    var codingPath: [any CodingKey] { place.steps }
    var count: Int? { size }
    var isAtEnd: Bool { upcoming == nil }

    private var step: JSONStep { .index(currentIndex) }

    private func element() throws(JSONCodingError) -> JSONNode {
        guard let upcoming else { throw place.fail(.missing, at: step) }
        return upcoming
    }

    private mutating func advance() {
        upcoming = rest.next()
        currentIndex += 1
    }

    mutating func decodeNil() throws -> Bool {
        guard try element().isNull else { return false }
        advance()
        return true
    }

    /// What could not be read stays the next one, so that another type can be tried.
    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let value = try element().decode(type, in: place, at: step)
        advance()
        return value
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        let container = try decoder().container(keyedBy: type)
        advance()
        return container
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        let container = try decoder().unkeyedContainer()
        advance()
        return container
    }

    mutating func superDecoder() throws -> any Decoder {
        let decoder = try decoder()
        advance()
        return decoder
    }

    private func decoder() throws(JSONCodingError) -> JSONValueDecoder {
        JSONValueDecoder(node: try element(), place: JSONPlace(in: place, at: step))
    }
}

extension JSON: Codable {
    /// From any decoder; from ``JSONCoding``'s in one go, with the order of members and their duplicates.
    public init(from decoder: any Decoder) throws {
        if let decoder = decoder as? JSONValueDecoder {
            self.init(decoder.node)
        } else if let container = try? decoder.container(keyedBy: JSONStep.self) {
            self = .object(
                try container.allKeys.map { Member($0.stringValue, try container.decode(JSON.self, forKey: $0)) })
        } else if var container = try? decoder.unkeyedContainer() {
            var elements: [JSON] = []
            while !container.isAtEnd { elements.append(try container.decode(JSON.self)) }
            self = .array(elements)
        } else {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .null
            } else if let value = try? container.decode(Bool.self) {
                self = .bool(value)
            } else if let value = try? container.decode(Int64.self) {
                self = .int(value)
            } else if let value = try? container.decode(UInt64.self) {
                self = .uint(value)
            } else if let value = try? container.decode(Double.self) {
                self = .double(value)
            } else {
                self = .string(try container.decode(String.self))
            }
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .array(let elements):
            var container = encoder.unkeyedContainer()
            for element in elements { try container.encode(element) }
        case .object(let members):
            var container = encoder.container(keyedBy: JSONStep.self)
            for member in members { try container.encode(member.value, forKey: .name(member.key)) }
        default:
            var container = encoder.singleValueContainer()
            switch self {
            case .bool(let value): try container.encode(value)
            case .int(let value): try container.encode(value)
            case .uint(let value): try container.encode(value)
            case .double(let value): try container.encode(value)
            case .string(let text): try container.encode(text)
            case .null, .array, .object: try container.encodeNil()
            }
        }
    }
}
