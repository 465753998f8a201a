import Base
import Models
import Resilience
import Testing

@testable import Server

@Suite("Providers and models")
struct ModelResolutionTests {
    private let keys = ["GROQ_API_KEY": "g", "OPENAI_API_KEY": "o", "ANTHROPIC_API_KEY": "a"]

    @Test("the built-in text is sound and has what the documentation promises")
    func builtIn() throws {
        let loaded = try load(nil, environment: keys, dialects: Set(Configuration.Dialect.allCases))
        #expect(
            loaded.chains == [
                "auto: groq/llama-3.1-8b-instant openai/gpt-4o-mini anthropic/claude-haiku-4-5",
                "gpt-4o-mini: openai/gpt-4o-mini groq/llama-3.1-8b-instant",
            ])
        #expect(loaded.notices.isEmpty)
        #expect(
            loaded.configuration.modelNames == [
                "auto", "gpt-4o-mini", "groq/llama-3.1-8b-instant", "openai/gpt-4o-mini", "anthropic/claude-haiku-4-5",
                "local/smollm2",
            ])
        #expect(loaded.configuration.defaultModel == "auto")
        let groq = try #require(loaded.configuration.provider("groq"))
        guard case .remote(let remote) = groq.service else {
            Issue.record("groq is remote")
            return
        }
        #expect(remote.dialect == .openai)
        #expect(remote.baseURL.text == "https://api.groq.com/openai/v1")
        #expect(remote.apiKeys == [Secret("g")])
        #expect(groq.resilience == ResilienceSettings())
        #expect(!groq.allowsAnyModel)
    }

    @Test("without any key the local model answers auto, and each provider left out is told once")
    func noKeys() throws {
        let loaded = try load(nil)
        #expect(loaded.chains == ["auto: local/smollm2"])
        #expect(loaded.configuration.providers.map(\.name) == ["local"])
        #expect(
            loaded.notices == [
                "Provider groq is left out: GROQ_API_KEY is not set in the environment.",
                "Provider openai is left out: OPENAI_API_KEY is not set in the environment.",
                "Provider anthropic is left out: the dialect anthropic is not supported yet.",
            ])
    }

    @Test("with a key the local model stays out of auto but has its own name")
    func oneKey() throws {
        let loaded = try load(nil, environment: ["OPENAI_API_KEY": "o"])
        #expect(loaded.chains == ["auto: openai/gpt-4o-mini", "gpt-4o-mini: openai/gpt-4o-mini"])
        #expect(loaded.configuration.modelNames == ["auto", "gpt-4o-mini", "openai/gpt-4o-mini", "local/smollm2"])
        #expect(loaded.setting("providers.openai.api_key") == "\"***\" # environment OPENAI_API_KEY")
    }

    @Test("a key for a dialect that is not there yet counts as none")
    func unsupportedDialect() throws {
        #expect(try load(nil, environment: ["ANTHROPIC_API_KEY": "a"]).chains == ["auto: local/smollm2"])
        let supported = try load(
            nil, environment: ["ANTHROPIC_API_KEY": "a"], dialects: Set(Configuration.Dialect.allCases))
        #expect(supported.chains == ["auto: anthropic/claude-haiku-4-5"])
    }

    @Test("without the local model it is told how to get it")
    func noLocalModel() throws {
        let loaded = try load(nil, environment: keys, hasLocalModel: false)
        #expect(loaded.configuration.provider("local") == nil)
        #expect(
            loaded.notices.contains("Provider local is left out: the local model is not installed; ./run installs it."))
    }

    @Test("GROQ_MODEL_NAME takes the place of the built-in Groq model")
    func groqModel() throws {
        let loaded = try load(nil, environment: keys.merging(["GROQ_MODEL_NAME": "openai/gpt-oss-20b"]) { $1 })
        #expect(
            loaded.chains == [
                "auto: groq/openai/gpt-oss-20b openai/gpt-4o-mini",
                "gpt-4o-mini: openai/gpt-4o-mini groq/openai/gpt-oss-20b",
            ])
        #expect(
            loaded.setting("models.auto.chain")
                == "[groq/openai/gpt-oss-20b, openai/gpt-4o-mini] # environment GROQ_MODEL_NAME")
        let replaced = try load(
            "models: { m: { chain: [groq/x] } }", environment: keys.merging(["GROQ_MODEL_NAME": "y"]) { $1 })
        #expect(replaced.chains == ["m: groq/x"])
        #expect(replaced.notices.contains("GROQ_MODEL_NAME has no effect, since the file sets its own models."))
    }

    @Test("models of the file replace the built-in ones whole")
    func replacedModels() throws {
        let loaded = try load(
            "models:\n  fast: { chain: [groq/a, groq/b, local/smollm2], window: 8192 }", environment: keys)
        #expect(loaded.chains == ["fast: groq/a groq/b local/smollm2"])
        #expect(loaded.configuration.aliases.first?.window == 8192)
        #expect(loaded.configuration.provider("groq")?.models == ["a", "b"])
        #expect(loaded.configuration.defaultModel == "fast")
        #expect(loaded.setting("models.fast.chain") == "[groq/a, groq/b, local/smollm2] # tutti.yaml:2:18")
        #expect(loaded.setting("models.fast.window") == "8192 # tutti.yaml:2:59")
        #expect(loaded.setting("providers.groq.base_url") == "https://api.groq.com/openai/v1 # default")
    }

    @Test("providers of the file replace the built-in ones whole; built-in chains keep what is still there")
    func replacedProviders() throws {
        let text = """
            providers:
              openai: { dialect: openai, base_url: http://127.0.0.1:9000/v1, api_key: k }
              ollama: { dialect: openai, base_url: http://localhost:11434/v1, models: [llama3], allow: any }
            """
        let loaded = try load(text, environment: keys)
        #expect(loaded.chains == ["auto: openai/gpt-4o-mini", "gpt-4o-mini: openai/gpt-4o-mini"])
        #expect(loaded.configuration.provider("ollama")?.allowsAnyModel == true)
        #expect(loaded.configuration.modelNames == ["auto", "gpt-4o-mini", "openai/gpt-4o-mini", "ollama/llama3"])
        #expect(loaded.notices.isEmpty)
    }

    @Test("an alias whose providers all drop out is left out and told")
    func emptyChain() throws {
        let text = "models:\n  fast: { chain: [groq/a] }\n  safe: { chain: [groq/a, local/smollm2] }"
        let loaded = try load(text)
        #expect(loaded.chains == ["safe: local/smollm2"])
        #expect(
            loaded.notices.contains(
                "tutti.yaml:2:18: models.fast is left out, since no provider in its chain can be used."))
    }

    @Test("any variable of the key that is not set drops the provider, in one notice")
    func unsetKey() throws {
        let text = """
            providers:
              a: { dialect: openai, base_url: https://a, api_key: "${A}-${B}-${C}", models: [x] }
              local: { dialect: local, model: smollm2 }
            """
        let loaded = try load(text, environment: ["B": "b"])
        #expect(loaded.notices == ["Provider a is left out: A, C are not set in the environment."])
        let set = try load(text, environment: ["A": "1", "B": "2", "C": "3"])
        guard case .remote(let remote)? = set.configuration.provider("a")?.service else {
            Issue.record("a is there")
            return
        }
        #expect(remote.apiKeys == [Secret("1-2-3")])
    }

    @Test("a provider's timeouts default to those of resilience, from whatever layer")
    func timeouts() throws {
        let text = """
            resilience: { timeouts: { first_byte: 7s, total: 8s } }
            providers:
              a: { dialect: openai, base_url: https://a, models: [x], timeouts: { first_byte: 1500ms } }
            """
        let loaded = try load(text, environment: ["QUERY_TIMEOUT": "9"])
        // What nobody set is lowered to the total, and to the first byte.
        let expected = Timeouts(
            connect: .milliseconds(1500), firstByte: .milliseconds(1500), firstToken: .seconds(9),
            betweenTokens: .seconds(9), total: .seconds(9))
        #expect(loaded.configuration.provider("a")?.resilience.timeouts == expected)
        #expect(loaded.setting("providers.a.timeouts.first_byte") == "1500ms # tutti.yaml:3:83")
    }

    @Test(
        "a local provider serves a known model or a file",
        arguments: [
            ("smollm2", "smollm2", nil), ("/models/Qwen2.5-0.5B.gguf", "Qwen2.5-0.5B", "/models/Qwen2.5-0.5B.gguf"),
            ("./x", "x", "./x"), ("y.gguf", "y", "y.gguf"),
        ] as [(String, String, String?)])
    func localModels(model: String, name: String, path: String?) throws {
        let loaded = try load("providers: { here: { dialect: local, model: \(model) } }")
        #expect(loaded.configuration.provider("here")?.service == .local(model: name, path: path))
        #expect(loaded.chains == ["auto: here/\(name)"])
    }
}
