// Owns file descriptors, each opened and closed in one function; buffers are Swift arrays lent to the C library for the
// call.
internal import Base
internal import Glibc
internal import Identity

/// The pepper of `auth.pepper`, or of the file that takes its place.
enum PepperFile {
    private static let name = "pepper"
    private static let limit = 4096

    static func path(in folder: String) -> String { folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)" }

    /// - Parameter making: Whether one is made where there is none, with the data folder.
    /// - Throws: `keys_unusable` with a sentence that says what to do.
    static func pepper(of configuration: Configuration, making: Bool) throws(CodedError) -> Pepper {
        if let secret = configuration.auth.pepper {
            guard let pepper = Pepper(secret) else { throw unusable("auth.pepper cannot be used.") }
            return pepper
        }
        let file = path(in: configuration.server.data)
        if let pepper = try read(file) { return pepper }
        guard making else {
            throw unusable(
                "The pepper that the keys were hashed under is not there: \(file). Bring it from where the hashes were "
                    + "made, or hash the keys anew with `tutti keys hash`.")
        }
        if let problem = DataFolder.prepare(configuration.server.data) { throw unusable(problem) }
        try make(file)
        if let pepper = try read(file) { return pepper }
        throw unusable("The pepper cannot be read: \(file).")
    }

    private static func unusable(_ sentence: String) -> CodedError { CodedError(.keysUnusable, sentence) }

    /// `nil` where there is no file.
    private static func read(_ file: String) throws(CodedError) -> Pepper? {
        let descriptor = unsafe open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw unusable("The pepper \(file) cannot be read: \(reason(errno)).")
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw unusable("The pepper \(file) must be a regular file.")
        }
        guard status.st_mode & (S_IRWXG | S_IRWXO) == 0 else {
            throw unusable("The pepper \(file) may be read by others on this machine; run chmod 600 on it.")
        }
        var bytes = [UInt8](repeating: 0, count: limit)
        var count = 0
        while count < limit {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress?.advanced(by: count), limit - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw unusable("The pepper \(file) cannot be read: \(reason(errno)).") }
            if got == 0 { break }
            count += got
        }
        let text = bytes[..<count].prefix { (0x21...0x7e).contains($0) }
        let isAlone = bytes[text.endIndex..<count].allSatisfy { $0 == UInt8(ascii: "\n") }
        guard isAlone, let pepper = Pepper(Secret(String(decoding: text, as: UTF8.self))) else {
            throw unusable("The pepper \(file) is damaged: it must be one line of 32 to 1024 printable characters.")
        }
        return pepper
    }

    /// Written aside and then linked to its name: nobody sees a part of it, and of two at once the first stays.
    private static func make(_ file: String) throws(CodedError) {
        let aside = "\(file).\(getpid())"
        let descriptor = unsafe open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw unusable("The pepper \(file) cannot be made: \(reason(errno)).") }
        defer { unsafe unlink(aside) }
        let text = Array((Entropy.secret() + "\n").utf8)
        let written = unsafe text.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        let isKept = written == text.count && fsync(descriptor) == 0
        let cause = errno
        close(descriptor)
        guard isKept else { throw unusable("The pepper \(file) cannot be written: \(reason(cause)).") }
        guard unsafe link(aside, file) == 0 || errno == EEXIST else {
            throw unusable("The pepper \(file) cannot be made: \(reason(errno)).")
        }
    }

    private static func reason(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
