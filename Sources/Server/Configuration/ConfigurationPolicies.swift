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
        for alias in aliases where !alias.resilience.isEmpty && !isFull {
            checkOverProviders(alias)
            noticeLateTotal(alias.resilience)
        }
        guard replacedSections.contains("models") else { return }
        for alias in aliases where !isFull { checkAttempts(of: alias) }
    }

    /// A name's settings go over those of each provider of its chain. What is wrong with several of them is told once.
    private mutating func checkOverProviders(_ alias: AliasDraft) {
        let common = configuration.resilience
        let drafts = alias.chain.compactMap { member in providers.first { $0.name == member.target.provider } }
        // What is longer than the total of every provider in the chain would never be reached.
        let total = drafts.map { settled($0.resilience).timeouts.total }.max() ?? common.timeouts.total
        var bases: [ResilienceOverrides] = []
        var seen: Set<String> = []
        for draft in drafts where seen.insert(draft.name).inserted { bases.append(draft.resilience) }
        if bases.isEmpty { bases.append(ResilienceOverrides()) }
        var told: Set<String> = []
        for base in bases where !isFull {
            var settings = base.applied(to: common)
            // A name's time limits give way to a shorter total of a provider.
            settings.timeouts = common.timeouts
            settings.timeouts.total = total
            check(alias.resilience, over: settings, of: base, &told)
        }
    }

    /// Who stands behind the last attempt of a request would never be asked.
    private mutating func checkAttempts(of alias: AliasDraft) {
        guard let first = alias.chain.first, let last = alias.chain.last else { return }
        // Whoever is asked first says how many there may be.
        let firsts = alias.strategy?.value ?? .order == .order ? [first] : alias.chain
        let most = firsts.map { settled(alias.resilience, of: $0.target.provider).retry.maxAttempts }.min() ?? 1
        guard alias.chain.count > most else { return }
        report(
            "models.\(alias.name).chain has \(alias.chain.count) models, but resilience.retry.max_attempts is \(most): raise "
                + "it, or shorten the chain.", last.source)
    }

    /// What holds for a member with these settings of its own.
    func settled(_ overrides: ResilienceOverrides) -> ResilienceSettings {
        if overrides.isEmpty { return configuration.resilience }
        var settings = overrides.applied(to: configuration.resilience)
        _ = SettingOrder.settle(&settings) { overrides.change(of: "resilience.\($0)") != nil }
        return settings
    }

    /// What holds for calls to a provider by a name with these settings of its own.
    func settled(_ overrides: ResilienceOverrides, of provider: String) -> ResilienceSettings {
        let base = providers.first { $0.name == provider }?.resilience ?? ResilienceOverrides()
        var settings = overrides.applied(to: base.applied(to: configuration.resilience))
        _ = SettingOrder.settle(&settings) { path in
            [base, overrides].contains { $0.change(of: "resilience.\(path)") != nil }
        }
        return settings
    }

    private mutating func check(_ overrides: ResilienceOverrides, over base: ResilienceSettings) {
        var told: Set<String> = []
        check(overrides, over: base, of: ResilienceOverrides(), &told)
    }

    /// - Parameters:
    ///   - settings: What holds without the overrides.
    ///   - owner: What of it somebody has set for the same calls, which may contradict the overrides.
    ///   - told: What is wrong already, by its path.
    private mutating func check(
        _ overrides: ResilienceOverrides, over settings: ResilienceSettings, of owner: ResilienceOverrides,
        _ told: inout Set<String>
    ) {
        let own = { (path: String) -> KeyPlace? in
            overrides.change(of: "resilience.\(path)").map { (name: $0.name, source: $0.source) }
        }
        let place = { (path: String) -> KeyPlace? in
            if path.hasPrefix("timeouts.") { return own(path) }
            return own(path) ?? owner.change(of: "resilience.\(path)").map { (name: $0.name, source: $0.source) }
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
        // A request's, so the first of the chain speaks for all.
        if told.insert("answers").inserted { checkAnswers(settings, at: own) }
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
