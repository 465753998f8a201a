internal import Base

/// Reads a chunked body (RFC 9112 §7.1): sizes of hexadecimal digits only, line ends of CRLF only, extensions and
/// trailers bounded, checked and dropped. Trailers that would say anything of the framing are refused.
struct ChunkReader: Sendable {
    enum Step {
        case needMore
        /// Data within the input; the caller goes on after it.
        case data(Range<Int>)
        case end(consumed: Int)
    }

    private enum State {
        /// `digits` of the size line so far.
        case size(value: Int, digits: Int)
        case sizeExtension(value: Int, ChunkExtension)
        case sizeLineFeed(value: Int)
        case data(remaining: Int)
        case dataReturn
        case dataLineFeed
        case trailers
    }

    private var state = State.size(value: 0, digits: 0)
    private var total = 0
    private var extensionBytes = 0
    private var trailers = TrailerReader()

    mutating func read(_ input: Span<UInt8>, limits: HTTPLimits) throws(HTTPParseError) -> Step {
        var offset = 0
        while offset < input.count {
            let byte = input[offset]
            switch state {
            case .size(let value, let digits):
                state = try size(byte, value: value, digits: digits, limits: limits)
            case .sizeExtension(let value, var part):
                guard part.take(byte) else { throw .invalid("A chunk extension is not names and values.") }
                if byte == ByteClass.cr {
                    state = .sizeLineFeed(value: value)
                } else {
                    try countExtension(limits)
                    state = .sizeExtension(value: value, part)
                }
            case .sizeLineFeed(let value):
                guard byte == ByteClass.lf else { throw .invalid("A chunk's size line does not end in CRLF.") }
                state = value == 0 ? .trailers : .data(remaining: value)
            case .data(let remaining):
                let count = min(remaining, input.count - offset)
                state = count == remaining ? .dataReturn : .data(remaining: remaining - count)
                return .data(offset..<(offset + count))
            case .dataReturn:
                guard byte == ByteClass.cr else { throw .invalid("A chunk is longer than its size.") }
                state = .dataLineFeed
            case .dataLineFeed:
                guard byte == ByteClass.lf else { throw .invalid("A chunk does not end in CRLF.") }
                state = .size(value: 0, digits: 0)
            case .trailers:
                guard try trailers.read(input, at: &offset, limits: limits) else { return .needMore }
                return .end(consumed: offset)
            }
            offset += 1
        }
        return .needMore
    }

    private mutating func size(
        _ byte: UInt8,
        value: Int,
        digits: Int,
        limits: HTTPLimits
    ) throws(HTTPParseError) -> State {
        if let digit = ByteClass.hexDigit(byte) {
            guard digits < 16 else { throw .invalid("A chunk's size has more than 16 digits.") }
            let saturated = value >= 1 << 59 ? Int.max : value << 4 | digit
            return .size(value: saturated, digits: digits + 1)
        }
        guard digits > 0, byte == ByteClass.cr || byte == UInt8(ascii: ";") else {
            throw .invalid("A chunk's size is not hexadecimal digits up to CRLF or a semicolon.")
        }
        guard value < .max, value <= limits.maxBody - total else { throw .bodyTooLarge(limits) }
        total += value
        if byte == ByteClass.cr { return .sizeLineFeed(value: value) }
        try countExtension(limits)
        return .sizeExtension(value: value, ChunkExtension())
    }

    private mutating func countExtension(_ limits: HTTPLimits) throws(HTTPParseError) {
        extensionBytes += 1
        guard extensionBytes <= limits.maxChunkExtension else {
            throw .invalid("The chunk extensions are over \(limits.maxChunkExtension) bytes.")
        }
    }
}

/// Checks trailer fields as header fields are checked, and forgets them.
struct TrailerReader: Sendable {
    private static let framing = ["transfer-encoding", "content-length", "host", "connection", "trailer", "upgrade"]

    private var lines = LineBuffer()
    private var count = 0
    private var total = 0

    /// Whether the empty line has come; `offset` is then behind it.
    mutating func read(
        _ input: Span<UInt8>,
        at offset: inout Int,
        limits: HTTPLimits
    ) throws(HTTPParseError) -> Bool {
        while true {
            let ended = lines.take(from: input, at: &offset)
            if total + lines.open > limits.maxHeaderBytes - (ended ? 0 : 1) {
                throw HTTPParseError(
                    code: .headersTooLarge,
                    message: "The trailers are over \(limits.maxHeaderBytes) bytes."
                )
            }
            guard ended else { return false }
            let range = try lines.content()
            if range.isEmpty { return true }
            guard count < limits.maxHeaderCount else {
                throw HTTPParseError(
                    code: .headersTooLarge,
                    message: "There are more than \(limits.maxHeaderCount) trailer fields."
                )
            }
            let field = try FieldLine.parse(lines.bytes.span, range)
            for name in Self.framing where ByteClass.equal(lines.bytes.span, field.name, ignoringCaseOf: name) {
                throw .invalid("A trailer may not say how a message is framed or where it goes.")
            }
            count += 1
            total += lines.open
            lines.bytes.removeAll(keepingCapacity: true)
        }
    }
}
