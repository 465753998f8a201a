/// One event of a stream.
public struct SSEEvent: Sendable, Equatable {
    /// The `event` field; `nil` without one, which means `message`.
    public var event: String?
    /// The last id that the stream has named so far; ids stay until another one comes.
    public var id: String?
    /// The data lines joined with LF.
    public var data: [UInt8]

    public init(event: String? = nil, id: String? = nil, data: [UInt8]) {
        self.event = event
        self.id = id
        self.data = data
    }
}

/// A stream that is over a limit of the reader's.
public enum SSEError: Error, Sendable, Equatable, CustomStringConvertible {
    case lineTooLong(limit: Int)
    case eventTooLarge(limit: Int)

    public var description: String {
        switch self {
        case .lineTooLong(let limit): "A line of the event stream is over \(limit) bytes."
        case .eventTooLarge(let limit): "An event of the stream is over \(limit) bytes."
        }
    }
}

/// Reads server-sent events as the WHATWG's HTML standard says: lines end in CR, LF or CRLF, a byte order mark is
/// skipped, comments and unknown fields are dropped, events without data are none.
///
/// `feed` it, then take events with `next` until `nil`; any cut of the bytes gives the same events. Every byte is looked
/// at a bounded number of times, and an event's data is copied once when it is one line. It holds at most what was fed
/// and not yet taken, and one event.
public struct SSEDecoder: Sendable {
    private let maxLine: Int
    private let maxEvent: Int
    private var buffer: [UInt8] = []
    /// Where the line in progress begins.
    private var lineStart = 0
    /// Up to where that line is known to hold no line end.
    private var scanned = 0
    /// The last line ended in CR: an LF that follows belongs to it.
    private var afterReturn = false
    private var atStreamStart = true
    private var failure: SSEError?

    private var data: [UInt8] = []
    private var hasData = false
    private var name: String?
    /// The name before, kept because streams repeat few names: most events then allocate none.
    private var lastName = ""
    private var lastID: String?

    /// The reconnection time that the stream asked for, in milliseconds.
    public private(set) var retryMilliseconds: Int?

    /// Limits in bytes: of one line, and of one event's data.
    public init(maxLine: Int = 1 << 20, maxEvent: Int = 4 << 20) {
        self.maxLine = max(0, maxLine)
        self.maxEvent = max(0, maxEvent)
    }

    /// Takes bytes of the stream, none once it has failed. The array is adopted, not copied, when all before it is used
    /// up.
    public mutating func feed(_ bytes: [UInt8]) {
        guard failure == nil else { return }
        if lineStart == buffer.count {
            buffer = bytes
            lineStart = 0
            scanned = 0
        } else {
            dropUsed()
            buffer.append(contentsOf: bytes)
        }
    }

    public mutating func feed(_ bytes: Span<UInt8>) {
        guard failure == nil else { return }
        dropUsed()
        buffer.append(copying: 0..<bytes.count, of: bytes)
    }

    /// The next complete event, `nil` when more bytes are needed.
    /// - Throws: `SSEError` when a limit is passed, and then always.
    public mutating func next() throws(SSEError) -> SSEEvent? {
        if let failure { throw failure }
        do throws(SSEError) {
            while let line = try takeLine() {
                if line.isEmpty {
                    if let event = dispatch() { return event }
                } else {
                    try read(line)
                }
            }
            letGoOfUsed()
            return nil
        } catch {
            failure = error
            buffer = []
            throw error
        }
    }

    /// The event that the stream's end left open; to be asked once `next` has returned `nil` and nothing follows. The
    /// standard drops such an event, but providers do end a stream without the last empty line; one that was cut shows
    /// by its data.
    /// - Throws: `SSEError` when that event passes a limit, or something before it did.
    public mutating func finish() throws(SSEError) -> SSEEvent? {
        if let failure { throw failure }
        let rest = lineStart..<buffer.count
        lineStart = buffer.count
        scanned = lineStart
        if !rest.isEmpty {
            do throws(SSEError) { try read(withoutMark(rest)) } catch {
                failure = error
                throw error
            }
        }
        return dispatch()
    }

