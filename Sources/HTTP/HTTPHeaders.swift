/// Header fields in their order, duplicates kept, names compared without regard to case.
///
/// All bytes lie in one array and a field is four offsets into it, so a parsed head costs two allocations however
/// many fields it has; a string is made only for what is asked. Values are decoded as UTF-8, and bytes that are not
/// UTF-8 (old clients send Latin-1) become U+FFFD in the string. A look-up is O(fields) and allocates its result only.
public struct HTTPHeaders: Sendable {
    /// Where a field's name and value lie in `bytes`.
    struct Field: Equatable, Sendable {
        var name: Range<Int>
        var value: Range<Int>
    }

    private(set) var bytes: [UInt8]
    private(set) var fields: [Field]

    public init() {
        bytes = []
        fields = []
    }

    public init(_ pairs: [(String, String)]) {
        self.init()
        for (name, value) in pairs { add(name, value) }
    }

    /// Takes over a parsed head: every range must lie within `bytes`.
    init(bytes: consuming [UInt8], fields: consuming [Field]) {
        self.bytes = bytes
        self.fields = fields
    }

    /// The number of fields, duplicates counted.
    public var count: Int { fields.count }
    public var isEmpty: Bool { fields.isEmpty }

    /// Appends a field. Nothing is checked here: `ResponseHeadWriter` refuses what may not go onto the wire, and other
    /// writers ask `checkForWire()`.
    public mutating func add(_ name: String, _ value: String) {
        let start = bytes.count
        if bytes.isEmpty {
            bytes.reserveCapacity(128)
            fields.reserveCapacity(4)
        }
        bytes.append(text: name)
        let middle = bytes.count
        bytes.append(text: value)
        fields.append(Field(name: start..<middle, value: middle..<bytes.count))
    }

    /// The same from bytes, without a string between.
    public mutating func add(name: Span<UInt8>, value: Span<UInt8>) {
        let start = bytes.count
        if bytes.isEmpty {
            bytes.reserveCapacity(512)
            fields.reserveCapacity(12)
        }
        bytes.append(copying: 0..<name.count, of: name)
        let middle = bytes.count
        bytes.append(copying: 0..<value.count, of: value)
        fields.append(Field(name: start..<middle, value: middle..<bytes.count))
    }

    /// Leaves exactly one field of this name: in the place of the first, or at the end.
    public mutating func set(_ name: String, _ value: String) {
        guard let place = fields.firstIndex(where: { matches($0, name) }) else { return add(name, value) }
        add(name, value)
        let replacement = fields.removeLast()
        remove(name)
        fields.insert(replacement, at: place)
    }

    public mutating func remove(_ name: String) {
        let kept = fields.filter { !matches($0, name) }
        fields = kept
    }

    /// The first field's value.
    public subscript(name: String) -> String? {
        for field in fields where matches(field, name) { return text(field.value) }
        return nil
    }

    public func values(of name: String) -> [String] {
        fields.compactMap { matches($0, name) ? text($0.value) : nil }
    }

    /// Calls `body` with the values of this name, the last one first, until it returns false. Makes no strings.
    public func fromLast(_ name: String, _ body: (Span<UInt8>) -> Bool) {
        for field in fields.reversed() where matches(field, name) {
            guard body(bytes.span.extracting(field.value)) else { return }
        }
    }

    /// Whether the first field of this name is the media type `type`, parameters and case aside. Allocates nothing.
    public func hasMediaType(_ type: String, in name: String = "content-type") -> Bool {
        for field in fields where matches(field, name) {
            let bytes = bytes.span
            let end = bytes.firstIndex(of: UInt8(ascii: ";"), in: field.value) ?? field.value.upperBound
            let essence = ByteClass.trimmed(bytes, field.value.lowerBound..<end)
            return ByteClass.equal(bytes, essence, ignoringCaseOf: type)
        }
        return false
    }

