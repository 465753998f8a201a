extension JSONCoding {
    /// A value from one JSON text. O(bytes) for the text (see ``JSONDocument``) and what the type does with it.
    ///
    /// Throws ``JSONCodingError/Reason/malformed(_:)`` for what is no acceptable JSON, else what keeps the type from
    /// being made of it and where.
    public static func decode<Value: Decodable>(
        _ type: Value.Type = Value.self, from bytes: [UInt8]
    ) throws(JSONCodingError) -> Value {
        let document: JSONDocument
        do throws(JSONError) { document = try JSONDocument(bytes) } catch {
            throw JSONCodingError(path: error.path ?? "", reason: .malformed(error))
        }
        return try decode(type, from: document.root)
    }

    /// A value from a part of a document. A member is looked up in O(members before it), beyond 32 members in O(1)
    /// after one pass; of two with the same key the first counts. Members that the type does not ask for are ignored.
    public static func decode<Value: Decodable>(
        _ type: Value.Type, from node: JSONNode
    ) throws(JSONCodingError) -> Value {
        try node.decode(type, in: .root, at: nil)
    }
}

/// Why a value could not be written as JSON or made from it, and where.
public struct JSONCodingError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Reason: Sendable, Equatable {
        /// A member or an element that the type needs is not there.
        case missing
        /// Another kind of JSON value than the type needs; `null` where a value must be.
        case wrongType
        /// A number that the type does not hold, or, in writing, a whole number beyond 64 bits.
        case outOfRange
        /// An infinity or no number at all, for which JSON has no word.
        case nonFinite
        /// More levels than ``JSONDocument/maxDepth``, or more types inside one another than four times that.
        case tooDeep
        /// A NUL in a string or a key, which ``JSONDocument`` would refuse to read.
        case nul
        case malformed(JSONError)
        /// The type itself threw, or used its encoder in a way that makes no JSON value.
        case refused
    }

    /// The field: `messages[2].content`; empty for the whole value. Tells eight steps at most and ends before the first
    /// key that is no plain name. The keys of dictionaries are in it: for the caller alone.
    public var path: String
    public var reason: Reason

    public init(path: String, reason: Reason) {
        self.path = path
        self.reason = reason
    }

    /// One sentence that holds nothing of the value.
    public var message: String {
        switch reason {
        case .missing: "A value that is needed is missing."
        case .wrongType: "The value is of another kind than is needed."
        case .outOfRange: "The number is outside the range of its type."
        case .nonFinite: "The number is not finite, and JSON has no such numbers."
        case .tooDeep: "The value nests deeper than \(JSONDocument.maxDepth) levels."
        case .nul: "The text holds a NUL character."
        case .malformed(let error): "This is \(error.message)."
        case .refused: "The type of the value refuses it."
        }
    }

    public var description: String { path.isEmpty ? message : "\(path): \(message)" }
}

