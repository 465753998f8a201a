import Foundation
import TestKit
import Testing

@Suite("Instructions and allocations of the hot paths", .serialized)
struct InstructionCountTests {
    @Test(
        "stay under the thresholds of Benchmarks/thresholds.json",
        .enabled(if: Project.hasBinary && Project.hasPython && Project.hasValgrind), .timeLimit(.minutes(10)))
    func thresholds() async throws {
        let result = try await PythonSuite.run("Benchmarks/instructions.py")
        let lines = result.errors.components(separatedBy: "\n")
        for line in lines where line.contains("lower it") { print("instructions: \(line)") }
        #expect(result.status == 0, "\(result.errors.suffix(4000))")
        // A run that judged nothing would pass, too.
        #expect(lines.contains { $0.hasPrefix("pass  chat: instructions: ") })
    }
}
