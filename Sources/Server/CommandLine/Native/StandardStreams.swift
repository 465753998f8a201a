// Owns nothing: writes to the process's own descriptors 1 and 2 and reads its environment; buffers are Swift strings
// lent to write(2) for the call.
internal import Glibc

/// The process's own streams and environment, for the command line.
public enum StandardStreams {
    public enum Stream: Int32, Sendable {
        /// For data.
        case output = 1
        /// For messages.
        case error = 2
    }

    /// Writes all of `text`, unbuffered. False where nobody reads any more; a command line ends then.
    @discardableResult
    public static func write(_ text: String, to stream: Stream) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while let start = rest.baseAddress, unsafe !rest.isEmpty {
                let written = unsafe Glibc.write(stream.rawValue, start, rest.count)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { return false }
                unsafe rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            }
            return true
        }
    }

    public static func isTerminal(_ stream: Stream) -> Bool { isatty(stream.rawValue) == 1 }

    /// The environment as it was at the start. Where a name is there twice, the first counts, as for getenv(3).
    public static func environment() -> [String: String] {
        var result: [String: String] = [:]
        var entry: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = unsafe environ
        while let pointer = unsafe entry.pointee {
            let text = unsafe String(cString: pointer)
            if let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) {
                let name = String(text[..<equals])
                if result[name] == nil { result[name] = String(text[text.index(after: equals)...]) }
            }
            unsafe entry += 1
        }
        return result
    }

    /// Ends the process at once. What is written here is unbuffered, and the exit handlers of C libraries would race
    /// with threads that are still ending.
    static func exit(_ code: Int32) -> Never { _exit(code) }
}
