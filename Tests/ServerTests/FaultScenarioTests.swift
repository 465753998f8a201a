import Foundation
import TestKit
import Testing

/// The scenarios of `Tests/Faults` at fast timing; `scripts/prove faults` has the real one.
@Suite(
    "Faults of providers", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: Project.hasBinary && Project.hasPython))
struct FaultScenarioTests {
    @Test("sixteen faults, streaming and not: the whole answer from somewhere, or a typed error in bounded time")
    func scenarios() async throws {
        var environment = Project.environment
        environment["TUTTI_BINARY"] = Project.binary
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        let script = Project.root.appending(path: "Tests/Faults/run.py").path
        let result = try await RunningProcess(
            [try #require(Project.python), script], in: FileManager.default.temporaryDirectory,
            environment: environment
        ).end()
        let lines = result.output.split(separator: "\n")
        print(lines.last ?? "faults: nothing was said")
        let failures = lines.filter { $0.hasPrefix("FAIL") }.joined(separator: "\n")
        #expect(result.status == 0, "\(failures)\n\(result.errors.suffix(2000))")
        #expect(lines.last?.hasSuffix(" 0 failed") == true)
    }
}
