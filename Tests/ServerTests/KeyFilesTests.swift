import Base
import Foundation
import Identity
import Testing

@testable import Server

@Suite("Keys, their pepper and their command", .timeLimit(.minutes(5)))
struct KeyFilesTests {
    /// Calls `body` with a new folder that is removed afterwards.
    private func withFolder<Value>(_ body: (URL) async throws -> Value) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tutti-keys-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(folder)
    }

    private func configuration(_ folder: URL, pepper: String? = nil) -> Configuration {
        var configuration = Configuration()
        configuration.server.data = folder.path + "/data"
        configuration.auth.pepper = pepper.map { Secret($0) }
        return configuration
    }

    private func failure(_ configuration: Configuration, making: Bool = false) -> String? {
        do throws(CodedError) { _ = try PepperFile.pepper(of: configuration, making: making) } catch {
            return error.code == .keysUnusable ? error.message : "\(error)"
        }
        return nil
    }

    @Test("the pepper is made once, for its owner alone, and is the same ever after")
    func made() async throws {
        try await withFolder { folder in
            let configuration = configuration(folder)
            #expect(failure(configuration)?.contains("is not there: \(folder.path)/data/pepper") == true)
            let first = try PepperFile.pepper(of: configuration, making: true)
            let second = try PepperFile.pepper(of: configuration, making: true)
            let third = try PepperFile.pepper(of: configuration, making: false)
            #expect(first.mark == second.mark && first.hash([1]) == third.hash([1]))
            let path = folder.path + "/data/pepper"
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/data") == ["pepper"])
            try FileManager.default.removeItem(atPath: path)
            #expect(try PepperFile.pepper(of: configuration, making: true).mark != first.mark, "by chance")
        }
    }

    @Test("of several that make it at once all have the same")
    func race() async throws {
        try await withFolder { folder in
            let configuration = configuration(folder)
            #expect(DataFolder.prepare(configuration.server.data) == nil)
            let marks = await withTaskGroup(of: UInt32?.self) { group in
                for _ in 0..<16 {
                    group.addTask { try? PepperFile.pepper(of: configuration, making: true).mark }
                }
                return await group.reduce(into: [UInt32?]()) { $0.append($1) }
            }
            // Two of one process may meet at the file aside; whoever gets a pepper gets the one that stays.
            let kept = try PepperFile.pepper(of: configuration, making: false).mark
            #expect(marks.contains(kept) && marks.allSatisfy { $0 == nil || $0 == kept })
        }
    }

    @Test(
        "a pepper that others may read, is damaged or is no file is refused in a sentence without a word of it"
    )
    func refused() async throws {
        try await withFolder { folder in
            let configuration = configuration(folder)
            #expect(DataFolder.prepare(configuration.server.data) == nil)
            let path = folder.path + "/data/pepper"
            let sound = String(repeating: "canary", count: 10)
            func write(_ text: String, mode: Int = 0o600) throws {
                try? FileManager.default.removeItem(atPath: path)
                try Data(text.utf8).write(to: URL(filePath: path))
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            }
            for mode in [0o640, 0o604, 0o660, 0o666, 0o644] {
                try write(sound, mode: mode)
                #expect(failure(configuration)?.contains("chmod 600") == true)
            }
            for text in [
                "", "\n", "canary", sound + " x", "\n" + sound, sound + "\n" + sound, sound + "\0",
                String(repeating: "c", count: 1025), String(repeating: "c", count: 100_000),
            ] {
                try write(text)
                let told = failure(configuration)
                #expect(told?.contains("damaged") == true && told?.contains("canary") == false)
            }
            for text in [sound, sound + "\n", sound + "\n\n"] {
                try write(text)
                #expect(failure(configuration) == nil)
            }
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            #expect(failure(configuration)?.contains("regular file") == true)
        }
    }

    @Test("a pepper of the configuration takes the file's place, and no file is made")
    func configured() async throws {
        try await withFolder { folder in
            let text = String(repeating: "p", count: 40)
            let pepper = try PepperFile.pepper(of: configuration(folder, pepper: text), making: true)
            #expect(pepper.mark == Pepper(Secret(text))?.mark)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    @Test(
        "the key on standard input is one line, with or without its end",
        arguments: [
            ("", false), ("\n", false), ("short\n", false), (String(repeating: "k", count: 40), true),
            (String(repeating: "k", count: 40) + "\n", true), (String(repeating: "k", count: 40) + "\r\n", true),
            (String(repeating: "k", count: 40) + " \n", false), (String(repeating: "k", count: 257), false),
            (String(repeating: "k", count: 40) + "\n" + String(repeating: "l", count: 40), false),
        ])
    func input(text: String, isKey: Bool) {
        let key = try? KeysCommand.key(in: Array(text.utf8))
        #expect((key != nil) == isKey)
        if let key { #expect(key.reveal() == String(repeating: "k", count: 40)) }
    }

    @Test(
        "the sequence of docs/keys.md works as it stands, from an empty folder to an answer",
        .enabled(if: Project.hasBinary && Project.hasPython))
    func document() async throws {
        let blocks = FencedBlock.all(of: try Project.text("docs/keys.md")).filter { $0.language == "sh" }
        let shown = try #require(blocks.first).text
        try await withFolder { folder in
            let bin = folder.appending(path: "bin")
            try FileManager.default.createDirectory(at: bin, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                at: bin.appending(path: "tutti"), withDestinationURL: URL(filePath: Project.binary))
            var environment = Project.environment.filter {
                !$0.key.hasSuffix("_API_KEY") && !$0.key.hasPrefix("TUTTI_")
            }
            environment["PATH"] = bin.path + ":" + (environment["PATH"] ?? "/usr/bin:/bin")
            let script = Project.root.appending(path: "Tests/Clients/mock_upstream.py").path
            let mock = try RunningProcess([try #require(Project.python), script], in: folder, environment: environment)
            let upstream = try await mock.output(until: "\n").split(separator: " ").last?.filter(\.isNumber) ?? ""
            let models = """
                providers: { mock: { dialect: openai, base_url: http://127.0.0.1:\(upstream)/v1, allow: any } }
                models: { auto: { chain: [mock/gpt-4o-mini] } }

                """
            let heredoc = "cat > tutti.yaml <<END\n"
            #expect(shown.contains(heredoc))
            // A port that was free a moment ago.
            let python = try #require(Project.python)
            let ask = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"
            let free = try await RunningProcess([python, "-c", ask], in: folder, environment: environment).end()
            let port = free.output.filter(\.isNumber)
            let text = shown.replacing("8080", with: port).replacing(heredoc, with: heredoc + models)
            let result = try await RunningProcess(
                ["/bin/bash", "-euo", "pipefail", "-c", text + "\nwait"], in: folder, environment: environment
            ).end()
            _ = try await mock.stop()
            #expect(result.output.contains("The configuration is valid."))
            #expect(result.output.contains(#""id":"auto""#))
            #expect(result.output.contains("The mock answers"), "\(result.output)\n\(result.errors)")
            let key = try String(contentsOf: folder.appending(path: "app.key"), encoding: .utf8)
            let log = try String(contentsOf: folder.appending(path: "server.log"), encoding: .utf8)
            #expect(key.hasPrefix("tutti_") && !log.contains(key.dropLast()))
            #expect(log.contains(#""key":"app""#))
        }
    }
}
