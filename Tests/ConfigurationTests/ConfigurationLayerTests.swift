import Base
import Models
import Resilience
import Testing

@testable import Server

@Suite("The layers of a configuration")
struct ConfigurationLayerTests {
    @Test("each layer wins over the one before, and says so")
    func precedence() throws {
        let text = "server: { listen: 127.0.0.1:1001, data: /file }\nlog: { level: error }"
        let environment = ["TUTTI_SERVER_LISTEN": "127.0.0.1:1002", "TUTTI_SERVER_DATA": "/environment"]
        #expect(try load(nil).setting("server.listen") == "127.0.0.1:8080 # default")
        #expect(try load(text).setting("server.listen") == "127.0.0.1:1001 # tutti.yaml:1:19")
        #expect(
            try load(text, environment: environment).setting("server.listen")
                == "127.0.0.1:1002 # environment TUTTI_SERVER_LISTEN")
        let all = try load(
            text, environment: environment,
            flags: ConfigurationFlags(listen: "[::1]:1003", data: "/flag", logLevel: "debug"))
        #expect(all.setting("server.listen") == "\"[::1]:1003\" # flag --listen")
        #expect(all.setting("server.data") == "/flag # flag --data")
        #expect(all.setting("log.level") == "debug # flag --log-level")
        #expect(all.configuration.server.listen.port == 1003)
        #expect(all.configuration.server.data == "/flag")
        #expect(all.configuration.log.level == .debug)
    }

    @Test("sections merge key by key")
    func merge() throws {
        let loaded = try load("server:\n  drain: 5s\n  timeouts: { idle: 1m }\nresilience:\nlog: ~")
        #expect(loaded.configuration.server.drain == .seconds(5))
        #expect(loaded.configuration.server.idleTimeout == .seconds(60))
        #expect(loaded.configuration.server.headerTimeout == .seconds(10))
        #expect(loaded.configuration.server.maxBody == 10 << 20)
    }

    /// The keys that say something by themselves; certificate and key do so together alone.
    private static let lone = ConfigurationKey.all.filter { !$0.path.hasPrefix("server.tls.") }

    @Test("every fixed key works in the file and under its name in the environment", arguments: Self.lone)
    func everyKey(key: ConfigurationKey) throws {
        let others = [
            "server.listen": "127.0.0.1:9", "server.data": "/elsewhere", "server.hosts": "a.example,b.example",
            "server.origins": "https://a.example", "log.level": "trace", "structured_output.on_violation": "report",
            "resilience.breaker.failure_rate": "0.7", "phases.share": "0.7",
            "resilience.breaker.slow_rate": "0.7",
            "resilience.retry.budget": "0.7", "resilience.retry.retries": "7", "resilience.retry.initial_delay": "7s",
            "resilience.retry.factor": "7",
            "resilience.breaker.mode": "off", "resilience.hedge.enabled": "true", "resilience.hedge.percentile": "0.7",
            "resilience.hedge.budget": "0.7", "resilience.midstream": "continue", "resilience.hold": "all",
            "resilience.degrade": "local", "resilience.degraded_text": "Later.", "chaos.latency_rate": "0.7",
            "chaos.error_rate": "0.7", "chaos.cut_rate": "0.7", "chaos.stall_rate": "0.7", "chaos.providers": "local",
            "server.trusted_proxies": "10.0.0.0/8", "flags.responses": "false", "flags.embeddings": "false",
            "guards.input": "refuse", "guards.output": "redact", "runs.max_memory": "77MB",
            "conversations.max_memory": "77MB", "auth.mode": "keys", "auth.pepper": String(repeating: "p", count: 40),
        ]
        var chaos = ConfigurationFlags(allowChaos: true)
        // These want a key besides.
        chaos.makesKeys = ["auth.mode", "server.trusted_proxies"].contains(key.path)
        let reason =
            key.path.hasPrefix(ConfigurationKey.reasonSection) ? (key.defaultText == "end" ? "next" : "end") : nil
        let isSize = key.expectation.contains("size")
        let other =
            others[key.path] ?? reason ?? (isSize ? "77KB" : key.expectation.contains("duration") ? "77s" : "77")
        let fromEnvironment = try load(nil, environment: [key.variable: other], flags: chaos)
        #expect(key.get(fromEnvironment.configuration) != key.get(Configuration()))
        #expect(fromEnvironment.setting(key.path)?.hasSuffix(" # environment \(key.variable)") == true)

        var text = key.isList ? "[\(other)]" : other
        for part in key.path.split(separator: ".").reversed() { text = "{ \(part): \(text) }" }
        let fromFile = try load(text, flags: chaos)
        #expect(fromFile.configuration == fromEnvironment.configuration)
        #expect(try load(nil, environment: [key.variable: ""]).configuration == load(nil).configuration)
    }

    @Test("lists come with commas from the environment")
    func lists() throws {
        let loaded = try load(nil, environment: ["TUTTI_SERVER_HOSTS": " A.example , b.example,, "])
        #expect(loaded.configuration.server.hosts == ["a.example", "b.example"])
    }

    @Test("well-known names set what they name, and our own names win over them")
    func wellKnownNames() throws {
        #expect(try load(nil, environment: ["LOG_LEVEL": "WARN"]).configuration.log.level == .warning)
        #expect(
            try load(nil, environment: ["QUERY_TIMEOUT": "90"]).configuration.resilience.timeouts.total == .seconds(90))
        #expect(
            try load(nil, environment: ["QUERY_TIMEOUT": "2m"]).configuration.resilience.timeouts.total == .seconds(120)
        )
        let both = try load(nil, environment: ["LOG_LEVEL": "error", "TUTTI_LOG_LEVEL": "debug"])
        #expect(both.configuration.log.level == .debug)
        #expect(
            problems(nil, environment: ["QUERY_TIMEOUT": "soon"]) == [
                "environment QUERY_TIMEOUT: resilience.timeouts.total must be a duration from 1ms to 24h, such as "
                    + "200ms, 5s or 5m."
            ])
    }

    @Test("well-known names of later features are recognised, and it is said that they do nothing")
    func laterNames() throws {
        for name in WellKnownNames.later {
            let notices = try load(nil, environment: [name: "x"]).notices
            #expect(notices.contains("\(name) is recognised, but not supported yet; it is ignored."))
        }
        #expect(WellKnownNames.later.contains("MONGO_URI"))
    }

    @Test("a mistyped name in the environment is told, names of others are not")
    func mistypedNames() throws {
        let notices = try load(
            nil, environment: ["TUTTI_SERVER_LISTN": "x", "TUTTI_URL": "x", "TUTTI_SOMETHING_ELSE": "x", "PATH": "x"]
        ).notices
        #expect(
            notices.filter { $0.contains("TUTTI_") } == [
                "The environment variable TUTTI_SERVER_LISTN is no setting; did you mean TUTTI_SERVER_LISTEN?"
            ])
    }

    @Test("sections of later features are known, unchecked and told to be ignored")
    func laterSections() throws {
        let text = """
            cache: { share: user }
            personas: {}
            tiers: {}
            resilience: { timeouts: { connect: 1s } }
            """
        let loaded = try load(text)
        #expect(
            loaded.notices.filter { $0.hasPrefix("tutti.yaml") } == [
                "tutti.yaml:1:1: cache is not supported yet and is ignored.",
                "tutti.yaml:2:1: personas is not supported yet and is ignored.",
                "tutti.yaml:3:1: tiers is not supported yet and is ignored.",
            ])
        #expect(loaded.configuration.resilience.timeouts.connect == .seconds(1))
    }

    @Test("references to variables are replaced once, and $${ stands for itself")
    func references() throws {
        let environment = ["ROOT": "/srv", "NESTED": "${ROOT}", "PORT": "99"]
        func data(_ value: String) throws -> String {
            try load("server: { data: '\(value)' }", environment: environment).configuration.server.data
        }
        #expect(try data("${ROOT}/x${PORT}") == "/srv/x99")
        #expect(try data("${NESTED}") == "${ROOT}")
        #expect(try data("$${ROOT}") == "${ROOT}")
        #expect(try data("$ROOT $ $$") == "$ROOT $ $$")
        let listen = try load("server: { listen: 127.0.0.1:${PORT} }", environment: environment)
        #expect(listen.configuration.server.listen.port == 99)
    }

    @Test("the whole at its limits is loaded within 50 ms")
    func speed() throws {
        let text = "models:\n" + (0..<900).map { "  m\($0): { chain: [local/smollm2], window: 1000 }\n" }.joined()
        var best = Duration.seconds(60)
        for _ in 0..<3 {
            let start = ContinuousClock.now
            #expect(try load(text).configuration.aliases.count == 900)
            best = min(best, ContinuousClock.now - start)
        }
        #expect(best < HostileText.patience)
    }
}

extension ConfigurationKey: CustomTestStringConvertible {
    public var testDescription: String { path }
}
