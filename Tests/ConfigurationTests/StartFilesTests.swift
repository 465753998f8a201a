import Base
import Foundation
import Identity
import TestKit
import Testing
import Transport

@testable import Server

@Suite("The files beside the configuration that a start needs", .timeLimit(.minutes(1)))
struct StartFilesTests {
    private static let now = SystemClock().wallTime()

    private func look(_ text: String, now: WallTime = now) throws -> StartFiles {
        StartFiles(try load(text).configuration, now: now)
    }

    private func sentence(_ verdict: StartFiles.Verdict) -> String? {
        if case .refused(let sentence) = verdict { sentence } else { nil }
    }

    @Test("certificate and key are opened, and told of in the words of a start")
    func tls() throws {
        let folder = try CertificateFolder()
        let (one, other) = (try folder.make("one"), try folder.make("other"))
        func text(_ certificate: String, _ key: String) -> String {
            "server: { tls: { certificate: \(certificate), key: \(key) } }"
        }
        let good = text(one.certificate, one.key)
        #expect(try look(good).tls == .fine)
        #expect(try look("server: {}").tls == .unused)
        let later = WallTime(milliseconds: Self.now.milliseconds + 3 * 86_400_000)
        let over = try look(good, now: later)
        #expect(over.problems.isEmpty && over.notices.count == 1 && over.findings.map(\.state) == [.warn])
        for (certificate, key, words) in [
            (one.certificate, other.key, "does not belong to the certificate"),
            (one.key, one.key, "holds no certificate"), (one.certificate, one.certificate, "holds no private key"),
            (one.certificate + ".gone", one.key, ".gone"), (one.certificate, one.key + ".gone", ".gone"),
        ] {
            let configuration = try load(text(certificate, key)).configuration
            let error = #expect(throws: TransportError.self) { _ = try configuration.server.tls.context() }
            let files = StartFiles(configuration, now: Self.now)
            let told = try #require(sentence(files.tls))
            #expect(told.contains(words) && error?.message == told)
            #expect(files.problems.map(\.sentence) == [told])
            #expect(files.findings.map(\.state) == [.fail] && files.findings.map(\.text) == [told])
        }
    }

    @Test("the pepper is looked for, and must be that of the hashes", arguments: [nil, "p", "q"])
    func pepper(_ letter: String?) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tutti-start-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let pepper = try #require(Pepper(Secret(String(repeating: "p", count: 40))))
        let hash = try #require(pepper.hash(Array("a-key-of-more-than-thirty-two-characters".utf8)))
        let given = letter.map { "pepper: \(String(repeating: $0, count: 40)), " } ?? ""
        let text = """
            server: { data: "\(folder.path)" }
            auth: { \(given)keys: [{ name: app, hash: "\(hash)", tenant: t, user: u, role: member }] }
            providers: { up: { dialect: openai, base_url: "http://127.0.0.1:9/v1" } }
            models: { auto: { chain: [up/m] } }
            """
        let files = try look(text)
        switch letter {
        case nil: #expect(sentence(files.pepper)?.contains("is not there: \(folder.path)/pepper") == true)
        case "p": #expect(files.pepper == .fine && files.findings.map(\.state) == [.ok])
        default: #expect(sentence(files.pepper)?.contains("another pepper: app.") == true)
        }
        let file = folder.appending(path: "tutti.yaml")
        try text.write(to: file, atomically: true, encoding: .utf8)
        for more in [[], ["--json"]] {
            let code = await TuttiCommand.run(["config", "check", "--config", file.path] + more, environment: [:])
            #expect(code == (letter == "p" ? 0 : 2))
        }
    }
}
