internal import Base
internal import JSON

/// Reads the text of a catalogue. Strict: what it does not know is an error, so that no price is lost to a slip.
enum CatalogueReader {
    struct Contents {
        var providers: [CatalogueProvider] = []
        var entries: [CatalogueEntry] = []
    }

    static func read(_ bytes: [UInt8]) throws(CodedError) -> Contents {
        let root: JSONNode
        do { root = try JSONDocument(bytes).root } catch {
            throw CodedError(.invalidJSON, "The catalogue is \(error.message).", param: error.path)
        }
        guard root.kind == .object else {
            throw CodedError(.invalidType, "The catalogue must be an object with providers and models.")
        }
        let reader = FieldReader(root)
        try check(reader, has: ["version", "providers", "models"])
        guard try reader.integer("version", in: 1...1) != nil else { throw reader.missing("version", "1") }
        guard let models = try reader.array("models") else { throw reader.missing("models", "an array of rows") }
        var contents = Contents()
        guard let providers = try reader.array("providers") else {
            throw reader.missing("providers", "an array of providers")
        }
        for (index, node) in providers.elements.enumerated() {
            contents.providers.append(try provider(try reader.element(node, "providers", index)))
        }
        let known = Set(contents.providers.map(\.name))
        var names: Set<Catalogue.Key> = []
        for (index, node) in models.elements.enumerated() {
            let row = try reader.element(node, "models", index)
            do throws(CodedError) {
                let entry = try entry(row)
                try check(entry, among: known, names: &names, row)
                contents.entries.append(entry)
            } catch {
                var named = error
                named.message = "Row \(index + 1) of the catalogue\(name(of: node)): \(error.message)"
                throw named
            }
        }
        return contents
    }
}

// MARK: Rows

extension CatalogueReader {
    private static let longestName = 128
    private static let mostTiers = 8

    private static func provider(_ reader: FieldReader) throws(CodedError) -> CatalogueProvider {
        try check(reader, has: ["name", "hosts", "makers"])
        let name = try required(try reader.name("name", limit: longestName), "name", reader)
        var provider = CatalogueProvider(name: name, hosts: try names("hosts", of: reader))
        for (key, value) in try reader.object("makers")?.node.members.map({ ($0.key.string, $0.value.string) }) ?? [] {
            guard let key, let value else { throw wrong("makers", "map each maker to a provider's name", reader) }
            provider.makers[key] = value
        }
        return provider
    }

    private static func entry(_ reader: FieldReader) throws(CodedError) -> CatalogueEntry {
        try check(
            reader,
            has: [
                "provider", "model", "aliases", "kind", "context", "output", "dimensions", "capabilities", "steering",
                "prices", "tokenizer", "source", "via", "date",
            ])
        var entry = CatalogueEntry(
            provider: try required(try reader.name("provider", limit: longestName), "provider", reader),
            model: try required(try reader.name("model", limit: longestName), "model", reader),
            source: try required(try reader.name("source", limit: 1024), "source", reader))
        entry.aliases = try names("aliases", of: reader)
        entry.kind = try required(try choice("kind", of: reader), "kind", reader)
        entry.context = try count("context", of: reader)
        entry.output = try count("output", of: reader)
        entry.dimensions = try count("dimensions", of: reader)
        entry.capabilities = try choices("capabilities", of: reader)
        entry.steering = try reader.object("steering").map { (fields) throws(CodedError) in try steering(fields) }
        entry.prices = try reader.object("prices").map { (prices) throws(CodedError) in try self.prices(prices) }
        entry.tokenizer = try choice("tokenizer", of: reader)
        entry.via = try reader.name("via", limit: longestName)
        entry.date = try required(try reader.string("date"), "date", reader)
        return entry
    }

    private static func steering(_ reader: FieldReader) throws(CodedError) -> Steering {
        try check(reader, has: ["efforts", "refuses", "source", "date"])
        let steering = Steering(
            efforts: try choices("efforts", of: reader), refuses: try choices("refuses", of: reader) ?? [],
            source: try required(try reader.name("source", limit: 1024), "source", reader),
            date: try required(try reader.string("date"), "date", reader))
        try check(source: steering.source, date: steering.date, reader)
        return steering
    }

    private static func prices(_ reader: FieldReader) throws(CodedError) -> Prices {
        try check(reader, has: rates + ["tiers"])
        _ = try reader.array("tiers")
        var tiers: [Prices.Tier] = []
        for (index, node) in reader.node.elements(of: "tiers").enumerated() {
            let tier = try reader.element(node, "tiers", index)
            try check(tier, has: rates + ["above"])
            let above = try required(try count("above", of: tier), "above", tier)
            guard tiers.count < mostTiers, tiers.last.map({ $0.above < above }) ?? true else {
                throw wrong("tiers", "stand in the order of 'above', at most \(mostTiers)", reader)
            }
            tiers.append(Prices.Tier(above: above, rates: try readRates(tier)))
        }
        return Prices(try readRates(reader), tiers: tiers)
    }

