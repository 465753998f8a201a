/// Turns bytes that come in pieces into text, keeping back an unfinished character until the rest of it comes. Pure.
/// Bytes that can never become a character are replaced by U+FFFD, as Swift's own decoder does.
struct UTF8Tail {
    private var tail: [UInt8] = []

    mutating func feed(_ piece: [UInt8]) -> String {
        var bytes = tail
        bytes += piece
        let keep = UTF8Tail.unfinished(bytes)
        tail = Array(bytes.suffix(keep))
        return String(decoding: bytes.dropLast(keep), as: UTF8.self)
    }

    /// What is left at the end of the answer.
    mutating func finish() -> String {
        defer { tail = [] }
        return String(decoding: tail, as: UTF8.self)
    }

    /// How many bytes at the end begin a character that more bytes could finish: 0 to 3.
    static func unfinished(_ bytes: [UInt8]) -> Int {
        for length in 1...3 where length <= bytes.count {
            let byte = bytes[bytes.count - length]
            if byte & 0xc0 == 0x80 { continue }
            let needed = byte >= 0xf0 && byte <= 0xf4 ? 4 : byte >= 0xe0 && byte < 0xf0 ? 3 : byte >= 0xc2 ? 2 : 1
            guard byte < 0xf5, needed > length else { return 0 }
            return canContinue(bytes.suffix(length)) ? length : 0
        }
        return 0
    }

    /// Whether the second byte is one that the first allows (no overlong forms, surrogates, or above U+10FFFF).
    private static func canContinue(_ start: ArraySlice<UInt8>) -> Bool {
        guard let first = start.first, let second = start.dropFirst().first else { return true }
        return switch first {
        case 0xe0: second >= 0xa0
        case 0xed: second < 0xa0
        case 0xf0: second >= 0x90
        case 0xf4: second < 0x90
        default: true
        }
    }
}
