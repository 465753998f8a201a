import Base
import Resilience
import Testing

@testable import Server

@Suite("Pools of keys in the configuration")
struct KeyPoolSectionTests {
    private func file(_ rest: String) -> String {
        """
        providers:
          a: { dialect: openai, base_url: https://a, models: [x], \(rest) }
          local: { dialect: local, model: smollm2 }
        """
    }

    private func remote(_ loaded: LoadedConfiguration) -> Configuration.Remote? {
        guard case .remote(let remote)? = loaded.configuration.provider("a")?.service else { return nil }
        return remote
    }

    @Test("all keys arrive in their order, masked where they are shown")
    func all() throws {
        let loaded = try load(
            file("api_keys: [${A}, \"${B}-x\", written], key_strategy: round_robin"),
            environment: ["A": "1", "B": "2"])
        let found = try #require(remote(loaded))
        #expect(found.apiKeys == [Secret("1"), Secret("2-x"), Secret("written")])
        #expect(found.keyStrategy == .roundRobin)
        #expect(loaded.setting("providers.a.api_keys") == "[\"***\", \"***\", \"***\"] # tutti.yaml:2:69")
        #expect(loaded.setting("providers.a.key_strategy") == "round_robin # tutti.yaml:2:110")
        #expect(loaded.notices.isEmpty)
    }

    @Test("the default takes turns among the keys that have not been limited lately")
    func defaultStrategy() throws {
        let found = try #require(remote(try load(file("api_keys: [a, b]"))))
        #expect(found.keyStrategy == .leastLimited)
        #expect(remote(try load(file("api_key: a")))?.apiKeys == [Secret("a")])
        #expect(remote(try load(file("allow: any")))?.apiKeys == [])
    }

    @Test("a key that is not set drops out with a notice, and the provider does when none is set")
    func unset() throws {
        let text = file("api_keys: [${A}, ${B}, ${C}]")
        let some = try load(text, environment: ["B": "b", "C": ""])
        #expect(remote(some)?.apiKeys == [Secret("b")])
        #expect(
            some.notices == ["Provider a is used with 1 of its 3 keys: A, C are not set in the environment."])
        let none = try load(text)
        #expect(none.configuration.provider("a") == nil)
        #expect(none.notices == ["Provider a is left out: A, B, C are not set in the environment."])
        #expect(none.chains == ["auto: local/smollm2"])
    }

    @Test("a key that is in the list twice is used once")
    func twice() throws {
        let loaded = try load(file("api_keys: [${A}, ${B}]"), environment: ["A": "same", "B": "same"])
        #expect(remote(loaded)?.apiKeys == [Secret("same")])
        #expect(
            loaded.notices == ["tutti.yaml:2:76: providers.a.api_keys has this key twice; it is used once."])
    }

    @Test("a pool keeps the local model out of the built-in auto, and is warned of like a single key")
    func countsAsKey() throws {
        let text = """
            providers:
              openai: { dialect: openai, base_url: http://openai.example, api_keys: [k] }
              local: { dialect: local, model: smollm2 }
            """
        let loaded = try load(text, isWorldReadable: true)
        #expect(loaded.chains.first == "auto: openai/gpt-4o-mini")
        #expect(loaded.notices.count == 2)
        #expect(loaded.notices.contains { $0.hasPrefix("tutti.yaml:2:74: providers.openai.api_keys is written out") })
        #expect(loaded.notices.contains { $0.hasPrefix("Provider openai gets its key over plain http") })
    }

    @Test(
        "what is no pool",
        arguments: [
            ("api_keys: k", "2:69: providers.a.api_keys must be a list of 1 to 64 keys, such as [${KEY_A}, ${KEY_B}]."),
            ("api_keys: []", "2:69: providers.a.api_keys must be a list of 1 to 64 keys"),
            ("api_keys: { a: b }", "2:69: providers.a.api_keys must be a list of 1 to 64 keys"),
            ("api_keys:", "2:69: providers.a.api_keys must be a list of 1 to 64 keys"),
            ("api_keys: [[k]]", "2:70: providers.a.api_keys must be the key as text"),
            ("api_keys: [k, ~]", "2:73: providers.a.api_keys must be the key as text"),
            ("api_keys: [k, 'a b']", "2:73: providers.a.api_keys must be printable characters without spaces"),
            ("api_keys: ['${a-b}']", "2:70: A ${ must go on with a name and }"),
            ("api_keys: [k], api_key: l", "2:59: providers.a.api_keys: there is an api_key beside it; write all keys"),
            ("api_key: ${A}, api_keys: [${B}]", "2:74: providers.a.api_keys: there is an api_key beside it"),
            (
                "api_keys: [k], key_strategy: rr",
                "2:88: providers.a.key_strategy must be one of round_robin, least_limited."
            ),
            (
                "api_key: k, key_strategy: round_robin",
                "2:85: providers.a.key_strategy is for api_keys, a list of keys."
            ),
        ])
    func wrong(rest: String, start: String) {
        let found = problems(file(rest))
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("tutti.yaml:\(start)") == true, "\(found)")
    }

    @Test("more than 64 keys are refused")
    func tooMany() {
        func pool(_ count: Int) -> String {
            file("api_keys: [\((0..<count).map { "k\($0)" }.joined(separator: ", "))]")
        }
        #expect(problems(pool(64)).isEmpty)
        #expect(problems(pool(65)).count == 1)
    }
}
