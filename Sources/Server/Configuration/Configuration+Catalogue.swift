internal import Models

extension Configuration {
    /// What is known of models: the built-in rows under the file's. A provider is known by its host, whatever its name.
    func modelCatalogue() -> Catalogue {
        let hosts = providers.map { provider -> (String, String?) in
            switch provider.service {
            case .local: (provider.name, nil)
            case .remote(let remote): (provider.name, remote.baseURL.host)
            }
        }
        return Self.modelCatalogue(catalogue, hosts: hosts)
    }

    /// The same for providers by name and host; without a host for the models inside this process.
    static func modelCatalogue(_ rows: [CatalogueRow], hosts: [(String, String?)]) -> Catalogue {
        let builtIn = Catalogue.builtIn
        let known = hosts.compactMap { name, host -> (String, String)? in
            guard let host else { return (name, Dialect.local.rawValue) }
            return builtIn.provider(atHost: host).map { (name, $0) }
        }
        return builtIn.merging(rows, providers: Dictionary(known) { first, _ in first })
    }

    /// Which names clients may use, and what is behind each.
    func modelDirectory() -> ModelDirectory {
        ModelDirectory(
            aliases: aliases.map { alias in
                var known = ModelDirectory.Alias(
                    name: alias.name,
                    chain: alias.chain.map { Target(provider: $0.provider, model: $0.model) },
                    window: alias.window)
                known.weights = alias.weights
                known.strategy = alias.strategy
                known.settings = alias.resilience
                known.timeouts = alias.timeouts
                return known
            },
            providers: providers.map {
                ModelDirectory.Provider(name: $0.name, models: $0.models, allowsAny: $0.allowsAnyModel)
            })
    }

    /// Models behind a network whose answers will have no cost, in the directory's order.
    func targetsWithoutPrice(_ directory: ModelDirectory, _ catalogue: Catalogue) -> [Target] {
        let remote = Set(
            providers.compactMap { provider in
                if case .remote = provider.service { provider.name } else { nil }
            })
        return directory.names.compactMap { Target($0) }.filter { target in
            guard remote.contains(target.provider), (try? directory.resolve(target.name))?.chain == [target] else {
                return false
            }
            let rates = catalogue.entry(of: target)?.prices?.standard
            return rates?.input == nil
        }
    }
}