    private static let rates = ["input", "cached", "write", "write_1h", "output", "reasoning"]

    private static func readRates(_ reader: FieldReader) throws(CodedError) -> Prices.Rates {
        Prices.Rates(
            input: try price("input", of: reader), cached: try price("cached", of: reader),
            write: try price("write", of: reader), writeHour: try price("write_1h", of: reader),
            output: try price("output", of: reader), reasoning: try price("reasoning", of: reader))
    }
}

// MARK: Fields

extension CatalogueReader {
    private static func check(_ reader: FieldReader, has fields: [String]) throws(CodedError) {
        if let twice = reader.node.duplicateKey { throw wrong(twice, "stand there once", reader) }
        for member in reader.node.members where !fields.contains(where: { member.key.isString($0) }) {
            throw wrong(member.key.string ?? "", "be left out: there is no such field", reader)
        }
    }

    /// What holds between the fields of a row and between rows.
    private static func check(
        _ entry: CatalogueEntry, among providers: Set<String>, names: inout Set<Catalogue.Key>, _ reader: FieldReader
    ) throws(CodedError) {
        guard providers.contains(entry.provider) else { throw wrong("provider", "be one of 'providers'", reader) }
        for (index, name) in ([entry.model] + entry.aliases).enumerated() {
            guard names.insert(Catalogue.Key(entry.provider, name)).inserted else {
                throw wrong(index == 0 ? "model" : "aliases", "not repeat the name '\(name)'", reader)
            }
        }
        if let context = entry.context, let output = entry.output, output > context {
            throw wrong("output", "be at most 'context'", reader)
        }
        try check(source: entry.source, date: entry.date, reader)
    }

    private static func check(source: String, date: String?, _ reader: FieldReader) throws(CodedError) {
        guard source.hasPrefix("https://"), !source.utf8.contains(UInt8(ascii: " ")) else {
            throw wrong("source", "be an https URL", reader)
        }
        guard isDate(date ?? "") else { throw wrong("date", "be a day such as 2026-11-22", reader) }
    }

    private static func isDate(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        let digits = parts.joined().allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard digits, parts.map(\.count) == [4, 2, 2] else { return false }
        let numbers = parts.compactMap { String($0).flatMap { Int($0) } }
        return numbers.count == 3 && (1...12).contains(numbers[1]) && (1...31).contains(numbers[2])
    }

    private static func price(_ field: String, of reader: FieldReader) throws(CodedError) -> TokenPrice? {
        guard let text = try reader.string(field) else { return nil }
        guard let price = TokenPrice(perMillion: text) else {
            throw wrong(field, "be dollars for a million tokens with at most six decimals, such as \"0.25\"", reader)
        }
        return price
    }

    private static func count(_ field: String, of reader: FieldReader) throws(CodedError) -> Int? {
        try reader.integer(field, in: 1...1_000_000_000).map { Int($0) }
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ field: String, of reader: FieldReader
    ) throws(CodedError) -> Choice? where Choice.RawValue == String {
        guard let text = try reader.string(field) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw wrong(field, "be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))", reader)
        }
        return choice
    }

    private static func choices<Choice: RawRepresentable & CaseIterable & Hashable>(
        _ field: String, of reader: FieldReader
    ) throws(CodedError) -> Set<Choice>? where Choice.RawValue == String {
        guard try reader.array(field) != nil else { return nil }
        var choices: Set<Choice> = []
        for name in try names(field, of: reader) {
            guard let choice = Choice(rawValue: name), choices.insert(choice).inserted else {
                let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
                throw wrong(field, "name some of \(all), each once", reader)
            }
        }
        return choices
    }

    private static func names(_ field: String, of reader: FieldReader) throws(CodedError) -> [String] {
        let names = try reader.array(field)?.elements.map { $0.string ?? "" } ?? []
        guard names.allSatisfy({ (1...longestName).contains($0.utf8.count) }) else {
            throw wrong(field, "be a list of names of at most \(longestName) bytes", reader)
        }
        return names
    }

    private static func required<Value>(
        _ value: Value?, _ field: String, _ reader: FieldReader
    ) throws(CodedError) -> Value {
        guard let value else { throw reader.missing(field, "there in every row") }
        return value
    }

    private static func wrong(_ field: String, _ must: String, _ reader: FieldReader) -> CodedError {
        let param = reader.param(field)
        return CodedError(.invalidValue, "'\(param)' must \(must).", param: param)
    }

    private static func name(of row: JSONNode) -> String {
        guard let provider = row["provider"]?.string, let model = row["model"]?.string else { return "" }
        return " (\(provider)/\(model))"
    }
}
