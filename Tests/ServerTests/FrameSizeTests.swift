import Foundation
import TestKit
import Testing

@Suite("What a streamed turn holds while it waits")
struct FrameSizeTests {
    @Test(
        "the frames of its asynchronous functions stay under Benchmarks/frames.json",
        .enabled(if: Project.hasBinary && Project.hasPython))
    func thresholds() async throws {
        let result = try await PythonSuite.run("Benchmarks/frames.py")
        #expect(result.status == 0, "\(result.errors.suffix(4000))")
        // A run that judged nothing would pass, too.
        #expect(result.errors.contains("pass  turn, asking: "))
    }
}
