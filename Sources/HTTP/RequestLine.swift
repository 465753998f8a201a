/// `method SP target SP HTTP/1.x`, with exactly these spaces. Ranges lie within the head's bytes.
struct RequestLine: Sendable {
    var method = 0..<0
    var target = 0..<0
    var minorVersion = 1

    private static let maxMethod = 32

    static func parse(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(HTTPParseError) -> RequestLine {
        var index = ByteClass.endOfToken(bytes, range)
        let method = range.lowerBound..<index
        guard !method.isEmpty, method.count <= maxMethod, index < range.upperBound, bytes[index] == ByteClass.space
        else { throw .invalid("The request line does not begin with a method and one space.") }

        let targetStart = index + 1
        index = targetStart
        while index < range.upperBound, ByteClass.isTargetByte(bytes[index]) { index += 1 }
        let target = targetStart..<index
        guard !target.isEmpty, index < range.upperBound, bytes[index] == ByteClass.space else {
            throw .invalid("The request target is empty or holds a byte that a target may not hold.")
        }
        return RequestLine(
            method: method,
            target: target,
            minorVersion: try version(bytes, (index + 1)..<range.upperBound)
        )
    }

    private static func version(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(HTTPParseError) -> Int {
        let start = range.lowerBound
        guard range.count == 8, ByteClass.equal(bytes, start..<(start + 5), "HTTP/"),
            ByteClass.isDigit(bytes[start + 5]),
            bytes[start + 6] == UInt8(ascii: "."), ByteClass.isDigit(bytes[start + 7])
        else { throw .invalid("The request line does not end in one space and an HTTP version.") }
        guard bytes[start + 5] == UInt8(ascii: "1"), bytes[start + 7] <= UInt8(ascii: "1") else {
            throw .invalid("Only HTTP/1.1 and HTTP/1.0 are spoken here; put a proxy in front for HTTP/2.")
        }
        return Int(bytes[start + 7] &- UInt8(ascii: "0"))
    }
}

/// Where the parts of a request target lie (RFC 9112 §3.2).
struct TargetForm {
    /// `nil` where an absolute target has none: `/` then.
    var path: Range<Int>?
    var query: Range<Int>?
    /// The target's own authority, or else the Host field.
    var authority: Range<Int>?

    static func of(
        _ line: RequestLine,
        _ bytes: Span<UInt8>,
        host: Range<Int>?,
        minorVersion: Int
    ) throws(HTTPParseError) -> TargetForm {
        if minorVersion == 1, host == nil { throw .invalid("An HTTP/1.1 request needs a Host header.") }
        if ByteClass.equal(bytes, line.method, ignoringCaseOf: "CONNECT") {
            throw .invalid("This server is no proxy: CONNECT is not served.")
        }
        let target = line.target
        switch bytes[target.lowerBound] {
        case UInt8(ascii: "/"):
            return split(bytes, target, authority: host)
        case UInt8(ascii: "*")
        where target.count == 1 && ByteClass.equal(bytes, line.method, ignoringCaseOf: "OPTIONS"):
            return TargetForm(path: target, query: nil, authority: host)
        default:
            return try absolute(bytes, target, host: host)
        }
    }

    private static func split(_ bytes: Span<UInt8>, _ range: Range<Int>, authority: Range<Int>?) -> TargetForm {
        guard let mark = bytes.firstIndex(of: UInt8(ascii: "?"), in: range) else {
            return TargetForm(path: range, query: nil, authority: authority)
        }
        return TargetForm(
            path: range.lowerBound..<mark,
            query: (mark + 1)..<range.upperBound,
            authority: authority
        )
    }

    /// `http://host/path`: its host must be the Host field's, so that nobody in front can have seen another one.
    private static func absolute(
        _ bytes: Span<UInt8>,
        _ target: Range<Int>,
        host: Range<Int>?
    ) throws(HTTPParseError) -> TargetForm {
        guard let start = authorityStart(bytes, target) else {
            throw .invalid("The request target is neither a path nor an http URL.")
        }
        var end = start
        while end < target.upperBound, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") { end += 1 }
        let authority = start..<end
        guard !authority.isEmpty else { throw .invalid("The request target names no host.") }
        if let host {
            guard sameHost(bytes, authority, host) else {
                throw .invalid("The request target names another host than the Host header.")
            }
        } else {
            try HostField.check(bytes, authority)
        }
        var form = split(bytes, end..<target.upperBound, authority: authority)
        if form.path?.isEmpty == true { form.path = nil }
        return form
    }

    private static func authorityStart(_ bytes: Span<UInt8>, _ target: Range<Int>) -> Int? {
        for scheme in ["http://", "https://"] {
            let end = target.lowerBound + scheme.utf8.count
            if end <= target.upperBound,
                ByteClass.equal(bytes, target.lowerBound..<end, ignoringCaseOf: scheme)
            {
                return end
            }
        }
        return nil
    }

    private static func sameHost(_ bytes: Span<UInt8>, _ left: Range<Int>, _ right: Range<Int>) -> Bool {
        guard left.count == right.count else { return false }
        for (a, b) in zip(left, right) where ByteClass.lower(bytes[a]) != ByteClass.lower(bytes[b]) { return false }
        return true
    }
}

/// The Host field: `name[:port]`, a name or an address and nothing that could be read as another part of a URL.
enum HostField {
    static func check(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(HTTPParseError) {
        var index = range.lowerBound
        let end = range.upperBound
        if index < end, bytes[index] == UInt8(ascii: "[") {
            index += 1
            let start = index
            while index < end, isAddressByte(bytes[index]) { index += 1 }
            guard index > start, index < end, bytes[index] == UInt8(ascii: "]") else { throw refused }
            index += 1
        } else {
            while index < end, ByteClass.isHostByte(bytes[index]) { index += 1 }
        }
        if index == end { return }
        guard bytes[index] == UInt8(ascii: ":") else { throw refused }
        var port = 0
        for place in (index + 1)..<end {
            guard ByteClass.isDigit(bytes[place]), port <= 65535 else { throw refused }
            port = port * 10 + Int(bytes[place] &- 0x30)
        }
        guard port <= 65535 else { throw refused }
    }

    private static var refused: HTTPParseError { .invalid("The Host header is not a host with an optional port.") }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        ByteClass.hexDigit(byte) != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }
}
