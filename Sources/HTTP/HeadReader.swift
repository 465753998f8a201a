internal import Base

/// Gathers a head line by line and checks each line as it ends. The bytes gathered become the headers' storage, so a
/// head is copied once.
struct HeadReader: Sendable {
    private enum Phase { case start, fields }

    private var phase = Phase.start
    private var lines = LineBuffer()
    private var fields: [HTTPHeaders.Field] = []
    private var line = RequestLine()
    private var facts = MessageFacts()
    /// Bytes of field lines so far, their ends included.
    private var fieldBytes = 0
    private var skippedEmptyLine = false

    /// Whether no byte but the tolerated empty line has come.
    var isUntouched: Bool { phase == .start && lines.bytes.isEmpty }

    /// Reads to the end of the head and returns how many bytes that took; `nil` when it takes more than there are.
    mutating func read(_ input: Span<UInt8>, limits: HTTPLimits) throws(HTTPParseError) -> Int? {
        var offset = 0
        if isUntouched { lines.bytes.reserveCapacity(min(input.count, 4096)) }
        while true {
            if isUntouched, offset < input.count { try checkFirst(input[offset]) }
            let ended = lines.take(from: input, at: &offset)
            switch phase {
            case .start:
                if lines.open - (ended ? 2 : 1) > limits.maxRequestLine {
                    throw HTTPParseError(
                        code: .targetTooLong,
                        message: "The request line is over \(limits.maxRequestLine) bytes."
                    )
                }
                guard ended else { return nil }
                try endRequestLine()
            case .fields:
                if fieldBytes + lines.open > limits.maxHeaderBytes - (ended ? 0 : 1) {
                    throw HTTPParseError(
                        code: .headersTooLarge,
                        message: "The headers are over \(limits.maxHeaderBytes) bytes."
                    )
                }
                guard ended else { return nil }
                if try endField(limits: limits) { return offset }
            }
        }
    }

    /// A peer that speaks another protocol (TLS, say) sends no line end for long; its first byte tells.
    private func checkFirst(_ byte: UInt8) throws(HTTPParseError) {
        guard ByteClass.isToken(byte) || byte == ByteClass.cr else {
            throw .invalid(
                byte == 0x16 ? "This port speaks plain HTTP, not TLS." : "A request begins with its method."
            )
        }
    }

    private mutating func endRequestLine() throws(HTTPParseError) {
        let range = try lines.content()
        if range.isEmpty {
            guard !skippedEmptyLine else { throw .invalid("More than one empty line stands before the request.") }
            skippedEmptyLine = true
            lines.bytes.removeAll(keepingCapacity: true)
            lines.lineStart = 0
            return
        }
        line = try RequestLine.parse(lines.bytes.span, range)
        lines.endLine()
        fields.reserveCapacity(16)
        phase = .fields
    }

    /// Whether the line was the empty one that ends the head.
    private mutating func endField(limits: HTTPLimits) throws(HTTPParseError) -> Bool {
        let range = try lines.content()
        if range.isEmpty { return true }
        guard fields.count < limits.maxHeaderCount else {
            throw HTTPParseError(
                code: .headersTooLarge,
                message: "There are more than \(limits.maxHeaderCount) header fields."
            )
        }
        let field = try FieldLine.parse(lines.bytes.span, range)
        try facts.note(field, in: lines.bytes)
        fields.append(field)
        fieldBytes += lines.open
        lines.endLine()
        return false
    }

    /// The finished head; only after `read` has returned a number. Shares the gathered bytes, copies none.
    func finish(limits: HTTPLimits) throws(HTTPParseError) -> RequestHead {
        let minor = line.minorVersion
        let body = try facts.framing(minorVersion: minor, limits: limits)
        let form = try TargetForm.of(line, lines.bytes.span, host: facts.host, minorVersion: minor)
        let target = text(line.target)
        return RequestHead(
            method: text(line.method),
            target: target,
            path: form.path == line.target ? target : form.path.map(text) ?? "/",
            query: form.query.map(text),
            minorVersion: minor,
            headers: HTTPHeaders(bytes: lines.bytes, fields: fields),
            keepAlive: facts.keepAlive(minorVersion: minor),
            body: body,
            expectsContinue: facts.expectsContinue && minor == 1 && body != .none && body != .length(0),
            host: form.authority.map(text)
        )
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: lines.bytes[range], as: UTF8.self) }
}
