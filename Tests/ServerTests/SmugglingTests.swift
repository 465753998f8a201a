import Testing

@Suite("Requests that two servers might cut in two places", .serialized)
struct SmugglingTests {
    @Test(
        "are seen as they were sent, directly and behind nginx and haproxy",
        .enabled(if: Project.hasBinary && Project.hasPython))
    func forms() async throws {
        // All forms directly, and each third one through the proxies; `scripts/prove smuggling` sends all everywhere.
        let hasPassed = try await PythonSuite.passes("smuggling", "Tests/Clients/smuggling.py", ["--every", "3"]) {
            $0.hasPrefix("{\"pass\": true")
        }
        #expect(hasPassed)
    }
}
