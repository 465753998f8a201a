import Base
import Models
import Testing

@testable import Server

@Suite("The catalogue section of the configuration")
struct CatalogueSectionTests {
    static let text = """
        providers:
          work:   { dialect: openai, base_url: https://api.openai.com/v1 }
          lab:    { dialect: openai, base_url: http://10.0.0.1:8000/v1, allow: any }
          here:   { dialect: local, model: smollm2 }
        models:
          auto: { chain: [work/gpt-4o] }
        catalogue:
          work/gpt-4o:
            prices: { input: 1.50, cached: "0.75", output: 10, tiers: { 200000: { input: 3, output: 20 } } }
          lab/team/model:7b: { kind: chat, context: 4096, output: 512, capabilities: [tools, json_schema], tokenizer: llama3 }
          work/gpt-5: { refuses: [] }
          work/o3: { efforts: [low, max] }
          lab/vectors: { kind: embedding, dimensions: 384, prices: { input: 0, write: 1, write_1h: 2, reasoning: 3 } }
        """

    @Test("rows are read and win over the built-in ones")
    func rows() throws {
        let configuration = try load(Self.text).configuration
        #expect(configuration.catalogue.map(\.model) == ["gpt-4o", "team/model:7b", "gpt-5", "o3", "vectors"])
        let catalogue = configuration.modelCatalogue()
        let work = try #require(catalogue.entry(of: Target(provider: "work", model: "gpt-4o-2024-08-06")))
        #expect(work.context == 128_000 && work.source == CatalogueEntry.configuration)
        #expect(work.prices?.standard.input?.description == "1.5")
        #expect(work.prices?.standard.cached?.description == "0.75")
        #expect(work.prices?.tiers.map(\.above) == [200_000])
        #expect(work.prices?.tiers.first?.rates.output?.description == "20")
        let lab = try #require(catalogue.entry(of: Target(provider: "lab", model: "team/model:7b")))
        #expect(lab.kind == .chat && lab.context == 4096 && lab.output == 512 && lab.tokenizer == .llama3)
        #expect(lab.capabilities == [.tools, .jsonSchema] && lab.prices == nil)
        // Each of the two fields wins alone.
        let gpt5 = try #require(catalogue.entry(of: Target(provider: "work", model: "gpt-5"))?.steering)
        #expect(gpt5.refuses.isEmpty && gpt5.efforts?.contains(.minimal) == true)
        let o3 = try #require(catalogue.entry(of: Target(provider: "work", model: "o3"))?.steering)
        #expect(o3.efforts == [.low, .max] && o3.refuses == [.sampling])
        #expect(o3.source == CatalogueEntry.configuration && o3.date == nil)
        let vectors = try #require(catalogue.entry(of: Target(provider: "lab", model: "vectors")))
        #expect(vectors.kind == .embedding && vectors.dimensions == 384)
        #expect(vectors.prices?.standard.input?.perToken == .zero && vectors.prices?.standard.output == nil)
        #expect(vectors.prices?.standard.write?.description == "1")
        #expect(vectors.prices?.standard.writeHour?.description == "2")
        #expect(vectors.prices?.standard.reasoning?.description == "3")
    }

    @Test("providers are known by their host, and local ones by their dialect")
    func providers() throws {
        let catalogue = try load(Self.text).configuration.modelCatalogue()
        #expect(catalogue.entry(of: Target(provider: "work", model: "o3"))?.model == "o3")
        #expect(catalogue.entry(of: Target(provider: "lab", model: "o3")) == nil)
        #expect(catalogue.entry(of: Target(provider: "here", model: "smollm2"))?.prices != nil)
    }

    @Test("a file without the section leaves the built-in rows as they are")
    func none() throws {
        let configuration = try load(nil, environment: ["OPENAI_API_KEY": "k"]).configuration
        #expect(configuration.catalogue.isEmpty)
        #expect(configuration.modelCatalogue().entries == Catalogue.builtIn.entries)
    }

