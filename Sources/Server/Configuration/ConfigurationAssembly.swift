internal import Base
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
        configuration.aliases = kept.map {
            Configuration.ModelAlias(name: $0.name, chain: $0.chain.map(\.target), window: $0.window?.tokens)
        }
        addChainModels()
        if configuration.aliases.isEmpty,
            configuration.providers.allSatisfy({ $0.models.isEmpty && !$0.allowsAnyModel })
        {
            report(
                "There are no models at all: set GROQ_API_KEY or OPENAI_API_KEY, or let ./run install the local model.",
                nil
            )
        }
        configuration.catalogue = catalogue.map(\.row)
        return usable.flatMap { settings(of: $0) } + kept.flatMap { settings(of: $0) } + catalogue.flatMap(\.settings)
    }

    /// Settings that are right alone may contradict each other.
    mutating func checkPolicies() {
        for (section, faults) in [("retry", configuration.retry.faults), ("breaker", configuration.breaker.faults)] {
            for fault in faults {
                let path = "resilience.\(section).\(fault.key)"
                report("\(path): \(fault.sentence)", sources[path])
            }
        }
    }

    /// A chain of the file must name what there is; the built-in ones may name what the file has replaced.
    mutating func checkChains() {
        guard replacedSections.contains("models") else { return }
        let names = Set(providerNames)
        let limits = Dictionary(providers.map { ($0.name, limitedModels(of: $0)) }) { first, _ in first }
        for alias in aliases {
            for (target, source) in alias.chain where !isFull {
                let path = "models.\(alias.name).chain"
                if !names.contains(target.provider) {
                    report(
                        "\(path) names a provider that is not configured."
                            + Suggestion.text(for: target.provider, in: providerNames),
                        source
                    )
                } else if let listed = limits[target.provider] ?? nil, !listed.contains(target.model) {
                    report(
                        "\(path) names a model that providers.\(target.provider) does not list."
                            + Suggestion.text(for: target.model, in: listed),
                        source
                    )
                }
            }
        }
    }

    /// The models that a provider is limited to; `nil` where chains may name any.
    private func limitedModels(of draft: ProviderDraft) -> [String]? {
        if let local = draft.localModel { return [local.name] }
        return draft.allowsAnyModel == nil ? draft.models?.value : nil
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
        if let url = draft.baseURL?.value, draft.apiKey != nil, !url.isSecure, !url.isLoopback {
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
                allowsAnyModel: false
            )
        }
        guard let dialect = draft.dialect?.value, let url = draft.baseURL?.value else { return nil }
        var own = configuration
        for (key, value) in draft.timeouts { _ = key.set(&own, [value.value]) }
        let remote = Configuration.Remote(
            dialect: dialect,
            baseURL: url,
            apiKey: draft.apiKey?.value,
            proxy: draft.proxy?.value,
            asksForUsage: draft.asksForUsage?.value ?? true,
            hasResponses: draft.hasResponses?.value ?? (dialect == .openai && url.host == "api.openai.com"),
            timeouts: own.timeouts
        )
        return Configuration.Provider(
            name: draft.name,
            service: .remote(remote),
            models: draft.models?.value ?? [],
            allowsAnyModel: draft.allowsAnyModel != nil
        )
    }

    /// The local model answers the built-in `auto` when no provider has a key.
    private func addLocalModel(to alias: inout AliasDraft) {
        let hasKey = configuration.providers.contains { provider in
            guard case .remote(let remote) = provider.service else { return false }
            return remote.apiKey != nil
        }
        guard !replacedSections.contains("models"), !hasKey,
            let local = configuration.providers.first(where: { $0.dialect == .local }), let model = local.models.first
        else { return }
        alias.chain.append((Configuration.ModelTarget(provider: local.name, model: model), .builtIn))
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

    private func settings(of draft: ProviderDraft) -> [EffectiveSetting] {
        func one(_ field: String, _ value: String?, _ source: ConfigurationSource?) -> EffectiveSetting? {
            guard let value, let source else { return nil }
            return EffectiveSetting(["providers", draft.name, field], [value], source: source)
        }
        let models = draft.models.map {
            EffectiveSetting(["providers", draft.name, "models"], $0.value, isList: true, source: $0.source)
        }
        let timeouts = draft.timeouts.map { key, value in
            let field = key.path.split(separator: ".").last.map(String.init) ?? key.path
            return EffectiveSetting(
                ["providers", draft.name, "timeouts", field],
                [value.value],
                source: value.source
            )
        }
        return [
            one("dialect", draft.dialect?.value.rawValue, draft.dialect?.source),
            one("base_url", draft.baseURL?.value.text, draft.baseURL?.source),
            one("api_key", draft.apiKey?.value.description, draft.apiKey?.source),
            one("proxy", draft.proxy?.value.text, draft.proxy?.source),
            one("model", draft.model?.value, draft.model?.source), models,
            one("allow", "any", draft.allowsAnyModel),
            one("usage", draft.asksForUsage.map { $0.value ? "ask" : "never" }, draft.asksForUsage?.source),
            one("responses", draft.hasResponses.map { $0.value ? "native" : "translated" }, draft.hasResponses?.source),
        ].compactMap { $0 } + timeouts
    }

    private func settings(of alias: AliasDraft) -> [EffectiveSetting] {
        let chain = EffectiveSetting(
            ["models", alias.name, "chain"],
            alias.chain.map(\.target.description),
            isList: true,
            source: alias.chainSource
        )
        let window = alias.window.map {
            EffectiveSetting(["models", alias.name, "window"], ["\($0.tokens)"], source: $0.source)
        }
        return [chain] + (window.map { [$0] } ?? [])
    }
}
