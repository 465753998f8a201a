/// The extensions of one chunk (RFC 9112 §7.1.1), byte by byte: `;name`, `;name=token` or `;name="quoted"`, without
/// the blanks that old readers tolerated. The first semicolon is already read.
struct ChunkExtension: Sendable {
    private enum State {
        case nameStart, name, valueStart, value, quoted, escaped, quoteEnd
    }

    private var state = State.nameStart

    /// Whether the byte may come next. A carriage return ends the extensions where they are whole.
    mutating func take(_ byte: UInt8) -> Bool {
        guard let next = next(byte) else { return false }
        state = next
        return true
    }

    private func next(_ byte: UInt8) -> State? {
        switch (state, byte) {
        case (.name, ByteClass.cr), (.value, ByteClass.cr), (.quoteEnd, ByteClass.cr): state
        case (.name, UInt8(ascii: ";")), (.value, UInt8(ascii: ";")), (.quoteEnd, UInt8(ascii: ";")): .nameStart
        case (.name, UInt8(ascii: "=")): .valueStart
        case (.valueStart, UInt8(ascii: "\"")): .quoted
        case (.nameStart, _), (.name, _): ByteClass.isToken(byte) ? .name : nil
        case (.valueStart, _), (.value, _): ByteClass.isToken(byte) ? .value : nil
        case (.quoted, UInt8(ascii: "\"")): .quoteEnd
        case (.quoted, UInt8(ascii: "\\")): .escaped
        case (.quoted, _), (.escaped, _): ByteClass.isFieldByte(byte) ? .quoted : nil
        case (.quoteEnd, _): nil
        }
    }
}
