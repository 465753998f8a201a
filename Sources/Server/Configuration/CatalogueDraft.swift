internal import Base
internal import Models

/// A row of the catalogue as the file writes it.
struct CatalogueDraft {
    var row: CatalogueRow
    let source: ConfigurationSource
    /// Its values as they were read, for `config show`.
    var settings: [EffectiveSetting] = []

    static let fields = [
        "kind", "context", "output", "dimensions", "capabilities", "efforts", "refuses", "tokenizer", "prices",
    ]
    static let rates = ["input", "cached", "write", "write_1h", "output", "reasoning"]
    static let tierLimit = 8
}

extension ConfigurationLoader {
    mutating func readCatalogueRow(_ member: YAMLNode.Entry, of document: ConfigurationDocument) {
        let source = document.source(member.place)
        guard let target = Target(member.key), Names.isProvider(target.provider), Names.isModel(target.model) else {
            return report("A row of the catalogue must be named provider/model, such as openai/gpt-4o.", source)
        }
        let path = ["catalogue", member.key]
        guard let entries = map(member.node, path, such: "{ context: 128000 }", of: document) else { return }
        var draft = CatalogueDraft(
            row: CatalogueRow(provider: target.provider, model: target.model), source: source)
        for entry in entries { read(entry, into: &draft, path: path + [entry.key], of: document) }
        if let context = draft.row.context, let output = draft.row.output, output > context {
            report("\(path.joined(separator: ".")).output must be at most its context.", source)
        }
        catalogue.append(draft)
    }

    /// A row of a provider that is not there would have no effect.
    mutating func checkCatalogue() {
        let names = Set(providerNames)
        for draft in catalogue where !isFull && !names.contains(draft.row.provider) {
            report(
                "catalogue.\(draft.row.provider)/\(draft.row.model) is of a provider that is not configured."
                    + Suggestion.text(for: draft.row.provider, in: providerNames),
                draft.source
            )
        }
    }

    private mutating func read(
        _ entry: YAMLNode.Entry, into draft: inout CatalogueDraft, path: [String], of document: ConfigurationDocument
    ) {
        let node = entry.node
        switch entry.key {
        case "kind": draft.row.kind = choice(node, path, into: &draft, of: document)
        case "tokenizer": draft.row.tokenizer = choice(node, path, into: &draft, of: document)
        case "context": draft.row.context = tokens(node, path, into: &draft, of: document)
        case "output": draft.row.output = tokens(node, path, into: &draft, of: document)
        case "dimensions": draft.row.dimensions = tokens(node, path, into: &draft, of: document)
        case "capabilities": draft.row.capabilities = choices(node, path, into: &draft, of: document)
        case "efforts": draft.row.efforts = choices(node, path, into: &draft, of: document)
        case "refuses": draft.row.refuses = choices(node, path, into: &draft, of: document)
        case "prices": draft.row.prices = prices(node, path, into: &draft, of: document)
        default:
            let section = path.dropLast().joined(separator: ".")
            reportUnknown(entry, in: section, near: CatalogueDraft.fields, of: document)
        }
    }

    private mutating func prices(
        _ node: YAMLNode, _ path: [String], into draft: inout CatalogueDraft, of document: ConfigurationDocument
    ) -> Prices? {
        guard let entries = map(node, path, such: "{ input: 2.50, output: 10 }", of: document) else { return nil }
        var standard = Prices.Rates()
        var tiers: [Prices.Tier] = []
        for entry in entries {
            guard entry.key == "tiers" else {
                read(entry, into: &standard, path, &draft, near: ["tiers"], of: document)
                continue
            }
            let path = path + [entry.key]
            let shape = "{ 200000: { input: 5, output: 15 } }"
            for tier in map(entry.node, path, such: shape, of: document) ?? [] {
                tiers += self.tier(tier, path, into: &draft, of: document).map { [$0] } ?? []
            }
            if tiers.count > CatalogueDraft.tierLimit {
                let must = "must have at most \(CatalogueDraft.tierLimit) tiers."
                report("\(path.joined(separator: ".")) \(must)", document.source(entry.place))
            }
        }
        return Prices(standard, tiers: tiers)
    }

