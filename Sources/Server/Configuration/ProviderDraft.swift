internal import Base

/// A provider as it is written, before it is known which can be used.
struct ProviderDraft {
    /// A value and where it stands.
    struct Sourced<Value> {
        var value: Value
        var source: ConfigurationSource
    }

    let name: String
    let source: ConfigurationSource
    var dialect: Sourced<Configuration.Dialect>?
    var baseURL: Sourced<BaseURL>?
    var apiKey: Sourced<Secret>?
    /// Variables that `api_key` refers to and nobody sets.
    var unsetVariables: [String] = []
    var proxy: Sourced<BaseURL>?
    var model: Sourced<String>?
    var models: Sourced<[String]>?
    var allowsAnyModel: ConfigurationSource?
    /// Whether streams are asked for their usage.
    var asksForUsage: Sourced<Bool>?
    /// Whether it answers OpenAI's Responses itself.
    var hasResponses: Sourced<Bool>?
    /// Its own timeouts: the key that each overrides, and the text.
    var timeouts: [(key: ConfigurationKey, value: Sourced<String>)] = []

    static let fields = [
        "dialect", "base_url", "api_key", "model", "models", "allow", "usage", "responses", "proxy", "timeouts",
    ]
    static let laterFields: Set = ["retry", "breaker", "hedge", "midstream", "hold", "degrade", "limits"]

    /// What a local provider's model is called: its name, or the file's name without folder and `.gguf`.
    var localModel: (name: String, path: String?)? {
        guard let text = model?.value else { return nil }
        let isPath = text.utf8.contains(UInt8(ascii: "/")) || text.hasSuffix(".gguf")
        guard isPath else { return (text, nil) }
        let file = text.utf8.split(separator: UInt8(ascii: "/")).last.flatMap { String($0) } ?? text
        return (file.hasSuffix(".gguf") ? String(file.dropLast(5)) : file, text)
    }
}

extension ConfigurationLoader {
    mutating func readProvider(_ member: YAMLNode.Entry, of document: ConfigurationDocument) {
        guard Names.isProvider(member.key) else {
            return report(
                "A provider's name must be letters, digits, '.', '_', ':' and '-', at most 64, and none of "
                    + "\(Names.reserved.joined(separator: ", ")).",
                document.source(member.place)
            )
        }
        providerNames.append(member.key)
        let path = "providers.\(member.key)"
        guard case .map(let entries) = member.node.value else {
            return report("\(path) must be a map with a dialect.", document.source(member.node.place))
        }
        let before = problems.count
        var draft = ProviderDraft(name: member.key, source: document.source(member.place))
        for entry in entries { read(entry, into: &draft, path: "\(path).\(Names.shown(key: entry.key))", of: document) }
        if problems.count == before { check(draft, path: path) }
        if problems.count == before { providers.append(draft) }
    }

    private mutating func read(
        _ entry: YAMLNode.Entry,
        into draft: inout ProviderDraft,
        path: String,
        of document: ConfigurationDocument
    ) {
        let node = entry.node
        let source = document.source(node.place)
        func sourced<Value>(_ value: Value?) -> ProviderDraft.Sourced<Value>? {
            value.map { .init(value: $0, source: source) }
        }
        switch entry.key {
        case "dialect":
            let names = Configuration.Dialect.allCases.map(\.rawValue)
            let must = "\(path) must be one of \(names.joined(separator: ", "))."
            draft.dialect = sourced(
                parsed(node, of: document, must, near: names) { Configuration.Dialect(rawValue: $0) }
            )
        case "base_url":
            let must =
                "\(path) must be http://HOST or https://HOST, with a path perhaps, but without user name, "
                + "query and fragment."
            draft.baseURL = sourced(parsed(node, of: document, must) { BaseURL($0) })
        case "proxy":
            let must = "\(path) must be http://, https://, socks5:// or socks5h:// with HOST:PORT, without user name."
            draft.proxy = sourced(
                parsed(node, of: document, must) {
                    BaseURL($0, ports: BaseURL.proxy).flatMap { $0.path.isEmpty ? $0 : nil }
                }
            )
        case "api_key": readKey(node, into: &draft, path: path, of: document)
        case "model":
            let must = "\(path) must be a model's name or a GGUF file's path."
            draft.model = sourced(
                parsed(node, of: document, must) {
                    $0.utf8.count <= 1024 && !$0.utf8.contains(0) && !$0.isEmpty ? $0 : nil
                }
            )
        case "models": draft.models = sourced(modelNames(node, path: path, of: document))
        case "allow":
            let isAny = parsed(node, of: document, "\(path) must be any.") { $0 == "any" ? true : nil }
            draft.allowsAnyModel = isAny == true ? source : nil
        case "usage":
            let must = "\(path) must be ask, or never for a server that refuses stream_options."
            draft.asksForUsage = sourced(
                parsed(node, of: document, must, near: ["ask", "never"]) { ["ask": true, "never": false][$0] })
        case "responses":
            let must = "\(path) must be native for a provider that has them, or translated."
            draft.hasResponses = sourced(
                parsed(node, of: document, must, near: ["native", "translated"]) {
                    ["native": true, "translated": false][$0]
                })
        case "timeouts": readTimeouts(node, into: &draft, path: path, of: document)
        case let key where ProviderDraft.laterFields.contains(key):
            notice("\(document.source(entry.place)): \(path) is not supported yet and is ignored.")
        default:
            reportUnknown(entry, in: "providers.\(draft.name)", near: ProviderDraft.fields, of: document)
        }
    }

