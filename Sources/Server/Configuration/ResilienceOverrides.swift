internal import Base
internal import Models
internal import Resilience

/// The settings of `resilience` that a provider or a model's name has of its own, as they are written.
struct ResilienceOverrides {
    enum Owner {
        case provider, alias

        /// What it may change: sections and keys directly below `resilience`.
        var parts: [String] {
            switch self {
            case .provider: ["timeouts", "breaker", "limits"] + requests
            case .alias: ["timeouts"] + requests
            }
        }

        /// What goes with a request rather than with the state of a provider.
        private var requests: [String] { ["retry", "hedge", "midstream", "hold", "degrade", "degraded_text"] }

        /// Where a key that is not its own belongs, to go on after "belongs"; `nil` for what is its own or no key.
        func home(of path: String) -> String? {
            if path == "resilience.limits.total" { return self == .provider ? "to resilience.limits, for all" : nil }
            // Whoever asks by another name would spend what this one has.
            if path == "resilience.retry.budget", self == .alias {
                return "to providers.NAME.resilience.retry, or to resilience.retry for all"
            }
            let parts = path.split(separator: ".").map(String.init)
            guard parts.count == 2, let part = parts.last, !self.parts.contains(part),
                ConfigurationKey.byPath[path] != nil || ConfigurationKey.sections.contains(path)
            else { return nil }
            return "to providers.NAME.resilience, or to resilience for all"
        }

        /// The same for a key that stands beside a member's `resilience` instead of in it.
        func place(of key: String, in member: String) -> String? {
            parts.contains(key) ? "below \(member).resilience" : home(of: "resilience.\(key)")
        }
    }

    struct Change {
        let key: ConfigurationKey
        let texts: [String]
        /// As the file has it, from its top down.
        let path: [String]
        let source: ConfigurationSource

        var name: String { path.joined(separator: ".") }
    }

    private(set) var changes: [Change] = []

    var isEmpty: Bool { changes.isEmpty }

    var settings: [EffectiveSetting] {
        changes.map { EffectiveSetting($0.path, $0.texts, isList: $0.key.isList, source: $0.source) }
    }

    /// By the path in the table, such as `resilience.timeouts.total`.
    func change(of path: String) -> Change? { changes.first { $0.key.path == path } }

    mutating func add(_ change: Change) { changes.append(change) }

    /// The settings with the changes in them.
    func applied(to settings: ResilienceSettings) -> ResilienceSettings {
        var all = ConfigurationKey.defaults
        all.resilience = settings
        for change in changes { _ = change.key.set(&all, change.texts) }
        return all.resilience
    }

    /// The time limits among the changes.
    var timeouts: TimeoutOverrides {
        let changed = applied(to: ResilienceSettings()).timeouts
        func own(_ field: String, _ value: Duration) -> Duration? {
            change(of: "resilience.timeouts.\(field)") == nil ? nil : value
        }
        var result = TimeoutOverrides()
        result.connect = own("connect", changed.connect)
        result.firstByte = own("first_byte", changed.firstByte)
        result.firstToken = own("first_token", changed.firstToken)
        result.betweenTokens = own("between_tokens", changed.betweenTokens)
        result.total = own("total", changed.total)
        result.minimum = own("minimum", changed.minimum)
        return result
    }
}

extension ConfigurationLoader {
    /// Reads what stands below a member's `resilience`, or below one of its sections. Descends only into sections that
    /// the table knows, so never deeper than it.
    mutating func readOverrides(
        _ node: YAMLNode, of owner: ResilienceOverrides.Owner, section: String = "resilience",
        into overrides: inout ResilienceOverrides, path: [String], of document: ConfigurationDocument
    ) {
        if node.isNull { return }
        let name = path.joined(separator: ".")
        guard case .map(let entries) = node.value else {
            let example = section == "resilience" ? "{ timeouts: { total: 60s } }" : Self.example(of: section)
            return report(
                "\(name) must be a map of settings, such as \(example).", document.source(node.place))
        }
        for entry in entries {
            let inner = "\(section).\(entry.key)"
            let path = path + [entry.key]
            if entry.key.utf8.contains(UInt8(ascii: ".")) {
                report("Keys are nested below each other, not joined by dots.", document.source(entry.place))
            } else if let home = owner.home(of: inner) {
                report("\(name).\(entry.key) belongs \(home).", document.source(entry.place))
            } else if let key = ConfigurationKey.byPath[inner] {
                readOverride(entry, of: key, into: &overrides, path: path, of: document)
            } else if ConfigurationKey.sections.contains(inner) {
                readOverrides(entry.node, of: owner, section: inner, into: &overrides, path: path, of: document)
            } else {
                let own = section == "resilience" ? owner.parts : ConfigurationKey.children(of: section)
                reportUnknown(entry, in: name, near: own, of: document)
            }
        }
    }

    private mutating func readOverride(
        _ entry: YAMLNode.Entry, of key: ConfigurationKey, into overrides: inout ResilienceOverrides, path: [String],
        of document: ConfigurationDocument
    ) {
        let name = path.joined(separator: ".")
        let source = document.source(entry.node.place)
        guard let texts = texts(of: key, called: name, from: entry.node, of: document) else { return }
        let change = ResilienceOverrides.Change(key: key, texts: texts, path: path, source: source)
        if let other = overrides.change(of: key.path) {
            return report("\(name) is also set as \(other.name); write it once.", source)
        }
        overrides.add(change)
    }

    /// A key of a section with its default, as a file writes it.
    private static func example(of section: String) -> String {
        let keys = ConfigurationKey.all.filter { $0.path.hasPrefix(section + ".") }
        guard let key = keys.first, let name = key.path.split(separator: ".").last else { return "{}" }
        return "{ \(name): \(key.defaultText) }"
    }
}
