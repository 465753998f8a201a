import Foundation
import TestKit

/// Where things are, and what of them is there.
enum Project {
    static let environment = ProcessInfo.processInfo.environment

    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The built server: `TUTTI_BINARY`, or where `./run` and `./test` build it.
    static let binary = environment["TUTTI_BINARY"] ?? root.appending(path: ".build/release/tutti").path

    static let hasBinary = isThere(
        FileManager.default.isExecutableFile(atPath: binary),
        "the server is not built at \(binary) (./test builds it); tests that start it do not run.")

    static let python = find("python3")

    static let hasPython = isThere(python != nil, "there is no python3; tests with the scripted upstream do not run.")

    static let cache =
        environment["TUTTI_CACHE_DIR"] ?? environment["XDG_CACHE_HOME"].map { $0 + "/tutti" }
        ?? (environment["HOME"] ?? "") + "/.cache/tutti"

    /// A Python that has the official OpenAI client.
    static let clientPython = environment["TUTTI_TEST_PYTHON"] ?? cache + "/python/bin/python"

    static let hasClientPython = isThere(
        FileManager.default.isExecutableFile(atPath: clientPython),
        "there is no Python with the OpenAI client at \(clientPython) (./test sets one up); its tests do not run.")

    static let hasValgrind = isThere(
        ["valgrind", "vgdb", "objcopy", "cc"].allSatisfy { find($0) != nil },
        "valgrind, objcopy or a C compiler is missing; the instructions of the hot paths are not counted.")

    /// Whether the server answers with the local model when there is no key.
    static let hasLocalModel = isThere(
        ["/lib/libtutti-llama.so", "/models/SmolLM2-135M-Instruct.Q4_1.gguf"].allSatisfy {
            FileManager.default.isReadableFile(atPath: cache + $0)
        }, "the local model is not set up in \(cache) (./run does it); the tests that need it do not run.")

    /// Whether the recorded exchanges with providers are at hand.
    static let hasRecordings = isThere(
        python != nil
            && FileManager.default.fileExists(
                atPath: (environment["TUTTI_SHARED"] ?? root.deletingLastPathComponent().path + "/shared")
                    + "/data/fixtures"),
        "there are no recorded exchanges (set TUTTI_SHARED to the folder that holds data/fixtures), so none are replayed."
    )

    /// Says once why tests are skipped.
    private static func isThere(_ found: Bool, _ sentence: String) -> Bool {
        if !found { print("SKIPPED: \(sentence)") }
        return found
    }

    private static func find(_ command: String) -> String? {
        (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").map { "\($0)/\(command)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }
}

/// A fenced block of a document.
struct FencedBlock: Sendable {
    var language: String
    var text: String

    static func all(of document: String) -> [FencedBlock] {
        var blocks: [FencedBlock] = []
        var open: FencedBlock?
        for line in document.components(separatedBy: "\n") {
            if line.hasPrefix("```") {
                if let block = open {
                    blocks.append(block)
                    open = nil
                } else {
                    open = FencedBlock(language: String(line.dropFirst(3)), text: "")
                }
            } else if open != nil {
                open?.text += line + "\n"
            }
        }
        return blocks
    }
}