    /// The fields, at most `limit`, whose name is among `names` or begins with one of `prefixes` and whose value has at
    /// most `maxValue` bytes and may go onto the wire; names in lower case. Makes no strings.
    public func selection(names: [String], prefixes: [String], limit: Int, maxValue: Int) -> HTTPHeaders {
        var result = HTTPHeaders()
        let bytes = bytes.span
        for field in fields where result.count < limit && field.value.count <= maxValue {
            let isWanted =
                names.contains { ByteClass.equal(bytes, field.name, ignoringCaseOf: $0) }
                || prefixes.contains { ByteClass.starts(bytes, field.name, ignoringCaseOf: $0) }
            guard isWanted, ByteClass.areFieldBytes(bytes, field.value),
                ByteClass.endOfToken(bytes, field.name) == field.name.upperBound
            else { continue }
            let start = result.bytes.count
            result.add(name: bytes.extracting(field.name), value: bytes.extracting(field.value))
            for index in start..<start + field.name.count {
                result.bytes[index] = ByteClass.lower(result.bytes[index])
            }
        }
        return result
    }

    public func contains(_ name: String) -> Bool {
        for field in fields where matches(field, name) { return true }
        return false
    }

    /// Whether two fields of this name have different values. Allocates nothing.
    public func isContradictory(_ name: String) -> Bool {
        let bytes = bytes.span
        var first: Range<Int>?
        for field in fields where matches(field, name) {
            if let first, !ByteClass.equal(bytes, first, field.value) { return true }
            first = first ?? field.value
        }
        return false
    }

    func contains(name: Span<UInt8>) -> Bool {
        let own = bytes.span
        for field in fields where field.name.count == name.count {
            var isSame = true
            for offset in 0..<name.count
            where ByteClass.lower(own[field.name.lowerBound + offset]) != ByteClass.lower(name[offset]) {
                isSame = false
            }
            if isSame { return true }
        }
        return false
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    private func matches(_ field: Field, _ name: String) -> Bool {
        ByteClass.equal(bytes.span, field.name, ignoringCaseOf: name)
    }
}

extension HTTPHeaders: Sequence {
    public struct Iterator: IteratorProtocol {
        private let headers: HTTPHeaders
        private var index = 0

        init(_ headers: HTTPHeaders) { self.headers = headers }

        public mutating func next() -> (name: String, value: String)? {
            guard index < headers.fields.count else { return nil }
            let field = headers.fields[index]
            index += 1
            return (headers.text(field.name), headers.text(field.value))
        }
    }

    public var underestimatedCount: Int { fields.count }

    public func makeIterator() -> Iterator { Iterator(self) }
}

extension HTTPHeaders: Equatable {
    /// Same fields in the same order; names without regard to case, values byte for byte.
    public static func == (left: HTTPHeaders, right: HTTPHeaders) -> Bool {
        guard left.count == right.count else { return false }
        // What is compared again and again mostly is the same to the byte.
        if left.bytes == right.bytes, left.fields == right.fields { return true }
        return zip(left.fields, right.fields).allSatisfy { a, b in
            left.bytes[a.value].elementsEqual(right.bytes[b.value])
                && left.bytes[a.name].elementsEqual(right.bytes[b.name]) {
                    ByteClass.lower($0) == ByteClass.lower($1)
                }
        }
    }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral, CustomStringConvertible {
    public init(dictionaryLiteral elements: (String, String)...) { self.init(elements) }

    /// The names only: values may be secrets.
    public var description: String { "HTTPHeaders(\(map(\.name).joined(separator: ", ")))" }
}

/// A field that would break the message it is put into, or a status that is none. Carries no value: it may be a secret.
public struct HeaderRefused: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String

    init(_ description: String) { self.description = description }
}

extension HTTPHeaders {
    /// Whether `name` is a token of RFC 9110.
    public static func isValidName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy(ByteClass.isToken)
    }

    /// Whether `value` holds no control character but the tab, and no space or tab at its ends.
    public static func isValidValue(_ value: String) -> Bool {
        let bytes = value.utf8
        guard let first = bytes.first, let last = bytes.last else { return true }
        return !ByteClass.isBlank(first) && !ByteClass.isBlank(last) && bytes.allSatisfy(ByteClass.isFieldByte)
    }

    /// Throws for the first field whose name is no token or whose value holds a control character (CR, LF, NUL…).
    public func checkForWire() throws(HeaderRefused) {
        let bytes = bytes.span
        for field in fields {
            guard !field.name.isEmpty, ByteClass.endOfToken(bytes, field.name) == field.name.upperBound else {
                throw HeaderRefused("A header's name is not a token.")
            }
            guard ByteClass.areFieldBytes(bytes, field.value) else {
                throw HeaderRefused("The value of header \(text(field.name)) holds a control character.")
            }
        }
    }
}