    private mutating func tier(
        _ entry: YAMLNode.Entry, _ path: [String], into draft: inout CatalogueDraft, of document: ConfigurationDocument
    ) -> Prices.Tier? {
        guard let above = Self.tokenCount(entry.key), entry.key == "\(above)" else {
            report(
                "A tier in \(path.joined(separator: ".")) must be named by the tokens of a prompt above which it "
                    + "holds, such as 200000.", document.source(entry.place))
            return nil
        }
        let path = path + [entry.key]
        guard let entries = map(entry.node, path, such: "{ input: 5, output: 15 }", of: document) else { return nil }
        var rates = Prices.Rates()
        for entry in entries { read(entry, into: &rates, path, &draft, near: [], of: document) }
        return Prices.Tier(above: above, rates: rates)
    }

    private mutating func read(
        _ entry: YAMLNode.Entry, into rates: inout Prices.Rates, _ path: [String], _ draft: inout CatalogueDraft,
        near others: [String], of document: ConfigurationDocument
    ) {
        guard CatalogueDraft.rates.contains(entry.key) else {
            let names = CatalogueDraft.rates + others
            return reportUnknown(entry, in: path.joined(separator: "."), near: names, of: document)
        }
        let path = path + [entry.key]
        let must =
            "\(path.joined(separator: ".")) must be dollars for a million tokens, with at most six decimals, such as "
            + "0.25; leave it out if it is not known."
        let price = parsed(entry.node, of: document, must) { TokenPrice(perMillion: $0) }
        switch entry.key {
        case "input": rates.input = price
        case "cached": rates.cached = price
        case "write": rates.write = price
        case "write_1h": rates.writeHour = price
        case "output": rates.output = price
        default: rates.reasoning = price
        }
        note(price?.description, path, entry.node, into: &draft, of: document)
    }
}

// MARK: Values

extension ConfigurationLoader {
    private mutating func map(
        _ node: YAMLNode, _ path: [String], such example: String, of document: ConfigurationDocument
    ) -> [YAMLNode.Entry]? {
        if case .map(let entries) = node.value { return entries }
        report("\(path.joined(separator: ".")) must be a map, such as \(example).", document.source(node.place))
        return nil
    }

    private static func tokenCount(_ text: String) -> Int? {
        Quantities.count(text).flatMap { (1...100_000_000).contains($0) ? $0 : nil }
    }

    private mutating func tokens(
        _ node: YAMLNode, _ path: [String], into draft: inout CatalogueDraft, of document: ConfigurationDocument
    ) -> Int? {
        let must = "\(path.joined(separator: ".")) must be a whole number from 1 to 100000000."
        let count = parsed(node, of: document, must, read: Self.tokenCount)
        note(count.map { "\($0)" }, path, node, into: &draft, of: document)
        return count
    }

    private mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ node: YAMLNode, _ path: [String], into draft: inout CatalogueDraft, of document: ConfigurationDocument
    ) -> Choice? where Choice.RawValue == String {
        let names = Choice.allCases.map(\.rawValue)
        let must = "\(path.joined(separator: ".")) must be one of \(names.joined(separator: ", "))."
        let choice = parsed(node, of: document, must, near: names) { Choice(rawValue: $0) }
        note(choice?.rawValue, path, node, into: &draft, of: document)
        return choice
    }

    private mutating func choices<Choice: RawRepresentable & CaseIterable & Hashable>(
        _ node: YAMLNode, _ path: [String], into draft: inout CatalogueDraft, of document: ConfigurationDocument
    ) -> Set<Choice>? where Choice.RawValue == String {
        let names = Choice.allCases.map(\.rawValue)
        let must = "\(path.joined(separator: ".")) must be a list of some of \(names.joined(separator: ", "))."
        guard case .list(let items) = node.value else {
            report(must, document.source(node.place))
            return nil
        }
        let found = items.map { parsed($0, of: document, must, near: names) { Choice(rawValue: $0) } }
        guard !found.contains(nil) else { return nil }
        let choices = found.compactMap { $0 }
        draft.settings.append(
            EffectiveSetting(path, choices.map(\.rawValue), isList: true, source: document.source(node.place)))
        return Set(choices)
    }

    private func note(
        _ text: String?, _ path: [String], _ node: YAMLNode, into draft: inout CatalogueDraft,
        of document: ConfigurationDocument
    ) {
        guard let text else { return }
        draft.settings.append(EffectiveSetting(path, [text], source: document.source(node.place)))
    }
}
