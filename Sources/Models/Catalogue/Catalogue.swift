public import Base

/// What is known of models without asking anyone: windows, capabilities and prices. An immutable value. Looking a model
/// up costs a few look-ups in tables, whatever the number of rows.
public struct Catalogue: Sendable {
    /// The rows that come with Tutti, read at the first use.
    public static let builtIn: Catalogue = {
        // The tests read the same bytes. Should they ever be wrong, nothing is known, which every caller can live with.
        (try? Catalogue(json: Array(data.utf8))) ?? Catalogue(CatalogueReader.Contents())
    }()

    /// Every row: the built-in ones in the order of their file, with the configuration's in their places, then those
    /// that the configuration adds.
    public private(set) var entries: [CatalogueEntry]
    /// Positions in `entries` by name and alias, under the catalogue's names of the providers.
    private var listed: [Key: Int] = [:]
    /// The same for rows that the configuration adds, under its own names of the providers.
    private var own: [Key: Int] = [:]
    /// The same without provider; the first in the order of the rows counts.
    private var byModel: [String: Int] = [:]
    private let providers: [String: CatalogueProvider]
    /// Which of the catalogue's providers a configured one is.
    private var standing: [String: String] = [:]

    /// A provider's name and a model's in lower case.
    struct Key: Hashable {
        var provider: String
        var model: String

        init(_ provider: String, _ model: String) {
            self.provider = provider
            self.model = model.lowercased()
        }
    }

    /// Reads a catalogue as `docs/catalogue.md` describes it.
    /// - Throws: ``ErrorCode/invalidJSON``, ``ErrorCode/missingField``, ``ErrorCode/invalidType`` or
    ///   ``ErrorCode/invalidValue``, with the row and its field.
    public init(json bytes: [UInt8]) throws(CodedError) {
        self.init(try CatalogueReader.read(bytes))
    }

    private init(_ contents: CatalogueReader.Contents) {
        entries = contents.entries
        providers = Dictionary(contents.providers.map { ($0.name, $0) }) { first, _ in first }
        for (index, entry) in entries.enumerated() {
            for name in [entry.model] + entry.aliases {
                listed[Key(entry.provider, name)] = index
                list(name, at: index)
            }
        }
        // A maker's prefix is left out only where that names nothing else.
        for (index, entry) in entries.enumerated() {
            for name in [entry.model] + entry.aliases { list(ModelName.bare(name), at: index) }
        }
    }

    private mutating func list(_ name: String, at index: Int) {
        let name = name.lowercased()
        if byModel[name] == nil { byModel[name] = index }
    }
}

// MARK: Looking up

extension Catalogue {
    /// What is known of a model at its provider: by its name or an alias, without the date at its end, or at a provider
    /// that resells, by its maker's rows. Its prices are those of this provider, or not known.
    public func entry(of target: Target) -> CatalogueEntry? {
        guard target.model.utf8.count <= ModelName.longest else { return nil }
        let provider = standing[target.provider] ?? target.provider
        for form in ModelName.forms(of: target.model) {
            let index =
                own[Key(target.provider, form.name)] ?? listed[Key(provider, form.name)]
                ?? position(of: form.name, resoldBy: provider)
            if let index { return entry(at: index, as: form) }
        }
        return nil
    }

    /// What is known of a model wherever it is served: by its name or an alias, without the date at its end and without
    /// its maker's name before a slash. The prices are those of the provider that lists it first; another may ask
    /// others.
    public func entry(named model: String) -> CatalogueEntry? {
        guard model.utf8.count <= ModelName.longest else { return nil }
        let name = model.lowercased()
        for form in ModelName.forms(of: name) + ModelName.forms(of: ModelName.bare(name)) {
            if let index = byModel[form.name] { return entry(at: index, as: form) }
        }
        return nil
    }

    /// The bounds of a model at its provider, else of the model wherever it is served.
    public func info(of target: Target) -> ModelInfo? {
        entry(of: target).flatMap { ModelInfo($0) } ?? info(of: target.model)
    }

