/// Gathers bytes into lines that end in CRLF. It has no bound of its own: whoever fills it checks `open`, the length
/// of the line in progress, after each `take`.
struct LineBuffer: Sendable {
    var bytes: [UInt8] = []
    /// Where the line in progress begins.
    var lineStart = 0

    /// Bytes of the line in progress, its line end included once that has come.
    var open: Int { bytes.count - lineStart }

    /// Moves input up to and with the next LF here and says whether there was one.
    mutating func take(from input: Span<UInt8>, at offset: inout Int) -> Bool {
        let end = input.firstIndex(of: ByteClass.lf, in: offset..<input.count)
        let taken = offset..<(end.map { $0 + 1 } ?? input.count)
        bytes.append(copying: taken, of: input)
        offset = taken.upperBound
        return end != nil
    }

    /// The line that just ended, without its CRLF. A CR within it is left for the line's own grammar to refuse.
    func content() throws(HTTPParseError) -> Range<Int> {
        let end = bytes.count - 2
        guard end >= lineStart, bytes[end] == ByteClass.cr else {
            throw .invalid("A line ends in a line feed without a carriage return.")
        }
        return lineStart..<end
    }

    mutating func endLine() { lineStart = bytes.count }
}
