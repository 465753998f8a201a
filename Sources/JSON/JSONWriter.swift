/// Writes compact JSON into a byte buffer. Commas are its own affair; the caller pairs `begin` with `end` and gives
/// every member of an object its key. No intermediate strings.
public struct JSONWriter: Sendable {
    public private(set) var bytes: [UInt8]
    private var needsComma = false

    /// Appends to `prefix`, which may hold what comes before the JSON (an SSE field name, say).
    public init(_ prefix: [UInt8] = [], reserving capacity: Int = 256) {
        bytes = prefix
        bytes.reserveCapacity(prefix.count + capacity)
    }

    public mutating func beginObject() { open(UInt8(ascii: "{")) }
    public mutating func endObject() { close(UInt8(ascii: "}")) }
    public mutating func beginArray() { open(UInt8(ascii: "[")) }
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    /// A key that needs no escaping.
    public mutating func key(_ key: StaticString) {
        JSONEscaping.append(key: key, comma: needsComma, to: &bytes)
        needsComma = false
    }

    public mutating func key(_ key: String) {
        JSONEscaping.append(key, in: JSONEscaping.Frame(comma: needsComma, colon: true), to: &bytes)
        needsComma = false
    }

    public mutating func string(_ text: String) {
        JSONEscaping.append(text, in: JSONEscaping.Frame(comma: needsComma), to: &bytes)
        needsComma = true
    }

    /// A string given as its UTF-8 bytes, which must be valid.
    public mutating func string(utf8 text: borrowing [UInt8]) {
        JSONEscaping.append(utf8: text.span, in: JSONEscaping.Frame(comma: needsComma), to: &bytes)
        needsComma = true
    }

    public mutating func int(_ value: some FixedWidthInteger) {
        separate()
        appendDecimal(value)
    }

    /// The usual kind, which other modules' code then need not be told of at run time.
    public mutating func int(_ value: Int) {
        separate()
        appendDecimal(value)
    }

    /// The shortest text that reads back as the same double; `null` for what JSON has no number for.
    public mutating func double(_ value: Double) {
        guard value.isFinite else { return null() }
        separate()
        bytes.append(contentsOf: value.description.utf8)
    }

    public mutating func bool(_ value: Bool) { literal(value ? "true" : "false") }

    public mutating func null() { literal("null") }

    /// Bytes that already are one JSON value, as they are.
    public mutating func raw(_ value: some Collection<UInt8>) {
        separate()
        bytes.append(contentsOf: value)
    }

    /// The usual kind, which other modules' code then need not be told of at run time.
    public mutating func raw(_ value: [UInt8]) {
        separate()
        bytes.append(contentsOf: value)
    }

    public mutating func value(_ value: JSON) {
        switch value {
        case .null: null()
        case .bool(let value): bool(value)
        case .int(let value): int(value)
        case .uint(let value): int(value)
        case .double(let value): double(value)
        case .string(let text): string(text)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let members):
            beginObject()
            for member in members {
                key(member.key)
                self.value(member.value)
            }
            endObject()
        }
    }

    /// A value of a document, compact. Straight off the tape: no recursion, and nothing allocated but the bytes.
    public mutating func value(_ node: JSONNode) {
        JSONTapeWriting.append(node, comma: needsComma, to: &bytes)
        needsComma = true
    }
}

extension JSONWriter {
    public mutating func member(_ name: StaticString, _ text: String) {
        key(name)
        string(text)
    }

    public mutating func member(_ name: StaticString, _ value: some FixedWidthInteger) {
        key(name)
        int(value)
    }

    public mutating func member(_ name: StaticString, _ value: Int) {
        key(name)
        int(value)
    }

    public mutating func member(_ name: StaticString, _ value: Double) {
        key(name)
        double(value)
    }

    public mutating func member(_ name: StaticString, _ value: Bool) {
        key(name)
        bool(value)
    }

    public mutating func member(_ name: StaticString, _ value: JSON) {
        key(name)
        self.value(value)
    }

    /// A member whose value already is JSON text.
    public mutating func member(_ name: StaticString, raw value: some Collection<UInt8>) {
        key(name)
        raw(value)
    }

    public mutating func member(_ name: StaticString, raw value: [UInt8]) {
        key(name)
        raw(value)
    }

    /// `null` when there is no text.
    public mutating func member(_ name: StaticString, orNull text: String?) {
        key(name)
        if let text { string(text) } else { null() }
    }

    /// Nothing at all when there is no text.
    public mutating func member(_ name: StaticString, ifPresent text: String?) {
        if let text { member(name, text) }
    }

    /// Nothing at all when there is no number.
    public mutating func member(_ name: StaticString, ifPresent value: (some FixedWidthInteger)?) {
        if let value { member(name, value) }
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func literal(_ text: StaticString) {
        separate()
        JSONEscaping.append(unescaped: text, to: &bytes)
    }

    private mutating func appendDecimal(_ value: some FixedWidthInteger) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        let start = bytes.count
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            bytes.append(UInt8(truncatingIfNeeded: digit) &+ 0x30)
            rest = quotient
        } while rest != 0
        bytes[start...].reverse()
    }
}
