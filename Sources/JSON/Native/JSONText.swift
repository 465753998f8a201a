// Ownership: the bytes are borrowed for the call and copied.

enum JSONText {
    /// A string of a document's. The parser has seen that the bytes are UTF-8, so they are not looked at again.
    static func string(_ bytes: Span<UInt8>) -> String {
        var text = unsafe UTF8Span(unchecked: bytes)
        // Strings that know this of themselves are compared and cut faster.
        _ = text.checkForASCII()
        return String(copying: text)
    }
}
