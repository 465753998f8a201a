internal import Base
internal import Resilience
internal import Synchronization

extension GatewayResilience {
    /// The configuration has been loaded again, and this takes the place of what went before: it goes on with what was
    /// remembered of the providers that are the same. Open circuits, rests, budgets, what a provider has been found to
    /// take, whose turn it is and calls under way all stay; a setting that is another now holds from now on, and what
    /// was learnt under it is learnt anew. Keys that a provider has rejected are tried again.
    ///
    /// O(n). To be called before this is asked for anything, and with the earlier one's ``total``.
    /// - Parameter providers: Those that are reached as before, with the same keys in the same places.
    public func takeOver(_ earlier: GatewayResilience, providers: Set<String>) {
        circuits.takeOver(earlier.circuits) { providers.contains($0.target.provider) }
        var part = earlier.records.withLock { $0.part(of: providers) }
        for (name, record) in part.providers {
            let (before, after) = (earlier.settings(of: name).limits, settings(of: name).limits)
            if !before.isSame(as: after, atProviders: true) { record.limiter?.reset(after) }
            let retry = settings(of: name).retry
            guard earlier.settings(of: name).retry.budget != retry.budget else { continue }
            part.providers[name] = ProviderRecord(record, budget: ProviderBudget(retry, time: time))
        }
        records.withLock { $0.takeOver(part) }
        if !earlier.settings.limits.isSame(as: settings.limits, atProviders: false) { total?.reset(settings.limits) }
        let turns = earlier.choices.withLock { choices in
            // Prices may be others; nothing is lost with a balancer that goes by them.
            choices.filter { key, _ in
                key.strategy != .lowestCost && key.chain.allSatisfy { providers.contains($0.provider) }
            }
        }
        choices.withLock { $0 = turns }
    }
}

extension LimitsPolicy {
    /// Whether nothing changes for a provider, or else for all of them together.
    fileprivate func isSame(as other: LimitsPolicy, atProviders: Bool) -> Bool {
        var other = other
        if atProviders { other.total = total } else { other.perProvider = perProvider }
        return self == other
    }
}