extension JSONCodingError {
    init(_ reason: Reason, at steps: [any CodingKey]) {
        var path = ""
        for step in steps.prefix(8) {
            if case .index(let index) = step as? JSONStep {
                path += "[\(index)]"
            } else {
                let name = step.stringValue
                guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy(Self.isPlain) else { break }
                path += (path.isEmpty ? "" : ".") + name
            }
        }
        self.init(path: path, reason: reason)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

/// A fault inside a value that knows not yet where it stands.
struct JSONCodingFault: Error {
    let reason: JSONCodingError.Reason
    private(set) var steps: [JSONStep] = []

    init(_ reason: JSONCodingError.Reason) { self.reason = reason }

    consuming func inside(_ step: JSONStep) -> JSONCodingFault {
        steps.insert(step, at: 0)
        return self
    }
}

/// A step that no type has a key for.
enum JSONStep: CodingKey {
    case index(Int)
    case name(String)

    init?(stringValue: String) { self = .name(stringValue) }
    init?(intValue: Int) { self = .index(intValue) }

    var stringValue: String {
        switch self {
        case .index(let index): "\(index)"
        case .name(let name): name
        }
    }

    var intValue: Int? { if case .index(let index) = self { index } else { nil } }
}

extension JSONNode {
    /// This node as a value of the type. `place` is where the value lies that has it, `step` leads from there to here.
    func decode<Value: Decodable>(
        _ type: Value.Type, in place: JSONPlace, at step: @autoclosure () -> (any CodingKey)?
    ) throws(JSONCodingError) -> Value {
        do throws(JSONCodingFault) {
            if let value = try scalar(type) { return value }
        } catch {
            throw place.fail(error.reason, at: step(), error.steps)
        }
        guard place.calls < JSONEncoding.maxCalls else { throw place.fail(.tooDeep, at: step()) }
        let inner = JSONPlace(in: place, at: step())
        do {
            return try Value(from: JSONValueDecoder(node: self, place: inner))
        } catch {
            throw error as? JSONCodingError ?? inner.fail(.refused)
        }
    }

    /// The value if it is one that is read without a call of its `init(from:)`.
    private func scalar<Value>(_ type: Value.Type) throws(JSONCodingFault) -> Value? {
        if type == String.self { return try text() as? Value }
        if type == Int.self { return try integer(Int.self) as? Value }
        if type == Bool.self { return try found(bool) as? Value }
        if type == Double.self { return try found(double) as? Value }
        if type == [String].self { return try list { (node) throws(JSONCodingFault) in try node.text() } as? Value }
        if type == [Int].self { return try integers(Int.self) as? Value }
        if type == [Double].self {
            return try list { (node) throws(JSONCodingFault) in try node.found(node.double) } as? Value
        }
        if type == [Float].self { return try list { (node) throws(JSONCodingFault) in try node.float() } as? Value }
        if type == [UInt8].self { return try integers(UInt8.self) as? Value }
        if type == JSON.self { return JSON(self) as? Value }
        if type == Float.self { return try float() as? Value }
        if type == Int64.self { return try integer(Int64.self) as? Value }
        if type == UInt64.self { return try integer(UInt64.self) as? Value }
        if type == UInt.self { return try integer(UInt.self) as? Value }
        if type == Int32.self { return try integer(Int32.self) as? Value }
        if type == UInt32.self { return try integer(UInt32.self) as? Value }
        if type == UInt8.self { return try integer(UInt8.self) as? Value }
        if type == Int16.self { return try integer(Int16.self) as? Value }
        if type == UInt16.self { return try integer(UInt16.self) as? Value }
        if type == Int8.self { return try integer(Int8.self) as? Value }
        if type == Int128.self { return try integer(Int128.self) as? Value }
        if type == UInt128.self { return try integer(UInt128.self) as? Value }
        return nil
    }

    private func found<Value>(_ value: Value?) throws(JSONCodingFault) -> Value {
        guard let value else { throw JSONCodingFault(.wrongType) }
        return value
    }

    private func text() throws(JSONCodingFault) -> String { try found(string) }

    /// A whole number, also one that is written as `3.0`.
    private func integer<Number: FixedWidthInteger>(_ type: Number.Type) throws(JSONCodingFault) -> Number {
        let number = int.flatMap { Number(exactly: $0) } ?? uint.flatMap { Number(exactly: $0) }
        if let number { return number }
        // Doubles from 2⁵³ on are whole.
        guard let double, int != nil || double.magnitude >= 0x1p53 else { throw JSONCodingFault(.wrongType) }
        throw JSONCodingFault(.outOfRange)
    }

    /// The nearest one, if there is one.
    private func float() throws(JSONCodingFault) -> Float {
        let number = Float(try found(double))
        guard number.isFinite else { throw JSONCodingFault(.outOfRange) }
        return number
    }

    private func integers<Number: FixedWidthInteger>(_ type: Number.Type) throws(JSONCodingFault) -> [Number] {
        try list { (node) throws(JSONCodingFault) in try node.integer(type) }
    }

    private func list<Element>(
        _ read: (JSONNode) throws(JSONCodingFault) -> Element
    ) throws(JSONCodingFault) -> [Element] {
        guard tag == Tag.array else { throw JSONCodingFault(.wrongType) }
        var result: [Element] = []
        result.reserveCapacity(count)
        for node in elements {
            do throws(JSONCodingFault) { result.append(try read(node)) } catch {
                throw error.inside(.index(result.count))
            }
        }
        return result
    }
}
