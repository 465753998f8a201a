import Foundation
import Glibc
import TestKit

/// Certificates made by the openssl command in a temporary folder, and TLS servers that show them.
final class TLSFixture: Sendable {
    enum Certificate: String, CaseIterable, Sendable {
        case good, wrongHost, expired, selfSigned, otherAuthority
    }

    static let openssl = ["/usr/bin/openssl", "/usr/local/bin/openssl"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    private let folder: String
    private let openssl: String
    /// The authority that signed all but the self-signed one and `otherAuthority`.
    var authority: String { file("ca.pem") }

    init() throws {
        guard let openssl = Self.openssl else { throw NothingCame(description: "there is no openssl command") }
        self.openssl = openssl
        folder = NSTemporaryDirectory() + "tutti-tls-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for authority in ["ca", "other"] { try makeRoot(authority, subject: "/CN=Test authority \(authority)") }
        try makeRoot("selfSigned", subject: "/CN=127.0.0.1", names: "IP:127.0.0.1")
        try makeSigned("good", by: "ca", names: "IP:127.0.0.1,DNS:localhost")
        try makeSigned("wrongHost", by: "ca", names: "DNS:other.example")
        try makeSigned("expired", by: "ca", names: "IP:127.0.0.1", days: -1)
        try makeSigned("otherAuthority", by: "other", names: "IP:127.0.0.1")
    }

    private func file(_ name: String) -> String { "\(folder)/\(name)" }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private static let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    private func makeRoot(_ name: String, subject: String, names: String? = nil) throws {
        var arguments = ["req", "-x509"] + Self.key
        arguments += ["-keyout", file("\(name).key"), "-out", file("\(name).pem"), "-days", "2", "-subj", subject]
        if let names { arguments += ["-addext", "subjectAltName=\(names)"] }
        try run(arguments)
    }

    private func makeSigned(_ name: String, by authority: String, names: String, days: Int = 2) throws {
        try run(
            ["req"] + Self.key + [
                "-keyout", file("\(name).key"), "-out", file("\(name).csr"), "-subj", "/CN=\(name)", "-addext",
                "subjectAltName=\(names)",
            ])
        try run([
            "x509", "-req", "-in", file("\(name).csr"), "-CA", file("\(authority).pem"), "-CAkey",
            file("\(authority).key"),
            "-CAcreateserial", "-days", "\(days)", "-copy_extensions", "copy", "-out", file("\(name).pem"),
        ])
    }

    private func run(_ arguments: [String]) throws {
        let status = try ChildProcess.start(openssl, arguments).wait()
        guard status == 0 else {
            throw NothingCame(description: "openssl \(arguments[0]) ended with \(status)")
        }
    }

    /// Serves its status page under that certificate while `body` runs.
    func serving<Value: Sendable>(
        _ certificate: Certificate, _ body: (UInt16) async throws -> Value
    ) async throws -> Value {
        let (process, port) = try await offLoop { [self] in try startServer(certificate) }
        defer { process.terminate() }
        return try await body(port)
    }

    private func startServer(_ certificate: Certificate) throws -> (ChildProcess, UInt16) {
        let (socket, port) = try BlockingSocket.listen()
        socket.close()
        let name = certificate.rawValue
        let process = try ChildProcess.start(
            openssl,
            [
                "s_server", "-accept", "127.0.0.1:\(port)", "-cert", file("\(name).pem"), "-key", file("\(name).key"),
                "-www",
            ])
        // It says "ACCEPT" once it listens.
        var said = ""
        while !said.contains("ACCEPT") {
            guard let more = process.readOutput() else {
                throw NothingCame(description: "openssl s_server did not start: \(said)")
            }
            said += more
        }
        return (process, port)
    }
}
