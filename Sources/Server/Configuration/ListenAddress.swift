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
        var host = String(text[..<colon])
        if host == "localhost" { host = "127.0.0.1" }
        if host.utf8.first == UInt8(ascii: "["), host.utf8.last == UInt8(ascii: "]") {
            host = String(host.dropFirst().dropLast())
            guard let groups = IPLiteral.v6(host) else { return nil }
            isLoopback = groups == [0, 0, 0, 0, 0, 0, 0, 1]
        } else {
            guard let octets = IPLiteral.v4(host) else { return nil }
            isLoopback = octets[0] == 127
        }
        self.host = host
        self.port = port
    }

    /// The IPv4 loopback address.
    init(loopbackPort port: UInt16) {
        host = "127.0.0.1"
        self.port = port
        isLoopback = true
    }

    public var description: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// IP addresses in their usual spellings.
enum IPLiteral {
    /// Four decimal numbers without leading zeros.
    static func v4(_ text: String) -> [UInt8]? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var octets: [UInt8] = []
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0"),
                let value = Quantities.count(String(part) ?? ""), let octet = UInt8(exactly: value)
            else { return nil }
            octets.append(octet)
        }
        return octets
    }

    /// Eight hexadecimal groups, one run of zeros as `::`; no zone, no dotted tail.
    static func v6(_ text: String) -> [UInt16]? {
        guard text.utf8.count <= 39 else { return nil }
        let colon = UInt8(ascii: ":")
        let bytes = Array(text.utf8)
        var gap: Int?
        for index in bytes.indices.dropLast() where bytes[index] == colon && bytes[index + 1] == colon {
            if gap != nil { return nil }
            gap = index
        }
        guard let gap else {
            let all = groups(bytes[...])
            return all?.count == 8 ? all : nil
        }
        guard let head = groups(bytes[..<gap]), let tail = groups(bytes[(gap + 2)...]), head.count + tail.count <= 7
        else { return nil }
        return head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
    }

    private static func groups(_ text: ArraySlice<UInt8>) -> [UInt16]? {
        if text.isEmpty { return [] }
        var result: [UInt16] = []
        for part in text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
            guard (1...4).contains(part.count), part.first != UInt8(ascii: "+"), part.first != UInt8(ascii: "-"),
                let value = UInt16(String(decoding: part, as: UTF8.self), radix: 16)
            else { return nil }
            result.append(value)
        }
        return result
    }
}
