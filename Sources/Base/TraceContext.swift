/// W3C trace context: which trace this work belongs to and which span is its parent.
public struct TraceContext: Hashable, Sendable {
    public var traceHigh: UInt64
    public var traceLow: UInt64
    public var spanID: UInt64
    public var sampled: Bool

    public init(traceHigh: UInt64, traceLow: UInt64, spanID: UInt64, sampled: Bool = true) {
        self.traceHigh = traceHigh
        self.traceLow = traceLow
        self.spanID = spanID
        self.sampled = sampled
    }

    /// A new trace with ids drawn from `generator`; ids are never zero.
    public init(using generator: inout some RandomNumberGenerator) {
        self.init(
            traceHigh: generator.next(),
            traceLow: generator.next() | 1,
            spanID: generator.next() | 1
        )
    }

    /// Reads a `traceparent` header; `nil` for anything malformed (the caller then starts a new trace).
    public init?(traceparent text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].count == 2, parts[1].count == 32, parts[2].count == 16, parts[3].count == 2,
            let version = Hex.decode(parts[0]), version != 0xff, version != 0 || parts.count == 4,
            let high = Hex.decode(parts[1].prefix(16)), let low = Hex.decode(parts[1].suffix(16)),
            let span = Hex.decode(parts[2]), let flags = Hex.decode(parts[3]),
            high | low != 0, span != 0
        else { return nil }
        self.init(traceHigh: high, traceLow: low, spanID: span, sampled: flags & 1 == 1)
    }

    public var traceID: String { HexText.digits(traceHigh, traceLow) }
    public var spanIDText: String { HexText.digits(spanID) }
    public var traceparent: String { "00-\(traceID)-\(spanIDText)-\(sampled ? "01" : "00")" }
}

/// Fixed-width lower-case hexadecimal, as ids use it.
enum Hex {
    /// At most sixteen lower-case digits; `nil` for anything else.
    static func decode(_ digits: some Collection<UInt8>) -> UInt64? {
        guard !digits.isEmpty, digits.count <= 16 else { return nil }
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(digit &- 0x30)
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(digit &- 0x57)
            default: return nil
            }
        }
        return value
    }
}
