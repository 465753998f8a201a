internal import Models
internal import Orchestrator

/// Whether any model of an expert's chain can do what the expert asks for. One that none can do would fail every request
/// of the plan; a chain with a model of which that is not known is left alone.
extension ConfigurationLoader {
    mutating func checkAbilities(of draft: PlanDraft, _ known: Catalogue) {
        for expert in draft.template.experts where !isFull {
            let path = ["experts", expert.name]
            let (targets, window) = chain(of: expert.model)
            if let wanted = expert.parameters.maxTokens, let most = answerLimit(of: targets, window, known),
                wanted > most
            {
                let path = path + ["max_tokens"]
                report(
                    "\(draft.shown(path)) is \(wanted), but no model of its chain answers with more than \(most) tokens; "
                        + "lower it, or name another model.", draft.source(of: path))
            }
            guard expert.tools?.isEmpty == false, !targets.isEmpty,
                targets.allSatisfy({ known.entry(of: $0)?.supports(.tools) == false })
            else { continue }
            let place = path + ["tools"]
            report(
                "\(draft.shown(place)): no model of its chain can call tools; leave them out, or name another model.",
                draft.source(of: place))
        }
    }

    /// What a model's name stands for, and the window that is set for it.
    private func chain(of model: String) -> (targets: [Target], window: Int?) {
        guard let alias = aliases.first(where: { $0.name == model }) else {
            return (Target(model).map { [$0] } ?? [], nil)
        }
        return (
            alias.chain.map { Target(provider: $0.target.provider, model: $0.target.model) }, alias.window?.tokens
        )
    }

    /// The most tokens of an answer of any of them; `nil` where one of them is not known.
    private func answerLimit(of targets: [Target], _ window: Int?, _ known: Catalogue) -> Int? {
        if let window { return window }
        var most: Int?
        for target in targets {
            guard let entry = known.entry(of: target), let limit = entry.output ?? entry.context else { return nil }
            most = max(most ?? 0, min(limit, entry.context ?? limit))
        }
        return most
    }
}
