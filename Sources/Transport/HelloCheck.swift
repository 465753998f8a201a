/// Looks at the first nine bytes of a connection before OpenSSL does: the head of a record of TLS and of a client's
/// hello in it. What is no hello ends at once, and one that announces more than 16 KB gets no memory for it.
struct HelloCheck {
    private static let headBytes = 9
    private var position = 0

    /// Whether `bytes`, which follow those of the calls before, can go on as a hello; true for all that comes later.
    mutating func accepts(_ bytes: some Sequence<UInt8>) -> Bool {
        guard position < HelloCheck.headBytes else { return true }
        for byte in bytes {
            guard position < HelloCheck.headBytes else { break }
            guard fits(byte) else { return false }
            position += 1
        }
        return true
    }

    private func fits(_ byte: UInt8) -> Bool {
        switch position {
        // A handshake record of TLS 1.
        case 0: byte == 22
        case 1: byte == 3
        // The message is a client's hello, of at most 16 KB.
        case 5: byte == 1
        case 6: byte == 0
        case 7: byte <= 0x40
        default: true
        }
    }
}
