import Base
import Models
import Testing

@Suite("Reading a catalogue")
struct CatalogueReadingTests {
    static let row = #""provider":"p","model":"m","kind":"chat","source":"https://example.org","date":"2026-11-22""#

    static func read(_ rows: String, providers: String = #"[{"name":"p"}]"#) throws(CodedError) -> Catalogue {
        try Catalogue(json: Array(#"{"version":1,"providers":\#(providers),"models":[\#(rows)]}"#.utf8))
    }

    @Test("a row with nothing known but its name")
    func least() throws {
        let entry = try #require(try Self.read("{\(Self.row)}").entries.first)
        #expect(entry.context == nil && entry.output == nil && entry.prices == nil && entry.capabilities == nil)
        #expect(entry.tokenizer == nil && entry.via == nil && entry.aliases.isEmpty)
        #expect(entry.source == "https://example.org" && entry.date == "2026-11-22")
    }

    @Test("a row with everything; null is as good as left out")
    func most() throws {
        let entry = try #require(
            try Self.read(
                #"{\#(Self.row),"aliases":["n"],"context":10,"output":5,"dimensions":3,"capabilities":["tools"],"#
                    + #""prices":{"input":"1","cached":null,"write":"1.25","write_1h":"2","output":"4.000001","#
                    + #""reasoning":"3","tiers":[{"above":4,"input":"2"},{"above":6,"input":"3"}]},"#
                    + #""tokenizer":"o200k","via":"a list","steering":{"efforts":["high","none"],"#
                    + #""refuses":["forced_tool"],"source":"https://example.org/s","date":"2026-11-21"}}"#
            ).entries.first)
        #expect(entry.steering?.efforts == [.off, .high] && entry.steering?.refuses == [.forcedTool])
        #expect(entry.refuses(.forcedTool) && !entry.refuses(.sampling))
        #expect(entry.steering?.source == "https://example.org/s" && entry.steering?.date == "2026-11-21")
        #expect(entry.aliases == ["n"] && entry.context == 10 && entry.output == 5 && entry.dimensions == 3)
        #expect(entry.capabilities == [.tools] && entry.tokenizer == .o200k && entry.via == "a list")
        let rates = try #require(entry.prices?.standard)
        #expect(rates.cached == nil && rates.write?.description == "1.25" && rates.writeHour?.description == "2")
        #expect(rates.output?.perToken == Money(picodollars: 4_000_001) && rates.reasoning?.description == "3")
        #expect(entry.prices?.tiers.map(\.above) == [4, 6])
    }

    @Test(
        "a fault names its row and its field",
        arguments: [
            (#""context":0"#, "models[1].context"), (#""context":1.5"#, "models[1].context"),
            (#""context":"8192""#, "models[1].context"), (#""output":2000000000"#, "models[1].output"),
            (#""context":5,"output":6"#, "models[1].output"), (#""colour":1"#, "models[1].colour"),
            (#""context":1,"context":2"#, "models[1].context"), (#""aliases":"n""#, "models[1].aliases"),
            (#""aliases":["n",1]"#, "models[1].aliases"), (#""aliases":["m"]"#, "models[1].aliases"),
            (#""aliases":["FIRST"]"#, "models[1].aliases"), (#""capabilities":["sing"]"#, "models[1].capabilities"),
            (#""capabilities":["tools","tools"]"#, "models[1].capabilities"),
            (#""steering":[]"#, "models[1].steering"), (#""steering":{}"#, "models[1].steering.source"),
            (#""steering":{"source":"https://x"}"#, "models[1].steering.date"),
            (#""steering":{"source":"x","date":"2026-11-22"}"#, "models[1].steering.source"),
            (#""steering":{"source":"https://x","date":"now"}"#, "models[1].steering.date"),
            (#""steering":{"efforts":["most"]}"#, "models[1].steering.efforts"),
            (#""steering":{"efforts":"low"}"#, "models[1].steering.efforts"),
            (#""steering":{"refuses":["sampling","sampling"]}"#, "models[1].steering.refuses"),
            (#""steering":{"effort":[]}"#, "models[1].steering.effort"),
            (#""tokenizer":"x""#, "models[1].tokenizer"), (#""prices":{"input":1}"#, "models[1].prices.input"),
            (#""prices":{"input":"1.0000001"}"#, "models[1].prices.input"),
            (#""prices":{"input":"-1"}"#, "models[1].prices.input"),
            (#""prices":{"input":"1e-6"}"#, "models[1].prices.input"),
            (#""prices":{"inptu":"1"}"#, "models[1].prices.inptu"),
            (#""prices":{"tiers":{}}"#, "models[1].prices.tiers"),
            (#""prices":{"tiers":[1]}"#, "models[1].prices.tiers[0]"),
            (#""prices":{"tiers":[{"input":"1"}]}"#, "models[1].prices.tiers[0].above"),
            (#""prices":{"tiers":[{"above":2},{"above":2}]}"#, "models[1].prices.tiers"),
            (#""prices":{"tiers":[{"above":2,"tiers":[]}]}"#, "models[1].prices.tiers[0].tiers"),
        ])
    func faults(members: String, param: String) {
        let first = Self.row.replacing(#""m""#, with: #""first""#)
        let error = #expect(throws: CodedError.self) { try Self.read("{\(first)},{\(Self.row),\(members)}") }
        #expect(error?.param == param)
        #expect(error?.message.contains("Row 2 of the catalogue (p/m)") == true)
        #expect(error?.message.contains("'\(param)'") == true)
    }

    @Test(
        "a row that lacks what every row has, or has it wrong",
        arguments: [
            (#""provider":"p","#, "", "provider"), (#""model":"m","#, "", "model"), (#""kind":"chat","#, "", "kind"),
            (#","date":"2026-11-22""#, "", "date"), (#""source":"https://example.org","#, "", "source"),
            ("2026-11-22", "2026-13-22", "date"), ("2026-11-22", "22.11.2026", "date"),
            ("2026-11-22", "2026-11-2", "date"), ("2026-11-22", "2026-11-22-", "date"),
            ("2026-11-22", "2026-11-+2", "date"), ("https:", "http:", "source"), ("https://example.org", "", "source"),
            (#":"chat""#, #":"talk""#, "kind"), (#""p""#, #""q""#, "provider"), (#""m""#, #""\n""#, "model"),
            (#""m""#, "null", "model"),
        ])
    func lacking(old: String, new: String, field: String) {
        let row = Self.row.replacing(old, with: new)
        let error = #expect(throws: CodedError.self) { try Self.read("{\(row)}") }
        #expect(error?.param == "models[0].\(field)")
    }

    @Test(
        "what is no catalogue",
        arguments: [
            "", "[]", "{}", #"{"version":2,"providers":[],"models":[]}"#, #"{"version":1,"models":[]}"#,
            #"{"version":1,"providers":[]}"#, #"{"version":1,"providers":[],"models":{}}"#,
            #"{"version":1,"providers":[],"models":[1]}"#, #"{"version":1,"providers":[{}],"models":[]}"#,
            #"{"version":1,"providers":[{"name":"p","makers":{"a":1}}],"models":[]}"#,
            #"{"version":1,"providers":[],"models":[],"more":1}"#, #"{"version":1,"providers":[],"models":[]}x"#,
        ])
    func rubbish(text: String) {
        #expect(throws: CodedError.self) { try Catalogue(json: Array(text.utf8)) }
    }

    @Test("names may repeat at different providers")
    func repeated() throws {
        let other = Self.row.replacing(#""p""#, with: #""q""#)
        let catalogue = try Self.read("{\(Self.row)},{\(other)}", providers: #"[{"name":"p"},{"name":"q"}]"#)
        #expect(catalogue.entry(of: Target(provider: "q", model: "m"))?.provider == "q")
        #expect(catalogue.entry(named: "m")?.provider == "p")
    }
}
