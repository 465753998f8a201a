internal import Base
internal import Models
internal import Resilience

/// Settings that are right alone may contradict each other, or what there is.
extension ConfigurationLoader {
    /// What a key is called and where it stands.
    private typealias KeyPlace = (name: String, source: ConfigurationSource)

    /// Those of `resilience` for all. What nobody set follows what somebody did.
    mutating func checkPolicies() {
        let sources = sources
        let settled = SettingOrder.settle(&configuration.resilience) { sources["resilience.\($0)"] != nil }
        for move in settled.moved { self.sources["resilience.\(move.path)"] = sources["resilience.\(move.after)"] }
        let place = { (path: String) -> KeyPlace? in
            sources["resilience.\(path)"].map { (name: "resilience.\(path)", source: $0) }
        }
        report(settled.broken, of: configuration.resilience, at: place)
        for fault in Self.faults(of: configuration.resilience, but: settled.broken) {
            report("resilience.\(fault.path): \(fault.sentence)", sources["resilience.\(fault.path)"])
        }
        checkAnswers(configuration.resilience, at: place)
    }

    /// The same for what providers and models' names have of their own.
    mutating func checkOverrides() {
        for draft in providers where !draft.resilience.isEmpty && !isFull {
            check(draft.resilience, over: configuration.resilience)
            noticeLateTotal(draft.resilience)
        }
        let places = Dictionary(zip(providers.map(\.name), providers.indices)) { first, _ in first }
        settleMembers(places)
        for alias in aliases where !alias.resilience.isEmpty && !isFull {
            checkOverProviders(alias, places)
            noticeLateTotal(alias.resilience)
        }
        guard replacedSections.contains("models") else { return }
        for alias in aliases where !isFull { checkAttempts(of: alias) }
    }

    /// What holds for each provider, and for each member of a chain whose name has settings of its own.
    /// - Parameter places: Those of the providers, by their names.
    private mutating func settleMembers(_ places: [String: Int]) {
        for place in providers.indices { providers[place].settings = settled([providers[place].resilience]) }
        for place in aliases.indices {
            let own = aliases[place].resilience
            for member in aliases[place].chain.indices {
                // A provider that is not there has been told of; what the name has itself holds all the same.
                let provider = places[aliases[place].chain[member].target.provider].map { providers[$0] }
                aliases[place].chain[member].settings =
                    own.isEmpty ? provider?.settings : settled([provider?.resilience ?? ResilienceOverrides(), own])
            }
        }
    }

    /// - Parameter layers: What goes over the settings for all, the last over the others.
    private func settled(_ layers: [ResilienceOverrides]) -> ResilienceSettings {
        let layers = layers.filter { !$0.isEmpty }
        if layers.isEmpty { return configuration.resilience }
        var settings = layers.reduce(configuration.resilience) { $1.applied(to: $0) }
        _ = SettingOrder.settle(&settings) { path in
            layers.contains { $0.change(of: "resilience.\(path)") != nil }
        }
        return settings
    }

    /// A name's settings go over those of each provider of its chain. What is wrong with several of them is told once.
    private mutating func checkOverProviders(_ alias: AliasDraft, _ places: [String: Int]) {
        let common = configuration.resilience
        let drafts = alias.chain.compactMap { places[$0.target.provider].map { providers[$0] } }
        // What is longer than the total of every provider in the chain would never be reached.
        let total = drafts.compactMap { $0.settings?.timeouts.total }.max() ?? common.timeouts.total
        var bases: [ResilienceOverrides] = []
        var seen: Set<String> = []
        for draft in drafts where seen.insert(draft.name).inserted { bases.append(draft.resilience) }
        if bases.isEmpty { bases.append(ResilienceOverrides()) }
        var told: Set<String> = []
        for (place, base) in bases.enumerated() where !isFull {
            var settings = base.applied(to: common)
            // A name's time limits give way to a shorter total of a provider.
            settings.timeouts = common.timeouts
            settings.timeouts.total = total
            let settled = check(alias.resilience, over: settings, of: base, &told)
            // What stands in for an answer is a request's: the first of the chain speaks for all.
            if place == 0 { checkAnswers(settled) { Self.place(of: $0, in: alias.resilience) } }
        }
    }

    /// Who stands behind the last attempt of a request would never be asked.
    private mutating func checkAttempts(of alias: AliasDraft) {
        guard let first = alias.chain.first, let last = alias.chain.last else { return }
        // Whoever is asked first says how many there may be.
        let firsts = alias.strategy?.value ?? .order == .order ? [first] : alias.chain
        let most = firsts.map { ($0.settings ?? configuration.resilience).retry.maxAttempts }.min() ?? 1
        guard alias.chain.count > most else { return }
        report(
            "models.\(alias.name).chain has \(alias.chain.count) models, but resilience.retry.max_attempts is \(most): raise "
                + "it, or shorten the chain.", last.source)
    }

    private mutating func check(_ overrides: ResilienceOverrides, over base: ResilienceSettings) {
        var told: Set<String> = []
        let settled = check(overrides, over: base, of: ResilienceOverrides(), &told)
        checkAnswers(settled) { Self.place(of: $0, in: overrides) }
    }

    private static func place(of path: String, in overrides: ResilienceOverrides) -> KeyPlace? {
        overrides.change(of: "resilience.\(path)").map { (name: $0.name, source: $0.source) }
    }

