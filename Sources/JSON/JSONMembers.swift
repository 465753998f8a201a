/// Finds the top-level members of a JSON object in its text, so that one can be exchanged and every other byte stays
/// as it is. The text must have been validated; on any other it gives nonsense, but never traps. Not recursive.
public struct JSONMembers: Sequence, IteratorProtocol {
    /// Where one member stands in the text.
    public struct Member: Sendable, Equatable {
        /// The key with its quotes, still escaped.
        public let key: Range<Int>
        public let value: Range<Int>
        /// From the key's quote to the end of the value.
        public var whole: Range<Int> { key.lowerBound..<value.upperBound }
    }

    private let bytes: [UInt8]
    private var position: Int

    /// The members of the object that `bytes` holds; none when it holds anything else.
    public init(of bytes: [UInt8]) {
        self.bytes = bytes
        position = 0
        skipSpace()
        // At an end, `next` finds no quote and gives nothing.
        position = byte == UInt8(ascii: "{") ? position + 1 : bytes.count
    }

    public mutating func next() -> Member? {
        skipSpace()
        if byte == UInt8(ascii: ",") { position += 1 }
        skipSpace()
        guard byte == UInt8(ascii: "\"") else { return nil }
        let keyStart = position
        skipString()
        let key = keyStart..<position
        skipSpace()
        guard byte == UInt8(ascii: ":") else { return nil }
        position += 1
        skipSpace()
        let valueStart = position
        skipValue()
        return Member(key: key, value: valueStart..<position)
    }

    /// The first member with this key, however the text escapes it.
    public static func find(_ key: String, in bytes: [UInt8]) -> Member? {
        JSONMembers(of: bytes).first { matches($0.key, key, in: bytes) }
    }

    /// The text with the first member of this key given another value; the same text when there is none.
    public static func replacing(_ key: String, with value: [UInt8], in bytes: [UInt8]) -> [UInt8] {
        guard let member = find(key, in: bytes) else { return bytes }
        return replacing(member.value, with: value, in: bytes)
    }

    /// The text with this member replaced, or added as the last one.
    public static func setting(_ key: StaticString, to value: [UInt8], in bytes: [UInt8]) -> [UInt8] {
        if let member = find(key.description, in: bytes) { return replacing(member.value, with: value, in: bytes) }
        guard let brace = bytes.lastIndex(of: UInt8(ascii: "}")) else { return bytes }
        let isFirst = JSONMembers(of: bytes).first { _ in true } == nil
        var writer = JSONWriter(isFirst ? [] : [UInt8(ascii: ",")])
        writer.member(key, raw: value)
        return replacing(brace..<brace, with: writer.bytes, in: bytes)
    }

    /// The text without this member and the comma that parted it.
    public static func removing(_ key: String, in bytes: [UInt8]) -> [UInt8] {
        var previous: Member?
        var members = JSONMembers(of: bytes)
        while let member = members.next() {
            if matches(member.key, key, in: bytes) {
                if let previous {
                    return replacing(previous.value.upperBound..<member.value.upperBound, with: [], in: bytes)
                }
                let following = members.next()?.key.lowerBound ?? member.value.upperBound
                return replacing(member.key.lowerBound..<following, with: [], in: bytes)
            }
            previous = member
        }
        return bytes
    }

    private static func replacing(_ range: Range<Int>, with value: [UInt8], in bytes: [UInt8]) -> [UInt8] {
        var result = [UInt8]()
        result.reserveCapacity(bytes.count - range.count + value.count)
        result.append(contentsOf: bytes[..<range.lowerBound])
        result.append(contentsOf: value)
        result.append(contentsOf: bytes[range.upperBound...])
        return result
    }

    private static func matches(_ literal: Range<Int>, _ key: String, in bytes: [UInt8]) -> Bool {
        guard literal.count >= 2 else { return false }
        let raw = bytes[literal.lowerBound + 1..<literal.upperBound - 1]
        if raw.count == key.utf8.count, raw.elementsEqual(key.utf8) { return true }
        guard raw.contains(UInt8(ascii: "\\")) else { return false }
        return (try? JSONDocument(Array(bytes[literal])))?.root.isString(key) ?? false
    }
}

extension JSONMembers {
    /// The byte at the position; 0, which no JSON text holds, at the end.
    private var byte: UInt8 { position < bytes.count ? bytes[position] : 0 }

    private mutating func skipSpace() {
        while position < bytes.count, bytes[position] <= 0x20 { position += 1 }
    }

    /// From a quote to after the closing one.
    private mutating func skipString() {
        position = JSONStringEnd.find(in: bytes.span, from: position + 1)
    }

    private mutating func skipValue() {
        var depth = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                skipString()
                if depth == 0 { return }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return }
                depth -= 1
                position += 1
                if depth == 0 { return }
            case UInt8(ascii: ","), 0...0x20:
                if depth == 0 { return }
                position += 1
            default: position += 1
            }
        }
    }
}
