import Base
import Foundation
import Testing

@testable import Models

@Suite("The catalogue of models")
struct CatalogueTests {
    @Test("the built-in rows can be read, all of them")
    func readable() throws {
        let read = try Catalogue(json: Array(Catalogue.data.utf8))
        #expect(read.entries.count >= 200)
        #expect(read.entries == Catalogue.builtIn.entries)
    }

    @Test("rows stand one a line, so that a change of one is a change of one line")
    func lines() {
        let rows = Catalogue.data.split(separator: "\n").filter { $0.hasPrefix(#"{"provider":"#) }
        #expect(rows.count == Catalogue.builtIn.entries.count)
    }

    @Test(
        "the providers that people use have chat models with window, capabilities and prices",
        arguments: ["openai", "anthropic", "groq", "deepseek", "mistral", "google"])
    func coverage(provider: String) {
        let whole = Catalogue.builtIn.entries.filter {
            $0.provider == provider && $0.kind == .chat && $0.context != nil && $0.capabilities != nil
                && $0.prices?.standard.input != nil && $0.prices?.standard.output != nil
        }
        #expect(whole.count >= 4)
    }

    @Test("every row is found under each of its names, alone and at its provider", arguments: Catalogue.builtIn.entries)
    func names(entry: CatalogueEntry) {
        for name in [entry.model] + entry.aliases {
            #expect(Catalogue.builtIn.entry(of: Target(provider: entry.provider, model: name)) == entry)
            #expect(Catalogue.builtIn.entry(of: Target(provider: entry.provider, model: name.uppercased())) == entry)
            #expect(Catalogue.builtIn.entry(named: name) != nil)
        }
    }

    @Test("prices are plausible beside each other", arguments: Catalogue.builtIn.entries.filter { $0.prices != nil })
    func plausible(entry: CatalogueEntry) throws {
        let prices = try #require(entry.prices)
        for rates in [prices.standard] + prices.tiers.map(\.rates) {
            let input = try #require(rates.input)
            if let cached = rates.cached { #expect(cached.perToken <= input.perToken) }
            if let write = rates.write { #expect(write.perToken >= input.perToken) }
            if let hour = rates.writeHour { #expect(try hour.perToken >= #require(rates.write).perToken) }
            if entry.kind == .chat { #expect(try #require(rates.output).perToken >= input.perToken) }
        }
        for tier in prices.tiers {
            #expect(try tier.above < #require(entry.context) || entry.provider == "bedrock")
            #expect(try #require(tier.rates.input).perToken >= #require(prices.standard.input).perToken)
            // A tier stands alone: what it left out would be billed as another kind.
            #expect((tier.rates.cached == nil) == (prices.standard.cached == nil))
            #expect((tier.rates.write == nil) == (prices.standard.write == nil))
            #expect((tier.rates.writeHour == nil) == (prices.standard.writeHour == nil))
        }
    }

    @Test(
        "models at their providers",
        arguments: [
            ("openai", "gpt-4o", "openai/gpt-4o"), ("openai", "gpt-4o-2024-08-06", "openai/gpt-4o"),
            ("openai", "gpt-4o-2024-05-13", "openai/gpt-4o-2024-05-13"), ("openai", "GPT-4o", "openai/gpt-4o"),
            ("openai", "gpt-4o-2031-01-31", "openai/gpt-4o"), ("openai", "gpt-5.6-sol", "openai/gpt-5.6-sol"),
            ("openai", "davinci:2023-07-21-v2", "openai/davinci-002"),
            ("anthropic", "claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4-5"),
            ("anthropic", "claude-haiku-4-5@20251001", "anthropic/claude-haiku-4-5"),
            ("anthropic", "claude-opus-5-20301231", "anthropic/claude-opus-5"),
            ("groq", "openai/gpt-oss-120b", "groq/openai/gpt-oss-120b"),
            ("groq", "compound-beta", "groq/groq/compound"),
            ("mistral", "mistral-large-latest", "mistral/mistral-large-2512"),
            ("google", "gemini-2.5-pro-preview-05-06", "google/gemini-2.5-pro"),
            ("bedrock", "us.amazon.nova-lite-v1:0", "bedrock/us.amazon.nova-lite-v1:0"),
            ("openrouter", "openai/gpt-4o", "openai/gpt-4o"),
            ("openrouter", "mistralai/mistral-small", "mistral/mistral-small"),
            ("openrouter", "x-ai/grok-4", "xai/grok-4-0709"),
            ("openrouter", "anthropic/claude-opus-4.5", "anthropic/claude-opus-4-5"),
            ("openrouter", "openai/o3-2025-04-16", "openai/o3"), ("local", "smollm2", "local/smollm2"),
            // A model of this name, but not of this provider's; a version of its own; no model.
            ("groq", "gpt-4o", nil), ("work", "gpt-4o", nil), ("openrouter", "openai/gpt-oss-20b", nil),
            ("openrouter", "gpt-4o", nil), ("openai", "openai/gpt-4o", nil), ("openai", "gpt-4o-0806", nil),
            ("openai", "gpt-4o-mini-tts", nil), ("anthropic", "claude-opus-4-9", nil), ("openai", "-2024-08-06", nil),
            ("openai", "", nil), ("", "gpt-4o", nil), ("openrouter", "/", nil), ("openrouter", "openai/", nil),
        ] as [(String, String, String?)])
    func atProviders(provider: String, model: String, expected: String?) {
        let entry = Catalogue.builtIn.entry(of: Target(provider: provider, model: model))
        #expect(entry.map { "\($0.provider)/\($0.model)" } == expected)
    }

    @Test("a router's offer of a model has its limits, but not its prices")
    func offers() throws {
        let free = try #require(
            Catalogue.builtIn.entry(of: Target(provider: "openrouter", model: "google/gemini-2.5-flash:free")))
        #expect(free.prices == nil)
        #expect(free.context == 1_048_576)
    }

    @Test(
        "models by their name alone",
        arguments: [
            ("gpt-4o-2024-08-06", "openai/gpt-4o"), ("openai/gpt-4o:free", "openai/gpt-4o"),
            ("gpt-oss-120b", "groq/openai/gpt-oss-120b"), ("qwen3-32b", "groq/qwen/qwen3-32b"),
            ("some/where/claude-opus-5", "anthropic/claude-opus-5"), ("gpt-4o-mini-tts", nil), ("", nil),
        ] as [(String, String?)])
    func alone(name: String, expected: String?) {
        #expect(Catalogue.builtIn.entry(named: name).map { "\($0.provider)/\($0.model)" } == expected)
    }

    @Test(
        "bounds follow the family, but not another version of it",
        arguments: [
            ("gpt-4o-mini-something", 128_000), ("o1-anything:x", 200_000), ("gpt-5-turbo", 400_000),
            ("claude-opus-5-fast", 1_000_000), ("claude-opus-4-9", nil), ("gpt-5-5", nil), ("o1-2.5", nil),
            ("claude", nil), ("gpt", nil),
        ] as [(String, Int?)])
    func families(name: String, window: Int?) {
        #expect(Catalogue.builtIn.info(of: name)?.window == window)
        #expect(Catalogue.builtIn.info(of: Target(provider: "work", model: name))?.window == window)
    }

    @Test("the bounds hold window, longest answer, tools and images")
    func bounds() {
        let image = ModelInfo(window: 128_000, maxAnswer: 16_384, tools: true, images: true)
        #expect(Catalogue.info(of: "openai/gpt-4o-2024-08-06") == image)
        #expect(
            Catalogue.info(of: "smollm2") == ModelInfo(window: 8192, maxAnswer: nil, tools: false, images: false))
        #expect(Catalogue.info(of: "gpt-4")?.answerLimit == 8192)
        // A row whose window is not known bounds nothing.
        #expect(Catalogue.builtIn.entry(named: "gpt-6-cyber") != nil)
        #expect(Catalogue.info(of: "gpt-6-cyber") == nil)
    }

    @Test("what is not known of capabilities is neither yes nor no")
    func capabilities() {
        #expect(Catalogue.builtIn.entry(named: "gpt-4o")?.supports(.tools) == true)
        #expect(Catalogue.builtIn.entry(named: "gpt-4o")?.supports(.thinking) == false)
        #expect(Catalogue.builtIn.entry(named: "gpt-6-cyber")?.supports(.tools) == .some(nil))
    }

    @Test(
        "hosts of providers",
        arguments: [
            ("api.openai.com", "openai"), ("API.OpenAI.com", "openai"), ("mine.openai.azure.com", "openai"),
            ("openrouter.ai", "openrouter"), ("europe-west4-aiplatform.googleapis.com", "google"),
            ("bedrock-runtime.eu-central-1.amazonaws.com", "bedrock"), ("api.anthropic.com", "anthropic"),
            (".openai.azure.com", nil), ("a.b.openai.azure.com", nil), ("api.openai.com.example.org", nil),
            ("notapi.openai.com", nil), ("localhost", nil), ("", nil), ("bedrock-runtime.amazonaws.com", nil),
            ("bedrock-runtime..amazonaws.com", nil),
        ] as [(String, String?)])
    func hosts(host: String, expected: String?) {
        #expect(Catalogue.builtIn.provider(atHost: host) == expected)
    }

    @Test("long and strange names are looked up without harm")
    func strange() {
        for piece in ["-", ":", "@", "/", ".", "1", "-1", "-2024-08-06", "é", "\u{0}", "gpt-4o-"] {
            for count in [1, 2, 3, 40, 100_000] {
                let name = String(repeating: piece, count: count)
                #expect(Catalogue.builtIn.entry(of: Target(provider: "openrouter", model: name)) == nil)
                #expect(Catalogue.builtIn.entry(named: name) == nil)
                _ = Catalogue.info(of: name)
            }
        }
    }
}
