import Testing

@testable import Server

@Suite("What another configuration changes")
struct ConfigurationDifferenceTests {
    private static let providers = """
        providers: { a: { dialect: openai, base_url: https://a.example, api_key: "${A}" } }
        models: { auto: { chain: [a/x] } }

        """

    private func paths(
        _ before: String, _ after: String, environment: [[String: String]] = [["A": "1"], ["A": "1"]]
    ) throws -> [String] {
        let earlier = try load(Self.providers + before, environment: environment[0])
        let later = try load(Self.providers + after, environment: environment[1])
        return ConfigurationDifference(from: earlier, to: later).paths
    }

    @Test("nothing, where no value is another, wherever it is written")
    func nothing() throws {
        #expect(try paths("", "").isEmpty)
        #expect(try paths("", "# a remark\nlog: { level: info }").isEmpty)
    }

    @Test("each setting that is another, that is new and that is gone")
    func changes() throws {
        #expect(try paths("", "log: { level: debug }") == ["log.level"])
        #expect(
            try paths("resilience: { retry: { retries: 1 } }", "log: { level: debug }")
                == ["log.level", "resilience.retry.retries"])
        let row = "catalogue: { a/x: { context: 5 } }"
        #expect(try paths("", row) == ["catalogue.a/x.context"])
        #expect(try paths(row, "") == ["catalogue.a/x.context"])
    }

    @Test("a key that is another is told though its mask is the same, and never shown")
    func keys() throws {
        let found = try paths("", "", environment: [["A": "canary-1"], ["A": "canary-2"]])
        #expect(found == ["providers.a.api_key"])
    }

    @Test("what only a start puts in force waits for one")
    func waiting() throws {
        let start = try load(nil).configuration
        let text = """
            server: { listen: 127.0.0.1:9, max_line: 4KB, heartbeat: 1s, timeouts: { idle: 9s } }
            log: { level: debug }
            """
        let later = try load(text).configuration
        #expect(
            ConfigurationDifference.waiting(from: start, to: later)
                == ["server.listen", "server.max_line", "server.timeouts.idle"])
        #expect(ConfigurationDifference.waiting(from: start, to: start).isEmpty)
    }

    @Test("at most so many are told")
    func bound() throws {
        let rows = (0..<300).map { "  a/m\($0): { context: 5 }\n" }.joined()
        #expect(try paths("", "catalogue:\n\(rows)").count == ConfigurationDifference.limit)
    }
}
