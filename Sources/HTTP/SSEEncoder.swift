/// An event's field that would break the stream it is put into.
public struct SSEFieldRefused: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String
}

/// Writes server-sent events as the WHATWG's HTML standard reads them.
public enum SSEEncoder {
    /// Appends one event. Data may hold line ends (CR, LF, CRLF): each line becomes a `data:` line of its own, and the
    /// reader joins them with LF. One copy of the data.
    /// - Throws: `SSEFieldRefused` when `event` or `id` holds CR, LF or NUL; `output` is then as it was.
    public static func append(
        event: String? = nil,
        id: String? = nil,
        data: [UInt8],
        to output: inout [UInt8]
    ) throws(SSEFieldRefused) {
        try append(event: event, id: id, data: data.span, to: &output)
    }

    public static func append(
        event: String? = nil,
        id: String? = nil,
        data: Span<UInt8>,
        to output: inout [UInt8]
    ) throws(SSEFieldRefused) {
        if let event, !isField(event) { throw SSEFieldRefused(description: "An event's name holds CR, LF or NUL.") }
        if let id, !isField(id) { throw SSEFieldRefused(description: "An event's id holds CR, LF or NUL.") }
        output.reserveCapacity(
            growingTo: output.count + data.count + (event?.utf8.count ?? 0) + (id?.utf8.count ?? 0) + 24
        )
        if let event { append("event: ", event, to: &output) }
        if let id { append("id: ", id, to: &output) }
        var start = 0
        while true {
            let end = LineEnd.first(in: data, start..<data.count)
            output.append(text: "data: ")
            output.append(copying: start..<(end ?? data.count), of: data)
            output.append(ByteClass.lf)
            guard let end else { break }
            let isPair = data[end] == ByteClass.cr && end + 1 < data.count && data[end + 1] == ByteClass.lf
            start = end + (isPair ? 2 : 1)
        }
        output.append(ByteClass.lf)
    }

    /// Appends a comment, which readers drop: a heartbeat that keeps proxies from closing a quiet stream.
    public static func appendHeartbeat(to output: inout [UInt8]) {
        output.append(text: ": heartbeat\n\n")
    }

    /// Appends how long a reader is to wait before it reconnects; nothing for a negative number.
    public static func appendRetry(milliseconds: Int, to output: inout [UInt8]) {
        if milliseconds < 0 { return }
        output.append(text: "retry: ")
        DecimalText.append(milliseconds, to: &output)
        output.append(text: "\n\n")
    }

    private static func append(_ name: String, _ value: String, to output: inout [UInt8]) {
        output.append(text: name)
        output.append(text: value)
        output.append(ByteClass.lf)
    }

    private static func isField(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 != ByteClass.cr && $0 != ByteClass.lf && $0 != 0 }
    }
}

/// The line ends of an event stream: CR, LF, CRLF.
enum LineEnd {
    /// Lines are searched in windows, for LF first and then for a CR before it: two fast searches, and a stream whose
    /// lines end in CR alone costs a window a line, not the rest of the buffer.
    private static let window = 4096

    /// The first CR or LF within `range`.
    static func first(in bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        var start = range.lowerBound
        while start < range.upperBound {
            let end = min(start + window, range.upperBound)
            let feed = bytes.firstIndex(of: ByteClass.lf, in: start..<end)
            if let found = bytes.firstIndex(of: ByteClass.cr, in: start..<(feed ?? end)) ?? feed { return found }
            start = end
        }
        return nil
    }
}
