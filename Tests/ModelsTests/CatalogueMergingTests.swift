import Base
import Models
import Testing

@Suite("Rows of the configuration in the catalogue")
struct CatalogueMergingTests {
    static func row(_ provider: String, _ model: String, _ change: (inout CatalogueRow) -> Void = { _ in })
        -> CatalogueRow
    {
        var row = CatalogueRow(provider: provider, model: model)
        change(&row)
        return row
    }

    static let own = Prices(.init(input: TokenPrice(perMillion: "1"), output: TokenPrice(perMillion: "2")))
    static let builtIn = Catalogue.builtIn

    static func entry(_ catalogue: Catalogue, _ provider: String, _ model: String) -> CatalogueEntry? {
        catalogue.entry(of: Target(provider: provider, model: model))
    }

    @Test("a row wins field by field; what it leaves out stays")
    func fields() throws {
        let merged = Self.builtIn.merging([Self.row("openai", "gpt-4o") { $0.prices = Self.own }])
        let before = try #require(Self.entry(Self.builtIn, "openai", "gpt-4o"))
        let after = try #require(Self.entry(merged, "openai", "gpt-4o"))
        #expect(after.prices == Self.own)
        #expect(after.context == before.context && after.output == before.output)
        #expect(after.capabilities == before.capabilities && after.tokenizer == before.tokenizer)
        #expect(after.source == CatalogueEntry.configuration && after.date == nil)

        let other = Self.builtIn.merging([
            Self.row("openai", "gpt-4o") {
                $0.context = 9000
                $0.output = 100
                $0.capabilities = [.vision]
                $0.tokenizer = .claude
                $0.kind = .completion
                $0.dimensions = 7
            }
        ])
        let changed = try #require(Self.entry(other, "openai", "gpt-4o"))
        #expect(changed.prices == before.prices)
        #expect(changed.context == 9000 && changed.output == 100 && changed.capabilities == [.vision])
        #expect(changed.tokenizer == .claude && changed.kind == .completion && changed.dimensions == 7)
        #expect(other.info(of: "gpt-4o")?.window == 9000)
        #expect(Self.builtIn.info(of: "gpt-4o")?.window == 128_000)
    }

    @Test("aliases follow their row, and a row of an alias is for that name alone")
    func aliases() {
        let whole = Self.builtIn.merging([Self.row("openai", "gpt-4o") { $0.prices = Self.own }])
        #expect(Self.entry(whole, "openai", "gpt-4o-2024-08-06")?.prices == Self.own)
        #expect(Self.entry(whole, "openai", "gpt-4o-mini")?.prices != Self.own)
        #expect(Self.entry(whole, "openai", "gpt-4o-2024-05-13")?.prices != Self.own)

        let dated = Self.builtIn.merging([Self.row("openai", "gpt-4o-2024-08-06") { $0.prices = Self.own }])
        #expect(Self.entry(dated, "openai", "gpt-4o-2024-08-06")?.prices == Self.own)
        #expect(Self.entry(dated, "openai", "gpt-4o-2024-08-06")?.context == 128_000)
        for other in ["gpt-4o", "gpt-4o-2024-11-20"] {
            #expect(Self.entry(dated, "openai", other) == Self.entry(Self.builtIn, "openai", other))
        }
    }

    @Test("neither the order of rows nor of their names matters, and of one name the last counts")
    func order() {
        let rows = [
            Self.row("openai", "gpt-4o-2024-08-06") { $0.context = 1 }, Self.row("openai", "gpt-4o") { $0.context = 2 },
            Self.row("work", "x") { $0.context = 3 },
        ]
        for catalogue in [Self.builtIn.merging(rows), Self.builtIn.merging(rows.reversed())] {
            #expect(Self.entry(catalogue, "openai", "gpt-4o-2024-08-06")?.context == 1)
            #expect(Self.entry(catalogue, "openai", "gpt-4o")?.context == 2)
            #expect(Self.entry(catalogue, "work", "x")?.context == 3)
            #expect(catalogue.entries.count == Self.builtIn.entries.count + 2)
        }
        let twice = Self.builtIn.merging([
            Self.row("openai", "gpt-4o") { $0.context = 5 }, Self.row("openai", "GPT-4o") { $0.output = 6 },
            Self.row("work", "x") { $0.context = 5 }, Self.row("work", "x") { $0.output = 6 },
        ])
        #expect(Self.entry(twice, "openai", "gpt-4o")?.context == 128_000)
        #expect(Self.entry(twice, "openai", "gpt-4o")?.output == 6)
        #expect(Self.entry(twice, "work", "x")?.context == nil)
        #expect(Self.entry(twice, "work", "x")?.output == 6)
    }

    @Test("a model that nobody lists is what its row says")
    func unknown() throws {
        let merged = Self.builtIn.merging([Self.row("work", "team/model:7b") { $0.context = 4096 }])
        let entry = try #require(Self.entry(merged, "work", "team/model:7b"))
        #expect(entry.provider == "work" && entry.kind == .chat && entry.prices == nil && entry.capabilities == nil)
        #expect(merged.info(of: "model:7b")?.window == 4096)
        #expect(merged.entries.last == entry)
        #expect(merged.entries.dropLast().elementsEqual(Self.builtIn.entries))
    }

    @Test("a provider under a name of one's own is the one that it is said to be, and its rows are its alone")
    func providers() {
        let merged = Self.builtIn.merging(
            [Self.row("work", "gpt-4o") { $0.prices = Self.own }, Self.row("router", "openai/o3") { $0.context = 7 }],
            providers: ["work": "openai", "router": "openrouter", "openai": "groq", "lab": "nobody"])
        #expect(Self.entry(merged, "work", "gpt-4o")?.prices == Self.own)
        #expect(Self.entry(merged, "work", "gpt-4o-2024-08-06")?.prices == Self.own)
        #expect(Self.entry(merged, "work", "gpt-4o")?.context == 128_000)
        #expect(Self.entry(merged, "work", "gpt-4.1") == Self.entry(Self.builtIn, "openai", "gpt-4.1"))
        #expect(Self.entry(merged, "router", "openai/o3")?.context == 7)
        #expect(Self.entry(merged, "router", "openai/o3")?.prices == Self.entry(Self.builtIn, "openai", "o3")?.prices)
        // Named as one provider, but another.
        #expect(Self.entry(merged, "openai", "gpt-4o") == nil)
        #expect(Self.entry(merged, "openai", "llama-3.1-8b-instant")?.provider == "groq")
        #expect(Self.entry(merged, "lab", "gpt-4o") == nil)
        #expect(merged.entry(named: "gpt-4o") == Self.builtIn.entry(named: "gpt-4o"))
    }
}
