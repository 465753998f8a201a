// Ownership: every pointer is borrowed from a Swift string or array for the length of one call; nothing is kept.

/// Appends strings in JSON's form, with the comma before them and the colon after them where there is to be one. Clean
/// runs are copied as a whole.
enum JSONEscaping {
    struct Frame {
        var comma = false
        var colon = false
    }

    static func append(_ text: String, in frame: Frame = Frame(), to bytes: inout [UInt8]) {
        let appended: Void? = unsafe text.utf8.withContiguousStorageIfAvailable { run in
            unsafe append(run, in: frame, to: &bytes)
        }
        if appended == nil { append(utf8: Array(text.utf8).span, in: frame, to: &bytes) }
    }

    static func append(utf8 text: Span<UInt8>, in frame: Frame = Frame(), to bytes: inout [UInt8]) {
        unsafe text.withUnsafeBufferPointer { run in unsafe append(run, in: frame, to: &bytes) }
    }

    static func append(unescaped text: StaticString, to bytes: inout [UInt8]) {
        text.withUTF8Buffer { run in unsafe bytes.append(contentsOf: run) }
    }

    /// A key that needs no escaping.
    static func append(key: StaticString, comma: Bool, to bytes: inout [UInt8]) {
        key.withUTF8Buffer { run in unsafe append(clean: run, in: Frame(comma: comma, colon: true), to: &bytes) }
    }

    private static func append(_ text: UnsafeBufferPointer<UInt8>, in frame: Frame, to bytes: inout [UInt8]) {
        var index = unsafe clean(text, from: 0)
        if index == text.count { return unsafe append(clean: text, in: frame, to: &bytes) }
        if frame.comma { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        var start = 0
        while index < text.count {
            let byte = unsafe text[index]
            guard let (escape, length) = unsafe escaped(text, at: index) else {
                index = unsafe clean(text, from: index + 1)
                continue
            }
            let run = unsafe UnsafeBufferPointer(rebasing: text[start..<index])
            bytes.append(addingCapacity: run.count + escape.utf8CodeUnitCount) { output in
                unsafe append(run, to: &output)
                escape.withUTF8Buffer { unsafe append($0, to: &output) }
            }
            if byte < 0x20, escape.utf8CodeUnitCount == 4 { appendHex(byte, to: &bytes) }
            start = index + length
            index = unsafe clean(text, from: start)
        }
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start...]))
        bytes.append(UInt8(ascii: "\""))
        if frame.colon { bytes.append(UInt8(ascii: ":")) }
    }

    /// Text without anything to escape, in one step: most strings are short, and each step has its price.
    private static func append(clean text: UnsafeBufferPointer<UInt8>, in frame: Frame, to bytes: inout [UInt8]) {
        bytes.append(addingCapacity: text.count + 4) { output in
            if frame.comma { output.append(UInt8(ascii: ",")) }
            output.append(UInt8(ascii: "\""))
            unsafe append(text, to: &output)
            output.append(UInt8(ascii: "\""))
            if frame.colon { output.append(UInt8(ascii: ":")) }
        }
    }

    private static func append(_ run: UnsafeBufferPointer<UInt8>, to output: inout OutputSpan<UInt8>) {
        unsafe output.withUnsafeMutableBufferPointer { buffer, count in
            count += unsafe UnsafeMutableBufferPointer(rebasing: buffer[count...]).update(fromContentsOf: run)
        }
    }

    /// The first byte from `start` on that may have to be escaped: a control, a quote, a backslash, or E2 (U+2028 and
    /// U+2029 start so). Most texts hold few of them, so eight bytes are looked at in one step.
    private static func clean(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        let bytes = UnsafeRawBufferPointer(text)
        var index = start
        while index <= text.count - 8 {
            let word = UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let found = special(word)
            if found != 0 { return index + found.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < text.count {
            let byte = unsafe text[index]
            if byte < 0x20 || byte == 0x22 || byte == 0x5c || byte == 0xe2 { break }
            index += 1
        }
        return index
    }

    /// The lowest bit that is set is the highest of the first such byte: subtracting from each byte borrows, and so
    /// sets that bit, where the byte is the smaller one. A borrow that goes on into the next byte comes from one that
    /// was found.
    private static func special(_ word: UInt64) -> UInt64 {
        let highBits: UInt64 = 0x8080_8080_8080_8080
        // Exchanges the quote (22) with the space (20), so that it is one of those below 21.
        let low = ((word ^ 0x0202_0202_0202_0202) &- 0x2121_2121_2121_2121) & ~word
        let backslashes = word ^ 0x5c5c_5c5c_5c5c_5c5c
        let found = (low | (backslashes &- 0x0101_0101_0101_0101) & ~backslashes) & highBits
        if word & highBits == 0 { return found }
        let separators = word ^ 0xe2e2_e2e2_e2e2_e2e2
        return found | (separators &- 0x0101_0101_0101_0101) & ~separators & highBits
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
