// Ownership: the template of mkdtemp and paths are lent to the C library for the call; the folder and all in it belong
// to this object and go in `deinit`.
internal import Glibc
internal import Synchronization

/// Certificates and keys that the openssl command makes for a test, in a folder of their own.
public final class CertificateFolder: Sendable {
    /// The paths of a certificate and of its key.
    public struct Pair: Sendable {
        public var certificate: String
        public var key: String
    }

    private let folder: String
    private let files = Mutex<Set<String>>([])

    public init() throws {
        let base = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/tutti-certificates-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw SocketFailure.system(errno) }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        for file in files.withLock({ $0 }) { unsafe unlink(file) }
        unsafe rmdir(folder)
    }

    public func path(_ name: String) -> String {
        let path = "\(folder)/\(name)"
        _ = files.withLock { $0.insert(path) }
        return path
    }

    /// Makes a pair for 127.0.0.1 and localhost, called `name`; signed by another pair of this folder or by itself.
    /// - Parameter key: What `openssl req -newkey` takes.
    public func make(
        _ name: String, signedBy authority: Pair? = nil, isAuthority: Bool = false, days: Int = 2,
        key: [String] = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    ) throws -> Pair {
        let pair = Pair(certificate: path("\(name).pem"), key: path("\(name).key"))
        let subject = ["-subj", "/CN=\(name)"]
        let names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
        let request = ["req", "-newkey"] + key + ["-nodes", "-keyout", pair.key]
        guard let authority else {
            try openssl(request + ["-x509", "-out", pair.certificate, "-days", "\(days)"] + subject + names)
            return pair
        }
        let wish = path("\(name).csr")
        let extra = isAuthority ? ["-addext", "basicConstraints=critical,CA:TRUE"] : []
        try openssl(request + ["-out", wish] + subject + names + extra)
        try openssl([
            "x509", "-req", "-in", wish, "-CA", authority.certificate, "-CAkey", authority.key, "-set_serial",
            "\(files.withLock { $0.count })", "-days", "\(days)", "-copy_extensions", "copy", "-out", pair.certificate,
        ])
        return pair
    }

    public func openssl(_ arguments: [String]) throws {
        let places = ["/usr/bin/openssl", "/usr/local/bin/openssl"]
        guard let command = places.first(where: { unsafe access($0, X_OK) == 0 }) else {
            throw NothingCame(description: "there is no openssl command")
        }
        let status = try ChildProcess.start(command, arguments).wait()
        if status != 0 { throw NothingCame(description: "openssl \(arguments) ended with \(status)") }
    }

    public func text(_ path: String) throws -> String {
        guard let file = unsafe fopen(path, "r") else { throw SocketFailure.system(errno) }
        defer { unsafe fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    /// Writes a file of that name, in place of one that is there; gives its path.
    @discardableResult
    public func write(_ name: String, _ text: String) throws -> String {
        let path = path(name)
        guard let file = unsafe fopen(path, "w") else { throw SocketFailure.system(errno) }
        defer { unsafe fclose(file) }
        let bytes = Array(text.utf8)
        guard unsafe fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw SocketFailure.system(errno) }
        return path
    }
}