    /// Frees used bytes once they are the larger part, so that this costs no more than feeding did.
    private mutating func dropUsed() {
        if lineStart > buffer.count / 2 {
            buffer.removeSubrange(..<lineStart)
            scanned -= lineStart
            lineStart = 0
        }
    }

    /// Frees what a reader who is long in coming again would hold for nothing. Small pieces are not worth a copy.
    private mutating func letGoOfUsed() {
        guard lineStart == buffer.count || lineStart > max(4096, buffer.count / 2) else { return }
        buffer = lineStart == buffer.count ? [] : Array(buffer[lineStart...])
        scanned -= lineStart
        lineStart = 0
    }

    private mutating func takeLine() throws(SSEError) -> Range<Int>? {
        if afterReturn, lineStart < buffer.count {
            afterReturn = false
            if buffer[lineStart] == ByteClass.lf {
                lineStart += 1
                scanned = lineStart
            }
        }
        let end = LineEnd.first(in: buffer.span, scanned..<buffer.count)
        guard (end ?? buffer.count) - lineStart <= maxLine else { throw .lineTooLong(limit: maxLine) }
        guard let end else {
            scanned = buffer.count
            return nil
        }
        afterReturn = buffer[end] == ByteClass.cr
        let line = lineStart..<end
        lineStart = end + 1
        scanned = lineStart
        return withoutMark(line)
    }

    private mutating func withoutMark(_ line: Range<Int>) -> Range<Int> {
        guard atStreamStart else { return line }
        atStreamStart = false
        return buffer[line].starts(with: [0xef, 0xbb, 0xbf]) ? (line.lowerBound + 3)..<line.upperBound : line
    }

    private mutating func read(_ line: Range<Int>) throws(SSEError) {
        guard let (field, value) = Field.of(buffer.span, line) else { return }
        switch field {
        case .data:
            guard value.count <= maxEvent - data.count - (hasData ? 1 : 0) else {
                throw .eventTooLarge(limit: maxEvent)
            }
            if hasData { data.append(ByteClass.lf) }
            data.append(copying: value, of: buffer)
            hasData = true
        case .event:
            if !ByteClass.equal(buffer.span, value, lastName) { lastName = text(value) }
            name = lastName.isEmpty ? nil : lastName
        case .id:
            if buffer.span.firstIndex(of: 0, in: value) == nil { lastID = text(value) }
        case .retry:
            // Eighteen digits fit into 64 bits.
            if (1...18).contains(value.count), buffer[value].allSatisfy(ByteClass.isDigit) {
                retryMilliseconds = Int(text(value))
            }
        }
    }

    private enum Field {
        case data, event, id, retry

        /// The field of a line and where its value lies; `nil` for comments and what no reader knows.
        static func of(_ bytes: Span<UInt8>, _ line: Range<Int>) -> (Field, Range<Int>)? {
            let colon = bytes.firstIndex(of: UInt8(ascii: ":"), in: line)
            let name = line.lowerBound..<(colon ?? line.upperBound)
            var start = colon.map { $0 + 1 } ?? line.upperBound
            if start < line.upperBound, bytes[start] == ByteClass.space { start += 1 }
            let value = start..<line.upperBound
            switch name.count {
            case 2 where ByteClass.equal(bytes, name, "id"): return (.id, value)
            case 4 where ByteClass.equal(bytes, name, "data"): return (.data, value)
            case 5 where ByteClass.equal(bytes, name, "event"): return (.event, value)
            case 5 where ByteClass.equal(bytes, name, "retry"): return (.retry, value)
            default: return nil
            }
        }
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: buffer[range], as: UTF8.self) }

    private mutating func dispatch() -> SSEEvent? {
        defer {
            data = []
            hasData = false
            name = nil
        }
        return hasData ? SSEEvent(event: name, id: lastID, data: data) : nil
    }
}
