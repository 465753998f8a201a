internal import Base
internal import Models
internal import Resilience

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
    /// Those of a pool that are there.
    var apiKeys: Sourced<[Secret]>?
    var keyStrategy: Sourced<KeyStrategy>?
    /// Variables that `api_key`, or every key of `api_keys`, refers to and nobody sets.
    var unsetVariables: [String] = []
    /// Where the pool stands beside a single key.
    var secondKeys: ConfigurationSource?
    var proxy: Sourced<BaseURL>?
    var model: Sourced<String>?
    var models: Sourced<[String]>?
    var allowsAnyModel: ConfigurationSource?
    /// Whether streams are asked for their usage.
    var asksForUsage: Sourced<Bool>?
    /// Whether it answers OpenAI's Responses itself.
    var hasResponses: Sourced<Bool>?
    var resilience = ResilienceOverrides()
    /// What holds for calls to it, as soon as that is settled.
    var settings: ResilienceSettings?

    static let fields = [
        "dialect", "base_url", "api_key", "api_keys", "key_strategy", "model", "models", "allow", "usage", "responses",
        "proxy", "timeouts", "resilience",
    ]

    var keys: [Secret] { apiKeys?.value ?? apiKey.map { [$0.value] } ?? [] }

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
        if entries.contains(where: { $0.key == "api_key" }) {
            let pool = entries.first { $0.key == "api_keys" }
            draft.secondKeys = pool.map { document.source($0.place) }
        }
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
        case "api_keys": readKeys(node, into: &draft, path: path, of: document)
        case "key_strategy":
            let names = KeyStrategy.allCases.map(\.rawValue)
            let must = "\(path) must be one of \(names.joined(separator: ", "))."
            draft.keyStrategy = sourced(parsed(node, of: document, must, near: names) { KeyStrategy(rawValue: $0) })
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
        case "timeouts", "resilience":
            readOverrides(
                node, of: .provider, section: entry.key == "timeouts" ? "resilience.timeouts" : "resilience",
                into: &draft.resilience, path: ["providers", draft.name, entry.key], of: document)
        case let key where ResilienceOverrides.Owner.provider.place(of: key, in: "providers.\(draft.name)") != nil:
            let place = ResilienceOverrides.Owner.provider.place(of: key, in: "providers.\(draft.name)") ?? ""
            report("\(path) belongs \(place).", document.source(entry.place))
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
}
