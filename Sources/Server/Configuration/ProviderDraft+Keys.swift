internal import Base
internal import Resilience

/// A provider's key, or its pool of keys.
extension ConfigurationLoader {
    private enum KeyReading {
        case key(Secret, ConfigurationSource)
        /// Variables that it refers to and nobody sets.
        case unset([String])
        /// Told already.
        case wrong
    }

    mutating func readKey(
        _ node: YAMLNode, into draft: inout ProviderDraft, path: String, of document: ConfigurationDocument
    ) {
        switch key(node, path: path, of: document) {
        case .key(let secret, let source): draft.apiKey = .init(value: secret, source: source)
        case .unset(let names): draft.unsetVariables = names
        case .wrong: break
        }
    }

    /// A pool: a key that is not set drops out of it, and without any the provider does.
    mutating func readKeys(
        _ node: YAMLNode, into draft: inout ProviderDraft, path: String, of document: ConfigurationDocument
    ) {
        let source = document.source(node.place)
        guard case .list(let items) = node.value, (1...TargetSet.limit).contains(items.count) else {
            return report(
                "\(path) must be a list of 1 to \(TargetSet.limit) keys, such as [${KEY_A}, ${KEY_B}].", source)
        }
        var keys: [Secret] = []
        var unset: [String] = []
        var isSound = true
        for item in items {
            switch key(item, path: path, of: document) {
            case .key(let secret, _) where keys.contains(secret):
                notice("\(document.source(item.place)): \(path) has this key twice; it is used once.")
            case .key(let secret, _): keys.append(secret)
            case .unset(let names): unset += names.filter { !unset.contains($0) }
            case .wrong: isSound = false
            }
        }
        guard isSound else { return }
        if keys.isEmpty { return draft.unsetVariables = unset }
        draft.apiKeys = .init(value: keys, source: source)
        if !unset.isEmpty {
            notice(
                "Provider \(draft.name) is used with \(keys.count) of its \(items.count) keys: "
                    + VariableReference.unsetText(unset))
        }
    }

    private mutating func key(_ node: YAMLNode, path: String, of document: ConfigurationDocument) -> KeyReading {
        let source = document.source(node.place)
        guard case .scalar(let raw, _) = node.value, !node.isNull else {
            report("\(path) must be the key as text; write ${NAME} to take it from the environment.", source)
            return .wrong
        }
        let expansion = VariableReference.expand(raw, from: environment)
        if expansion.isMalformed {
            report("A ${ must go on with a name and }; write $${ for the characters themselves.", source)
            return .wrong
        }
        if !expansion.unset.isEmpty { return .unset(expansion.unset) }
        guard (1...4096).contains(expansion.text.utf8.count),
            expansion.text.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else {
            report("\(path) must be printable characters without spaces, at most 4096.", source)
            return .wrong
        }
        if expansion.names.isEmpty, document.isWorldReadable {
            notice(
                "\(source): \(path) is written out in a file that everyone on this machine can read; run chmod 600 on "
                    + "it, or write ${NAME} and set the key in the environment."
            )
        }
        let named = expansion.names.first.map { ConfigurationSource.environment(name: $0) }
        return .key(Secret(expansion.text), named ?? source)
    }
}
