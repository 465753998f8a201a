internal import Base

/// The settings in which two configurations differ.
struct ConfigurationDifference {
    /// So many are told.
    static let limit = 100

    /// Their paths: those of the later configuration in its order, then those that are gone. Keys that are others are
    /// among them, though their masks are the same.
    private(set) var paths: [String]

    init(from earlier: World, to later: LoadedConfiguration) {
        self.init(
            from: LoadedConfiguration(
                configuration: earlier.configuration, notices: [], settings: earlier.settings), to: later)
    }

    /// O(settings).
    init(from earlier: LoadedConfiguration, to later: LoadedConfiguration) {
        func table(_ loaded: LoadedConfiguration) -> [[String]: EffectiveSetting] {
            Dictionary(loaded.settings.map { ($0.path, $0) }) { first, _ in first }
        }
        let (before, after) = (table(earlier), table(later))
        let keys = Set(
            later.configuration.providers.filter {
                earlier.configuration.provider($0.name)?.keys != $0.keys
            }.map(\.name))
        let changed = later.settings.filter { setting in
            if setting.path.count == 3, setting.path[0] == "providers", setting.path[2].hasPrefix("api_key"),
                keys.contains(setting.path[1])
            {
                return true
            }
            guard let old = before[setting.path] else { return true }
            if setting.path == ["auth", "keys"], earlier.configuration.auth.keys != later.configuration.auth.keys {
                return true
            }
            if setting.path == ["auth", "pepper"],
                earlier.configuration.auth.pepper?.reveal() != later.configuration.auth.pepper?.reveal()
            {
                return true
            }
            return old.values != setting.values || old.weights != setting.weights
        }
        let gone = earlier.settings.filter { after[$0.path] == nil }
        paths = Array((changed + gone).lazy.map { $0.path.joined(separator: ".") }.prefix(Self.limit))
    }

    /// The paths of the settings that only a start puts in force, where they are others than at the last one.
    static func waiting(from start: Configuration, to later: Configuration) -> [String] {
        ConfigurationKey.all.filter { $0.isForStart && $0.get(start) != $0.get(later) }.map(\.path)
    }
}

extension ConfigurationKey {
    /// Sockets, and what every connection is given when it is accepted.
    private static let forStart: Set = [
        "server.listen", "server.data", "server.max_connections", "server.max_line", "server.max_headers",
        "server.timeouts.header", "server.timeouts.body", "server.timeouts.idle", "server.timeouts.write",
        "server.timeouts.body_total", "server.min_rate", "server.min_write_rate", "server.max_memory",
        "server.max_connections_per_address", "server.gzip_from",
    ]

    /// Whether a change takes effect at the next start, and not when the configuration is loaded again.
    var isForStart: Bool { Self.forStart.contains(path) }
}

extension Configuration.Provider {
    fileprivate var keys: [[UInt8]] {
        guard case .remote(let remote) = service else { return [] }
        return remote.apiKeys.map { Array($0.reveal().utf8) }
    }
}
