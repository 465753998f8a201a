internal import Base

/// Where the server listens: an IP address and a port. Names other than `localhost` are not taken, so that
/// whether the server can be reached from outside is known before anything is started.
public struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// An IPv4 or IPv6 address without brackets.
    public let host: String
    /// Zero lets the system choose.
    public let port: UInt16
    /// Whether only this machine can reach it: 127.0.0.0/8 or ::1.
    public let isLoopback: Bool

    /// `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`; `nil` for anything else.
    public init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
            let port = Quantities.count(String(text[text.index(after: colon)...])).flatMap(UInt16.init(exactly:))
        else { return nil }
        var host = text[..<colon]
        if host == "localhost" { host = "127.0.0.1" }
        let isBracketed = host.utf8.first == UInt8(ascii: "[") && host.utf8.last == UInt8(ascii: "]")
        if isBracketed { host = host.dropFirst().dropLast() }
        guard let address = IPAddress(host), host.utf8.contains(UInt8(ascii: ":")) == isBracketed else { return nil }
        self.host = String(host)
        self.port = port
        isLoopback = address.isLoopback
    }

    /// The IPv4 loopback address.
    init(loopbackPort port: UInt16) {
        host = "127.0.0.1"
        self.port = port
        isLoopback = true
    }

    public var description: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
