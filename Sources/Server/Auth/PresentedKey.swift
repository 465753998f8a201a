internal import HTTP

/// The key that a request brings, wherever its client puts it: the one place that looks for keys, for plain requests
/// and for sockets alike. Never in the query or a cookie, which end up in logs and are sent by pages of others.
///
/// | place | who |
/// | --- | --- |
/// | `Authorization: Bearer KEY` | OpenAI's clients |
/// | `x-api-key: KEY` | Anthropic's clients |
/// | `api-key: KEY` | clients of Azure's OpenAI |
/// | `Sec-WebSocket-Protocol: tutti, bearer.KEY` | pages, which can set no other header of a socket |
enum PresentedKey: Equatable {
    case none
    /// As it was sent, whatever that is; perhaps empty.
    case one(String)
    /// Two places name different keys.
    case conflicting

    private static let scheme = "bearer"
    private static let protocolPrefix = "bearer."

    /// The same key in several places is one. `Authorization` in other schemes is none of ours. O(size of the headers).
    init(_ headers: HTTPHeaders) {
        self = .none
        for value in headers.values(of: "authorization") {
            if let key = Self.bearer(value) { add(key) }
        }
        for value in headers.values(of: "x-api-key") { add(value) }
        for value in headers.values(of: "api-key") { add(value) }
        for value in headers.values(of: "sec-websocket-protocol") {
            for part in value.utf8.split(separator: UInt8(ascii: ",")) {
                if let key = Self.protocolKey(part) { add(key) }
            }
        }
    }

    private mutating func add(_ key: String) {
        switch self {
        case .none: self = .one(key)
        // By bytes: what only looks the same is not the same key.
        case .one(let other) where other.utf8.elementsEqual(key.utf8): break
        default: self = .conflicting
        }
    }

    /// What follows the scheme, of any case, and its spaces; empty where nothing does. `nil` for other schemes.
    private static func bearer(_ value: String) -> String? {
        let bytes = value.utf8
        let name = bytes.prefix { $0 != UInt8(ascii: " ") }
        guard isSame(name, scheme.utf8) else { return nil }
        let rest = bytes.dropFirst(name.count).drop { $0 == UInt8(ascii: " ") }
        return String(Substring(rest))
    }

    private static func protocolKey(_ part: Substring.UTF8View) -> String? {
        let start = part.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let prefix = protocolPrefix.utf8
        guard isSame(start.prefix(prefix.count), prefix) else { return nil }
        let key = start.dropFirst(prefix.count).prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
        return String(Substring(key))
    }

    /// Whether the letters are those of `lower`, in any case.
    private static func isSame(_ letters: some Collection<UInt8>, _ lower: String.UTF8View) -> Bool {
        letters.count == lower.count && zip(letters, lower).allSatisfy { $0 | 0x20 == $1 | 0x20 }
    }
}
