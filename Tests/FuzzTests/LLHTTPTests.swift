import Base
import Foundation
import Testing

/// A Python that has httptools, and llhttp in it.
private let python: String? = {
    let environment = ProcessInfo.processInfo.environment
    let cache =
        environment["TUTTI_CACHE_DIR"] ?? environment["XDG_CACHE_HOME"].map { $0 + "/tutti" }
        ?? (environment["HOME"] ?? "") + "/.cache/tutti"
    let path = environment["TUTTI_TEST_PYTHON"] ?? cache + "/python/bin/python"
    guard FileManager.default.isExecutableFile(atPath: path),
        (try? run(path, ["-c", "import httptools"], input: Data()).status) == 0
    else {
        print("SKIPPED: there is no Python with httptools at \(path) (./test sets one up); llhttp is not asked.")
        return nil
    }
    return path
}()

private func run(_ program: String, _ arguments: [String], input: Data) throws -> (status: Int32, output: String) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tutti-llhttp-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "input")
    try input.write(to: file)
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.standardInput = try FileHandle(forReadingFrom: file)
    process.standardError = FileHandle.nullDevice
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}

@Suite("The request parser beside llhttp")
struct LLHTTPTests {
    private static let command = "TUTTI_WRITE_DOCS=1 ./test --filter LLHTTPTests"
    private static let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/http.md")

    @Test(
        "takes nothing that llhttp refuses or reads otherwise, and docs/http.md lists what only it refuses",
        .enabled(if: python != nil))
    func comparison() throws {
        let kept = try PackedInputs.of(.requestParser)
        let inputs = kept + ParserComparison.mutations(of: kept, count: 40_000, seed: 9)
        let questions = inputs.flatMap(ParserComparison.questions)
        let asked = questions.map { ParserComparison.hex($0.bytes) + "\n" }.joined()
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "llhttp.py").path
        let (status, output) = try run(try #require(python), [script], input: Data(asked.utf8))
        #expect(status == 0)
        var answers = output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let version = answers.removeFirst()
        #expect(answers.count == questions.count + 1)
        var comparison = ParserComparison()
        for (question, answer) in zip(questions, answers) { comparison.note(question, theirs: answer) }
        for finding in comparison.findings { Issue.record("\(finding)") }
        // Both of a kind must really have been there.
        #expect(questions.count { (try? $0.ours.get()) != nil } > 1000)
        #expect(questions.count { (try? $0.ours.get()) == nil } > 1000)
        let origin = "<!-- Made from the code by `\(Self.command)`; do not edit. -->"
        let document = comparison.document(version: version, origin: origin)
        if ProcessInfo.processInfo.environment["TUTTI_WRITE_DOCS"] == "1" {
            try document.write(to: Self.file, atomically: true, encoding: .utf8)
        }
        let found = (try? String(contentsOf: Self.file, encoding: .utf8)) ?? ""
        #expect(found == document, "docs/http.md is not what was found. Make it anew: \(Self.command)")
    }
}
