import Base

@testable import Server

/// Loads a text as `tutti.yaml`, with every dialect but Anthropic's and with a local model unless a test says so.
func load(
    _ text: String?, environment: [String: String] = [:], flags: ConfigurationFlags = ConfigurationFlags(),
    dialects: Set<Configuration.Dialect> = [.openai, .local], hasLocalModel: Bool = true, isWorldReadable: Bool = false
) throws(ConfigurationErrors) -> LoadedConfiguration {
    try Configuration.load(
        file: text.map {
            ConfigurationFile(name: "tutti.yaml", bytes: Array($0.utf8), isWorldReadable: isWorldReadable)
        },
        environment: environment, flags: flags,
        capabilities: ConfigurationCapabilities(
            dialects: dialects, localModels: ["smollm2"], hasLocalModel: { _ in hasLocalModel }))
}

/// Every problem as it is printed; empty where all is well.
func problems(
    _ text: String?, environment: [String: String] = [:], flags: ConfigurationFlags = ConfigurationFlags(),
    dialects: Set<Configuration.Dialect> = [.openai, .local], hasLocalModel: Bool = true
) -> [String] {
    do throws(ConfigurationErrors) {
        _ = try load(
            text, environment: environment, flags: flags, dialects: dialects, hasLocalModel: hasLocalModel)
        return []
    } catch {
        return error.problems.map(\.description)
    }
}

extension LoadedConfiguration {
    /// `value  # source` of one path.
    func setting(_ path: String) -> String? {
        settings.first { $0.path.joined(separator: ".") == path }
            .map { "\(YAMLText.value($0.values, isList: $0.isList)) # \($0.source)" }
    }

    /// Each alias and its chain.
    var chains: [String] {
        configuration.aliases.map { "\($0.name): \($0.chain.map(\.description).joined(separator: " "))" }
    }
}
