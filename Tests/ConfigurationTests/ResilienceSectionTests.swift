import Base
import Models
import Resilience
import Testing

@testable import Server

@Suite("The resilience section of the configuration")
struct ResilienceSectionTests {
    @Test("all of it is read")
    func all() throws {
        let text = """
            resilience:
              timeouts:  { connect: 1s, first_byte: 2s, first_token: 3s, between_tokens: 4s, total: 50s, minimum: 0s }
              retry:     { retries: 0, max_attempts: 1, factor: 1.5, initial_delay: 1ms, max_delay: 24h, budget: 0 }
              breaker:   { failures: 1, failure_rate: 0.25, slow_rate: 1, slow_after: 1s, window: 2s, minimum: 3,
                           reset: 4s, max_reset: 5s, mode: forced_closed }
              hedge:     { enabled: true, percentile: 0.5, budget: 1 }
              midstream: continue
              hold: 100000
              degrade: [text, local]
              degraded_text: "Later, please.\\n"
              limits:    { per_provider: 7, total: 8, queue: 0, queue_wait: 1h }
            """
        let settings = try load(text).configuration.resilience
        #expect(
            settings.timeouts
                == Timeouts(
                    connect: .seconds(1), firstByte: .seconds(2), firstToken: .seconds(3), betweenTokens: .seconds(4),
                    total: .seconds(50), minimum: .zero))
        #expect(
            settings.retry
                == RetryPolicy(
                    retries: 0, maxAttempts: 1, factor: 1.5, initialDelay: .milliseconds(1),
                    maxDelay: .seconds(86_400), budget: 0))
        #expect(
            settings.breaker
                == BreakerPolicy(
                    failures: 1, failureRate: 0.25, slowRate: 1, slowAfter: .seconds(1), window: .seconds(2),
                    minimum: 3, reset: .seconds(4), maxReset: .seconds(5), mode: .forcedClosed))
        #expect(settings.hedge == HedgePolicy(isEnabled: true, percentile: 0.5, budget: 1))
        #expect(
            settings.limits == LimitsPolicy(perProvider: 7, total: 8, queue: 0, queueWait: .seconds(3600)))
        #expect(settings.midstream == .continue && settings.hold == .tokens(100_000))
        #expect(settings.degrade == [.text, .local] && settings.degradedText == "Later, please.\n")
    }

    @Test("a file without the section has the policies' own defaults, which are sound")
    func defaults() throws {
        #expect(try load(nil).configuration.resilience == ResilienceSettings())
        #expect(try load("resilience: { timeouts: }").configuration.resilience == ResilienceSettings())
        let settings = ResilienceSettings()
        let faults =
            settings.timeouts.faults + settings.retry.faults + settings.breaker.faults + settings.hedge.faults
            + settings.limits.faults
        #expect(faults.isEmpty)
    }

    @Test("`all` holds back the whole answer")
    func holdAll() throws {
        let loaded = try load("resilience: { hold: all }")
        #expect(loaded.configuration.resilience.hold == .all)
        #expect(loaded.setting("resilience.hold") == "all # tutti.yaml:1:21")
        #expect(try load(nil, environment: ["TUTTI_RESILIENCE_HOLD": "all"]).configuration.resilience.hold == .all)
    }

    @Test(
        "what nobody set follows what somebody did",
        arguments: [
            ("timeouts: { total: 10s }", "timeouts.first_byte", "10s"),
            ("timeouts: { total: 10s }", "timeouts.first_token", "10s"),
            ("timeouts: { total: 10s }", "timeouts.between_tokens", "10s"),
            ("timeouts: { total: 10s }", "timeouts.connect", "5s"),
            ("timeouts: { total: 10s, first_byte: 4s }", "timeouts.first_byte", "4s"),
            ("timeouts: { total: 10s }", "breaker.slow_after", "10s"),
            ("timeouts: { total: 30s }", "breaker.slow_after", "20s"),
            ("timeouts: { total: 401ms }", "timeouts.minimum", "200ms"),
            ("timeouts: { total: 400ms }", "timeouts.minimum", "100ms"),
            ("timeouts: { total: 100ms }", "timeouts.minimum", "25ms"),
            ("timeouts: { total: 1ms }", "timeouts.minimum", "0s"),
            ("timeouts: { total: 100ms }", "timeouts.connect", "100ms"),
            ("retry: { initial_delay: 30s }", "retry.max_delay", "30s"),
            ("retry: { max_delay: 500ms }", "retry.initial_delay", "500ms"),
            ("timeouts: { first_byte: 2s }", "timeouts.connect", "2s"),
            ("retry: { max_attempts: 1 }", "retry.retries", "0"),
            ("retry: { max_attempts: 3 }", "retry.retries", "2"),
            ("retry: { max_attempts: 5 }", "retry.retries", "3"),
            ("breaker: { reset: 10m }", "breaker.max_reset", "600s"),
            ("breaker: { max_reset: 10s }", "breaker.reset", "10s"),
            ("limits: { total: 5 }", "limits.per_provider", "5"),
        ])
    func follows(text: String, path: String, value: String) throws {
        let loaded = try load("resilience: { \(text) }")
        let setting = try #require(loaded.setting("resilience.\(path)"))
        #expect(setting.hasPrefix("\(value) # "))
        // It is told where the value was decided, unless that is the built-in one.
        let isDefault = ConfigurationKey.byPath["resilience.\(path)"]?.defaultText == value
        #expect(setting.hasSuffix("default") == isDefault)
    }

    @Test("the same from the environment")
    func followsEnvironment() throws {
        let loaded = try load(nil, environment: ["QUERY_TIMEOUT": "7", "CIRCUIT_BREAKER_RESET_MS": "900000"])
        #expect(loaded.setting("resilience.timeouts.first_token") == "7s # environment QUERY_TIMEOUT")
        #expect(loaded.configuration.resilience.breaker.maxReset == .seconds(900))
        let both = problems(
            "resilience: { timeouts: { first_token: 8s } }", environment: ["QUERY_TIMEOUT": "7"])
        #expect(both == ["tutti.yaml:1:40: resilience.timeouts.first_token is 8s, more than the total of 7s."])
    }

    @Test(
        "what is set on both sides contradicts, and what exceeds a bound that nobody set does",
        arguments: [
            (
                "timeouts: { total: 10s, connect: 11s, first_byte: 12s, first_token: 13s, between_tokens: 14s, minimum: 15s }",
                [
                    "48: resilience.timeouts.connect is 11s, more than the total of 10s.",
                    "65: resilience.timeouts.first_byte is 12s, more than the total of 10s.",
                    "83: resilience.timeouts.first_token is 13s, more than the total of 10s.",
                    "104: resilience.timeouts.between_tokens is 14s, more than the total of 10s.",
                    "118: resilience.timeouts.minimum is 15s, not under half of the total of 10s, so that calls would "
                        + "hardly ever begin: lower it.",
                ]
            ),
            (
                "timeouts: { minimum: 150s }",
                [
                    "36: resilience.timeouts.minimum is 150s, not under half of the total of 300s, so that calls would "
                        + "hardly ever begin: lower it."
                ]
            ),
            (
                "timeouts: { first_byte: 400s }",
                ["39: resilience.timeouts.first_byte is 400s, more than the total of 300s."]
            ),
            (
                "retry: { initial_delay: 3s, max_delay: 2s }",
                ["39: resilience.retry.initial_delay is 3s, more than the max_delay of 2s."]
            ),
            (
                "breaker: { reset: 3s, max_reset: 2s }",
                ["33: resilience.breaker.reset is 3s, more than the max_reset of 2s."]
            ),
            (
                "retry: { retries: 3, max_attempts: 3 }",
                [
                    "33: resilience.retry.retries is 3, not under the max_attempts of 3, the first attempt included."
                ]
            ),
            (
                "retry: { retries: 8 }",
                [
                    "33: resilience.retry.retries is 8, not under the max_attempts of 8, the first attempt included."
                ]
            ),
            (
                "timeouts: { connect: 4s, first_byte: 3s }",
                ["36: resilience.timeouts.connect is 4s, more than the first_byte of 3s."]
            ),
            (
                "breaker: { slow_after: 301s }",
                ["38: resilience.breaker.slow_after is 301s, more than the total of 300s."]
            ),
            (
                "limits: { per_provider: 3, total: 2 }",
                ["39: resilience.limits.per_provider is 3, more than the total of 2."]
            ),
            (
                "limits: { per_provider: 1000 }",
                ["39: resilience.limits.per_provider is 1000, more than the total of 512."]
            ),
            (
                "retry: { initial_delay: 3s, max_delay: 2s }, breaker: { reset: 3s, max_reset: 2s }",
                [
                    "39: resilience.retry.initial_delay is 3s, more than the max_delay of 2s.",
                    "78: resilience.breaker.reset is 3s, more than the max_reset of 2s.",
                ]
            ),
        ] as [(String, [String])])
    func contradictions(text: String, expected: [String]) {
        #expect(problems("resilience: { \(text) }") == expected.map { "tutti.yaml:1:\($0)" })
    }

    @Test(
        "values that are none are refused at their place",
        arguments: [
            ("timeouts: { first_token: 0s }", "40: resilience.timeouts.first_token must be a duration from 1ms to 24h"),
            ("timeouts: { minimum: -1s }", "36: resilience.timeouts.minimum must be a duration from 0s to 24h"),
            ("timeouts: { total: [5s] }", "34: resilience.timeouts.total must be a duration"),
            ("timeouts: [total]", "25: resilience.timeouts must be a map of settings."),
            ("hedge: true", "22: resilience.hedge must be a map of settings."),
            ("hedge: { enabled: yes }", "33: resilience.hedge.enabled must be true or false."),
            ("hedge: { percentile: 1 }", "36: resilience.hedge.percentile must be a number from 0.5 to 0.999."),
            ("hedge: { percentile: nan }", "36: resilience.hedge.percentile must be a number"),
            ("hedge: { budget: 0 }", "32: resilience.hedge.budget must be a number from 0.001 to 1."),
            ("hedge: { budget: 1e308 }", "32: resilience.hedge.budget must be a number"),
            ("hedge: { budget: -0.5 }", "32: resilience.hedge.budget must be a number"),
            ("breaker: { mode: open }", "32: resilience.breaker.mode must be one of automatic, forced_open"),
            ("breaker: { failures: 0 }", "36: resilience.breaker.failures must be a whole number from 1"),
            ("midstream: resume", "26: resilience.midstream must be one of error, continue."),
            ("hold: 100001", "21: resilience.hold must be a whole number from 0 to 100000, or all"),
            ("hold: -1", "21: resilience.hold must be a whole number"),
            ("hold: 99999999999999999999", "21: resilience.hold must be a whole number"),
            ("hold: every", "21: resilience.hold must be a whole number"),
            ("hold: [all]", "21: resilience.hold must be a whole number"),
            ("degrade: local", "24: resilience.degrade must be a list of local, stale, text, each at most once."),
            ("degrade: [locl]", "24: resilience.degrade must be a list of local, stale, text"),
            ("degrade: [local, local]", "24: resilience.degrade must be a list of local, stale, text"),
            ("degrade: [[local]]", "25: resilience.degrade must be a list of local, stale, text"),
            ("degrade: { local: 1 }", "24: resilience.degrade must be a list of local, stale, text"),
            (
                "degrade: [text]",
                "24: resilience.degrade: there is no text to answer with; set resilience.degraded_text"
            ),
            ("degraded_text: \"a\\u0007\"", "30: resilience.degraded_text must be a text of at most 4096 bytes."),
            ("degraded_text: [a]", "30: resilience.degraded_text must be a text"),
            (
                "limits: { per_provider: 0 }",
                "39: resilience.limits.per_provider must be a whole number from 1 to 100000."
            ),
            ("limits: { total: 100001 }", "32: resilience.limits.total must be a whole number from 1 to 100000."),
            ("limits: { queue: 1e3 }", "32: resilience.limits.queue must be a whole number from 0 to 100000."),
            ("limits: { queue_wait: 2h }", "37: resilience.limits.queue_wait must be a duration from 1ms to 1h"),
            ("limits: { totl: 1 }", "25: Unknown key 'totl' in resilience.limits. Did you mean 'total'?"),
            ("hedge.enabled: true", "15: Keys are nested below each other, not joined by dots."),
        ])
    func refused(text: String, start: String) {
        let found = problems("resilience: { \(text) }")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("tutti.yaml:1:\(start)") == true, "\(found)")
    }

    @Test("what follows an error is a choice by its code, for all and for a model's name")
    func reasons() throws {
        let loaded = try load(
            """
            resilience: { retry: { reasons: { provider_timeout: retry, provider_refused: next, provider_failed: retry } } }
            providers: { a: { dialect: openai, base_url: https://a, models: [m] } }
            models: { x: { chain: [a/m], resilience: { retry: { reasons: { provider_timeout: end } } } } }
            """)
        // What the house takes a code for is no change.
        #expect(
            loaded.configuration.resilience.retry.reasons == [.providerTimeout: .retry, .providerRefused: .next])
        #expect(loaded.setting("resilience.retry.reasons.provider_timeout") == "retry # tutti.yaml:1:53")
        #expect(loaded.setting("resilience.retry.reasons.overloaded") == "next # default")
        #expect(loaded.setting("models.x.resilience.retry.reasons.provider_timeout") == "end # tutti.yaml:3:82")
        let variable = "TUTTI_RESILIENCE_RETRY_REASONS_OVERLOADED"
        #expect(
            try load(nil, environment: [variable: "end"]).configuration.resilience.retry.reasons == [.overloaded: .end])
    }

    @Test(
        "codes and classes that are none are refused at their place, and so are codes that always end a request",
        arguments: [
            (
                "provider_timeout: again",
                "53: resilience.retry.reasons.provider_timeout must be one of retry, next, larger, end."
            ),
            (
                "provider_timout: retry",
                "35: Unknown key 'provider_timout' in resilience.retry.reasons. Did you mean 'provider_timeout'?"
            ),
            (
                "cancelled: retry",
                "35: resilience.retry.reasons.cancelled: this error always ends a request; leave it out."
            ),
            (
                "invalid_json: retry",
                "35: resilience.retry.reasons.invalid_json: no call to a provider ends with this error; leave it out."
            ),
        ])
    func wrongReasons(text: String, expected: String) {
        #expect(problems("resilience: { retry: { reasons: { \(text) } } }") == ["tutti.yaml:1:\(expected)"])
    }

    @Test("a degraded text has at most 4 KB")
    func degradedText() throws {
        let most = String(repeating: "x", count: 4096)
        #expect(
            try load("resilience: { degrade: [text], degraded_text: \(most) }").configuration.resilience.degradedText
                == most)
        #expect(problems("resilience: { degraded_text: \(most)x }").count == 1)
    }

    @Test("every value that a key takes suits the policies, at both ends of its range", arguments: ConfigurationKey.all)
    func ranges(key: ConfigurationKey) {
        guard key.path.hasPrefix("resilience.") else { return }
        let candidates = [
            "0", "1", "100", "1000000", "100000", "0.001", "0.5", "0.999", "0s", "1ms", "3600s", "86400s", "true",
        ]
        var taken = 0
        for text in candidates {
            var configuration = Configuration()
            guard key.set(&configuration, [text]) else { continue }
            taken += 1
            let settled = SettingOrder.settle(&configuration.resilience) { "resilience.\($0)" == key.path }
            // What is more than a bound that nobody set is told of as that.
            guard settled.broken.isEmpty else { continue }
            let settings = configuration.resilience
            let faults =
                settings.timeouts.faults + settings.retry.faults + settings.breaker.faults + settings.hedge.faults
                + settings.limits.faults
            #expect(faults.isEmpty, "\(text)")
        }
        let words = ["breaker.mode", "midstream", "degrade"].map { "resilience.\($0)" }
        #expect(taken > 0 || words.contains(key.path) || key.path.hasPrefix(ConfigurationKey.reasonSection))
    }

    @Test("degrading to the local model needs one, and is told of where it is not installed")
    func degradeToLocal() throws {
        let remote = "providers: { a: { dialect: openai, base_url: https://a, models: [m] } }"
        #expect(
            problems("\(remote)\nresilience: { degrade: [local] }") == [
                "tutti.yaml:2:24: resilience.degrade names local, but no provider has the dialect local: add local: { "
                    + "dialect: local, model: smollm2 } to providers, or leave local out."
            ])
        #expect(try load("resilience: { degrade: [local] }").notices.allSatisfy { !$0.contains("degrade") })
        let absent = try load(
            "resilience: { degrade: [local] }", environment: ["GROQ_API_KEY": "g"], hasLocalModel: false)
        #expect(absent.notices.contains("degrade: local has no effect, since the local model is not there."))
    }

    @Test("settings that have no effect are told of")
    func withoutEffect() throws {
        let held = try load("resilience: { hold: all, midstream: continue }").notices
        #expect(
            held.contains { $0.hasPrefix("tutti.yaml:1:37: resilience.midstream: with hold: all nothing is shown") })
        let stale = try load("resilience: { degrade: [stale] }").notices
        #expect(stale.contains { $0.contains("stale answers come from the cache, which is not supported yet") })
    }

    @Test("a chain whose models cannot go on with a text is told of, one that may is not")
    func prefill() throws {
        func notices(_ row: String) throws -> [String] {
            let text = """
                providers: { p: { dialect: openai, base_url: "https://p.example/v1", models: [x] } }
                models: { m: { chain: [p/x], resilience: { midstream: continue } } }
                \(row)
                """
            return try load(text).notices.filter { $0.contains("prefill") }
        }
        #expect(try notices("").isEmpty)
        #expect(try notices("catalogue: { p/x: { capabilities: [prefill] } }").isEmpty)
        let told = try notices("catalogue: { p/x: { capabilities: [tools] } }")
        #expect(told.count == 1 && told.first?.hasPrefix("models.m: no model of its chain can go on") == true)
    }
}
