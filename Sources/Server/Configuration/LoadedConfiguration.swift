/// What the command line sets; `nil` where a flag is not given. Secrets have no flags: every process may read them.
public struct ConfigurationFlags: Sendable, Equatable {
    /// `--config`: the file to read instead of `tutti.yaml`.
    public var file: String?
    public var listen: String?
    public var data: String?
    public var logLevel: String?
    /// `--allow-chaos`: whether the section `chaos` may put faults into calls.
    public var allowChaos: Bool
    /// `tutti keys`: who may ask, and whom, is only being settled, so nothing is refused for it.
    var makesKeys = false

    public init(
        file: String? = nil, listen: String? = nil, data: String? = nil, logLevel: String? = nil,
        allowChaos: Bool = false
    ) {
        self.file = file
        self.listen = listen
        self.data = data
        self.logLevel = logLevel
        self.allowChaos = allowChaos
    }

    /// The flags that set a key: name, path of the key, value.
    var settings: [(name: String, path: String, value: String)] {
        [
            ("--listen", "server.listen", listen), ("--data", "server.data", data),
            ("--log-level", "log.level", logLevel),
        ].compactMap { name, path, value in value.map { (name, path, $0) } }
    }
}

/// A configuration file as it was read.
public struct ConfigurationFile: Sendable {
    /// The name that messages give it.
    public var name: String
    public var bytes: [UInt8]
    /// Whether everyone on the machine may read it.
    public var isWorldReadable: Bool

    public init(name: String, bytes: [UInt8], isWorldReadable: Bool = false) {
        self.name = name
        self.bytes = bytes
        self.isWorldReadable = isWorldReadable
    }
}

/// What this build and this machine can do.
public struct ConfigurationCapabilities: Sendable {
    public var dialects: Set<Configuration.Dialect>
    /// The names of the local models that the set-up can fetch.
    public var localModels: [String]
    /// Whether a local model, by its name or its file's path, can be loaded.
    public var hasLocalModel: @Sendable (String) -> Bool

    public init(
        dialects: Set<Configuration.Dialect>, localModels: [String], hasLocalModel: @escaping @Sendable (String) -> Bool
    ) {
        self.dialects = dialects
        self.localModels = localModels
        self.hasLocalModel = hasLocalModel
    }
}

/// A configuration, where each of its values comes from, and what the reader of the log should know.
public struct LoadedConfiguration: Sendable {
    public internal(set) var configuration: Configuration
    /// One sentence each, none with a secret.
    public internal(set) var notices: [String]
    /// Every effective value in the order of the documentation, secrets masked.
    public let settings: [EffectiveSetting]
}

/// One value that is in force, and its source.
public struct EffectiveSetting: Sendable, Equatable {
    /// The keys from the top of the file down.
    public let path: [String]
    /// One text unless `isList`; a secret is masked.
    public let values: [String]
    public let isList: Bool
    /// The weights of a chain's models, in their order; `nil` for one without. Empty for all other settings.
    public let weights: [Double?]
    /// Whether the values are YAML already: members of a list, as maps.
    let isYAML: Bool
    public let source: ConfigurationSource

    init(
        _ path: [String], _ values: [String], isList: Bool = false, weights: [Double?] = [], isYAML: Bool = false,
        source: ConfigurationSource
    ) {
        self.path = path
        self.values = values
        self.isList = isList
        self.weights = weights
        self.isYAML = isYAML
        self.source = source
    }
}

extension EffectiveSetting {
    /// The value as YAML that reads back, but for a masked secret.
    var text: String {
        if isYAML { return "[\(values.joined(separator: ", "))]" }
        guard weights.contains(where: { $0 != nil }) else { return YAMLText.value(values, isList: isList) }
        let members = zip(values, weights).map { value, weight in
            let target = YAMLText.scalar(value)
            return weight.map { "{ target: \(target), weight: \(Quantities.text($0)) }" } ?? target
        }
        return "[\(members.joined(separator: ", "))]"
    }
}
