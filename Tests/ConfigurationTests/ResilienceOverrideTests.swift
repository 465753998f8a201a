import Models
import Resilience
import Testing

@testable import Server

@Suite("What providers and models have of resilience for themselves")
struct ResilienceOverrideTests {
    private static let text = """
        resilience: { timeouts: { connect: 3s, total: 100s }, retry: { retries: 2 }, limits: { total: 50 } }
        providers:
          fast:
            dialect: openai
            base_url: https://fast.example/v1
            models: [m]
            resilience:
              timeouts: { first_token: 2s, total: 20s }
              breaker: { failures: 2, mode: forced_open }
              limits: { per_provider: 9, queue: 1, queue_wait: 5s }
              retry: { retries: 1, factor: 3, budget: 0.5 }
              hold: 3
          plain: { dialect: openai, base_url: "https://plain.example/v1", models: [m], timeouts: { connect: 1s } }
          here: { dialect: local, model: smollm2, resilience: { limits: { per_provider: 1 } } }
        models:
          auto: { chain: [fast/m, plain/m] }
          careful:
            chain: [fast/m, plain/m]
            resilience:
              timeouts: { first_token: 5s, minimum: 2s }
              retry: { retries: 0, initial_delay: 30s }
              hedge: { enabled: true }
              midstream: continue
              hold: 12
              degrade: [text]
              degraded_text: Later.
        """

    @Test("each is complete: its own over what holds for all")
    func merged() throws {
        let configuration = try load(Self.text).configuration
        let fast = try #require(configuration.provider("fast")?.resilience)
        #expect(
            fast.timeouts
                == Timeouts(
                    connect: .seconds(3), firstByte: .seconds(20), firstToken: .seconds(2), betweenTokens: .seconds(20),
                    total: .seconds(20)))
        #expect(fast.breaker == BreakerPolicy(failures: 2, mode: .forcedOpen))
        #expect(fast.limits == LimitsPolicy(perProvider: 9, total: 50, queue: 1, queueWait: .seconds(5)))
        #expect(fast.retry == RetryPolicy(retries: 1, factor: 3, budget: 0.5) && fast.hold == .tokens(3))
        let plain = try #require(configuration.provider("plain")?.resilience)
        #expect(plain.timeouts == Timeouts(connect: .seconds(1), total: .seconds(100)))
        #expect(plain.limits == LimitsPolicy(perProvider: 50, total: 50))
        #expect(configuration.provider("here")?.resilience.limits.perProvider == 1)

