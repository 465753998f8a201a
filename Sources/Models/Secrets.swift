public import Base

/// The texts that must not show in anything we hand on, and how they are taken out of what a provider says.
public struct Secrets: Sendable {
    private let known: [Secret]

    public init(_ known: [Secret] = []) { self.known = known }

    /// How keys of well-known providers begin; a provider may quote a key that is not ours.
    private static let keyPrefixes = ["sk-", "gsk_", "xai-", "Bearer ", "AIza"].map { Array($0.utf8) }

    /// A provider's own words, fit to be shown: without keys, control characters as spaces, at most `limit` bytes.
    public func cleaned(_ text: String, limit: Int = 1024) -> String {
        // A bound before the searching, far enough behind the limit that no key is cut in halves.
        var bytes = Array(text.utf8.prefix(limit * 4))
        for secret in known {
            let key = Array(secret.reveal().utf8)
            // Shorter ones are placeholders ("x", "none"), and taking them out would only garble the text.
            if key.count >= 4 { bytes = Self.masking(bytes) { Self.length(of: key, at: $0, in: bytes) } }
        }
        bytes = Self.masking(bytes) { Self.lengthOfKey(at: $0, in: bytes) }
        for index in bytes.indices where bytes[index] < 0x20 || bytes[index] == 0x7f { bytes[index] = 0x20 }
        if bytes.count > limit {
            var end = limit
            while end > 0, bytes[end] & 0xc0 == 0x80 { end -= 1 }
            return String(decoding: bytes[..<end], as: UTF8.self) + "…"
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func masking(_ bytes: [UInt8], _ length: (Int) -> Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let hidden = length(index)
            if hidden > 0 {
                result += Secret.mask.utf8
                index += hidden
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }

    private static func length(of key: [UInt8], at index: Int, in bytes: [UInt8]) -> Int {
        bytes[index...].starts(with: key) ? key.count : 0
    }

    private static func lengthOfKey(at index: Int, in bytes: [UInt8]) -> Int {
        if index > 0, isKeyByte(bytes[index - 1]) { return 0 }
        for prefix in keyPrefixes where bytes[index...].starts(with: prefix) {
            let rest = bytes[(index + prefix.count)...].prefix { isKeyByte($0) }
            if rest.count >= 8 { return prefix.count + rest.count }
        }
        return 0
    }

    private static func isKeyByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "*"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }
}
