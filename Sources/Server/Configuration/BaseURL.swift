internal import Base

/// The start of every address of a provider (or of a proxy): scheme, host, port and path. No user name, query or
/// fragment, so it holds no secret and may be shown.
public struct BaseURL: Sendable, Equatable, CustomStringConvertible {
    public let scheme: String
    /// A name in lower case, an IPv4 address, or an IPv6 address without brackets.
    public let host: String
    /// The scheme's own port where none is written.
    public let port: UInt16
    /// Empty or starting with a slash; never ending with one.
    public let path: String
    /// The whole, without a slash at its end.
    public let text: String

    public var description: String { text }
    public var isSecure: Bool { scheme == "https" }

    /// Whether the host is this machine: `localhost`, 127.0.0.0/8 or ::1.
    public var isLoopback: Bool {
        host == "localhost" || IPAddress(host)?.isLoopback ?? false
    }

    /// The schemes of a provider and the ports they imply.
    static let web: [String: UInt16] = ["http": 80, "https": 443]
    /// The schemes of a proxy.
    static let proxy: [String: UInt16] = ["http": 80, "https": 443, "socks5": 1080, "socks5h": 1080]

    /// `nil` for anything but `scheme://host[:port][/path]` with a scheme of `ports`.
    init?(_ text: String, ports: [String: UInt16] = web) {
        guard text.utf8.count <= 2048, text.utf8.allSatisfy(Self.isAllowed),
            let (rawScheme, rest) = Self.cut(text, at: "://"), let implied = ports[rawScheme.lowercased()]
        else { return nil }
        let scheme = rawScheme.lowercased()
        let slash = rest.utf8.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        var path = String(rest[slash...])
        while path.utf8.last == UInt8(ascii: "/") { path.removeLast() }
        guard let (host, port) = Self.authority(String(rest[..<slash])) else { return nil }
        self.scheme = scheme
        self.host = host
        self.port = port ?? implied
        self.path = path
        let shown = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        self.text = "\(scheme)://\(shown)" + (port.map { ":\($0)" } ?? "") + path
    }

    private static func authority(_ text: String) -> (host: String, port: UInt16?)? {
        var host = text
        var port: UInt16?
        let bracket = text.utf8.lastIndex(of: UInt8(ascii: "]"))
        if let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")), bracket.map({ $0 < colon }) ?? true {
            let number = Quantities.count(String(text[text.index(after: colon)...])).flatMap(UInt16.init(exactly:))
            guard let number, number > 0 else { return nil }
            port = number
            host = String(text[..<colon])
        }
        if host.utf8.first == UInt8(ascii: "[") {
            guard host.utf8.last == UInt8(ascii: "]") else { return nil }
            host = String(host.dropFirst().dropLast()).lowercased()
            guard host.utf8.contains(UInt8(ascii: ":")), IPAddress(host) != nil else { return nil }
            return (host, port)
        }
        return Names.isHost(host) ? (host.lowercased(), port) : nil
    }

    /// Printable ASCII without what would start a user name, a query or a fragment, or confuse a parser.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        guard (0x21...0x7e).contains(byte) else { return false }
        switch byte {
        case UInt8(ascii: "@"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "\\"), UInt8(ascii: "\""),
            UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "|"),
            UInt8(ascii: "^"), UInt8(ascii: "`"):
            return false
        default: return true
        }
    }

    private static func cut(_ text: String, at separator: String) -> (String, String)? {
        let bytes = Array(text.utf8)
        let wanted = Array(separator.utf8)
        guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: wanted) }) else { return nil }
        return (
            String(decoding: bytes[..<start], as: UTF8.self),
            String(decoding: bytes[(start + wanted.count)...], as: UTF8.self)
        )
    }
}
