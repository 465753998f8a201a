/// Private keys in PEM's armour, found at the first hyphen of their first line.
enum BlockDetector {
    private static let begin = Array("-----BEGIN ".utf8)
    private static let end = Array("-----END ".utf8)
    private static let line = Array("-----".utf8)
    private static let privateKey = Array("PRIVATE KEY".utf8)
    /// In bytes, of the words of a line.
    private static let maxLabel = 40
    /// So many characters of the key make it one: who only speaks of such lines goes on with words.
    private static let leastBody = 16

    static func find(at start: Int, _ text: Span<UInt8>, _ probe: inout Probe) -> Finding? {
        guard probe.matches(begin, at: start, text),
            let label = labelEnd(from: start + begin.count, text, &probe)
        else { return nil }
        let words = text.extracting((start + begin.count)..<min(label, text.count))
        guard contains(privateKey, words) else { return nil }
        guard let index = bodyEnd(from: label + line.count, text, &probe) else { return nil }
        return Finding(start: start, end: index, kind: .key, rest: .block)
    }

    /// Behind so much of a body that it is one.
    private static func bodyEnd(from start: Int, _ text: Span<UInt8>, _ probe: inout Probe) -> Int? {
        var index = start
        var body = 0
        var isHeader = false
        while body < leastBody {
            let byte = probe.byte(index, text)
            switch byte {
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
                guard body == 0 || isHeader else { return nil }
            case UInt8(ascii: "\\"):
                // A line end as JSON text writes it.
                guard body == 0 || isHeader else { return nil }
                index += 1
            // Of the block's own headers: `Proc-Type: 4,ENCRYPTED`.
            case UInt8(ascii: ":"):
                guard body > 0 else { return nil }
                isHeader = true
            case UInt8(ascii: " "), UInt8(ascii: ","), UInt8(ascii: "."): guard isHeader else { return nil }
            default:
                guard isBody(byte) else { return nil }
                body += 1
            }
            index += 1
            guard index - start < 120 else { return nil }
        }
        return index
    }

    /// Behind the end line that begins here, if one does.
    static func endLine(at start: Int, _ text: Span<UInt8>, _ probe: inout Probe) -> Int? {
        guard probe.matches(end, at: start, text), let label = labelEnd(from: start + end.count, text, &probe)
        else { return nil }
        return label + line.count
    }

    /// Whether a byte may be in the lines between.
    static func isInside(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"), UInt8(ascii: " "), UInt8(ascii: "\\"),
            UInt8(ascii: ":"), UInt8(ascii: ","):
            true
        default: isBody(byte)
        }
    }

    private static func isBody(_ byte: UInt8) -> Bool {
        byte.isToken || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "=")
    }

    /// Before the hyphens that close a line whose words are capitals.
    private static func labelEnd(from start: Int, _ text: Span<UInt8>, _ probe: inout Probe) -> Int? {
        var index = start
        while true {
            let byte = probe.byte(index, text)
            if byte == UInt8(ascii: "-") { break }
            guard byte.isUpper || byte.isDigit || byte == UInt8(ascii: " "), index - start < maxLabel else {
                return nil
            }
            index += 1
        }
        return probe.matches(line, at: index, text) ? index : nil
    }

    private static func contains(_ words: [UInt8], _ text: Span<UInt8>) -> Bool {
        guard text.count >= words.count else { return false }
        return (0...(text.count - words.count)).contains { start in
            words.indices.allSatisfy { text[start + $0] == words[$0] }
        }
    }
}
