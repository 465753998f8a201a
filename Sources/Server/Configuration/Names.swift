/// Which texts may name what.
enum Names {
    /// Prefixes of model names that mean something else than a provider.
    static let reserved = ["persona", "workflow", "plan"]

    /// A provider: `[A-Za-z0-9._:-]{1,64}`, none of the reserved words.
    static func isProvider(_ text: String) -> Bool {
        isMade(of: "._:-", text, limit: 64) && !reserved.contains(text)
    }

    /// A key of a caller, a tenant or a user: `[A-Za-z0-9._:-]{1,64}`.
    static func isCaller(_ text: String) -> Bool { isMade(of: "._:-", text, limit: 64) }

    /// An alias: as a provider's name, with slashes inside, not below a reserved word.
    static func isAlias(_ text: String) -> Bool {
        guard isMade(of: "._:-/", text, limit: 128) else { return false }
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty }) else { return false }
        return parts.count == 1 || !reserved.contains { $0.utf8.elementsEqual(parts[0]) }
    }

    /// A model as its provider calls it.
    static func isModel(_ text: String) -> Bool { isMade(of: "._:-/@+~", text, limit: 128) }

    /// A model as clients name it, or the beginning of such names with `*` behind it; none of a reserved word.
    static func isRule(_ text: String) -> Bool {
        let start = text.hasSuffix("*") ? String(text.dropLast()) : text
        return isModel(start) && !reserved.contains { start.hasPrefix($0 + "/") }
    }

    /// A host name of letters, digits, dots, hyphens and underscores.
    static func isHost(_ text: String) -> Bool {
        isMade(of: ".-_", text, limit: 253) && text.utf8.first != UInt8(ascii: ".")
            && text.utf8.first != UInt8(ascii: "-")
    }

    /// `scheme://host[:port]`, as browsers send it in `Origin`.
    static func isOrigin(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count <= 300, let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            bytes[colon...].starts(with: "://".utf8)
        else { return false }
        let scheme = String(decoding: bytes[..<colon], as: UTF8.self).lowercased()
        guard isMade(of: "+.-", scheme, limit: 32), let url = BaseURL(text, ports: [scheme: 1]) else { return false }
        return url.path.isEmpty && bytes.last != UInt8(ascii: "/")
    }

    /// What of an unknown key may be shown: its first letters, since a value may stand where a key should
    /// (`api_key:sk-123` without a space is one key).
    static func shown(key: String) -> String {
        let usual = key.utf8.prefix { isAlphanumeric($0) && $0 > UInt8(ascii: "9") || $0 == UInt8(ascii: "_") }
        let text = String(usual.prefix(24)) ?? ""
        return text.utf8.count == key.utf8.count ? text : "\(text)…"
    }

    private static func isMade(of extra: String, _ text: String, limit: Int) -> Bool {
        (1...limit).contains(text.utf8.count) && text.utf8.allSatisfy { isAlphanumeric($0) || extra.utf8.contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
