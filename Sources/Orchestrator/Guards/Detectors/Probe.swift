/// Reads ahead in a text of which more may come, and notes how far it has looked. What a detector says rests on nothing
/// but what it read through its probe, so a probe that stayed within the text has an answer that no further text changes.
/// That is why the pieces in which a text comes do not matter.
struct Probe {
    /// Behind the furthest byte that was asked for.
    private(set) var reach = 0

    /// 0 behind the end, which is no byte of any finding.
    mutating func byte(_ index: Int, _ text: Span<UInt8>) -> UInt8 {
        if index >= reach { reach = index + 1 }
        return index >= 0 && index < text.count ? text[index] : 0
    }

    /// Whether these bytes stand there. Reads no further than the first that differs.
    mutating func matches(_ expected: [UInt8], at index: Int, _ text: Span<UInt8>) -> Bool {
        for offset in expected.indices where byte(index + offset, text) != expected[offset] { return false }
        return true
    }
}

/// Something that should not leave unseen, by its place in the text.
struct Finding: Equatable {
    /// What goes on behind a finding that was certain before its end, so that its length is no matter.
    enum Rest: Equatable {
        case nothing
        /// More characters of a token; the second with the dots between the parts of a JWT.
        case token, dottedToken
        /// Lines of a block, to its end line.
        case block
    }

    var start: Int
    var end: Int
    var kind: GuardKind
    var rest = Rest.nothing
}

extension UInt8 {
    var isDigit: Bool { self &- 0x30 < 10 }
    var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
    var isUpper: Bool { self &- 0x41 < 26 }
    var isAlphanumeric: Bool { isDigit || isLetter }
    /// Of what programs take for a word.
    var isWord: Bool { isAlphanumeric || self == UInt8(ascii: "_") }
    /// Of base64url, and of most keys.
    var isToken: Bool { isWord || self == UInt8(ascii: "-") }
    /// Within a character of several bytes.
    var isContinuation: Bool { self & 0xC0 == 0x80 }
    /// Opens a letter of two bytes: Latin, Greek, Cyrillic.
    var opensLetter: Bool { self >= 0xC3 && self <= 0xD4 }
}

extension Span where Element == UInt8 {
    /// The byte before, 0 at the beginning of the text. In JSON text an escape such as `\n` is no part of the word that
    /// follows, so it gives the backslash.
    func before(_ index: Int) -> UInt8 {
        guard index > 0, index <= count else { return 0 }
        let last = self[index - 1]
        if index > 1, self[index - 2] == UInt8(ascii: "\\") {
            switch last {
            case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"): return self[index - 2]
            default: break
            }
        }
        return last
    }
}
