internal import Models

extension Configuration {
    /// What is known of models: the built-in rows under the file's. A provider is known by its host, whatever its name.
    func modelCatalogue() -> Catalogue {
        let builtIn = Catalogue.builtIn
        let known = providers.compactMap { provider -> (String, String)? in
            switch provider.service {
            case .local: (provider.name, Dialect.local.rawValue)
            case .remote(let remote): builtIn.provider(atHost: remote.baseURL.host).map { (provider.name, $0) }
            }
        }
        return builtIn.merging(catalogue, providers: Dictionary(known) { first, _ in first })
    }
}
