internal import Base
internal import Models
internal import Resilience

/// From drafts to what can be used: which providers drop out, which models are left, and what that makes of the
/// aliases.
extension ConfigurationLoader {
    /// Fills `configuration` and gives the settings of providers and models, in the order of the file.
    mutating func assemble() -> [EffectiveSetting] {
        let usable = providers.filter { isUsable($0) }
        configuration.providers = usable.compactMap { provider($0) }
        let served = Dictionary(usable.map { ($0.name, limitedModels(of: $0)) }) { first, _ in first }
        var kept: [AliasDraft] = []
        for alias in aliases {
            var alias = alias
            alias.chain = alias.chain.filter { member in
                guard let models = served[member.target.provider] else { return false }
                return models?.contains(member.target.model) ?? true
            }
            if alias.name == BuiltInConfiguration.fallbackAlias { addLocalModel(to: &alias) }
            if !alias.chain.isEmpty {
                kept.append(alias)
            } else if replacedSections.contains("models") {
                notice(
                    "\(alias.chainSource): models.\(alias.name) is left out, since no provider in its chain can be "
                        + "used."
                )
            }
        }
        configuration.aliases = kept.map { alias($0) }
        addChainModels()
        let planSettings = assemblePlans()
        if configuration.aliases.isEmpty,
            configuration.providers.allSatisfy({ $0.models.isEmpty && !$0.allowsAnyModel })
        {
            report(
                "There are no models at all: set GROQ_API_KEY or OPENAI_API_KEY, or let ./run install the local model.",
                nil
            )
        }
        configuration.catalogue = catalogue.map(\.row)
        noticeMissingAbilities()
        return usable.flatMap { settings(of: $0) } + kept.flatMap { settings(of: $0) } + catalogue.flatMap(\.settings)
            + planSettings
    }

    private mutating func isUsable(_ draft: ProviderDraft) -> Bool {
        guard let dialect = draft.dialect?.value else { return false }
        if !capabilities.dialects.contains(dialect) {
            notice("Provider \(draft.name) is left out: the dialect \(dialect.rawValue) is not supported yet.")
            return false
        }
        if !draft.unsetVariables.isEmpty {
            notice("Provider \(draft.name) is left out: \(VariableReference.unsetText(draft.unsetVariables))")
            return false
        }
        if let local = draft.localModel, !capabilities.hasLocalModel(local.path ?? local.name) {
            let why =
                local.path.map { "\($0) or the library that runs it is not there; ./run installs the library." }
                ?? "the local model is not installed; ./run installs it."
            notice("Provider \(draft.name) is left out: \(why)")
            return false
        }
        if let url = draft.baseURL?.value, !draft.keys.isEmpty, !url.isSecure, !url.isLoopback {
            notice("Provider \(draft.name) gets its key over plain http, readable on the way; use https.")
        }
        return true
    }

    private func provider(_ draft: ProviderDraft) -> Configuration.Provider? {
        if let local = draft.localModel {
            return Configuration.Provider(
                name: draft.name,
                service: .local(model: local.name, path: local.path),
                models: [local.name],
                allowsAnyModel: false,
                resilience: draft.settings ?? configuration.resilience
            )
        }
        guard let dialect = draft.dialect?.value, let url = draft.baseURL?.value else { return nil }
        let remote = Configuration.Remote(
            dialect: dialect,
            baseURL: url,
            apiKeys: draft.keys,
            keyStrategy: draft.keyStrategy?.value ?? .leastLimited,
            proxy: draft.proxy?.value,
            asksForUsage: draft.asksForUsage?.value ?? true,
            hasResponses: draft.hasResponses?.value ?? (dialect == .openai && url.host == "api.openai.com")
        )
        return Configuration.Provider(
            name: draft.name,
            service: .remote(remote),
            models: draft.models?.value ?? [],
            allowsAnyModel: draft.allowsAnyModel != nil,
            resilience: draft.settings ?? configuration.resilience
        )
    }

    private func alias(_ draft: AliasDraft) -> Configuration.ModelAlias {
        Configuration.ModelAlias(
            name: draft.name,
            chain: draft.chain.map(\.target),
            weights: draft.chain.map { $0.weight ?? 1 },
            strategy: draft.strategy?.value ?? .order,
            window: draft.window?.tokens,
            resilience: draft.resilience.isEmpty
                ? [] : draft.chain.map { $0.settings ?? configuration.resilience },
            timeouts: draft.resilience.isEmpty ? TimeoutOverrides() : draft.resilience.timeouts
        )
    }

    /// The local model answers the built-in `auto` when no provider has a key.
    private func addLocalModel(to alias: inout AliasDraft) {
        let hasKey = configuration.providers.contains { provider in
            guard case .remote(let remote) = provider.service else { return false }
            return !remote.apiKeys.isEmpty
        }
        guard !replacedSections.contains("models"), !hasKey,
            let local = configuration.providers.first(where: { $0.dialect == .local }), let model = local.models.first
        else { return }
        let target = Configuration.ModelTarget(provider: local.name, model: model)
        alias.chain.append(AliasDraft.Member(target: target, source: .builtIn))
    }

    /// What chains name is known of its provider.
    private mutating func addChainModels() {
        let names = configuration.providers.map(\.name)
        let positions = Dictionary(zip(names, names.indices)) { first, _ in first }
        var known = Set(
            configuration.providers.flatMap { provider in
                provider.models.map { Configuration.ModelTarget(provider: provider.name, model: $0) }
            }
        )
        for target in configuration.aliases.flatMap(\.chain) {
            guard let position = positions[target.provider], known.insert(target).inserted else { continue }
            configuration.providers[position].models.append(target.model)
        }
    }

    mutating func replaceGroqModel(_ model: String) {
        let source = ConfigurationSource.environment(name: WellKnownNames.groqModel)
        guard Names.isModel(model) else {
            return report("It must be a model's name, such as \(BuiltInConfiguration.groqModel).", source)
        }
        if replacedSections.contains("models") {
            return notice("\(WellKnownNames.groqModel) has no effect, since the file sets its own models.")
        }
        for alias in aliases.indices {
            for member in aliases[alias].chain.indices
            where aliases[alias].chain[member].target
                == Configuration.ModelTarget(provider: "groq", model: BuiltInConfiguration.groqModel)
            {
                aliases[alias].chain[member].target = Configuration.ModelTarget(provider: "groq", model: model)
                aliases[alias].chainSource = source
            }
        }
    }
}
