import Foundation
import TestKit
import Testing

/// What a command that has ended said.
struct CommandResult: Sendable {
    var status: Int32
    var output: String
    var errors: String
}

/// A process that a test has started, its errors in a file of the test's folder.
final class RunningProcess: Sendable {
    private let process: Process
    private let output: FileHandle
    private let errorFile: URL

    /// Threads of the test runner block signals, and a child would inherit that: SIGTERM would not reach it.
    private static let unblock = """
        import os, signal, sys
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.execv(sys.argv[1], sys.argv[1:])
        """

    init(_ command: [String], in folder: URL, environment: [String: String]) throws {
        process = Process()
        process.executableURL = URL(filePath: try #require(Project.python))
        process.arguments = ["-c", RunningProcess.unblock] + command
        process.currentDirectoryURL = folder
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        output = pipe.fileHandleForReading
        errorFile = folder.appending(path: "errors-\(UUID().uuidString)")
        try Data().write(to: errorFile)
        process.standardError = try FileHandle(forWritingTo: errorFile)
        try process.run()
    }

    var errors: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }

    /// What it prints up to and with `marker`.
    func output(until marker: String) async throws -> String {
        try await offLoop { [self] in
            var text = ""
            while !text.contains(marker) {
                let data = output.availableData
                guard !data.isEmpty else {
                    throw NothingCame(description: "the process ended: \(text) \(errors.suffix(1000))")
                }
                text += String(decoding: data, as: UTF8.self)
            }
            return text
        }
    }

    /// Waits for its end; a test whose time is over ends it.
    func end() async throws -> CommandResult {
        try await withTaskCancellationHandler {
            try await offLoop { [self] in
                let text = String(decoding: output.readDataToEndOfFile(), as: UTF8.self)
                process.waitUntilExit()
                return CommandResult(status: process.terminationStatus, output: text, errors: errors)
            }
        } onCancel: {
            process.terminate()
        }
    }

    /// Asks it to end, and waits.
    func stop() async throws -> CommandResult {
        process.terminate()
        return try await end()
    }
}

/// A folder, a server that runs in it, and the commands that are given to it.
struct ServerWorld: Sendable {
    let folder: URL
    /// What the server printed when it began to listen.
    let announcement: String
    /// `http://127.0.0.1:…`.
    let address: String

    enum Models: Sendable {
        case scripted, local
    }

    private static let curlSettings = """
        fail-with-body
        silent
        show-error
        max-time = 400
        write-out = "\\n%{http_code} %{content_type}"

        """

    private static func environment(_ folder: URL) -> [String: String] {
        var environment = Project.environment.filter { !$0.key.hasSuffix("_API_KEY") && !$0.key.hasPrefix("TUTTI_") }
        environment["TUTTI_CACHE_DIR"] = Project.cache
        environment["CURL_HOME"] = folder.path
        return environment
    }

    /// Runs `body` against a server of its own, which must then end well.
    static func run(_ models: Models, _ body: (ServerWorld) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tutti-world-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try curlSettings.write(to: folder.appending(path: ".curlrc"), atomically: true, encoding: .utf8)
        var command = [Project.binary, "serve", "--listen", "127.0.0.1:0", "--data", folder.path + "/data"]
        var mock: RunningProcess?
        if models == .scripted {
            let python = try #require(Project.python)
            let script = Project.root.appending(path: "Tests/Clients/mock_upstream.py").path
            let started = try RunningProcess([python, script], in: folder, environment: environment(folder))
            let port = try await started.output(until: "\n").split(separator: " ").last ?? ""
            mock = started
            let file = folder.appending(path: "scripted.yaml")
            try """
            providers:
              mock: { dialect: openai, base_url: http://127.0.0.1:\(port.filter(\.isNumber))/v1, allow: any }
            models:
              auto: { chain: [mock/gpt-4o-mini] }
            """.write(to: file, atomically: true, encoding: .utf8)
            command += ["--config", file.path]
        }
        let server = try RunningProcess(command, in: folder, environment: environment(folder))
        let outcome: Result<Void, any Error>
        do {
            let announcement = try await server.output(until: "'\n\n")
            let address = announcement.split(separator: " ").first { $0.hasPrefix("http://127.0.0.1:") }
            let world = ServerWorld(
                folder: folder, announcement: announcement, address: address.map(String.init) ?? "")
            outcome = .success(try await body(world))
        } catch {
            outcome = .failure(error)
        }
        let end = try await server.stop()
        _ = try await mock?.stop()
        try outcome.get()
        if end.status != 0 {
            throw NothingCame(description: "the server ended with \(end.status): \(end.errors.suffix(1000))")
        }
    }

    /// A command as a document shows it, but for the address and the place of the binary.
    func run(_ shown: String, environment more: [String: String] = [:]) async throws -> CommandResult {
        let text = shown.replacing("http://127.0.0.1:8080", with: address)
            .replacing(".build/release/tutti", with: "'\(Project.binary)'")
        var environment = ServerWorld.environment(folder).merging(more) { $1 }
        environment["TUTTI_URL"] = address
        return try await RunningProcess(
            ["/bin/bash", "-euo", "pipefail", "-c", text], in: folder, environment: environment
        ).end()
    }
}
