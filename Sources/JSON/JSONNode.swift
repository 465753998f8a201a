/// A cheap view of one value in a document. Reading it allocates nothing but the strings that are asked for.
public struct JSONNode: Sendable {
    public enum Kind: String, Sendable {
        case null, bool, int, uint, double, string, array, object
    }

    @usableFromInline let document: JSONDocument
    /// Where the value starts on the tape.
    @usableFromInline let index: Int

    @inlinable
    init(document: JSONDocument, index: Int) {
        self.document = document
        self.index = index
    }

    public var kind: Kind {
        switch tag {
        case Tag.string: .string
        case Tag.object: .object
        case Tag.array: .array
        case Tag.int: .int
        case Tag.uint: .uint
        case Tag.double: .double
        case Tag.yes, Tag.no: .bool
        default: .null
        }
    }

    public var isNull: Bool { tag == Tag.null }

    public var bool: Bool? {
        switch tag {
        case Tag.yes: true
        case Tag.no: false
        default: nil
        }
    }

    /// The number, if it is a whole one that 64 bits hold exactly (`3`, also `3.0`).
    public var int: Int64? {
        switch tag {
        case Tag.int: Int64(bitPattern: document.tape[index + 1])
        case Tag.double: Int64(exactly: Double(bitPattern: document.tape[index + 1]))
        default: nil
        }
    }

    /// A whole number above `Int64.max`, which ``int`` cannot give, or any other that is not negative.
    public var uint: UInt64? {
        tag == Tag.uint ? document.tape[index + 1] : int.flatMap { UInt64(exactly: $0) }
    }

    /// Any number, rounded to a double.
    public var double: Double? {
        switch tag {
        case Tag.double: Double(bitPattern: document.tape[index + 1])
        case Tag.int: Double(Int64(bitPattern: document.tape[index + 1]))
        case Tag.uint: Double(document.tape[index + 1])
        default: nil
        }
    }

    public var string: String? {
        guard let range = stringRange else { return nil }
        let strings = document.strings
        return JSONText.string(strings.span.extracting(range))
    }

    /// The unescaped bytes of a string.
    public var stringBytes: ArraySlice<UInt8>? { stringRange.map { document.strings[$0] } }

    /// Whether this is a string with exactly these bytes. Allocates nothing.
    public func isString(_ text: String) -> Bool {
        guard tag == Tag.string else { return false }
        let start = Int(document.tape[index] & 0x00ff_ffff_ffff_ffff)
        let strings = document.strings
        return JSONDocument.isEqual(strings.span, at: start, text.utf8.span)
    }

    /// How many elements or members there are; 0 for anything but an array or object.
    public var count: Int {
        guard tag == Tag.array || tag == Tag.object else { return 0 }
        let kept = Int(document.tape[index] >> 32 & 0xff_ffff)
        // The tape counts to 2²⁴-1; beyond, counting is left to us.
        if kept < 0xff_ffff { return kept }
        return tag == Tag.array
            ? elements.reduce(0) { count, _ in count + 1 } : members.reduce(0) { count, _ in count + 1 }
    }

    /// The first member with this key; `nil` also when this is no object. O(members before it).
    // Inlined, so that who only looks at the member counts no reference for it.
    @inlinable public subscript(key: String) -> JSONNode? {
        guard let position = place(of: key) else { return nil }
        return JSONNode(document: document, index: position)
    }

    @usableFromInline
    func place(of key: String) -> Int? {
        tag == Tag.object ? document.value(of: key, inObjectAt: index) : nil
    }

    /// For objects of which many members are looked up.
    public var fields: JSONFields { JSONFields(self) }

    /// The element at `position`; `nil` past the end and when this is no array. O(position).
    public subscript(position: Int) -> JSONNode? {
        guard position >= 0 else { return nil }
        return elements.dropFirst(position).first { _ in true }
    }

    /// The elements of an array; empty for anything else.
    public var elements: JSONElements { JSONElements(self) }

