internal import LocalModels

extension App {
    /// The files of each local model of the configuration.
    static func localFiles(
        _ configuration: Configuration, _ environment: [String: String]
    ) -> [Readiness.LocalFiles] {
        configuration.providers.compactMap { provider in
            guard case .local(let name, let path) = provider.service else { return nil }
            let files = LocalConfiguration(model: path ?? name, environment: environment)
            return Readiness.LocalFiles(provider: provider.name) { files.isInstalled }
        }
    }
}
