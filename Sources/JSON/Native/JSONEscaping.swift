// Ownership: every pointer is borrowed from a Swift string or array for the length of one call; nothing is kept.

/// Appends strings in JSON's form. Clean runs are copied as a whole.
enum JSONEscaping {
    static func append(_ text: String, to bytes: inout [UInt8]) {
        let appended: Void? = unsafe text.utf8.withContiguousStorageIfAvailable { run in
            unsafe append(run, to: &bytes)
        }
        if appended == nil { append(utf8: Array(text.utf8), to: &bytes) }
    }

    static func append(utf8 text: borrowing [UInt8], to bytes: inout [UInt8]) {
        unsafe text.span.withUnsafeBufferPointer { run in unsafe append(run, to: &bytes) }
    }

    static func append(unescaped text: StaticString, to bytes: inout [UInt8]) {
        text.withUTF8Buffer { run in unsafe bytes.append(contentsOf: run) }
    }

    private static func append(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var start = 0
        var index = 0
        while index < text.count {
            let byte = unsafe text[index]
            // Below, only what must be escaped: controls, quote, backslash, and E2 (U+2028 and U+2029 start so).
            if byte >= 0x20, byte != 0x22, byte != 0x5c, byte != 0xe2 {
                index += 1
                continue
            }
            guard let (escape, length) = unsafe escaped(text, at: index) else {
                index += 1
                continue
            }
            unsafe bytes.append(contentsOf: text[start..<index])
            append(unescaped: escape, to: &bytes)
            if byte < 0x20, escape.utf8CodeUnitCount == 4 { appendHex(byte, to: &bytes) }
            index += length
            start = index
        }
        unsafe bytes.append(contentsOf: text[start...])
        bytes.append(UInt8(ascii: "\""))
    }

    /// What stands for the character at `index` (for other controls, all but the two hexadecimal digits), and how
    /// many bytes it replaces; `nil` when it stands for itself.
    private static func escaped(_ text: UnsafeBufferPointer<UInt8>, at index: Int) -> (StaticString, Int)? {
        switch unsafe text[index] {
        case 0x22: return ("\\\"", 1)
        case 0x5c: return ("\\\\", 1)
        case 0x0a: return ("\\n", 1)
        case 0x0d: return ("\\r", 1)
        case 0x09: return ("\\t", 1)
        case 0x08: return ("\\b", 1)
        case 0x0c: return ("\\f", 1)
        case 0xe2:
            guard index + 2 < text.count, unsafe text[index + 1] == 0x80 else { return nil }
            return switch unsafe text[index + 2] {
            case 0xa8: ("\\u2028", 3)
            case 0xa9: ("\\u2029", 3)
            default: nil
            }
        default: return ("\\u00", 1)
        }
    }

    private static func appendHex(_ byte: UInt8, to bytes: inout [UInt8]) {
        for digit in [byte >> 4, byte & 15] { bytes.append(digit < 10 ? digit + 0x30 : digit + 0x57) }
    }
}
