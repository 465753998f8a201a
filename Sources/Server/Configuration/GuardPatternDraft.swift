internal import Base
internal import Orchestrator

/// A pattern of `guards.patterns` as it is written.
struct GuardPatternDraft {
    static let fields = ["name", "pattern"]

    var name: String?
    var pattern: String?

    /// As `config show` writes it: YAML that reads back.
    var shown: String {
        "{ name: \(YAMLText.scalar(name ?? "")), pattern: \(YAMLText.scalar(pattern ?? "")) }"
    }
}

extension ConfigurationLoader {
    mutating func readGuardPatterns(_ node: YAMLNode, of document: ConfigurationDocument) {
        if node.isNull { return }
        let source = document.source(node.place)
        let example = #"[{ name: ticket, pattern: 'TK-[0-9]{6}' }]"#
        guard case .list(let items) = node.value else {
            return report("guards.patterns must be a list of patterns, such as \(example).", source)
        }
        guardPatterns = .init(value: [], source: source)
        for (index, item) in items.enumerated() where !isFull {
            let path = "guards.patterns[\(index)]"
            guard case .map(let entries) = item.value else {
                report("\(path) must be a map with name and pattern.", document.source(item.place))
                continue
            }
            let before = problems.count
            var draft = GuardPatternDraft()
            for entry in entries {
                let must = "\(path).\(Names.shown(key: entry.key)) must be a text."
                switch entry.key {
                case "name": draft.name = text(entry.node, of: document, must: must)
                case "pattern": draft.pattern = text(entry.node, of: document, must: must)
                default: reportUnknown(entry, in: "guards.patterns", near: GuardPatternDraft.fields, of: document)
                }
            }
            guard problems.count == before else { continue }
            guard let name = draft.name, let pattern = draft.pattern else {
                let missing = [draft.name == nil ? "name" : nil, draft.pattern == nil ? "pattern" : nil]
                report(
                    "\(path) needs \(missing.compactMap { $0 }.joined(separator: " and ")).",
                    document.source(item.place))
                continue
            }
            if let fault = configuration.guards.patterns.add(name: name, pattern: pattern) {
                report("\(path): \(fault)", document.source(item.place))
            } else {
                guardPatterns?.value.append(draft)
            }
        }
    }

    /// The patterns as `config show` tells them.
    var guardSettings: [EffectiveSetting] {
        guard let guardPatterns else { return [] }
        return [
            EffectiveSetting(
                ["guards", "patterns"], guardPatterns.value.map(\.shown), isList: true, isYAML: true,
                source: guardPatterns.source)
        ]
    }
}
