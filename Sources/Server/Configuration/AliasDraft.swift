internal import Base
internal import Models
internal import Resilience

/// An alias as it is written, before it is known which of its models can be used.
struct AliasDraft {
    static let chainLimit = 16

    /// A model of the chain.
    struct Member {
        var target: Configuration.ModelTarget
        var weight: Double?
        var source: ConfigurationSource
        /// What holds for calls to it by this name, as soon as that is settled.
        var settings: ResilienceSettings?
    }

    let name: String
    let source: ConfigurationSource
    /// In the order of the file; none where the chain could not be read.
    var chain: [Member] = []
    var chainSource: ConfigurationSource
    var window: (tokens: Int, source: ConfigurationSource)?

    var strategy: (value: BalanceStrategy, source: ConfigurationSource)?
    var resilience = ResilienceOverrides()

    static let fields = ["chain", "strategy", "window", "resilience"]
    static let memberFields = ["target", "weight"]
    static let weights = 0.001...1000.0
}

extension ConfigurationLoader {
    mutating func readAlias(_ member: YAMLNode.Entry, of document: ConfigurationDocument) {
        guard Names.isAlias(member.key) else {
            return report(
                "A model's name must be letters, digits, '.', '_', ':', '-' and '/', at most 128, and must not start "
                    + "with \(Names.reserved.map { "\($0)/" }.joined(separator: ", ")).",
                document.source(member.place)
            )
        }
        let path = "models.\(member.key)"
        guard case .map(let entries) = member.node.value else {
            return report(
                "\(path) must be a map with a chain, such as { chain: [openai/gpt-4o-mini] }.",
                document.source(member.node.place)
            )
        }
        let source = document.source(member.place)
        var draft = AliasDraft(name: member.key, source: source, chainSource: source)
        for entry in entries {
            switch entry.key {
            case "chain": readChain(entry.node, into: &draft, path: "\(path).chain", of: document)
            case "window":
                let must = "\(path).window must be a whole number of tokens from 1 to 100000000."
                let tokens = parsed(entry.node, of: document, must) { text -> Int? in
                    Quantities.count(text).flatMap { (1...100_000_000).contains($0) ? $0 : nil }
                }
                draft.window = tokens.map { ($0, document.source(entry.node.place)) }
            case "strategy":
                let names = BalanceStrategy.allCases.map(\.rawValue)
                let must = "\(path).strategy must be one of \(names.joined(separator: ", "))."
                let strategy = parsed(entry.node, of: document, must, near: names) { BalanceStrategy(rawValue: $0) }
                draft.strategy = strategy.map { ($0, document.source(entry.node.place)) }
            case "resilience":
                readOverrides(
                    entry.node, of: .alias, into: &draft.resilience, path: ["models", member.key, entry.key],
                    of: document)
            case let key where ResilienceOverrides.Owner.alias.place(of: key, in: path) != nil:
                let place = ResilienceOverrides.Owner.alias.place(of: key, in: path) ?? ""
                report("\(path).\(key) belongs \(place).", document.source(entry.place))
            default: reportUnknown(entry, in: path, near: AliasDraft.fields, of: document)
            }
        }
        if !entries.contains(where: { $0.key == "chain" }) {
            report("\(path) needs a chain, such as chain: [openai/gpt-4o-mini].", source)
        }
        aliases.append(draft)
    }

    private mutating func readChain(
        _ node: YAMLNode,
        into draft: inout AliasDraft,
        path: String,
        of document: ConfigurationDocument
    ) {
        draft.chainSource = document.source(node.place)
        guard case .list(let items) = node.value, (1...AliasDraft.chainLimit).contains(items.count) else {
            return report(
                "\(path) must be a list of 1 to \(AliasDraft.chainLimit) models, such as [openai/gpt-4o-mini].",
                document.source(node.place)
            )
        }
        for item in items {
            guard let member = chainMember(item, path: path, of: document) else { continue }
            draft.chain.append(member)
        }
    }

    /// `provider/model`, or a map of that and its weight.
    private mutating func chainMember(
        _ node: YAMLNode, path: String, of document: ConfigurationDocument
    ) -> AliasDraft.Member? {
        guard case .map(let entries) = node.value else {
            return chainTarget(node, path: path, of: document).map {
                AliasDraft.Member(target: $0, source: document.source(node.place))
            }
        }
        var target: Configuration.ModelTarget?
        var weight: Double?
        for entry in entries {
            switch entry.key {
            case "target": target = chainTarget(entry.node, path: path, of: document)
            case "weight":
                weight = parsed(entry.node, of: document, "\(path): a weight must be a number from 0.001 to 1000.") {
                    text in
                    guard text.utf8.count <= 32, let value = Double(text), AliasDraft.weights.contains(value) else {
                        return nil
                    }
                    return value
                }
            default: reportUnknown(entry, in: path, near: AliasDraft.memberFields, of: document)
            }
        }
        if !entries.contains(where: { $0.key == "target" }) {
            report(
                "\(path): a model with a weight needs a target, such as { target: openai/gpt-4o-mini, weight: 3 }.",
                document.source(node.place))
        }
        return target.map { AliasDraft.Member(target: $0, weight: weight, source: document.source(node.place)) }
    }

    private mutating func chainTarget(
        _ node: YAMLNode, path: String, of document: ConfigurationDocument
    ) -> Configuration.ModelTarget? {
        let must = "\(path) must name each model as provider/model, such as openai/gpt-4o-mini."
        return parsed(node, of: document, must) { text in
            guard let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")) else { return nil }
            let provider = String(text[..<slash])
            let model = String(text[text.index(after: slash)...])
            guard Names.isProvider(provider), Names.isModel(model) else { return nil }
            return Configuration.ModelTarget(provider: provider, model: model)
        }
    }
}