    /// - Parameters:
    ///   - settings: What holds without the overrides.
    ///   - owner: What of it somebody has set for the same calls, which may contradict the overrides.
    ///   - told: What is wrong already, by its path.
    /// - Returns: What holds with them.
    private mutating func check(
        _ overrides: ResilienceOverrides, over settings: ResilienceSettings, of owner: ResilienceOverrides,
        _ told: inout Set<String>
    ) -> ResilienceSettings {
        let own = { (path: String) -> KeyPlace? in Self.place(of: path, in: overrides) }
        let place = { (path: String) -> KeyPlace? in
            own(path) ?? (path.hasPrefix("timeouts.") ? nil : Self.place(of: path, in: owner))
        }
        var settings = overrides.applied(to: settings)
        let settled = SettingOrder.settle(&settings) { place($0) != nil }
        // What the owner has wrong by itself is told there.
        let broken = settled.broken.filter {
            (own($0.low) != nil || own($0.high) != nil) && told.insert($0.low).inserted
        }
        report(broken, of: settings, at: place)
        for fault in Self.faults(of: settings, but: settled.broken) {
            guard let (name, source) = own(fault.path), told.insert(fault.path).inserted else { continue }
            report("\(name): \(fault.sentence)", source)
        }
        return settings
    }

    /// A request ends with the total for all, whoever it is waiting for.
    private mutating func noticeLateTotal(_ overrides: ResilienceOverrides) {
        guard let change = overrides.change(of: "resilience.timeouts.total") else { return }
        let total = configuration.resilience.timeouts.total
        guard overrides.applied(to: configuration.resilience).timeouts.total > total else { return }
        notice(
            "\(change.source): \(change.name) is more than resilience.timeouts.total, which ends every request after "
                + "\(Quantities.text(total)); raise that as well.")
    }

    /// - Parameter place: What a key is called and where it stands, if somebody set it here.
    private mutating func report(
        _ broken: [SettingOrder], of settings: ResilienceSettings,
        at place: (String) -> KeyPlace?
    ) {
        var all = ConfigurationKey.defaults
        all.resilience = settings
        func shown(_ path: String) -> String {
            ConfigurationKey.byPath["resilience.\(path)"].map { $0.get(all).joined() } ?? ""
        }
        for order in broken {
            guard let (name, source) = place(order.low) else { continue }
            let high = order.high.split(separator: ".").last.map(String.init) ?? order.high
            let (before, after) = order.complaint
            report(
                "\(name) is \(shown(order.low)), \(before) the \(high) of \(shown(order.high))\(after).", source)
        }
    }

    /// What the policies themselves have to say, but for the sections where it has been said.
    private static func faults(
        of settings: ResilienceSettings, but broken: [SettingOrder]
    ) -> [(path: String, sentence: String)] {
        [
            ("timeouts", settings.timeouts.faults), ("retry", settings.retry.faults),
            ("breaker", settings.breaker.faults), ("hedge", settings.hedge.faults),
            ("limits", settings.limits.faults),
        ].filter { section, _ in !broken.contains { $0.low.hasPrefix(section + ".") } }
            .flatMap { section, faults in faults.map { ("\(section).\($0.key)", $0.sentence) } }
    }

    /// What stands in for answers, and what becomes of broken ones.
    private mutating func checkAnswers(
        _ settings: ResilienceSettings, at place: (String) -> KeyPlace?
    ) {
        if settings.degrade.contains(.text), settings.degradedText.isEmpty,
            let (name, source) = place("degrade") ?? place("degraded_text")
        {
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            let text = "\(parts.dropLast().joined(separator: ".")).degraded_text"
            report("\(name): there is no text to answer with; set \(text), or leave text out of degrade.", source)
        }
        if let (name, source) = place("degrade") {
            // A provider that could not be read may have been the local one.
            if settings.degrade.contains(.local), providers.count == providerNames.count,
                !providers.contains(where: { $0.dialect?.value == .local })
            {
                report(
                    "\(name) names local, but no provider has the dialect local: add local: { dialect: local, model: "
                        + "smollm2 } to providers, or leave local out.", source)
            }
            if settings.degrade.contains(.stale) {
                notice("\(source): \(name): stale answers come from the cache, which is not supported yet.")
            }
        }
        if settings.hold == .all, settings.midstream == .continue,
            let (name, source) = place("midstream") ?? place("hold")
        {
            notice(
                "\(source): \(name): with hold: all nothing is shown before an answer is whole, so midstream: continue "
                    + "never happens; a broken stream begins anew elsewhere.")
        }
    }

    // MARK: Chaos

    mutating func checkChaos(isAllowed: Bool) {
        for name in configuration.chaos.providers where !isFull && !providerNames.contains(name) {
            report(
                "chaos.providers names a provider that is not configured."
                    + Suggestion.text(for: name, in: providerNames), sources["chaos.providers"])
        }
        let rates = ConfigurationKey.all.filter {
            $0.path.hasPrefix("chaos.") && $0.path.hasSuffix("_rate") && $0.get(configuration) != ["0"]
        }
        guard let first = rates.first else { return }
        guard isAllowed else {
            return report(
                "\(first.path): chaos puts faults into calls on purpose, so it must be asked for: start with tutti serve "
                    + "--allow-chaos, or leave the section chaos out.", sources[first.path])
        }
        notice("Chaos is on: faults are put into calls on purpose (\(rates.map(\.path).joined(separator: ", "))).")
    }
}
