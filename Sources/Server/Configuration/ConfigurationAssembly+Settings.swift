internal import Base
internal import Resilience

/// What `config show` tells of providers and models.
extension ConfigurationLoader {
    func settings(of draft: ProviderDraft) -> [EffectiveSetting] {
        func one(_ field: String, _ value: String?, _ source: ConfigurationSource?) -> EffectiveSetting? {
            guard let value, let source else { return nil }
            return EffectiveSetting(["providers", draft.name, field], [value], source: source)
        }
        let models = draft.models.map {
            EffectiveSetting(["providers", draft.name, "models"], $0.value, isList: true, source: $0.source)
        }
        let keys = draft.apiKeys.map {
            EffectiveSetting(
                ["providers", draft.name, "api_keys"], $0.value.map(\.description), isList: true, source: $0.source)
        }
        return [
            one("dialect", draft.dialect?.value.rawValue, draft.dialect?.source),
            one("base_url", draft.baseURL?.value.text, draft.baseURL?.source),
            one("api_key", draft.apiKey?.value.description, draft.apiKey?.source), keys,
            one("key_strategy", draft.keyStrategy?.value.rawValue, draft.keyStrategy?.source),
            one("proxy", draft.proxy?.value.text, draft.proxy?.source),
            one("model", draft.model?.value, draft.model?.source), models,
            one("allow", "any", draft.allowsAnyModel),
            one("usage", draft.asksForUsage.map { $0.value ? "ask" : "never" }, draft.asksForUsage?.source),
            one("responses", draft.hasResponses.map { $0.value ? "native" : "translated" }, draft.hasResponses?.source),
        ].compactMap { $0 } + draft.resilience.settings
    }

    func settings(of alias: AliasDraft) -> [EffectiveSetting] {
        let chain = EffectiveSetting(
            ["models", alias.name, "chain"],
            alias.chain.map(\.target.description),
            isList: true,
            weights: alias.chain.map(\.weight),
            source: alias.chainSource
        )
        let window = alias.window.map {
            EffectiveSetting(["models", alias.name, "window"], ["\($0.tokens)"], source: $0.source)
        }
        let strategy = alias.strategy.map {
            EffectiveSetting(["models", alias.name, "strategy"], [$0.value.rawValue], source: $0.source)
        }
        return [chain] + [strategy, window].compactMap { $0 } + alias.resilience.settings
    }
}
