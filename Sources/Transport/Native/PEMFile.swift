// Owns one file descriptor, opened and closed in `read`; the buffer is a Swift array lent to read(2) for the call.
internal import Glibc

/// A certificate's or a key's file.
enum PEMFile {
    static let limit = 1 << 20

    /// Reads a regular file of at most 1 MB; does not wait on pipes or devices. `kind` is what messages call it.
    static func read(_ path: String, as kind: String) throws(TransportError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT, ENOTDIR:
                throw problem(path, kind, "is not there", "Name a PEM file in `server.tls.\(kind)`")
            case EACCES, EPERM:
                throw problem(path, kind, "may not be read by this user", "Give it to the server's user or group")
            default: throw problem(path, kind, "cannot be opened", "Name a PEM file in `server.tls.\(kind)`")
            }
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw problem(path, kind, "is not a plain file", "Name a PEM file in `server.tls.\(kind)`")
        }
        guard status.st_size <= limit else { throw tooLarge(path, kind) }
        // One byte more than there is, so that a file that grows meanwhile is noticed.
        let size = Int(status.st_size) + 1
        var bytes = [UInt8](repeating: 0, count: size)
        var count = 0
        while count < size {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress?.advanced(by: count), size - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw problem(path, kind, "cannot be read", "Look at the disk that it lies on") }
            if got == 0 { break }
            count += got
        }
        guard count < size else { throw problem(path, kind, "grew while it was read", "Try again once it is written") }
        // In place: what is a key shall not stay behind in memory that is given back.
        bytes.removeLast(size - count)
        return bytes
    }

    private static func tooLarge(_ path: String, _ kind: String) -> TransportError {
        problem(path, kind, "has more than 1 MB", "Name a PEM file in `server.tls.\(kind)`")
    }

    private static func problem(_ path: String, _ kind: String, _ what: String, _ advice: String) -> TransportError {
        TransportError(.certificate, "The \(kind) file \(path) \(what). \(advice).")
    }
}
