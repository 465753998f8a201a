internal import Base

/// Who sent a request to the proxy that wrote this down: the `for` of an element of `Forwarded` (RFC 7239), or an entry
/// of `X-Forwarded-For`.
enum ForwardedNode: Equatable, Sendable {
    case address(IPAddress)
    /// A name that the proxy made up for somebody whom it hides: `_hidden`.
    case obfuscated(String)
    /// The proxy does not know, or what it wrote makes no sense.
    case unknown

    private static let most = 128

    /// An address with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`,
    /// `_name:_port`.
    init(_ text: Span<UInt8>) {
        self = .unknown
        guard (1...ForwardedNode.most).contains(text.count) else { return }
        if text[0] == UInt8(ascii: "[") {
            let end = text.place(of: UInt8(ascii: "]"), from: 1)
            let inner = text.extracting(1..<end)
            guard end < text.count, ForwardedNode.isPort(text.extracting((end + 1)...)),
                inner.place(of: UInt8(ascii: ":"), from: 0) < inner.count, let address = IPAddress(inner)
            else { return }
            self = .address(address)
        } else if let address = IPAddress(text) {
            self = .address(address)
        } else {
            let colon = text.place(of: UInt8(ascii: ":"), from: 0)
            guard ForwardedNode.isPort(text.extracting(colon...)) else { return }
            let name = text.extracting(..<colon)
            if let address = IPAddress(name) {
                self = .address(address)
            } else if ForwardedNode.isObfuscated(name) {
                self = .obfuscated(String(decoding: (0..<name.count).map { name[$0] }, as: UTF8.self))
            }
        }
    }

    /// Nothing, or a colon with a number or a made-up name.
    private static func isPort(_ text: Span<UInt8>) -> Bool {
        guard !text.isEmpty else { return true }
        let port = text.extracting(1...)
        guard text[0] == UInt8(ascii: ":"), !port.isEmpty else { return false }
        return isObfuscated(port) || port.count <= 5 && port.allBytes { (0x30...0x39).contains($0) }
    }

    private static func isObfuscated(_ text: Span<UInt8>) -> Bool {
        (2...64).contains(text.count) && text[0] == UInt8(ascii: "_")
            && text.allBytes { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || (0x30...0x39).contains(byte)
                    || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            }
    }
}

/// An element of `Forwarded` as it lies in the head: `for=…;proto=…;by=…;host=…`, in any order, each at most once.
enum ForwardedElement {
    /// Parameters that are looked at; one with more says nothing.
    private static let most = 16

    /// What its `for` says. What is malformed says nothing at all.
    static func hop(_ text: Span<UInt8>) -> ForwardedNode {
        var found = ForwardedNode.unknown
        var names = InlineArray<16, Range<Int>>(repeating: 0..<0)
        var count = 0
        var start = 0
        // Also within quotation marks: what is torn apart there says nothing.
        while start <= text.count {
            let end = text.place(of: UInt8(ascii: ";"), from: start)
            let pair = text.trimmed(start..<end)
            start = end + 1
            if pair.isEmpty { continue }
            let equals = text.place(of: UInt8(ascii: "="), from: pair.lowerBound)
            guard equals < pair.upperBound, count < most else { return .unknown }
            let name = pair.lowerBound..<equals
            for index in 0..<count where text.isSame(names[index], name) { return .unknown }
            names[count] = name
            count += 1
            let value = text.extracting((equals + 1)..<pair.upperBound)
            guard let content = content(value) else { return .unknown }
            if isFor(text.extracting(name)) { found = node(value.extracting(content)) }
        }
        return found
    }

    private static func isFor(_ name: Span<UInt8>) -> Bool {
        name.count == 3 && name[0] | 0x20 == UInt8(ascii: "f") && name[1] | 0x20 == UInt8(ascii: "o")
            && name[2] | 0x20 == UInt8(ascii: "r")
    }

    /// Where the value lies: all of a token, or what is within quotation marks. `nil` for a broken one.
    private static func content(_ text: Span<UInt8>) -> Range<Int>? {
        let quote = UInt8(ascii: "\"")
        guard !text.isEmpty else { return nil }
        guard text[0] == quote else { return text.place(of: quote, from: 0) == text.count ? 0..<text.count : nil }
        var index = 1
        while index < text.count, text[index] != quote { index += text[index] == backslash ? 2 : 1 }
        // The closing quotation mark is the last byte.
        return index == text.count - 1 ? 1..<index : nil
    }

    /// Of a value with its escapes.
    private static func node(_ text: Span<UInt8>) -> ForwardedNode {
        guard text.place(of: backslash, from: 0) < text.count else { return ForwardedNode(text) }
        var plain: [UInt8] = []
        var index = 0
        while index < text.count {
            if text[index] == backslash, index + 1 < text.count { index += 1 }
            plain.append(text[index])
            index += 1
        }
        return ForwardedNode(plain.span)
    }

    private static let backslash = UInt8(ascii: "\\")
}

extension Span<UInt8> {
    /// The first place of `byte` from `start` on; the end where there is none.
    func place(of byte: UInt8, from start: Int) -> Int {
        var index = start
        while index < count, self[index] != byte { index += 1 }
        return index
    }

    func allBytes(_ isRight: (UInt8) -> Bool) -> Bool {
        for index in 0..<count where !isRight(self[index]) { return false }
        return true
    }

    /// `range` without spaces and tabs at its ends.
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, self[start] == 0x20 || self[start] == 0x09 { start += 1 }
        while end > start, self[end - 1] == 0x20 || self[end - 1] == 0x09 { end -= 1 }
        return start..<end
    }

    /// Whether two parts are the same letters, in any case.
    func isSame(_ one: Range<Int>, _ other: Range<Int>) -> Bool {
        guard one.count == other.count else { return false }
        for offset in 0..<one.count {
            let (a, b) = (self[one.lowerBound + offset], self[other.lowerBound + offset])
            let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(a | 0x20)
            guard a == b || isLetter && a | 0x20 == b | 0x20 else { return false }
        }
        return true
    }
}
