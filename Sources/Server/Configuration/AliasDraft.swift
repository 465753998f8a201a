internal import Base

/// An alias as it is written, before it is known which of its models can be used.
struct AliasDraft {
    static let chainLimit = 16

    let name: String
    let source: ConfigurationSource
    /// In the order of the file; none where the chain could not be read.
    var chain: [(target: Configuration.ModelTarget, source: ConfigurationSource)] = []
    var chainSource: ConfigurationSource
    var window: (tokens: Int, source: ConfigurationSource)?

    static let fields = ["chain", "window"]
    static let laterFields = ProviderDraft.laterFields.union(["timeouts"])
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
            case let key where AliasDraft.laterFields.contains(key):
                notice("\(document.source(entry.place)): \(path).\(key) is not supported yet and is ignored.")
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
            let must = "\(path) must name each model as provider/model, such as openai/gpt-4o-mini."
            let target = parsed(item, of: document, must) { text -> Configuration.ModelTarget? in
                guard let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")) else { return nil }
                let provider = String(text[..<slash])
                let model = String(text[text.index(after: slash)...])
                guard Names.isProvider(provider), Names.isModel(model) else { return nil }
                return Configuration.ModelTarget(provider: provider, model: model)
            }
            if let target { draft.chain.append((target, document.source(item.place))) }
        }
    }
}