    @Test("config show tells each value and its place")
    func shown() throws {
        let loaded = try load(Self.text)
        #expect(loaded.setting("catalogue.work/gpt-4o.prices.input") == "1.5 # tutti.yaml:9:22")
        #expect(loaded.setting("catalogue.work/gpt-4o.prices.tiers.200000.input") == "3 # tutti.yaml:9:82")
        #expect(
            loaded.setting("catalogue.lab/team/model:7b.capabilities") == "[tools, json_schema] # tutti.yaml:10:78")
    }

    @Test(
        "faults are told with their place and what would be right",
        arguments: [
            ("gpt-4o: {}", "must be named provider/model"), ("/x: {}", "must be named provider/model"),
            ("p/: {}", "must be named provider/model"), ("plan/x: {}", "must be named provider/model"),
            ("p/x: 3", "catalogue.p/x must be a map"), ("q/x: {}", "catalogue.q/x is of a provider that is not"),
            ("p/x: { contxt: 1 }", "Unknown key 'contxt' in catalogue.p/x. Did you mean 'context'?"),
            ("p/x: { context: 0 }", "catalogue.p/x.context must be a whole number"),
            ("p/x: { context: many }", "catalogue.p/x.context must be a whole number"),
            ("p/x: { output: -1 }", "catalogue.p/x.output must be a whole number"),
            ("p/x: { context: 5, output: 6 }", "catalogue.p/x.output must be at most its context"),
            ("p/x: { dimensions: 1.5 }", "catalogue.p/x.dimensions must be a whole number"),
            ("p/x: { kind: chta }", "must be one of chat, completion, embedding. Did you mean 'chat'?"),
            ("p/x: { tokenizer: x }", "catalogue.p/x.tokenizer must be one of"),
            ("p/x: { capabilities: tools }", "catalogue.p/x.capabilities must be a list"),
            ("p/x: { capabilities: [tool] }", "Did you mean 'tools'?"),
            ("p/x: { efforts: low }", "catalogue.p/x.efforts must be a list"),
            ("p/x: { efforts: [lots] }", "catalogue.p/x.efforts must be a list of some of none, minimal, low"),
            ("p/x: { refuses: [samplign] }", "Did you mean 'sampling'?"),
            ("p/x: { prices: 3 }", "catalogue.p/x.prices must be a map"),
            ("p/x: { prices: { input: free } }", "catalogue.p/x.prices.input must be dollars"),
            ("p/x: { prices: { input: -1 } }", "catalogue.p/x.prices.input must be dollars"),
            ("p/x: { prices: { input: 1e-3 } }", "catalogue.p/x.prices.input must be dollars"),
            ("p/x: { prices: { input: 0.0000001 } }", "catalogue.p/x.prices.input must be dollars"),
            ("p/x: { prices: { cached: null } }", "leave it out if it is not known"),
            ("p/x: { prices: { ouput: 1 } }", "Unknown key 'ouput' in catalogue.p/x.prices. Did you mean 'output'"),
            ("p/x: { prices: { tiers: [] } }", "catalogue.p/x.prices.tiers must be a map"),
            ("p/x: { prices: { tiers: { many: {} } } }", "A tier in catalogue.p/x.prices.tiers must be named"),
            ("p/x: { prices: { tiers: { 007: {} } } }", "A tier in catalogue.p/x.prices.tiers must be named"),
            ("p/x: { prices: { tiers: { 5: 1 } } }", "catalogue.p/x.prices.tiers.5 must be a map"),
            ("p/x: { prices: { tiers: { 5: { tiers: {} } } } }", "Unknown key 'tiers'"),
            (
                "p/x: { prices: { tiers: { 1: {}, 2: {}, 3: {}, 4: {}, 5: {}, 6: {}, 7: {}, 8: {}, 9: {} } } }",
                "must have at most 8 tiers"
            ),
        ])
    func faults(row: String, sentence: String) {
        let text = """
            providers: { p: { dialect: openai, base_url: https://p.example/v1, models: [x] } }
            models: { auto: { chain: [p/x] } }
            catalogue:
              \(row)
            """
        let found = problems(text)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("tutti.yaml:4:") == true)
        #expect(found.first?.contains(sentence) == true)
    }
}
