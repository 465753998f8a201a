/// Makes ids: a prefix and a UUID of version 7 (RFC 9562), so that ids sort by time.
public enum Identifier {
    public enum Prefix: String, Sendable {
        case request = "req_"
        case run = "run_"
        case conversation = "conv_"
        case completion = "chatcmpl-"
        case message = "msg_"
        case response = "resp_"
    }

    public static func make(
        _ prefix: Prefix,
        at time: WallTime,
        using generator: inout some RandomNumberGenerator
    ) -> String {
        let stamp = UInt64(bitPattern: time.milliseconds) & 0xffff_ffff_ffff
        let high = stamp << 16 | 0x7000 | generator.next() & 0x0fff
        let low = generator.next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
        return HexText.uuid(prefix: prefix.rawValue, high, low)
    }

    /// Whether a client's own id may be taken: `[A-Za-z0-9._-]{1,64}`.
    public static func isAcceptable(_ text: String) -> Bool {
        let bytes = text.utf8
        guard (1...64).contains(bytes.count) else { return false }
        return bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }
}
