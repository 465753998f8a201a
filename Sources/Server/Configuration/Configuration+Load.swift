extension Configuration {
    /// The file that is read where no flag names another.
    public static let defaultFile = "tutti.yaml"

    /// Reads and checks a whole configuration: defaults, then the file, the environment and the flags. Pure; every
    /// problem is told at once. O(file + environment); a file at its limits takes a few milliseconds.
    public static func load(
        file: ConfigurationFile?,
        environment: [String: String],
        flags: ConfigurationFlags = ConfigurationFlags(),
        capabilities: ConfigurationCapabilities
    ) throws(ConfigurationErrors) -> LoadedConfiguration {
        var loader = ConfigurationLoader(environment: environment, capabilities: capabilities)
        if let loaded = loader.load(file: file, flags: flags) { return loaded }
        throw ConfigurationErrors(loader.sortedProblems)
    }

    /// The same with the file from disk: the one that `flags` name, which must be there, or `tutti.yaml` in the
    /// working directory, which may be missing. Blocks for the reading of one small file, and
    /// looks at who may read the key of TLS.
    public static func load(
        environment: [String: String],
        flags: ConfigurationFlags,
        capabilities: ConfigurationCapabilities
    ) throws(ConfigurationErrors) -> LoadedConfiguration {
        let file: ConfigurationFile?
        do throws(ConfigurationFileError) {
            file = try ConfigurationFile.read(flags.file ?? defaultFile)
        } catch {
            guard error == .missing, flags.file == nil else {
                let source = flags.file == nil ? nil : ConfigurationSource.flag(name: "--config")
                let sentence = error.sentence(flags.file ?? "tutti.yaml")
                throw ConfigurationErrors([ConfigurationProblem(source: source, sentence: sentence)])
            }
            file = nil
        }
        var loaded = try load(file: file, environment: environment, flags: flags, capabilities: capabilities)
        if let notice = loaded.configuration.server.tls.notice { loaded.notices.append(notice) }
        return loaded
    }
}

/// Why a configuration file could not be read.
enum ConfigurationFileError: Error, Equatable {
    case missing, notAFile, tooLarge, denied, failed

    func sentence(_ file: String) -> String {
        switch self {
        case .missing: "The configuration file \(file) is not there."
        case .notAFile: "The configuration file \(file) must be a regular file."
        case .tooLarge: "The configuration file \(file) is over the limit of 256 KB."
        case .denied: "The configuration file \(file) may not be read; check its permissions."
        case .failed: "The configuration file \(file) could not be read."
        }
    }
}
