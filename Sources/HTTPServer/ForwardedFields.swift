internal import Base
internal import HTTP

/// The fields of one request in which proxies have written down its hops. Read where they lie, without a string.
enum ForwardedFields: CaseIterable {
    /// RFC 7239's.
    case forwarded
    /// `X-Forwarded-For`.
    case list

    /// Hops that are looked at. A chain that is longer ends there.
    static let maxHops = 32
    /// Bytes that are looked at, from the right.
    static let maxBytes = 4096

    var name: String {
        switch self {
        case .forwarded: "forwarded"
        case .list: "x-forwarded-for"
        }
    }

    /// Calls `body` with the hops, the one nearest to us first, until it returns false.
    func hops(_ headers: HTTPHeaders, _ body: (ForwardedNode) -> Bool) {
        var left = ForwardedFields.maxBytes
        var count = 0
        headers.fromLast(name) { value in
            // Commas within quotation marks count too: one that a client has left open must not swallow what a proxy
            // has added behind it, and what is torn apart here says nothing.
            var end = value.count
            while end >= 0 {
                var start = end
                while start > 0, value[start - 1] != UInt8(ascii: ","), end - start <= left { start -= 1 }
                left -= end - start + 1
                guard left >= 0, count < ForwardedFields.maxHops else { return false }
                let part = value.trimmed(start..<end)
                end = start - 1
                // An empty element of a list means nothing (RFC 9110 §5.6.1).
                if part.isEmpty { continue }
                count += 1
                guard body(node(value.extracting(part))) else { return false }
            }
            return true
        }
    }

    private func node(_ text: Span<UInt8>) -> ForwardedNode {
        switch self {
        case .forwarded: ForwardedElement.hop(text)
        case .list: ForwardedNode(text)
        }
    }
}
