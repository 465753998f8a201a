/// A key as it is kept: its HMAC-SHA-256 under a pepper, and which pepper that was. From it nobody finds the key.
///
/// As text `hmac-sha256.1a2b3c4d.` and 64 hexadecimal digits, which YAML takes without quotes.
public struct KeyHash: Sendable, CustomStringConvertible {
    private static let scheme = "hmac-sha256"

    /// The ``Pepper/mark`` of the pepper.
    public let pepperMark: UInt32
    let words: InlineArray<4, UInt64>

    init(mark: UInt32, _ words: InlineArray<4, UInt64>) {
        pepperMark = mark
        self.words = words
    }

    /// `nil` for any other text than ``description`` gives, but for capital digits.
    public init?(_ text: String) {
        guard text.utf8.count == Self.scheme.utf8.count + 74 else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == Self.scheme, parts[1].utf8.count == 8, parts[2].utf8.count == 64,
            let mark = Self.number(parts[1].utf8)
        else { return nil }
        var words = InlineArray<4, UInt64>(repeating: 0)
        for index in 0..<4 {
            guard let word = Self.number(parts[2].utf8.dropFirst(index * 16).prefix(16)) else { return nil }
            words[index] = word
        }
        self.init(mark: UInt32(truncatingIfNeeded: mark), words)
    }

    /// Whether both are the same, in a time that does not depend on where they differ.
    public func isSame(as other: KeyHash) -> Bool {
        var difference = UInt64(pepperMark ^ other.pepperMark)
        for index in 0..<4 { difference |= words[index] ^ other.words[index] }
        return difference == 0
    }

    public var description: String {
        var text = Self.scheme + "." + Self.digits(UInt64(pepperMark), 8) + "."
        for index in 0..<4 { text += Self.digits(words[index], 16) }
        return text
    }

    private static func digits(_ number: UInt64, _ count: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
    }

    /// Hexadecimal digits and nothing else, at most sixteen.
    private static func number(_ digits: some Collection<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        for byte in digits {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: return nil
            }
            number = number << 4 | UInt64(digit)
        }
        return number
    }
}

extension KeyHash: Equatable {
    public static func == (left: KeyHash, right: KeyHash) -> Bool { left.isSame(as: right) }
}
