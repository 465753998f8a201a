internal import Models
internal import Resilience

/// What chains of models must name, and what they must be able to do.
extension ConfigurationLoader {
    /// A chain of the file must name what there is; the built-in ones may name what the file has replaced.
    mutating func checkChains() {
        guard replacedSections.contains("models") else { return }
        let names = Set(providerNames)
        let limits = Dictionary(providers.map { ($0.name, limitedModels(of: $0)) }) { first, _ in first }
        for alias in aliases where !isFull {
            let path = "models.\(alias.name).chain"
            for member in alias.chain where !isFull {
                let target = member.target
                if !names.contains(target.provider) {
                    report(
                        "\(path) names a provider that is not configured."
                            + Suggestion.text(for: target.provider, in: providerNames),
                        member.source
                    )
                } else if let listed = limits[target.provider] ?? nil, !listed.contains(target.model) {
                    report(
                        "\(path) names a model that providers.\(target.provider) does not list."
                            + Suggestion.text(for: target.model, in: listed),
                        member.source
                    )
                }
            }
        }
        checkStrategies()
    }

    /// The models that a provider is limited to; `nil` where chains may name any.
    func limitedModels(of draft: ProviderDraft) -> [String]? {
        if let local = draft.localModel { return [local.name] }
        return draft.allowsAnyModel == nil ? draft.models?.value : nil
    }

    private mutating func checkStrategies() {
        // Merged at most once, and not at all for most files.
        var known: Catalogue?
        for alias in aliases where !isFull {
            if let strategy = alias.strategy, strategy.value != .order {
                var seen: Set<Configuration.ModelTarget> = []
                for member in alias.chain where !seen.insert(member.target).inserted {
                    report(
                        "models.\(alias.name).chain has this model twice; with a strategy, give it a weight instead.",
                        member.source)
                }
            }
            noticeIdleWeights(of: alias)
            guard let strategy = alias.strategy, strategy.value == .lowestCost else { continue }
            let prices = known ?? draftedCatalogue()
            known = prices
            let hasPrice = alias.chain.contains { member in
                let entry = prices.entry(of: Target(provider: member.target.provider, model: member.target.model))
                return entry?.prices?.standard.input != nil
            }
            if !hasPrice, !alias.chain.isEmpty {
                report(
                    "models.\(alias.name).strategy is lowest_cost, but no price of its chain is known; set prices in "
                        + "the section catalogue.", strategy.source)
            }
        }
    }

    private mutating func noticeIdleWeights(of alias: AliasDraft) {
        guard alias.strategy?.value ?? .order == .order, let member = alias.chain.first(where: { $0.weight != nil })
        else { return }
        notice(
            "\(member.source): models.\(alias.name).chain has a weight, which has no effect with the strategy order.")
    }

    /// What is known of models before it is known which providers can be used.
    func draftedCatalogue() -> Catalogue {
        Configuration.modelCatalogue(
            catalogue.map(\.row), hosts: providers.map { ($0.name, $0.baseURL?.value.host) })
    }

    /// What the configuration asks for and what can be used does not do. Needs the assembled configuration.
    mutating func noticeMissingAbilities() {
        let hasLocal = configuration.providers.contains { $0.dialect == .local }
        let settings =
            [configuration.resilience] + configuration.providers.map(\.resilience)
            + configuration.aliases.flatMap(\.resilience)
        if !hasLocal, settings.contains(where: { $0.degrade.contains(.local) }) {
            notice("degrade: local has no effect, since the local model is not there.")
        }
        let continued = configuration.aliases.filter {
            // Whoever may be asked first decides.
            let firsts = $0.strategy == .order ? Array($0.chain.prefix(1)) : $0.chain
            let own = firsts.compactMap { first in configuration.providers.first { $0.name == first.provider } }
            let all = $0.resilience.isEmpty ? own.map(\.resilience) : $0.resilience
            return all.contains { $0.midstream == .continue && $0.hold != .all }
        }
        guard !continued.isEmpty else { return }
        let known = configuration.modelCatalogue()
        for alias in continued {
            let canContinue = alias.chain.contains {
                known.entry(of: Target(provider: $0.provider, model: $0.model))?.supports(.prefill) != false
            }
            guard !canContinue else { continue }
            notice(
                "models.\(alias.name): no model of its chain can go on with a text that another began (prefill), so "
                    + "with midstream: continue a broken stream still ends in an error.")
        }
    }
}
