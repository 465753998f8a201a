import Orchestrator
import Testing

@testable import Server

@Suite("The sections guards, runs and conversations of the configuration")
struct OrchestratorSectionTests {
    @Test("they have defaults, and each setting is read")
    func settings() throws {
        let none = try load(nil).configuration
        #expect(none.guards.input == .flag && none.guards.output == .flag && none.guards.patterns.names.isEmpty)
        #expect(none.runs == Configuration.Runs() && none.conversations == Configuration.Conversations())
        let text = """
            guards: { input: refuse, output: redact, patterns: [{ name: ticket, pattern: 'TK-[0-9]{6}' }] }
            runs: { grace: 20s, ring: 500, keep: 1m, max_memory: 8MB, max_runs: 10 }
            conversations: { max: 50, ttl: 2h, messages: 4, max_memory: 1MB }
            """
        let loaded = try load(text)
        let set = loaded.configuration
        #expect(set.guards.input == .refuse && set.guards.output == .redact && set.guards.patterns.names == ["ticket"])
        #expect(set.runs.grace == .seconds(20) && set.runs.ring == 500 && set.runs.keep == .seconds(60))
        #expect(set.runs.maxMemory == 8 << 20 && set.runs.maxRuns == 10)
        #expect(set.conversations.max == 50 && set.conversations.ttl == .seconds(7200))
        #expect(set.conversations.messages == 4 && set.conversations.maxMemory == 1 << 20)
        let shown = ConfigCommand.yaml(loaded.settings)
        #expect(shown.contains(#"patterns: [{ name: ticket, pattern: "TK-[0-9]{6}" }]"#))
        #expect(try load(shown).configuration.guards == set.guards)
    }

    @Test("fixed keys have their twins in the environment")
    func environment() throws {
        let set = try load(
            "guards: { input: off }", environment: ["TUTTI_GUARDS_INPUT": "refuse", "TUTTI_RUNS_GRACE": "1s"]
        ).configuration
        #expect(set.guards.input == .refuse && set.runs.grace == .seconds(1))
    }

    private static let mistakes: [(String, String)] = [
        ("guards: { input: redact }", "1:18: guards.input must be one of off, flag, refuse."),
        ("guards: { output: refuse }", "1:19: guards.output must be one of off, flag, redact."),
        (
            "guards: { patterns: 'x' }",
            "1:21: guards.patterns must be a list of patterns, such as [{ name: ticket, pattern: 'TK-[0-9]{6}' }]."
        ),
        (
            "guards: { patterns: [x] }", "1:22: guards.patterns[0] must be a map with name and pattern."
        ),
        ("guards: { patterns: [{ name: a }] }", "1:22: guards.patterns[0] needs pattern."),
        (
            "guards: { patterns: [{ nam: a, pattern: x }] }",
            "1:24: Unknown key 'nam' in guards.patterns. Did you mean 'name'?"
        ),
        ("runs: { ring: 1 }", "1:15: runs.ring must be a whole number from 16 to 1000000."),
        (
            "runs: { max_memory: 1KB }",
            "1:21: runs.max_memory must be a size from 1MB to 64GB, such as 64KB or 10MB."
        ),
        (
            "conversations: { ttl: 0s }",
            "1:23: conversations.ttl must be a duration from 1ms to 2160h, such as 200ms, 5s or 5m."
        ),
        ("conversation: {}", "1:1: Unknown key 'conversation'. Did you mean 'conversations'?"),
    ]

    @Test("what is wrong is told with its line and column", arguments: mistakes)
    func wrong(text: String, problem: String) {
        #expect(problems(text) == ["tutti.yaml:\(problem)"])
    }

    @Test("a pattern that is none is told at its place, and the others as well")
    func brokenPattern() {
        let text = """
            guards:
              patterns:
                - { name: open, pattern: '(' }
                - { name: fine, pattern: 'x+' }
                - { name: back, pattern: '(a)\\1' }
            """
        let found = problems(text)
        #expect(found.count == 2)
        #expect(found.first?.hasPrefix("tutti.yaml:3:7: guards.patterns[0]: ") == true, "\(found)")
        #expect(found.last?.hasPrefix("tutti.yaml:5:7: guards.patterns[2]: ") == true, "\(found)")
    }

    @Test("there are at most 64 patterns")
    func tooMany() {
        let patterns = (0..<65).map { "    - { name: p\($0), pattern: 'a\($0)' }\n" }.joined()
        let found = problems("guards:\n  patterns:\n\(patterns)")
        #expect(
            found.count == 1 && found.first?.hasPrefix("tutti.yaml:67:7: guards.patterns[64]: ") == true, "\(found)")
    }
}
