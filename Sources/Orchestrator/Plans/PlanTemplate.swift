internal import Base
internal import Models

/// A plan as it is configured: models by their names alone, since where they are is known only once it is known which
/// providers there are.
public struct PlanTemplate: Sendable, Equatable {
    /// Clients ask for `plan/` and this: 1 to 64 letters, digits, `_` and `-`.
    public var name: String
    /// Their routes are empty.
    public var experts: [Plan.Expert]
    public var fusion: FusionRule
    public var parallel = true
    public var limits = Plan.Limits()
    /// Names of models that mean this plan as well: whole ones, or beginnings that end in `*`.
    public var models: [String] = []

    public init(name: String, experts: [Plan.Expert], fusion: FusionRule) {
        self.name = name
        self.experts = experts
        self.fusion = fusion
    }

    /// What is wrong with it; what it names that is not there is left to ``PlanBook``.
    public var problems: [PlanProblem] {
        PlanCheck.problems(experts: experts, fusion: fusion, limits: limits)
    }

    /// The models that it names, each once, in the order of their first mention.
    public var modelNames: [String] {
        var seen: Set<String> = []
        return (experts.map(\.model) + fusion.models.map(\.model)).filter { seen.insert($0).inserted }
    }

    /// The plan with its models' routes.
    /// - Throws: ``ErrorCode/modelUnavailable`` where a model of it cannot be used.
    func plan(in directory: ModelDirectory, version: (Target) -> String?) throws(CodedError) -> Plan {
        var experts = experts
        for place in experts.indices {
            let route = try resolve(experts[place].model, in: directory)
            experts[place].versions = route.chain.map { version($0) ?? "" }
            experts[place].route = route
        }
        var models = fusion.models
        for place in models.indices {
            let route = try resolve(models[place].model, in: directory)
            models[place].versions = route.chain.map { version($0) ?? "" }
            models[place].route = route
        }
        var fusion = fusion
        fusion.models = models
        do throws(PlanProblem) {
            return try Plan(
                model: PlanBook.prefix + name, experts: experts, fusion: fusion, parallel: parallel, limits: limits)
        } catch {
            throw CodedError(.internalError, "The plan '\(name)' is not valid: \(error)")
        }
    }

    private func resolve(_ model: String, in directory: ModelDirectory) throws(CodedError) -> Route {
        do throws(CodedError) { return try directory.resolve(model) } catch {
            throw CodedError(
                .modelUnavailable,
                "The plan '\(name)' needs the model '\(model)', which cannot be used now. Set the key of its provider and "
                    + "start again.", param: "model")
        }
    }
}

extension FusionRule {
    /// The models that take part in it; as many can be put back.
    var models: [FusionModel] {
        get {
            switch self {
            case .synthesise(let model): [model]
            case .best(let signals): signals.compactMap(\.model)
            case .lead, .vote, .concatenate, .own: []
            }
        }
        set {
            switch self {
            case .synthesise: if let model = newValue.first { self = .synthesise(model) }
            case .best(var signals):
                var rest = newValue[...]
                for place in signals.indices {
                    if signals[place].model != nil, let model = rest.popFirst() { signals[place].kind = .judge(model) }
                }
                self = .best(signals)
            case .lead, .vote, .concatenate, .own: break
            }
        }
    }
}

extension FusionSignal {
    var model: FusionModel? {
        if case .judge(let model) = kind { model } else { nil }
    }
}
