internal import Base
internal import Models
internal import Orchestrator
internal import Resilience

/// What is wrong with a plan as a whole, and whether what it names is there.
extension ConfigurationLoader {
    mutating func checkPlans() {
        var rules: Set<String> = []
        // Looked up once for all plans.
        let known = plans.isEmpty ? [] : Set(aliases.map(\.name))
        let catalogue = plans.isEmpty ? Catalogue.builtIn : draftedCatalogue()
        let limits = Dictionary(providers.map { ($0.name, limitedModels(of: $0)) }) { first, _ in first }
        let least = plans.isEmpty ? .zero : leastMinimum
        for place in plans.indices where !isFull {
            let isSettled = settleFusion(at: place)
            let draft = plans[place]
            // What could not be read has been told, and the rest may follow from it.
            if draft.isWhole, isSettled {
                for problem in draft.template.problems {
                    let sentence = "\(draft.shown(problem.path)): \(problem.sentence)"
                    if problem.isError {
                        report(sentence, draft.source(of: problem.path))
                    } else {
                        notice("\(draft.source(of: problem.path)): \(sentence)")
                    }
                }
                checkAbilities(of: draft, catalogue)
                checkTimes(of: draft, least)
            }
            for (path, model) in draft.models where !model.isEmpty && !isFull {
                checkModel(model, path, of: draft, aliases: known, limits: limits)
            }
            for (place, rule) in draft.template.models.enumerated() where !rules.insert(rule).inserted {
                report(
                    "\(draft.shown(["when", "model"])): this name is here already, or another plan has it; one name can mean one plan.",
                    draft.source(of: ["when", "model", "\(place)"]))
            }
        }
    }

    /// With how little time left a call may begin at all, wherever it goes.
    private var leastMinimum: Duration {
        let own = providers.map(\.settings) + aliases.flatMap { $0.chain.map(\.settings) }
        return own.compactMap { $0?.timeouts.minimum }.reduce(configuration.resilience.timeouts.minimum, min)
    }

    /// Whoever has no more time than a call needs to begin would never be asked.
    private mutating func checkTimes(of draft: PlanDraft, _ least: Duration) {
        let times =
            draft.template.experts.map { (path: ["experts", $0.name, "timeout"], time: $0.timeout) }
            + [(path: ["limits", "wall_time"], time: draft.template.limits.wallTime)]
        for (path, time) in times {
            guard let time, time <= least else { continue }
            report(
                "\(draft.shown(path)) is \(Quantities.text(time)), and no call begins with so little time left: make it more "
                    + "than resilience.timeouts.minimum, which is \(Quantities.text(least)).", draft.source(of: path))
        }
    }

    /// Fills in what follows from the experts; false where nothing does.
    private mutating func settleFusion(at place: Int) -> Bool {
        let draft = plans[place]
        let experts = draft.template.experts
        let used = Set(experts.flatMap(\.after))
        let last = experts.filter { !used.contains($0.name) }
        let fusion = draft.fusion ?? FusionDraft(kind: .lead)
        let rule: FusionRule
        switch fusion.kind {
        case .lead:
            guard let name = fusion.expert ?? (last.count < 2 ? last.first ?? experts.first : nil)?.name else {
                if draft.isWhole, !experts.isEmpty {
                    let names = last.prefix(4).map(\.name).joined(separator: ", ")
                    let what = draft.fusion == nil ? "needs a fusion" : "needs an expert"
                    report(
                        "\(draft.shown(draft.fusion == nil ? [] : ["fusion"])) \(what): the answers of \(names)"
                            + "\(last.count > 4 ? " …" : "") feed no other expert. Fuse them (\(FusionDraft.fusing)), or let "
                            + "one of them come after the others.",
                        draft.source(of: ["fusion"]))
                }
                return experts.isEmpty
            }
            rule = .lead(name)
        case .best: rule = .best(fusion.bestSignals)
        case .vote, .own: rule = .vote
        case .concatenate:
            rule = .concatenate(separator: fusion.separator ?? "\n\n", titled: fusion.isTitled)
        case .synthesise:
            rule = .synthesise(
                FusionModel(
                    model: fusion.model ?? experts.first?.model ?? "", instructions: fusion.instructions))
        }
        plans[place].template.fusion = rule
        return true
    }

    private mutating func checkModel(
        _ model: String, _ path: [String], of draft: PlanDraft, aliases names: Set<String>, limits: [String: [String]?]
    ) {
        if names.contains(model) { return }
        let source = draft.source(of: path)
        guard let target = Target(model), !Names.reserved.contains(target.provider) else {
            let what = model.hasPrefix(PlanBook.prefix) ? "names a plan; an expert is one model." : "names no model."
            return report(
                "\(draft.shown(path)) \(what)"
                    + (model.hasPrefix(PlanBook.prefix) ? "" : Suggestion.text(for: model, in: aliases.map(\.name))),
                source)
        }
        guard providerNames.contains(target.provider) else {
            let suggestion = Suggestion.text(for: target.provider, in: providerNames)
            return report("\(draft.shown(path)) names a provider that is not configured.\(suggestion)", source)
        }
        if let listed = limits[target.provider] ?? nil, !listed.contains(target.model) {
            report(
                "\(draft.shown(path)) names a model that providers.\(target.provider) does not list."
                    + Suggestion.text(for: target.model, in: listed), source)
        }
    }

    /// The plans of a configuration whose providers and aliases are settled, and their settings. What they name of a
    /// provider is known of it, as with chains.
    mutating func assemblePlans() -> [EffectiveSetting] {
        configuration.plans = plans.map(\.template)
        let names = configuration.providers.map(\.name)
        let positions = Dictionary(zip(names, names.indices)) { first, _ in first }
        let aliases = Set(configuration.aliases.map(\.name))
        for draft in plans {
            for (path, model) in draft.models where !aliases.contains(model) {
                if let target = Target(model), let position = positions[target.provider] {
                    if !configuration.providers[position].models.contains(target.model) {
                        configuration.providers[position].models.append(target.model)
                    }
                } else {
                    notice(
                        "\(draft.source(of: path)): plans.\(draft.name) cannot be used, since no provider of this model "
                            + "can be.")
                    break
                }
            }
        }
        return plans.flatMap(\.settings)
    }
}

extension FusionDraft {
    /// The kinds that make one answer of several.
    static let fusing = kinds.filter { $0 != "lead" }.joined(separator: ", ")
}

extension PlanDraft {
    /// The models that it names, each with its place.
    fileprivate var models: [(path: [String], model: String)] {
        var models = template.experts.map { (path: ["experts", $0.name, "model"], model: $0.model) }
        switch template.fusion {
        case .synthesise(let model): models.append((["fusion", "model"], model.model))
        case .best(let signals):
            for signal in signals {
                if case .judge(let model) = signal.kind {
                    let path = ["fusion", "judge"]
                    models.append((sources[path + ["model"]] == nil ? path : path + ["model"], model.model))
                }
            }
        case .lead, .vote, .concatenate, .own: break
        }
        return models
    }
}
