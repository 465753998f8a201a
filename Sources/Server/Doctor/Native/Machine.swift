// Ownership: nothing is kept. Texts that C functions give are copied at once; buffers are Swift arrays lent for a call;
// each descriptor is closed in the function that opened it.
internal import Glibc

/// What the machine and the process are like, asked of the system.
enum Machine {
    /// The version that a loaded library tells by one of its functions without arguments; `nil` where it is not there.
    static func version(by function: String) -> String? {
        guard let symbol = unsafe dlsym(nil, function) else { return nil }
        typealias Teller = @convention(c) () -> UnsafePointer<CChar>?
        guard let text = unsafe unsafeBitCast(symbol, to: Teller.self)() else { return nil }
        return unsafe String(cString: text)
    }

    /// The same of OpenSSL, whose function takes a number: 0 for its name and version.
    static var openSSL: String? {
        guard let symbol = unsafe dlsym(nil, "OpenSSL_version") else { return nil }
        typealias Teller = @convention(c) (CInt) -> UnsafePointer<CChar>?
        guard let text = unsafe unsafeBitCast(symbol, to: Teller.self)(0) else { return nil }
        return unsafe String(cString: text)
    }

    /// Who may do what with a file or folder; `nil` where there is none.
    static func permissions(of path: String) -> (mode: UInt32, isOurs: Bool, bytes: Int64)? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return (status.st_mode & 0o7777, status.st_uid == geteuid(), Int64(status.st_size))
    }

    static func mayWrite(_ path: String) -> Bool { unsafe access(path, W_OK | X_OK) == 0 }

    /// Whether there is room to write, in bytes for who is not root.
    static func freeBytes(at path: String) -> UInt64? {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { return nil }
        let (bytes, isOver) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return isOver ? .max : bytes
    }

    /// Hands a file to `body` in pieces of 1 MB. False where it cannot be read to its end.
    static func read(_ path: String, _ body: ([UInt8]) -> Void) -> Bool {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let got = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe Glibc.read(descriptor, bytes.baseAddress, bytes.count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { return false }
            if got == 0 { return true }
            body(Array(buffer.prefix(got)))
        }
    }

    /// Writes a new file that its owner alone may read; the reason where that fails. A file that is there already stays.
    static func write(_ bytes: [UInt8], to path: String) -> String? {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return unsafe String(cString: strerror(errno)) }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let put = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if put < 0, errno == EINTR { continue }
            guard put > 0 else { return unsafe String(cString: strerror(errno)) }
            rest = rest.dropFirst(put)
        }
        return nil
    }
}
