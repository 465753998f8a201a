/// One hop as a proxy tells of it: an element of `Forwarded` (RFC 7239) or an entry of `X-Forwarded-For`.
struct ForwardedElement: Equatable, Sendable {
    /// Who sent the request to the proxy that wrote this.
    enum Node: Equatable, Sendable {
        case address(IPAddress)
        /// A name that the proxy made up for somebody whom it hides: `_hidden`.
        case obfuscated(String)
        /// The proxy does not know, or what it wrote makes no sense.
        case unknown
    }

    var node = Node.unknown
    /// `http` or `https`, where it says so.
    var scheme: String?
    /// The host that the client asked for, where it says so.
    var host: String?

    /// An address with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`,
    /// `_name:_port`.
    static func node(_ text: Substring) -> Node {
        let bytes = text.utf8
        guard bytes.count <= 128 else { return .unknown }
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")), isPort(text[end...].dropFirst()),
                let address = IPAddress(text[..<end].dropFirst()), text[..<end].utf8.contains(UInt8(ascii: ":"))
            else { return .unknown }
            return .address(address)
        }
        if let address = IPAddress(text) { return .address(address) }
        let colon = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
        guard isPort(text[colon...]) else { return .unknown }
        let name = text[..<colon]
        if let address = IPAddress(name) { return .address(address) }
        return isObfuscated(name) ? .obfuscated(String(name)) : .unknown
    }

    /// Nothing, or a colon with a number or a made-up name.
    private static func isPort(_ text: Substring) -> Bool {
        guard let first = text.utf8.first else { return true }
        let port = text.dropFirst()
        guard first == UInt8(ascii: ":"), !port.isEmpty else { return false }
        return isObfuscated(port) || port.utf8.count <= 5 && port.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func isObfuscated(_ text: Substring) -> Bool {
        let bytes = text.utf8
        return (2...64).contains(bytes.count) && bytes.first == UInt8(ascii: "_")
            && bytes.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || (0x30...0x39).contains(byte)
                    || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            }
    }

    /// What may stand in a `Host` field, roughly; it is for the log and for links, never for a decision.
    static func isHost(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || (0x30...0x39).contains(byte)
                    || "-._:[]".utf8.contains(byte)
            }
    }
}

/// Reads the fields of one request, the hop nearest to us first.
enum ForwardedFields {
    /// Hops that are looked at. A chain that is longer ends there.
    static let maxHops = 32
    /// Bytes that are looked at, from the right.
    static let maxBytes = 4096

    /// The entries of `X-Forwarded-For`, from the right.
    static func addresses(_ values: [String]) -> [ForwardedElement] {
        elements(values) { text in
            ForwardedElement(node: ForwardedElement.node(text))
        }
    }

    /// The elements of `Forwarded`, from the right.
    static func forwarded(_ values: [String]) -> [ForwardedElement] {
        elements(values) { pairs($0) }
    }

    private static func elements(
        _ values: [String], read: (Substring) -> ForwardedElement
    ) -> [ForwardedElement] {
        var result: [ForwardedElement] = []
        var left = maxBytes
        for value in values.reversed() {
            for part in parts(value[...], at: UInt8(ascii: ",")).reversed() {
                left -= part.utf8.count + 1
                guard left >= 0, result.count < maxHops else { return result }
                let text = trimmed(part)
                // An empty element of a list means nothing (RFC 9110 §5.6.1).
                if !text.isEmpty { result.append(read(text)) }
            }
        }
        return result
    }

    /// `for=…;proto=…;by=…;host=…`, in any order, each at most once. What is malformed says nothing at all.
    private static func pairs(_ text: Substring) -> ForwardedElement {
        var element = ForwardedElement()
        var seen: Set<String> = []
        for pair in parts(text, at: UInt8(ascii: ";")) {
            let pair = trimmed(pair)
            if pair.isEmpty { continue }
            guard let equals = pair.utf8.firstIndex(of: UInt8(ascii: "=")),
                let value = unquoted(pair[equals...].dropFirst()), seen.count < 16
            else { return ForwardedElement() }
            let name = pair[..<equals].lowercased()
            guard seen.insert(name).inserted else { return ForwardedElement() }
            switch name {
            case "for": element.node = ForwardedElement.node(value[...])
            case "proto": element.scheme = ["http", "https"].first { $0 == value.lowercased() }
            case "host": element.host = ForwardedElement.isHost(value) ? value : nil
            default: break
            }
        }
        return element
    }

    /// A token as it is, or what is within quotation marks, escapes undone; `nil` for a broken one.
    private static func unquoted(_ text: Substring) -> String? {
        let quote = UInt8(ascii: "\"")
        guard text.utf8.first == quote else {
            return text.isEmpty || text.utf8.contains(quote) ? nil : String(text)
        }
        var bytes: [UInt8] = []
        var isEscaped = false
        var isClosed = false
        for byte in text.utf8.dropFirst() {
            if isClosed { return nil }
            if isEscaped {
                bytes.append(byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == quote {
                isClosed = true
            } else {
                bytes.append(byte)
            }
        }
        return isClosed ? String(decoding: bytes, as: UTF8.self) : nil
    }

    /// The pieces between separators, also those within quotation marks: a quotation mark that a client has left open
    /// must not swallow what a proxy has added behind it, and what is torn apart here says nothing.
    private static func parts(_ text: Substring, at separator: UInt8) -> [Substring] {
        text.utf8.split(separator: separator, omittingEmptySubsequences: false).map { Substring($0) }
    }

    static func trimmed(_ text: Substring) -> Substring {
        var bytes = text.utf8
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes.removeFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
        return Substring(bytes)
    }
}
