import Testing

/// The scenarios of `Tests/Faults` at fast timing; `scripts/prove faults` has the real one.
@Suite(
    "Faults of providers", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: Project.hasBinary && Project.hasPython))
struct FaultScenarioTests {
    @Test("sixteen faults, streaming and not: the whole answer from somewhere, or a typed error in bounded time")
    func scenarios() async throws {
        #expect(try await PythonSuite.passes("faults", "Tests/Faults/run.py"))
    }
}
