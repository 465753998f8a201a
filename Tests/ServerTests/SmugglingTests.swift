import Foundation
import TestKit
import Testing

@Suite("Requests that two servers might cut in two places", .serialized)
struct SmugglingTests {
    @Test(
        "are seen as they were sent, directly and behind nginx and haproxy",
        .enabled(if: Project.hasBinary && Project.hasPython))
    func forms() async throws {
        var environment = Project.environment
        environment["TUTTI_BINARY"] = Project.binary
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        let script = Project.root.appending(path: "Tests/Clients/smuggling.py").path
        // All forms directly, and each third one through the proxies; `scripts/prove smuggling` sends all everywhere.
        let result = try await RunningProcess(
            [try #require(Project.python), script, "--every", "3"], in: FileManager.default.temporaryDirectory,
            environment: environment
        ).end()
        let lines = result.output.split(separator: "\n")
        print("smuggling: \(lines.last ?? "nothing was said")")
        let failures = lines.filter { $0.hasPrefix("FAIL") }.joined(separator: "\n")
        #expect(result.status == 0, "\(failures)\n\(result.errors.suffix(2000))")
        #expect(lines.last?.hasPrefix("{\"pass\": true") == true)
    }
}
