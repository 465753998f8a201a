/// E-mail addresses, found at their `@`. What comes before it is looked up backwards, so no word has to be taken for the
/// beginning of an address; but the word at the end of what has come may be one, see ``localStart(before:floor:_:)``.
enum EmailDetector {
    /// In bytes, by RFC 5321.
    static let maxLocal = 64
    private static let maxDomain = 255

    static func find(at sign: Int, floor: Int, _ text: Span<UInt8>, _ probe: inout Probe) -> Finding? {
        guard var start = localStart(before: sign, floor: floor, text), start < sign else { return nil }
        // `@user@host` is a handle.
        if start > 0, text[start - 1] == UInt8(ascii: "@") { return nil }
        while start < sign, text[start] == UInt8(ascii: ".") || text[start] == UInt8(ascii: "-") { start += 1 }
        start = behindEscape(start, sign, text)
        guard start < sign, let end = domainEnd(from: sign + 1, text, &probe) else { return nil }
        // What is cloned from a forge: `git@host:path`.
        if sign - start == 3, text[start] == UInt8(ascii: "g"), text[start + 1] == UInt8(ascii: "i"),
            text[start + 2] == UInt8(ascii: "t"),
            [UInt8(ascii: ":"), UInt8(ascii: "/")].contains(probe.byte(end, text))
        {
            return nil
        }
        return Finding(start: start, end: end, kind: .email)
    }

    /// Where the run of characters begins that would be the local part if an `@` came next; `nil` when it is too long
    /// to be one.
    static func localStart(before end: Int, floor: Int, _ text: Span<UInt8>) -> Int? {
        var index = end
        while index > floor {
            let byte = text[index - 1]
            if isLocal(byte) {
                index -= 1
            } else if byte.isContinuation, index - 1 > floor, text[index - 2].opensLetter {
                index -= 2
            } else {
                break
            }
            if end - index > maxLocal { return nil }
        }
        return index
    }

    static func isLocal(_ byte: UInt8) -> Bool {
        if byte.isWord { return true }
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "%"): return true
        default: return false
        }
    }

    /// The letter of an escape in JSON text is no part of the address.
    private static func behindEscape(_ start: Int, _ sign: Int, _ text: Span<UInt8>) -> Int {
        guard start > 0, start < sign, text[start - 1] == UInt8(ascii: "\\") else { return start }
        switch text[start] {
        case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"): return start + 1
        case UInt8(ascii: "u"): return min(start + 5, sign)
        default: return start
        }
    }

    /// Behind the longest run of labels that ends in a top-level domain.
    private static func domainEnd(from begin: Int, _ text: Span<UInt8>, _ probe: inout Probe) -> Int? {
        var end: Int?
        var label = begin
        var labels = 0
        while true {
            var index = label
            var byte = probe.byte(index, text)
            // Reads bytes to the end of the label.
            while byte.isAlphanumeric || byte == UInt8(ascii: "-") || byte >= 0x80 {
                if byte >= 0x80 {
                    guard byte.opensLetter, probe.byte(index + 1, text).isContinuation else { break }
                    index += 1
                }
                index += 1
                guard index - begin <= maxDomain else { return nil }
                byte = probe.byte(index, text)
            }
            guard index > label, text[label] != UInt8(ascii: "-") else { return end }
            if labels == 0, isScale(label, index, text) { return nil }
            labels += 1
            if labels > 1, let last = topLevelEnd(label, index, text) { end = last }
            guard byte == UInt8(ascii: ".") else { return end }
            label = index + 1
        }
    }

    /// `2x`, as in the names of pictures: `icon@2x.png`.
    private static func isScale(_ begin: Int, _ end: Int, _ text: Span<UInt8>) -> Bool {
        guard end - begin >= 2, end - begin <= 3, text[end - 1] == UInt8(ascii: "x") else { return false }
        for index in begin..<(end - 1) where !text[index].isDigit { return false }
        return true
    }

    /// Behind the letters of a label, where they may be a top-level domain. A hyphen may follow: `x@example.org-Adresse`.
    private static func topLevelEnd(_ begin: Int, _ end: Int, _ text: Span<UInt8>) -> Int? {
        if end - begin > 4, text[begin] | 0x20 == UInt8(ascii: "x"), text[begin + 1] | 0x20 == UInt8(ascii: "n"),
            text[begin + 2] == UInt8(ascii: "-"), text[begin + 3] == UInt8(ascii: "-")
        {
            return end
        }
        var index = begin
        while index < end, text[index].isLetter || text[index] >= 0x80 { index += 1 }
        guard index - begin >= 2, index - begin <= 24 else { return nil }
        return index == end || text[index] == UInt8(ascii: "-") ? index : nil
    }
}
