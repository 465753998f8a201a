/// JSON web tokens: three parts, of which the first is the base64 of a JSON object that names an algorithm.
enum TokenDetector {
    /// The most characters of a header, and so many of the second part make it certain.
    private static let maxPart = 512

    static func find(at start: Int, _ text: Span<UInt8>, _ probe: inout Probe) -> Finding? {
        guard probe.byte(start + 1, text) == UInt8(ascii: "y"), probe.byte(start + 2, text) == UInt8(ascii: "J")
        else { return nil }
        guard let header = partEnd(from: start, text, &probe), isHeader(start, header, text),
            probe.byte(header, text) == UInt8(ascii: "."), probe.byte(header + 1, text).isToken
        else { return nil }
        guard let payload = partEnd(from: header + 1, text, &probe) else {
            return Finding(start: start, end: header + 1 + maxPart, kind: .key, rest: .dottedToken)
        }
        guard probe.byte(payload, text) == UInt8(ascii: "."), probe.byte(payload + 1, text).isToken else { return nil }
        return Finding(start: start, end: payload + 2, kind: .key, rest: .dottedToken)
    }

    /// `nil` for a part that is longer than is looked at.
    private static func partEnd(from start: Int, _ text: Span<UInt8>, _ probe: inout Probe) -> Int? {
        var index = start
        while probe.byte(index, text).isToken {
            index += 1
            if index - start >= maxPart { return nil }
        }
        return index
    }

    private static func isHeader(_ start: Int, _ end: Int, _ text: Span<UInt8>) -> Bool {
        // Behind the end of the text there is nothing to decode; the probe has said so already.
        guard end <= text.count else { return false }
        var decoded: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for index in start..<end {
            bits = (bits << 6 | value(text[index])) & 0xFFFFFF
            count += 6
            if count >= 8 {
                count -= 8
                decoded.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        guard decoded.first == UInt8(ascii: "{"), decoded.last == UInt8(ascii: "}") else { return false }
        let name = Array(#""alg""#.utf8)
        return decoded.indices.contains { decoded[$0...].starts(with: name) }
    }

    private static func value(_ byte: UInt8) -> UInt32 {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte) - 0x41
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte) - 0x61 + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte) - 0x30 + 52
        case UInt8(ascii: "-"): 62
        default: 63
        }
    }
}
