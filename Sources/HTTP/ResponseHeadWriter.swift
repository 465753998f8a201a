/// How the end of a response's body is found.
public enum ResponseFraming: Sendable, Equatable {
    /// No framing field: for 1xx, 204 and 304, which have no body.
    case none
    /// Also for the answer to HEAD, whose body is not sent.
    case length(Int)
    case chunked
    /// The end of the connection is the end of the body: for streams to HTTP/1.0 clients.
    case untilClose
}

/// Writes status line and header fields. What a caller could use to forge a second field or response is refused
/// before any byte is written.
public enum ResponseHeadWriter {
    public enum Connection: Sendable {
        case close
        /// To be said to HTTP/1.0 clients that asked for it; HTTP/1.1 needs it not.
        case keepAlive
    }

    /// Appends `HTTP/1.1 <status> <reason>`, the framing fields, `headers`, and the empty line.
    ///
    /// `framing` alone decides over Content-Length and Transfer-Encoding: fields of these names within `headers` are
    /// left out, so that they are never doubled; likewise Connection when `connection` is given. Fields of `more` take
    /// the place of those of the same name in `headers`; `date` is the value of a Date field that comes last.
    /// - Throws: `HeaderRefused` for a status outside 100…999, a negative length, a name that is no token or a value with
    ///   a control character; `output` is then as it was.
    public static func append(
        status: Int,
        headers: HTTPHeaders,
        also more: HTTPHeaders = HTTPHeaders(),
        date: String? = nil,
        framing: ResponseFraming,
        connection: Connection? = nil,
        to output: inout [UInt8]
    ) throws(HeaderRefused) {
        guard (100...999).contains(status) else { throw HeaderRefused("\(status) is no HTTP status.") }
        if case .length(let count) = framing, count < 0 { throw HeaderRefused("A body's length is negative.") }
        try headers.checkForWire()
        try more.checkForWire()

        let size = headers.bytes.count + more.bytes.count + (headers.count + more.count) * 4
        output.reserveCapacity(growingTo: output.count + size + 192)
        output.append(text: "HTTP/1.1 ")
        DecimalText.append(status, to: &output)
        output.append(ByteClass.space)
        output.append(text: reason(status))
        output.append(text: "\r\n")
        append(framing, to: &output)
        switch connection {
        case .close: output.append(text: "connection: close\r\n")
        case .keepAlive: output.append(text: "connection: keep-alive\r\n")
        case nil: break
        }
        append(headers, connection: connection, unlessIn: more, to: &output)
        append(more, connection: connection, unlessIn: HTTPHeaders(), to: &output)
        if let date {
            output.append(text: "date: ")
            output.append(text: date)
            output.append(text: "\r\n")
        }
        output.append(text: "\r\n")
    }

    private static func append(
        _ headers: HTTPHeaders, connection: Connection?, unlessIn others: HTTPHeaders, to output: inout [UInt8]
    ) {
        let bytes = headers.bytes.span
        for field in headers.fields where !isOurs(field, headers, connection: connection) {
            if !others.isEmpty, others.contains(name: bytes.extracting(field.name)) { continue }
            output.append(copying: field.name, of: bytes)
            output.append(text: ": ")
            output.append(copying: field.value, of: bytes)
            output.append(text: "\r\n")
        }
    }

    private static func append(_ framing: ResponseFraming, to output: inout [UInt8]) {
        switch framing {
        case .none, .untilClose: break
        case .length(let count):
            output.append(text: "content-length: ")
            DecimalText.append(count, to: &output)
            output.append(text: "\r\n")
        case .chunked:
            output.append(text: "transfer-encoding: chunked\r\n")
        }
    }

    private static func isOurs(
        _ field: HTTPHeaders.Field,
        _ headers: HTTPHeaders,
        connection: Connection?
    ) -> Bool {
        let bytes = headers.bytes.span
        return switch field.name.count {
        case 10: connection != nil && ByteClass.equal(bytes, field.name, ignoringCaseOf: "connection")
        case 14: ByteClass.equal(bytes, field.name, ignoringCaseOf: "content-length")
        case 17: ByteClass.equal(bytes, field.name, ignoringCaseOf: "transfer-encoding")
        default: false
        }
    }

    /// The reason phrase of RFC 9110; empty for a status that has none there.
    public static func reason(_ status: Int) -> String {
        switch status {
        case 100: "Continue"
        case 101: "Switching Protocols"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 206: "Partial Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 416: "Range Not Satisfiable"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 426: "Upgrade Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 499: "Client Closed Request"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: ""
        }
    }
}

/// Frames body bytes as chunks of RFC 9112 §7.1.
public enum ChunkWriter {
    /// Appends one chunk; nothing for no bytes, because an empty chunk would end the body.
    public static func append(_ bytes: [UInt8], to output: inout [UInt8]) {
        if bytes.isEmpty { return }
        beginChunk(of: bytes.count, to: &output)
        output.append(contentsOf: bytes)
        output.append(text: "\r\n")
    }

    public static func append(_ bytes: Span<UInt8>, to output: inout [UInt8]) {
        if bytes.isEmpty { return }
        beginChunk(of: bytes.count, to: &output)
        output.append(copying: 0..<bytes.count, of: bytes)
        output.append(text: "\r\n")
    }

    /// Appends the last chunk, without trailers.
    public static func appendEnd(to output: inout [UInt8]) {
        output.append(text: "0\r\n\r\n")
    }

    private static func beginChunk(of count: Int, to output: inout [UInt8]) {
        output.reserveCapacity(growingTo: output.count + count + 20)
        var shift = max(0, (Int.bitWidth - count.leadingZeroBitCount - 1) / 4 * 4)
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: count >> shift) & 15
            output.append(digit < 10 ? digit | 0x30 : digit &+ 0x57)
            shift -= 4
        }
        output.append(text: "\r\n")
    }
}

/// Decimal digits without a string.
enum DecimalText {
    /// `value` must not be negative.
    static func append(_ value: Int, to output: inout [UInt8]) {
        var scale = 1
        while value / scale >= 10 { scale *= 10 }
        while scale > 0 {
            output.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value / scale % 10))
            scale /= 10
        }
    }
}

extension Array {
    /// Reserves at least `count`, and at least doubles, so that appending in a loop stays linear.
    mutating func reserveCapacity(growingTo count: Int) {
        if count > capacity { reserveCapacity(Swift.max(count, capacity * 2)) }
    }
}
