internal import Base

/// Puts the layers on each other: defaults, file, environment, flags. Goes on after a problem, so that all are told
/// at once. Pure: what it reads is handed in.
struct ConfigurationLoader {
    static let problemLimit = 50

    let environment: [String: String]
    let capabilities: ConfigurationCapabilities
    var configuration = Configuration()
    /// Where each fixed key's value comes from; `builtIn` where none is noted.
    var sources: [String: ConfigurationSource] = [:]
    var providers: [ProviderDraft] = []
    var aliases: [AliasDraft] = []
    var catalogue: [CatalogueDraft] = []
    var plans: [PlanDraft] = []
    /// The keys of callers that could be read; `nil` where the file has no list of them.
    var callerKeys: ProviderDraft.Sourced<[CallerKeyDraft]>?
    /// The patterns of the guards that could be read; `nil` where the file has no list of them.
    var guardPatterns: ProviderDraft.Sourced<[GuardPatternDraft]>?
    /// Every provider that the file or the built-in text has, also one that could not be read.
    var providerNames: [String] = []
    /// The sections of named members that the file has; those of `providers` and `models` replace the built-in ones.
    var replacedSections: Set<String> = []
    private(set) var problems: [ConfigurationProblem] = []
    private(set) var notices: [String] = []

    init(environment: [String: String], capabilities: ConfigurationCapabilities) {
        self.environment = environment
        self.capabilities = capabilities
    }

    mutating func load(file: ConfigurationFile?, flags: ConfigurationFlags) -> LoadedConfiguration? {
        let document = file.map { ConfigurationDocument(file: $0) }
        if let document { read(document) }
        readBuiltIn()
        applyEnvironment()
        for flag in flags.settings { apply(flag.value, to: flag.path, from: .flag(name: flag.name)) }
        settleCallers(isChecked: !flags.makesKeys)
        settleExposure()
        checkTLS()
        checkChains()
        checkPolicies()
        checkOverrides()
        checkChaos(isAllowed: flags.allowChaos)
        checkCatalogue()
        checkPlans()
        let members = problems.isEmpty && !flags.makesKeys ? assemble() : []
        guard problems.isEmpty else { return nil }
        var fixed = ConfigurationKey.all.map { key in
            EffectiveSetting(
                key.path.split(separator: ".").map(String.init),
                key.get(configuration),
                isList: key.isList,
                source: sources[key.path] ?? .builtIn
            )
        }
        // With the rest of their section.
        for (section, list) in [("auth", callerSettings), ("guards", guardSettings)] {
            let place = fixed.lastIndex { $0.path.first == section } ?? fixed.count - 1
            fixed.insert(contentsOf: list, at: place + 1)
        }
        return LoadedConfiguration(
            configuration: configuration, notices: notices, settings: fixed + members)
    }

    /// Whether further problems are only counted as "more".
    var isFull: Bool { problems.count > Self.problemLimit }

    /// Notes a problem; of several at one place in the file the first counts, the others follow from it.
    mutating func report(_ sentence: String, _ source: ConfigurationSource?) {
        guard !isFull else { return }
        if case .file? = source, problems.contains(where: { $0.source == source }) { return }
        let isLast = problems.count == Self.problemLimit
        problems.append(
            isLast
                ? ConfigurationProblem(source: nil, sentence: "There are more problems than these.")
                : ConfigurationProblem(source: source, sentence: sentence)
        )
    }

    mutating func notice(_ sentence: String) {
        if notices.count < Self.problemLimit { notices.append(sentence) }
    }

    /// The file's problems by line, then the others as they came.
    var sortedProblems: [ConfigurationProblem] {
        func rank(_ problem: ConfigurationProblem) -> (Int, Int) {
            guard case .file(_, let line, let column)? = problem.source else { return (.max, .max) }
            return (line, column)
        }
        return problems.enumerated().sorted { left, right in
            let (a, b) = (rank(left.element), rank(right.element))
            return a == b ? left.offset < right.offset : a < b
        }.map(\.element)
    }

    // MARK: The file

    private mutating func read(_ document: ConfigurationDocument) {
        let (root, found) = YAMLTree.read(document.bytes)
        for problem in found { report(problem.sentence, document.source(problem.place)) }
        guard let root, !root.isNull else { return }
        guard case .map(let entries) = root.value else {
            return report("The file must be a map of sections, such as server and models.", document.source(root.place))
        }
        readFixed(entries, under: "", of: document)
        replacedSections = ConfigurationKey.memberSections.intersection(
            entries.filter { !$0.node.isNull }.map(\.key)
        )
        readMembers(entries, of: document)
    }

    /// The built-in providers and models, except for the sections that the file replaces whole.
    private mutating func readBuiltIn() {
        let builtIn = ConfigurationDocument.builtIn
        guard case .map(let entries)? = YAMLTree.read(builtIn.bytes).root?.value else { return }
        readMembers(entries.filter { !replacedSections.contains($0.key) }, of: builtIn)
        if let model = environment[WellKnownNames.groqModel], !model.isEmpty { replaceGroqModel(model) }
    }

    private mutating func readMembers(_ entries: [YAMLNode.Entry], of document: ConfigurationDocument) {
        for entry in entries where ConfigurationKey.memberSections.contains(entry.key) && !entry.node.isNull {
            guard case .map(let members) = entry.node.value else {
                report("\(entry.key) must be a map from names to settings.", document.source(entry.node.place))
                continue
            }
            for member in members {
                if entry.key == "providers" { readProvider(member, of: document) }
                if entry.key == "models" { readAlias(member, of: document) }
                if entry.key == "catalogue" { readCatalogueRow(member, of: document) }
                if entry.key == "plans" { readPlan(member, of: document) }
            }
        }
    }