    /// The elements of the array that is this object's member; empty where there is none.
    public func elements(of key: String) -> JSONElements {
        self[key].map { JSONElements($0) } ?? JSONElements(noneOf: self)
    }

    /// The members of an object, in order, duplicates included; empty for anything else.
    public var members: JSONObjectMembers { JSONObjectMembers(self) }

    /// The first key that occurs twice in this object, unescaped. O(n) time; allocates nothing up to 32 members.
    public var duplicateKey: String? {
        if count <= 32 {
            for (position, member) in members.enumerated() {
                for other in members.prefix(position) where other.key.hasSameString(as: member.key) {
                    return member.key.string
                }
            }
            return nil
        }
        var seen = Set<ArraySlice<UInt8>>()
        for member in members {
            guard let key = member.key.stringBytes else { continue }
            if !seen.insert(key).inserted { return member.key.string }
        }
        return nil
    }
}

extension JSONNode {
    /// The same value in a document of its own, for whoever keeps it longer than the one that it was read from. A few
    /// copies of the value.
    public var detached: JSONNode { (try? JSONDocument(JSON(self).bytes))?.root ?? self }

    /// How many bytes of memory the whole document takes that this is a part of, and that lives as long as this does.
    public var documentSize: Int { document.tape.count * MemoryLayout<UInt64>.stride + document.strings.count }

    /// The tape's letters.
    enum Tag {
        static let string = UInt8(ascii: "\"")
        static let object = UInt8(ascii: "{")
        static let array = UInt8(ascii: "[")
        static let int = UInt8(ascii: "l")
        static let uint = UInt8(ascii: "u")
        static let double = UInt8(ascii: "d")
        static let yes = UInt8(ascii: "t")
        static let no = UInt8(ascii: "f")
        static let null = UInt8(ascii: "n")
    }

    var tag: UInt8 { UInt8(truncatingIfNeeded: document.tape[index] >> 56) }

    /// The tape index after this value.
    var end: Int {
        let tape = document.tape
        return JSONDocument.end(ofValueAt: index, tape.span)
    }

    var stringRange: Range<Int>? {
        guard tag == Tag.string else { return nil }
        let start = Int(document.tape[index] & 0x00ff_ffff_ffff_ffff)
        let strings = document.strings
        let length = JSONDocument.length(strings.span, at: start)
        return start + 4..<start + 4 + length
    }

    func hasSameString(as other: JSONNode) -> Bool {
        guard let left = stringRange, let right = other.stringRange, left.count == right.count else { return false }
        return document.strings[left] == other.document.strings[right]
    }
}

/// The elements of an array, read off the tape.
public struct JSONElements: Sequence, IteratorProtocol, Sendable {
    private let document: JSONDocument
    private var index: Int
    private let end: Int

    init(_ node: JSONNode) {
        document = node.document
        let isArray = node.tag == JSONNode.Tag.array
        index = node.index + 1
        end = isArray ? node.end - 1 : index
    }

    init(noneOf node: JSONNode) {
        document = node.document
        index = node.index
        end = index
    }

    public mutating func next() -> JSONNode? {
        guard index < end else { return nil }
        let node = JSONNode(document: document, index: index)
        index = node.end
        return node
    }
}

/// The members of an object, read off the tape. A key is a string node.
public struct JSONObjectMembers: Sequence, IteratorProtocol, Sendable {
    private let document: JSONDocument
    private var index: Int
    private let end: Int

    init(_ node: JSONNode) {
        document = node.document
        let isObject = node.tag == JSONNode.Tag.object
        index = node.index + 1
        end = isObject ? node.end - 1 : index
    }

    public mutating func next() -> (key: JSONNode, value: JSONNode)? {
        guard index < end else { return nil }
        let value = JSONNode(document: document, index: index + 1)
        defer { index = value.end }
        return (JSONNode(document: document, index: index), value)
    }
}
