/// What a request's `Accept-Encoding` says (RFC 9110 §12.5.3).
extension HTTPHeaders {
    /// Elements that are looked at; a list that is longer says no more by its rest.
    private static let maxCodings = 32

    /// Whether gzip may be sent, and is not worth less to the client than the plain bytes. Without the field nothing
    /// but plain bytes may go out. An element whose weight is malformed counts as a refusal. Allocates nothing.
    public var acceptsGzip: Bool {
        var gzip: Int?
        var any: Int?
        var identity: Int?
        var left = HTTPHeaders.maxCodings
        let bytes = bytes.span
        for field in fields where ByteClass.equal(bytes, field.name, ignoringCaseOf: "accept-encoding") {
            var start = field.value.lowerBound
            while start < field.value.upperBound, left > 0 {
                left -= 1
                let rest = start..<field.value.upperBound
                let end = bytes.firstIndex(of: UInt8(ascii: ","), in: rest) ?? field.value.upperBound
                let (coding, weight) = AcceptEncoding.element(bytes, start..<end)
                if AcceptEncoding.isGzip(bytes, coding) {
                    gzip = Swift.max(gzip ?? 0, weight)
                } else if ByteClass.equal(bytes, coding, "*") {
                    any = Swift.max(any ?? 0, weight)
                } else if ByteClass.equal(bytes, coding, ignoringCaseOf: "identity") {
                    identity = Swift.max(identity ?? 0, weight)
                }
                start = end + 1
            }
        }
        let weight = gzip ?? any ?? 0
        return weight > 0 && weight >= identity ?? 0
    }
}

/// One element of the list: `gzip;q=0.8`.
enum AcceptEncoding {
    /// The coding and its weight in thousandths.
    static func element(_ bytes: Span<UInt8>, _ range: Range<Int>) -> (coding: Range<Int>, weight: Int) {
        guard let mark = bytes.firstIndex(of: UInt8(ascii: ";"), in: range) else {
            return (ByteClass.trimmed(bytes, range), 1000)
        }
        let coding = ByteClass.trimmed(bytes, range.lowerBound..<mark)
        return (coding, weight(bytes, ByteClass.trimmed(bytes, (mark + 1)..<range.upperBound)) ?? 0)
    }

    static func isGzip(_ bytes: Span<UInt8>, _ coding: Range<Int>) -> Bool {
        ByteClass.equal(bytes, coding, ignoringCaseOf: "gzip")
            || ByteClass.equal(bytes, coding, ignoringCaseOf: "x-gzip")
    }

    /// `q=` and a number from 0 to 1 with at most three decimals; `nil` for anything else.
    private static func weight(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        guard (3...7).contains(range.count), ByteClass.starts(bytes, range, ignoringCaseOf: "q=") else { return nil }
        let number = range.dropFirst(2)
        let whole = bytes[number.lowerBound]
        guard whole == UInt8(ascii: "0") || whole == UInt8(ascii: "1") else { return nil }
        var value = whole == UInt8(ascii: "1") ? 1000 : 0
        if number.count == 1 { return value }
        guard bytes[number.lowerBound + 1] == UInt8(ascii: ".") else { return nil }
        var scale = 100
        for index in number.dropFirst(2) {
            guard ByteClass.isDigit(bytes[index]) else { return nil }
            value += Int(bytes[index] &- 0x30) * scale
            scale /= 10
        }
        return value <= 1000 ? value : nil
    }
}
