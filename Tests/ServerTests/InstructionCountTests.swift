import Foundation
import TestKit
import Testing

@Suite("Instructions and allocations of the hot paths", .serialized)
struct InstructionCountTests {
    @Test(
        "stay under the thresholds of Benchmarks/thresholds.json",
        .enabled(if: Project.hasBinary && Project.hasPython && Project.hasValgrind), .timeLimit(.minutes(10)))
    func thresholds() async throws {
        var environment = Project.environment
        environment["TUTTI_BINARY"] = Project.binary
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        let script = Project.root.appending(path: "Benchmarks/instructions.py").path
        let result = try await RunningProcess(
            [try #require(Project.python), script], in: FileManager.default.temporaryDirectory,
            environment: environment
        ).end()
        let lines = result.errors.components(separatedBy: "\n")
        for line in lines where line.contains("lower it") { print("instructions: \(line)") }
        #expect(result.status == 0, "\(result.errors.suffix(4000))")
        // A run that judged nothing would pass, too.
        #expect(lines.contains { $0.hasPrefix("pass  chat: instructions: ") })
    }
}