    /// A single value that `read` understands; reports `must`, with the nearest of `names`, where it does not.
    mutating func parsed<Value>(
        _ node: YAMLNode,
        of document: ConfigurationDocument,
        _ must: String,
        near names: [String] = [],
        read: (String) -> Value?
    ) -> Value? {
        guard let text = text(node, of: document, must: must) else { return nil }
        if let value = read(text) { return value }
        report(must + Suggestion.text(for: text, in: names), document.source(node.place))
        return nil
    }

    private mutating func readKey(
        _ node: YAMLNode,
        into draft: inout ProviderDraft,
        path: String,
        of document: ConfigurationDocument
    ) {
        let source = document.source(node.place)
        guard case .scalar(let raw, _) = node.value, !node.isNull else {
            return report("\(path) must be the key as text; write ${NAME} to take it from the environment.", source)
        }
        let expansion = VariableReference.expand(raw, from: environment)
        if expansion.isMalformed {
            return report("A ${ must go on with a name and }; write $${ for the characters themselves.", source)
        }
        if !expansion.unset.isEmpty { return draft.unsetVariables = expansion.unset }
        guard (1...4096).contains(expansion.text.utf8.count),
            expansion.text.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else {
            return report("\(path) must be printable characters without spaces, at most 4096.", source)
        }
        if expansion.names.isEmpty, document.isWorldReadable {
            notice(
                "\(source): \(path) is written out in a file that everyone on this machine can read; run chmod 600 on "
                    + "it, or write ${NAME} and set the key in the environment."
            )
        }
        let named = expansion.names.first.map { ConfigurationSource.environment(name: $0) }
        draft.apiKey = .init(value: Secret(expansion.text), source: named ?? source)
    }

    private mutating func modelNames(
        _ node: YAMLNode,
        path: String,
        of document: ConfigurationDocument
    ) -> [String]? {
        let must = "\(path) must be a list of model names, such as [llama-3.1-8b-instant]."
        guard case .list(let items) = node.value else {
            report(must, document.source(node.place))
            return nil
        }
        let names = items.map { parsed($0, of: document, must) { Names.isModel($0) ? $0 : nil } }
        return names.contains(nil) ? nil : names.compactMap { $0 }
    }

    private mutating func readTimeouts(
        _ node: YAMLNode,
        into draft: inout ProviderDraft,
        path: String,
        of document: ConfigurationDocument
    ) {
        guard case .map(let entries) = node.value else {
            return report("\(path) must be a map of durations, such as { connect: 5s }.", document.source(node.place))
        }
        let section = "resilience.timeouts"
        for entry in entries {
            if let key = ConfigurationKey.byPath["\(section).\(entry.key)"] {
                var probe = Configuration()
                let must = "\(path).\(entry.key) must be \(key.expectation)."
                let text = parsed(entry.node, of: document, must) { key.set(&probe, [$0]) ? $0 : nil }
                guard let text else { continue }
                draft.timeouts.append((key, .init(value: text, source: document.source(entry.node.place))))
            } else if ConfigurationKey.later.contains("\(section).\(entry.key)") {
                notice("\(document.source(entry.place)): \(path).\(entry.key) is not supported yet and is ignored.")
            } else {
                reportUnknown(entry, in: path, near: ConfigurationKey.children(of: section), of: document)
            }
        }
    }

    /// What must be there and what does not go together.
    private mutating func check(_ draft: ProviderDraft, path: String) {
        guard let dialect = draft.dialect else {
            let names = Configuration.Dialect.allCases.map(\.rawValue).joined(separator: ", ")
            return report("\(path) needs a dialect, one of \(names).", draft.source)
        }
        if dialect.value == .local {
            let foreign = [
                ("base_url", draft.baseURL?.source), ("api_key", draft.apiKey?.source), ("proxy", draft.proxy?.source),
                ("models", draft.models?.source), ("allow", draft.allowsAnyModel),
                ("usage", draft.asksForUsage?.source), ("responses", draft.hasResponses?.source),
                ("timeouts", draft.timeouts.first?.value.source),
            ]
            for (name, source) in foreign where source != nil {
                report("\(path).\(name) has no meaning for the dialect local.", source)
            }
            if draft.model == nil {
                report("\(path) needs a model, such as model: smollm2, or the path of a GGUF file.", draft.source)
            } else if let local = draft.localModel, !Names.isModel(local.name) {
                report(
                    "\(path).model must be a name or a file's name of letters, digits, '.', '_', ':', '-', '@', '+' "
                        + "and '~'.",
                    draft.model?.source
                )
            } else if let local = draft.localModel, local.path == nil, !capabilities.localModels.contains(local.name) {
                report(
                    "\(path).model: there is no local model '\(local.name)'. Write "
                        + "\(capabilities.localModels.sorted().joined(separator: " or ")), or the path of a GGUF file.",
                    draft.model?.source
                )
            }
            return
        }
        if dialect.value == .anthropic, let responses = draft.hasResponses, responses.value {
            report("\(path).responses can be native only for the dialect openai.", responses.source)
        }
        if draft.baseURL == nil {
            report("\(path) needs a base_url, such as https://api.example.org/v1.", draft.source)
        }
        if let model = draft.model {
            report("\(path).model is for the dialect local; write models: [NAME].", model.source)
        }
    }
}
