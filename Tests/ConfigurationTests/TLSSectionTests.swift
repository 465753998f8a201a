import Foundation
import TestKit
import Testing
import Transport

@testable import Server

@Suite("The TLS section of the configuration")
struct TLSSectionTests {
    @Test(
        "a key's file that others may use is told with what to do, and taken", arguments: [0o600, 0o400, 0o640, 0o644])
    func exposedKey(mode: Int) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tutti-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (key, file) = (folder.appending(path: "key.pem").path, folder.appending(path: "tutti.yaml").path)
        #expect(FileManager.default.createFile(atPath: key, contents: nil, attributes: [.posixPermissions: mode]))
        try "server: { tls: { certificate: c.pem, key: '\(key)' } }".write(
            toFile: file, atomically: true, encoding: .utf8)
        func notices() throws -> [String] {
            try Configuration.load(
                environment: [:], flags: ConfigurationFlags(file: file),
                capabilities: ConfigurationCapabilities(
                    dialects: [.openai, .local], localModels: ["smollm2"], hasLocalModel: { _ in true })
            ).notices.filter { $0.contains("server.tls.key") }
        }
        #expect(try notices().count == (mode & 0o077 == 0 ? 0 : 1))
        #expect(try notices().allSatisfy { $0.hasSuffix("chmod 600 \(key)") })
        try FileManager.default.removeItem(atPath: key)
        #expect(try notices().isEmpty, "that it is missing is told where it is read")
    }

    @Test("certificate and key are read together, from the file and from the environment")
    func together() throws {
        let file = try load("server: { tls: { certificate: a.pem, key: ./keys/a.key } }").configuration.server.tls
        #expect(file.certificate == "a.pem" && file.key == "./keys/a.key" && file.isOn)
        let environment = ["TUTTI_SERVER_TLS_CERTIFICATE": "b.pem", "TUTTI_SERVER_TLS_KEY": "b.key"]
        let loaded = try load("server: { tls: { certificate: a.pem } }", environment: environment)
        #expect(loaded.configuration.server.tls.certificate == "b.pem")
        #expect(loaded.setting("server.tls.key") == "b.key # environment TUTTI_SERVER_TLS_KEY")
        #expect(try !load("server: { tls: }").configuration.server.tls.isOn)
        #expect(!loaded.withoutTLS().configuration.server.tls.isOn)
    }

    @Test("one without the other is refused where it stands")
    func alone() {
        #expect(
            problems("server: { tls: { certificate: a.pem } }") == [
                "tutti.yaml:1:31: server.tls.certificate needs server.tls.key beside it: name both files, or neither."
            ])
        #expect(
            problems(nil, environment: ["TUTTI_SERVER_TLS_KEY": "a.key"]) == [
                "environment TUTTI_SERVER_TLS_KEY: server.tls.key needs server.tls.certificate beside it: name both "
                    + "files, or neither."
            ])
        #expect(
            problems("server: { tls: { certificate: \"\", key: a.key } }") == [
                "tutti.yaml:1:40: server.tls.key needs server.tls.certificate beside it: name both files, or neither."
            ])
    }

    @Test("the files are looked at when the server starts")
    func files() throws {
        let folder = try CertificateFolder()
        let pair = try folder.make("server")
        let good = try load("server: { tls: { certificate: \(pair.certificate), key: \(pair.key) } }")
        #expect(try good.configuration.server.tls.context() != nil)
        #expect(try load(nil).configuration.server.tls.context() == nil)
        let bad = try load("server: { tls: { certificate: \(pair.key), key: \(pair.key) } }").configuration
        let error = #expect(throws: TransportError.self) { _ = try bad.server.tls.context() }
        #expect(error?.kind == .certificate)
    }
}
