/// The classes of bytes that HTTP's grammar is made of. Two 64-bit masks a class: no table, no branch but one.
enum ByteClass {
    static let cr = UInt8(ascii: "\r")
    static let lf = UInt8(ascii: "\n")
    static let space = UInt8(ascii: " ")
    static let tab = UInt8(ascii: "\t")

    /// `! # $ % & ' * + - . ^ _ ` | ~`, digits and letters (RFC 9110 §5.6.2).
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool { member(byte, 0x03ff_6cfa_0000_0000, 0x57ff_ffff_c7ff_fffe) }

    /// A byte that a field's value may hold: visible ASCII, space, tab and everything from 0x80 on.
    @inline(__always)
    static func isFieldByte(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7f || byte == tab }

    /// Whether all of `range` may stand in a field's value. Looks at every byte, without a branch, so that the compiler
    /// can look at many at once.
    static func areFieldBytes(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let value = bytes.extracting(range)
        var faults: UInt8 = 0
        for index in 0..<value.count {
            let byte = value[index]
            faults |= (byte < 0x20 ? 1 : 0) & (byte != tab ? 1 : 0) | (byte == 0x7f ? 1 : 0)
        }
        return faults == 0
    }

    /// The end of the token that begins at `range.lowerBound`.
    static func endOfToken(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
        let text = bytes.extracting(range)
        var index = 0
        while index < text.count, isToken(text[index]) { index += 1 }
        return range.lowerBound + index
    }

    /// A byte that a request target may hold: visible ASCII but `#` (a fragment is never sent) and `\` (some
    /// neighbours read it as `/`).
    @inline(__always)
    static func isTargetByte(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: "#") && byte != UInt8(ascii: "\\")
    }

    /// A byte of a registered name or IPv4 address (RFC 3986 §3.2.2), without the comma, which joins two Host fields.
    @inline(__always)
    static func isHostByte(_ byte: UInt8) -> Bool { member(byte, 0x2bff_6ff2_0000_0000, 0x47ff_fffe_87ff_fffe) }

    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    @inline(__always)
    static func lower(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    @inline(__always)
    static func hexDigit(_ byte: UInt8) -> Int? {
        if isDigit(byte) { return Int(byte &- 0x30) }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? Int(letter) + 10 : nil
    }

    @inline(__always)
    private static func member(_ byte: UInt8, _ low: UInt64, _ high: UInt64) -> Bool {
        byte < 128 && (byte < 64 ? low : high) &>> UInt64(byte & 63) & 1 == 1
    }

    /// Compares ASCII without regard to case; allocates nothing.
    @inline(__always)
    static func equal(_ bytes: Span<UInt8>, _ range: Range<Int>, ignoringCaseOf text: String) -> Bool {
        // Most names differ in their length, which a string tells without giving out its bytes.
        guard text.utf8.count == range.count else { return false }
        let wanted = text.utf8.span
        for offset in 0..<wanted.count where lower(bytes[range.lowerBound + offset]) != lower(wanted[offset]) {
            return false
        }
        return true
    }

    /// Whether `range` begins with `text`, without regard to case; allocates nothing.
    @inline(__always)
    static func starts(_ bytes: Span<UInt8>, _ range: Range<Int>, ignoringCaseOf text: String) -> Bool {
        let wanted = text.utf8.count
        guard wanted <= range.count else { return false }
        return equal(bytes, range.lowerBound..<range.lowerBound + wanted, ignoringCaseOf: text)
    }

    /// Compares byte for byte; allocates nothing.
    @inline(__always)
    static func equal(_ bytes: Span<UInt8>, _ range: Range<Int>, _ text: String) -> Bool {
        guard text.utf8.count == range.count else { return false }
        let wanted = text.utf8.span
        for offset in 0..<wanted.count where bytes[range.lowerBound + offset] != wanted[offset] { return false }
        return true
    }

    /// Compares two places of the same bytes; allocates nothing.
    static func equal(_ bytes: Span<UInt8>, _ left: Range<Int>, _ right: Range<Int>) -> Bool {
        guard left.count == right.count else { return false }
        for offset in 0..<left.count where bytes[left.lowerBound + offset] != bytes[right.lowerBound + offset] {
            return false
        }
        return true
    }

    /// Where the blanks at both ends of `range` are left out.
    static func trimmed(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, isBlank(bytes[start]) { start += 1 }
        while end > start, isBlank(bytes[end - 1]) { end -= 1 }
        return start..<end
    }
}