    /// Descends only into sections that the table knows, so never deeper than it.
    private mutating func readFixed(
        _ entries: [YAMLNode.Entry],
        under prefix: String,
        of document: ConfigurationDocument
    ) {
        for entry in entries {
            let path = prefix.isEmpty ? entry.key : "\(prefix).\(entry.key)"
            if entry.key.utf8.contains(UInt8(ascii: ".")) {
                report("Keys are nested below each other, not joined by dots.", document.source(entry.place))
            } else if let key = ConfigurationKey.byPath[path] {
                readValue(of: key, from: entry.node, of: document)
            } else if ConfigurationKey.lists.contains(path) {
                if path == "auth.keys" { readCallerKeys(entry.node, of: document) }
                if path == "guards.patterns" { readGuardPatterns(entry.node, of: document) }
            } else if ConfigurationKey.sections.contains(path) {
                if case .map(let inner) = entry.node.value {
                    readFixed(inner, under: path, of: document)
                } else if !entry.node.isNull {
                    report("\(path) must be a map of settings.", document.source(entry.node.place))
                }
            } else if ConfigurationKey.later.contains(path) {
                notice("\(document.source(entry.place)): \(path) is not supported yet and is ignored.")
            } else if !prefix.isEmpty || !ConfigurationKey.memberSections.contains(path) {
                reportUnknown(entry, in: prefix, near: ConfigurationKey.children(of: prefix), of: document)
            }
        }
    }

    private mutating func readValue(
        of key: ConfigurationKey,
        from node: YAMLNode,
        of document: ConfigurationDocument
    ) {
        guard let texts = texts(of: key, called: key.path, from: node, of: document) else { return }
        if key.set(&configuration, texts) { sources[key.path] = document.source(node.place) }
    }

    /// The texts of a fixed key's value; reports and gives `nil` where they are not what the key takes.
    /// - Parameter name: What messages call it: its path, or that of a member which has it for itself.
    mutating func texts(
        of key: ConfigurationKey,
        called name: String,
        from node: YAMLNode,
        of document: ConfigurationDocument
    ) -> [String]? {
        let must = "\(name) must be \(key.expectation)."
        var read: [String?] = []
        if !key.isList {
            read = [text(node, of: document, must: must)]
        } else if case .list(let items) = node.value {
            read = items.map { text($0, of: document, must: must) }
        } else {
            report(must, document.source(node.place))
            return nil
        }
        let texts = read.compactMap { $0 }
        guard texts.count == read.count else { return nil }
        var probe = ConfigurationKey.defaults
        if key.set(&probe, texts) { return texts }
        report(must, document.source(node.place))
        return nil
    }

    /// The text of a single value with its references replaced; reports and gives `nil` where there is none.
    mutating func text(_ node: YAMLNode, of document: ConfigurationDocument, must: String) -> String? {
        guard case .scalar(let raw, _) = node.value, !node.isNull else {
            report(must, document.source(node.place))
            return nil
        }
        let expansion = VariableReference.expand(raw, from: environment)
        if expansion.isMalformed {
            report(
                "A ${ must go on with a name and }; write $${ for the characters themselves.",
                document.source(node.place)
            )
            return nil
        }
        if !expansion.unset.isEmpty {
            report(VariableReference.unsetText(expansion.unset), document.source(node.place))
        }
        return expansion.unset.isEmpty ? expansion.text : nil
    }

    /// Reports a key that is none of `candidates`.
    mutating func reportUnknown(
        _ entry: YAMLNode.Entry,
        in section: String,
        near candidates: [String],
        of document: ConfigurationDocument
    ) {
        if let reason = ConfigurationKey.reasonAgainst(entry.key, in: section) {
            return report("\(section).\(entry.key): \(reason)", document.source(entry.place))
        }
        let place = section.isEmpty ? "" : " in \(section)"
        let suggestion = isFull ? "" : Suggestion.text(for: entry.key, in: candidates)
        report("Unknown key '\(Names.shown(key: entry.key))'\(place).\(suggestion)", document.source(entry.place))
    }
}

/// A file, or the built-in text, and how to speak of its places.
struct ConfigurationDocument {
    /// `nil` for the built-in text.
    let name: String?
    let bytes: [UInt8]
    let isWorldReadable: Bool

    static let builtIn = ConfigurationDocument(
        name: nil,
        bytes: Array(BuiltInConfiguration.text.utf8),
        isWorldReadable: false
    )

    private init(name: String?, bytes: [UInt8], isWorldReadable: Bool) {
        self.name = name
        self.bytes = bytes
        self.isWorldReadable = isWorldReadable
    }

    init(file: ConfigurationFile) {
        self.init(name: file.name, bytes: file.bytes, isWorldReadable: file.isWorldReadable)
    }

    func source(_ place: YAMLPlace) -> ConfigurationSource {
        name.map { .file(name: $0, line: place.line, column: place.column) } ?? .builtIn
    }
}

/// "did you mean", for every kind of name.
enum Suggestion {
    /// A sentence that starts with a space, or nothing where none of the first 100 candidates is near.
    static func text(for name: String, in candidates: [String]) -> String {
        let near = NearestNames.of(name, in: Array(candidates.prefix(100)), limit: 2)
        return near.isEmpty ? "" : " Did you mean \(near.map { "'\($0)'" }.joined(separator: " or "))?"
    }
}
