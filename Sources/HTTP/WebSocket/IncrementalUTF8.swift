/// Whether bytes that come piece by piece are UTF-8, known at the first byte that cannot be. About 1 ns for 4 bytes of
/// ASCII or more.
struct IncrementalUTF8: Sendable {
    /// The bytes that the character still needs.
    private var missing = 0
    /// What the next one of them may be.
    private var next: ClosedRange<UInt8> = 0x80...0xBF

    /// Whether the text may end here.
    var isComplete: Bool { missing == 0 }

    /// Whether it is still the beginning of some text.
    mutating func take(_ bytes: Span<UInt8>) -> Bool {
        var start = 0
        while missing > 0, start < bytes.count {
            guard take(bytes[start]) else { return false }
            start += 1
        }
        // Whole characters at the standard library's speed, the last one byte by byte where it is not whole.
        let end = max(start, Self.endOfWholeCharacters(bytes))
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.extracting(start..<end))
        } catch {
            return false
        }
        for index in end..<bytes.count {
            guard take(bytes[index]) else { return false }
        }
        return true
    }

    private static func endOfWholeCharacters(_ bytes: Span<UInt8>) -> Int {
        for back in stride(from: 1, through: min(3, bytes.count), by: 1) {
            let byte = bytes[bytes.count - back]
            if byte >= 0xC0 { return bytes.count - back }
            if byte < 0x80 { break }
        }
        return bytes.count
    }

    /// The table of well-formed sequences (Unicode, table 3-7).
    private mutating func take(_ byte: UInt8) -> Bool {
        guard missing == 0 else {
            guard next.contains(byte) else { return false }
            missing -= 1
            next = 0x80...0xBF
            return true
        }
        switch byte {
        case 0x00...0x7F: break
        case 0xC2...0xDF: missing = 1
        case 0xE0: (missing, next) = (2, 0xA0...0xBF)
        case 0xED: (missing, next) = (2, 0x80...0x9F)
        case 0xE1...0xEF: missing = 2
        case 0xF0: (missing, next) = (3, 0x90...0xBF)
        case 0xF1...0xF3: missing = 3
        case 0xF4: (missing, next) = (3, 0x80...0x8F)
        default: return false
        }
        return true
    }
}
