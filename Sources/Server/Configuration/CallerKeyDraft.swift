internal import Base
internal import Identity

/// A key of `auth.keys` as it is written.
struct CallerKeyDraft {
    static let fields = ["name", "hash", "tenant", "user", "role", "revoked", "expires"]

    var name: String?
    var hash: KeyHash?
    var tenant: String?
    var user: String?
    var role: Scope.Role = .member
    var isRevoked = false
    var expires: CivilDate?

    /// `nil` while something is missing that every key has.
    var key: CallerKey? {
        guard let name, let hash, let tenant, let user else { return nil }
        return CallerKey(
            name: name, hash: hash, tenant: tenant, user: user, role: role, isRevoked: isRevoked,
            expires: expires.map { WallTime(milliseconds: $0.secondsSince1970 * 1000) })
    }

    /// As `config show` writes it: YAML that reads back, but for the hash.
    var shown: String {
        func part(_ name: String, _ text: String?) -> String? { text.map { "\(name): \(YAMLText.scalar($0))" } }
        let parts = [
            part("name", name), part("hash", Secret.mask), part("tenant", tenant), part("user", user),
            part("role", role.rawValue), isRevoked ? "revoked: true" : nil, part("expires", expires?.text),
        ]
        return "{ \(parts.compactMap { $0 }.joined(separator: ", ")) }"
    }
}

extension ConfigurationLoader {
    mutating func readCallerKeys(_ node: YAMLNode, of document: ConfigurationDocument) {
        if node.isNull { return }
        let source = document.source(node.place)
        guard case .list(let items) = node.value else {
            return report("auth.keys must be a list of keys, such as [{ name: ci, hash: … }].", source)
        }
        callerKeys = .init(value: [], source: source)
        for (index, item) in items.enumerated() {
            let path = "auth.keys[\(index)]"
            guard case .map(let entries) = item.value else {
                report("\(path) must be a map with name, hash, tenant and user.", document.source(item.place))
                continue
            }
            let before = problems.count
            var draft = CallerKeyDraft()
            for entry in entries { read(entry, into: &draft, path: path, of: document) }
            if problems.count == before { take(draft, path: path, source: document.source(item.place)) }
        }
    }

    private mutating func read(
        _ entry: YAMLNode.Entry, into draft: inout CallerKeyDraft, path: String, of document: ConfigurationDocument
    ) {
        let node = entry.node
        let path = "\(path).\(Names.shown(key: entry.key))"
        let name = "\(path) must be letters, digits, '.', '_', ':' and '-', at most 64."
        func named(_ text: String) -> String? { Names.isCaller(text) ? text : nil }
        switch entry.key {
        case "name": draft.name = parsed(node, of: document, name, read: named)
        case "tenant": draft.tenant = parsed(node, of: document, name, read: named)
        case "user": draft.user = parsed(node, of: document, name, read: named)
        case "hash":
            draft.hash = parsed(
                node, of: document, "\(path) must be what `tutti keys hash` prints: hmac-sha256, a dot, and more.",
                read: { KeyHash($0) })
        case "role":
            let names = Scope.Role.ascending.map(\.rawValue)
            let must = "\(path) must be one of \(names.joined(separator: ", "))."
            if let role = parsed(node, of: document, must, near: names, read: { Scope.Role(rawValue: $0) }) {
                draft.role = role
            }
        case "revoked":
            let must = "\(path) must be true or false."
            draft.isRevoked = parsed(node, of: document, must) { ["true": true, "false": false][$0] } ?? false
        case "expires":
            let must = "\(path) must be a day or a moment in UTC, such as 2027-01-31 or 2027-01-31T18:00:00Z."
            draft.expires = parsed(node, of: document, must) { CivilDate($0) }
        default: reportUnknown(entry, in: "auth.keys", near: CallerKeyDraft.fields, of: document)
        }
    }

    private mutating func take(_ draft: CallerKeyDraft, path: String, source: ConfigurationSource) {
        guard let key = draft.key, let hash = draft.hash else {
            let missing = [
                ("name", draft.name == nil), ("hash", draft.hash == nil), ("tenant", draft.tenant == nil),
                ("user", draft.user == nil),
            ].filter(\.1).map(\.0)
            return report("\(path) needs \(missing.joined(separator: ", ")).", source)
        }
        let others = callerKeys?.value ?? []
        if others.contains(where: { $0.name == key.name }) {
            return report("\(path) has the name of another key; names tell keys apart in the log.", source)
        }
        if let other = others.first(where: { $0.hash == hash }), let name = other.name {
            return report("\(path) has the hash of the key '\(name)'; one key can be one caller's only.", source)
        }
        callerKeys?.value.append(draft)
    }

    /// Settles who may ask, and refuses to let everybody in.
    /// - Parameter isChecked: Whether a server is to run so; not for the command that makes the first key.
    mutating func settleCallers(isChecked: Bool) {
        configuration.auth.keys = callerKeys?.value.compactMap(\.key) ?? []
        let hasKeys = callerKeys.map { !$0.value.isEmpty || !problems.isEmpty } ?? false
        // Whoever lists keys means them.
        if let callerKeys, hasKeys, sources["auth.mode"] == nil {
            configuration.auth.mode = .keys
            sources["auth.mode"] = callerKeys.source
        }
        guard isChecked else { return }
        let listen = configuration.server.listen
        switch configuration.auth.mode {
        case .keys where !hasKeys:
            report(
                "auth.mode is keys, but auth.keys has none, so nobody could ask. Make one with `tutti keys new`.",
                sources["auth.mode"])
        case .keys: break
        case .open where !listen.isLoopback:
            report(
                "server.listen can be reached from other machines, and without keys everyone there could spend yours: "
                    + "make a key with `tutti keys new` and put it into auth.keys, or listen on "
                    + "127.0.0.1:\(listen.port).", sources["server.listen"])
        // Behind a proxy everybody comes from loopback. Looking at each request's client instead would let those in
        // whose proxy writes no header, or one that cannot be read; so the server does not start.
        case .open where !configuration.server.trustedProxies.isEmpty:
            report(
                "server.trusted_proxies puts the server behind a proxy, and without keys everyone whom that lets through "
                    + "would be its admin: make a key with `tutti keys new` and put it into auth.keys, or take "
                    + "server.trusted_proxies out.", sources["server.trusted_proxies"])
        case .open where hasKeys:
            notice("auth.keys has no effect, since auth.mode is open.")
        case .open: break
        }
    }

    /// The keys as `config show` tells them.
    var callerSettings: [EffectiveSetting] {
        guard let callerKeys else { return [] }
        return [
            EffectiveSetting(
                ["auth", "keys"], callerKeys.value.map(\.shown), isList: true, isYAML: true, source: callerKeys.source)
        ]
    }
}
