// Owns one file descriptor, opened and closed in `read`; the buffer is a Swift array lent to read(2) for the call.
internal import Glibc

extension ConfigurationFile {
    /// Reads a regular file of at most 256 KB. Does not wait on pipes or devices.
    static func read(_ path: String) throws(ConfigurationFileError) -> ConfigurationFile {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT, ENOTDIR: throw .missing
            case EACCES, EPERM: throw .denied
            default: throw .failed
            }
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .failed }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
        // One byte more than allowed, so that a file that grows meanwhile is noticed.
        let limit = YAMLTree.byteLimit + 1
        guard status.st_size < limit else { throw .tooLarge }
        var bytes = [UInt8](repeating: 0, count: limit)
        var count = 0
        while count < limit {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress?.advanced(by: count), limit - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw .failed }
            if got == 0 { break }
            count += got
        }
        guard count < limit else { throw .tooLarge }
        bytes.removeLast(limit - count)
        return ConfigurationFile(name: path, bytes: bytes, isWorldReadable: status.st_mode & S_IROTH != 0)
    }
}
