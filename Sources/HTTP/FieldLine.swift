internal import Base

/// One header or trailer field: `name: value`, no space before the colon, no folding, no control characters.
enum FieldLine {
    static func parse(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(HTTPParseError) -> HTTPHeaders.Field {
        let index = ByteClass.endOfToken(bytes, range)
        let name = range.lowerBound..<index
        guard !name.isEmpty, index < range.upperBound, bytes[index] == UInt8(ascii: ":") else {
            throw .invalid(
                ByteClass.isBlank(bytes[range.lowerBound])
                    ? "A header line begins with a space: folded headers are refused."
                    : "A header line is not a name that is a token, directly followed by a colon."
            )
        }
        let value = ByteClass.trimmed(bytes, (index + 1)..<range.upperBound)
        guard ByteClass.areFieldBytes(bytes, value) else {
            throw .invalid("A header's value holds a control character.")
        }
        return HTTPHeaders.Field(name: name, value: value)
    }
}

/// What a message's fields say about its framing and its connection, gathered as they come.
struct MessageFacts: Sendable {
    private(set) var host: Range<Int>?
    private(set) var expectsContinue = false
    private var contentLength: Int?
    private var isChunked = false
    private var close = false
    private var keep = false

    /// Looks at one field. Names are told apart by length first.
    mutating func note(_ field: HTTPHeaders.Field, in head: [UInt8]) throws(HTTPParseError) {
        let bytes = head.span
        func named(_ name: String) -> Bool { ByteClass.equal(bytes, field.name, ignoringCaseOf: name) }
        switch field.name.count {
        case 4 where named("host"):
            guard host == nil else { throw .invalid("There is more than one Host header.") }
            try HostField.check(bytes, field.value)
            host = field.value
        case 6 where named("expect"):
            guard ByteClass.equal(bytes, field.value, ignoringCaseOf: "100-continue") else {
                throw HTTPParseError(
                    code: .expectationFailed, message: "The only expectation that can be met is 100-continue.")
            }
            expectsContinue = true
        case 10 where named("connection"):
            noteConnection(bytes, field.value)
        case 14 where named("content-length"):
            guard contentLength == nil else { throw .invalid("There is more than one Content-Length header.") }
            contentLength = try Self.length(bytes, field.value)
        case 17 where named("transfer-encoding"):
            guard !isChunked, ByteClass.equal(bytes, field.value, ignoringCaseOf: "chunked") else {
                throw .invalid("The only transfer coding taken is chunked, once.")
            }
            isChunked = true
        default: break
        }
    }

    /// 1 to 18 digits, so that no value can overflow.
    private static func length(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(HTTPParseError) -> Int {
        guard (1...18).contains(range.count) else {
            throw .invalid("Content-Length is not a number of 1 to 18 digits.")
        }
        var value = 0
        for index in range {
            guard ByteClass.isDigit(bytes[index]) else {
                throw .invalid("Content-Length is not a number of 1 to 18 digits.")
            }
            value = value * 10 + Int(bytes[index] &- 0x30)
        }
        return value
    }

    /// A list of options; the two that matter here.
    private mutating func noteConnection(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        var start = range.lowerBound
        while start <= range.upperBound {
            let end = bytes.firstIndex(of: UInt8(ascii: ","), in: start..<range.upperBound) ?? range.upperBound
            let option = ByteClass.trimmed(bytes, start..<end)
            if ByteClass.equal(bytes, option, ignoringCaseOf: "close") { close = true }
            if ByteClass.equal(bytes, option, ignoringCaseOf: "keep-alive") { keep = true }
            start = end + 1
        }
    }

    func keepAlive(minorVersion: Int) -> Bool { !close && (minorVersion == 1 || keep) }

    /// Refuses every message whose end two readers could find in different places.
    func framing(minorVersion: Int, limits: HTTPLimits) throws(HTTPParseError) -> BodyFraming {
        if isChunked {
            guard contentLength == nil else {
                throw .invalid("Content-Length and Transfer-Encoding exclude each other.")
            }
            guard minorVersion == 1 else { throw .invalid("HTTP/1.0 knows no Transfer-Encoding.") }
            return .chunked
        }
        guard let contentLength else { return .none }
        guard contentLength <= limits.maxBody else { throw .bodyTooLarge(limits) }
        return .length(contentLength)
    }
}

extension HTTPParseError {
    static func bodyTooLarge(_ limits: HTTPLimits) -> HTTPParseError {
        HTTPParseError(code: .requestTooLarge, message: "The body is over \(limits.maxBody) bytes.")
    }
}