        // A name's settings go over those of each provider of its chain.
        let both = try #require(configuration.aliases.last?.resilience)
        #expect(both.count == 2)
        for careful in both {
            #expect(careful.hedge.isEnabled && careful.midstream == .continue && careful.hold == .tokens(12))
            #expect(careful.degrade == [.text] && careful.degradedText == "Later.")
            #expect(careful.timeouts.firstToken == .seconds(5) && careful.retry.retries == 0)
            #expect(careful.retry.initialDelay == .seconds(30) && careful.retry.maxDelay == .seconds(30))
        }
        #expect(both.map(\.retry.factor) == [3, 2] && both.map(\.retry.budget) == [0.5, 0.2])
        #expect(both.map(\.timeouts.total) == [.seconds(20), .seconds(100)])
        #expect(configuration.aliases.first?.resilience.isEmpty == true)
        #expect(configuration.aliases.first?.timeouts.isEmpty == true)
    }

    @Test("a name's own time limits go over those of the provider that is asked")
    func timeoutsOverTheProviders() throws {
        let configuration = try load(Self.text).configuration
        let route = try configuration.modelDirectory().resolve("careful")
        #expect(route.settings == configuration.aliases.last?.resilience)
        let fast = try #require(configuration.provider("fast")?.resilience.timeouts)
        let applied = route.timeouts.applied(to: fast)
        #expect(applied.firstToken == .seconds(5) && applied.minimum == .seconds(2))
        #expect(applied.total == .seconds(20) && applied.connect == .seconds(3))
        let plain = try configuration.modelDirectory().resolve("auto")
        #expect(plain.settings.isEmpty && plain.timeouts.applied(to: fast) == fast)
    }

    @Test("no time limit is longer than the total, whoever it is from")
    func appliedStaysBelowTheTotal() {
        var overrides = TimeoutOverrides()
        overrides.firstToken = .seconds(60)
        let short = Timeouts(
            connect: .seconds(1), firstByte: .seconds(9), firstToken: .seconds(9), betweenTokens: .seconds(9),
            total: .seconds(10))
        #expect(overrides.applied(to: short).firstToken == .seconds(10))
        overrides.total = .seconds(5)
        #expect(
            overrides.applied(to: short)
                == Timeouts(
                    connect: .seconds(1), firstByte: .seconds(5), firstToken: .seconds(5), betweenTokens: .seconds(5),
                    total: .seconds(5)))
        overrides.total = .milliseconds(10)
        #expect(overrides.applied(to: short).faults.isEmpty)
        #expect(overrides.applied(to: Timeouts()).faults.isEmpty)
    }

    @Test("config show tells each with its place")
    func shown() throws {
        let loaded = try load(Self.text)
        let expected = [
            "providers.fast.resilience.timeouts.first_token": "2s # tutti.yaml:8:32",
            "providers.fast.resilience.breaker.mode": "forced_open # tutti.yaml:9:37",
            "providers.fast.resilience.limits.queue_wait": "5s # tutti.yaml:10:56",
            "providers.plain.timeouts.connect": "1s # tutti.yaml:13:101",
            "models.careful.resilience.hold": "12 # tutti.yaml:24:13",
            "models.careful.resilience.degrade": "[text] # tutti.yaml:25:16",
        ]
        for (path, value) in expected { #expect(loaded.setting(path) == value, "\(path)") }
        #expect(loaded.setting("models.auto.resilience.hold") == nil)
    }

    private static let provider = "providers: { a: { dialect: openai, base_url: https://a, models: [m], "
    private static let model = "models: { m: { chain: [local/smollm2], "

    @Test(
        "what does not belong to a provider says where it does",
        arguments: [
            (
                "resilience: { retry: { retries: 8 } }",
                "102: providers.a.resilience.retry.retries is 8, not under the max_attempts of 8, the first attempt included."
            ),
            (
                "resilience: { degrade: [text] }",
                "93: providers.a.resilience.degrade: there is no text to answer with; set providers.a.resilience.degraded_text"
            ),
            (
                "resilience: { limits: { total: 3 } }",
                "94: providers.a.resilience.limits.total belongs to resilience.limits, for all."
            ),
            ("retry: { retries: 1 }", "70: providers.a.retry belongs below providers.a.resilience."),
            ("breaker: {}", "70: providers.a.breaker belongs below providers.a.resilience."),
            (
                "resilience: 3",
                "82: providers.a.resilience must be a map of settings, such as { timeouts: { total: 60s } }."
            ),
            ("resilience: []", "82: providers.a.resilience must be a map of settings"),
            ("resilience: { breaker: [] }", "93: providers.a.resilience.breaker must be a map of settings, such as {"),
            (
                "resilience: { breker: {} }",
                "84: Unknown key 'breker' in providers.a.resilience. Did you mean 'breaker'?"
            ),
            (
                "resilience: { breaker: { mod: off } }",
                "95: Unknown key 'mod' in providers.a.resilience.breaker. Did you"
            ),
            ("resilience: { timeouts.total: 3s }", "84: Keys are nested below each other, not joined by dots."),
            (
                "resilience: { breaker: { failures: 0 } }",
                "105: providers.a.resilience.breaker.failures must be a whole"
            ),
            (
                "resilience: { limits: { queue: [[1]] } }",
                "101: providers.a.resilience.limits.queue must be a whole number"
            ),
            ("timeouts: 5s", "80: providers.a.timeouts must be a map of settings, such as { connect: 5s }."),
            (
                "timeouts: { total: 5s }, resilience: { timeouts: { total: 6s } }",
                "128: providers.a.resilience.timeouts.total is also set as providers.a.timeouts.total; write it once."
            ),
            (
                "timeouts: { total: 5s, first_token: 6s }",
                "106: providers.a.timeouts.first_token is 6s, more than the total of 5s."
            ),
            (
                "resilience: { timeouts: { first_token: 301s } }",
                "109: providers.a.resilience.timeouts.first_token is 301s, more than the total of 300s."
            ),
            (
                "resilience: { breaker: { reset: 3s, max_reset: 2s } }",
                "102: providers.a.resilience.breaker.reset is 3s, more than the max_reset of 2s."
            ),
            (
                "resilience: { limits: { per_provider: 513 } }",
                "108: providers.a.resilience.limits.per_provider is 513, more than the total of 512."
            ),
        ])
    func provider(text: String, start: String) {
        let found = problems("\(Self.provider)\(text) } }")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("tutti.yaml:1:\(start)") == true, "\(found)")
    }

    private static func both(_ provider: String, _ model: String, _ rest: String = "") -> String {
        "providers: { a: { dialect: openai, base_url: https://a, models: [x], resilience: { \(provider) } }, "
            + "b: { dialect: openai, base_url: https://b, models: [x] } }\n"
            + "models: { m: { chain: [a/x, b/x], resilience: { \(model) }\(rest) } }"
    }

    @Test(
        "a name's settings are checked over those of its providers, and each fault is told once",
        arguments: [
            ("degraded_text: Later", "degrade: [text]", "", nil),
            ("retry: { max_attempts: 12 }", "retry: { max_attempts: 12, retries: 9 }", "", nil),
            (
                "retry: { max_attempts: 3 }", "retry: { retries: 5 }", "",
                "models.m.resilience.retry.retries is 5, not under the max_attempts of 3"
            ),
            (
                "retry: { max_delay: 5s }", "retry: { initial_delay: 30s }", "",
                "models.m.resilience.retry.initial_delay is 30s, more than the max_delay of 5s."
            ),
            (
                "retry: { retries: 0, max_attempts: 1 }", "hold: 1", ", strategy: order",
                "models.m.chain has 2 models, but resilience.retry.max_attempts is 1"
            ),
        ] as [(String, String, String, String?)])
    func overProviders(_ provider: String, _ model: String, _ rest: String, _ fault: String?) {
        let found = problems(Self.both(provider, model, rest))
        #expect(found.count == (fault == nil ? 0 : 1), "\(found)")
        if let fault { #expect(found.first?.contains(fault) == true, "\(found)") }
    }

    @Test("whoever a strategy may ask first says how many attempts there may be")
    func attemptsByAnyone() {
        let text =
            "providers: { a: { dialect: openai, base_url: https://a, models: [x] }, "
            + "b: { dialect: openai, base_url: https://b, models: [x], resilience: { retry: { retries: 0, max_attempts: 1 } } } }\n"
        let chain = "models: { m: { chain: [a/x, b/x]"
        #expect(problems("\(text)\(chain) } }").isEmpty)
        #expect(problems("\(text)\(chain), strategy: weighted } }").count == 1)
    }

    @Test(
        "what does not belong to a model says where it does",
        arguments: [
            (
                "resilience: { breaker: {} }",
                "54: models.m.resilience.breaker belongs to providers.NAME.resilience, or to"
            ),
            (
                "resilience: { limits: {} }",
                "54: models.m.resilience.limits belongs to providers.NAME.resilience, or to"
            ),
            (
                "resilience: { retry: { budget: 0 } }",
                "63: models.m.resilience.retry.budget belongs to providers.NAME.resilience.retry, or to resilience.retry for all."
            ),
            ("timeouts: { total: 3s }", "40: models.m.timeouts belongs below models.m.resilience."),
            ("hedge: { enabled: true }", "40: models.m.hedge belongs below models.m.resilience."),
            ("limits: {}", "40: models.m.limits belongs to providers.NAME.resilience, or to resilience for all."),
            ("resilience: x", "52: models.m.resilience must be a map of settings"),
            (
                "resilience: { hold: -1 }",
                "60: models.m.resilience.hold must be a whole number from 0 to 100000, or all"
            ),
            ("resilience: { degrade: [a] }", "63: models.m.resilience.degrade must be a list of local, stale, text"),
            (
                "resilience: { degrade: [text] }",
                "63: models.m.resilience.degrade: there is no text to answer with; set models.m.resilience.degraded_text"
            ),
            (
                "resilience: { retry: { initial_delay: 2s, max_delay: 1s } }",
                "78: models.m.resilience.retry.initial_delay is 2s, more than the max_delay of 1s."
            ),
            (
                "resilience: { timeouts: { between_tokens: 2s, total: 1s } }",
                "82: models.m.resilience.timeouts.between_tokens is 2s, more than the total of 1s."
            ),
            (
                "resilience: { timeouts: { first_token: 301s } }",
                "79: models.m.resilience.timeouts.first_token is 301s, more than the total of 300s."
            ),
        ])
    func alias(text: String, start: String) {
        let found = problems("\(Self.model)\(text) } }")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("tutti.yaml:1:\(start)") == true, "\(found)")
    }

    @Test("a chain is no longer than the attempts of a request, so that each of it has its turn")
    func longChain() {
        func found(_ count: Int, _ settings: String) -> [String] {
            let chain = Array(repeating: "local/smollm2", count: count).joined(separator: ", ")
            return problems("models: { m: { chain: [\(chain)]\(settings) } }")
        }
        #expect(found(8, "").isEmpty && found(9, ", resilience: { retry: { max_attempts: 9 } }").isEmpty)
        let few = found(2, ", resilience: { retry: { max_attempts: 1 } }")
        #expect(
            few == [
                "tutti.yaml:1:39: models.m.chain has 2 models, but resilience.retry.max_attempts is 1: raise it, or "
                    + "shorten the chain."
            ])
        #expect(found(9, "").count == 1)
    }

    @Test("a name's limit contradicts only if it is beyond the total of every provider in its chain")
    func longestTotalOfTheChain() {
        func found(_ first: String, _ second: String) -> [String] {
            problems(
                """
                resilience: { timeouts: { total: 10s } }
                providers:
                  a: { dialect: openai, base_url: https://a, models: [m], timeouts: { total: \(first) } }
                  b: { dialect: openai, base_url: https://b, models: [m], timeouts: { total: \(second) } }
                models: { x: { chain: [a/m, b/m], resilience: { timeouts: { first_byte: 15s } } } }
                """)
        }
        #expect(found("5s", "20s").isEmpty)
        #expect(found("20s", "5s").isEmpty)
        #expect(
            found("5s", "8s") == [
                "tutti.yaml:5:73: models.x.resilience.timeouts.first_byte is 15s, more than the total of 8s."
            ])
    }

    @Test("contradictions of all places are told at once")
    func allAtOnce() {
        let found = problems(
            """
            resilience: { limits: { per_provider: 2, total: 1 } }
            providers:
              a: { dialect: openai, base_url: https://a, models: [m], timeouts: { total: 5s, connect: 6s } }
            models: { x: { chain: [a/m], resilience: { degrade: [text, local] } } }
            """)
        #expect(found.map { $0.prefix(14) } == ["tutti.yaml:1:3", "tutti.yaml:3:9", "tutti.yaml:4:5"])
    }

    @Test("a total that the one for all cuts off is told of")
    func lateTotal() throws {
        let text = "\(Self.provider)timeouts: { total: 400s } } }"
        #expect(
            try load(text).notices == [
                "tutti.yaml:1:89: providers.a.timeouts.total is more than resilience.timeouts.total, which ends every "
                    + "request after 300s; raise that as well."
            ])
    }

    @Test("a local provider has limits and a breaker, but no timeouts", arguments: ["timeouts", "resilience"])
    func localTimeouts(section: String) {
        let inner = section == "timeouts" ? "{ total: 1s }" : "{ timeouts: { total: 1s } }"
        let found = problems("providers: { here: { dialect: local, model: smollm2, \(section): \(inner) } }")
        let name = section == "timeouts" ? section : "resilience.timeouts"
        #expect(found.count == 1)
        #expect(found.first?.hasSuffix("providers.here.\(name) has no meaning for the dialect local.") == true)
    }

    /// Against the reading of its YAML alone, since machines differ: settling each member against each other one would
    /// take far longer.
    @Test("a file full of settings for single providers and models is loaded in a few times what reading it takes")
    func speed() throws {
        let own = "resilience: { timeouts: { first_token: 9s, total: 200s } }"
        let providers = (0..<260).map { "  p\($0): { dialect: openai, base_url: https://p, \(own) }\n" }
        let models = (1...259).map { "  m\($0): { chain: [p\($0)/a, p0/a], strategy: lowest_cost, \(own) }\n" }
        let prices = (0..<100).map { "  p\($0)/a: { prices: { input: 1 } }\n" }
        let text =
            "providers:\n\(providers.joined())models:\n\(models.joined())catalogue:\n  p0/a: { prices: { input: 2 } }\n"
            + prices.dropFirst().joined()
        let bytes = Array(text.utf8)
        var (read, loaded) = (Duration.seconds(60), Duration.seconds(60))
        for _ in 0..<10 {
            let start = ContinuousClock.now
            #expect(YAMLTree.read(bytes).problems.isEmpty)
            let middle = ContinuousClock.now
            let configuration = try load(text).configuration
            read = min(read, middle - start)
            loaded = min(loaded, ContinuousClock.now - middle)
            #expect(configuration.aliases.count == 259)
        }
        #expect(loaded < read * 12, "read in \(read), loaded in \(loaded)")
    }
}
