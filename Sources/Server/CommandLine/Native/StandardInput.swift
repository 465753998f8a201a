// Owns nothing: reads the process's own descriptor 0; the buffer is a Swift array lent to read(2) for the call.
internal import Glibc

extension StandardStreams {
    static var isTerminalInput: Bool { isatty(0) == 1 }

    /// What comes in up to its end, or up to the end of its first line, at most `limit` bytes.
    static func readInput(limit: Int, isLine: Bool) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: max(1, limit))
        var count = 0
        while count < limit {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe read(0, buffer.baseAddress?.advanced(by: count), limit - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { break }
            count += got
            if isLine, bytes[..<count].contains(UInt8(ascii: "\n")) { break }
        }
        return Array(bytes[..<count])
    }
}