    /// The bounds of a model by its name alone, else of the longest name that it begins with, at the end or before a
    /// `-`, `:` or `@` (sizes and variants follow so). A maker's prefix, as in `openai/gpt-4o`, is left out. `nil` when
    /// unknown.
    public func info(of model: String) -> ModelInfo? {
        if let entry = entry(named: model) { return ModelInfo(entry) }
        guard model.utf8.count <= ModelName.longest else { return nil }
        let family = ModelName.families(of: ModelName.bare(model.lowercased())).lazy.compactMap { byModel[$0] }.first
        return family.flatMap { ModelInfo(entries[$0]) }
    }

    /// The same from the built-in rows.
    public static func info(of model: String) -> ModelInfo? { builtIn.info(of: model) }

    /// The catalogue's name of the provider that is reached at this host; `nil` when it is none of them.
    public func provider(atHost host: String) -> String? {
        let host = host.lowercased()
        // Several patterns never match one host, so the order of the table does not matter.
        return providers.values.first { $0.isReached(at: host) }?.name
    }

    private func entry(at index: Int, as form: ModelName.Form) -> CatalogueEntry {
        var entry = entries[index]
        if form.hasOtherPrices { entry.prices = nil }
        return entry
    }

    private func position(of model: String, resoldBy provider: String) -> Int? {
        guard let makers = providers[provider]?.makers, !makers.isEmpty,
            let slash = model.utf8.firstIndex(of: UInt8(ascii: "/")), let maker = makers[String(model[..<slash])]
        else { return nil }
        let name = String(model[model.utf8.index(after: slash)...])
        // Resellers write versions with a dot where their makers write a hyphen.
        let hyphens = String(name.map { $0 == "." ? "-" : $0 })
        return listed[Key(maker, name)] ?? listed[Key(maker, hyphens)]
    }
}

// MARK: The configuration's rows

extension Catalogue {
    /// The catalogue with the rows of a configuration, which win over the built-in ones field by field. Of two rows with
    /// one name the last counts.
    /// - Parameter providers: For each configured provider which of the catalogue's it is, whatever its name, as
    ///   ``provider(atHost:)`` says; one that is left out is the catalogue's of the same name.
    public func merging(_ rows: [CatalogueRow], providers: [String: String] = [:]) -> Catalogue {
        var merged = self
        merged.standing.merge(providers) { $1 }
        // What a row leaves open comes from the built-in rows alone, so that the order of the rows does not matter.
        let bases = rows.map { merged.baseIndex(of: $0) }
        for (row, base) in zip(rows, bases) {
            merged.add(CatalogueEntry(row, over: base.map { entries[$0] }), replacing: base)
        }
        return merged
    }

    private func baseIndex(of row: CatalogueRow) -> Int? {
        let provider = standing[row.provider] ?? row.provider
        return ModelName.forms(of: row.model).lazy.filter { !$0.hasOtherPrices }.compactMap { form in
            listed[Key(provider, form.name)] ?? position(of: form.name, resoldBy: provider)
        }.first
    }

    private mutating func add(_ entry: CatalogueEntry, replacing base: Int?) {
        var entry = entry
        let key = Key(entry.provider, entry.model)
        let replaced = base.flatMap { index -> CatalogueEntry? in
            let base = entries[index]
            let provider = standing[entry.provider] ?? entry.provider
            // Its aliases follow a row of the same name, not one that stands for an alias alone.
            return Key(base.provider, base.model) == Key(provider, entry.model) ? base : nil
        }
        entry.aliases = replaced?.aliases ?? []
        if let index = own[key] {
            entries[index] = entry
        } else if let base, let replaced, replaced.provider == entry.provider {
            entries[base] = entry
        } else {
            let index = entries.count
            entries.append(entry)
            own[key] = index
            for alias in entry.aliases where own[Key(entry.provider, alias)] == nil {
                own[Key(entry.provider, alias)] = index
            }
            list(entry.model, at: index)
            list(ModelName.bare(entry.model), at: index)
        }
    }
}
