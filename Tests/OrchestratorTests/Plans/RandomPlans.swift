import Base
import Models
import Resilience

@testable import Orchestrator

/// What an identity is made of, drawn from a seed. Right plans: names unique, no cycle.
struct PlanParts: Equatable {
    var experts: [Plan.Expert]
    var fusion: FusionRule
    var limits = Plan.Limits()

    var identity: PlanIdentity { PlanIdentity(experts: experts, fusion: fusion, limits: limits) }

    /// Places of the experts that feed nobody.
    var last: [Int] {
        let used = Set(experts.flatMap(\.after))
        return experts.indices.filter { !used.contains(experts[$0].name) }
    }
}

/// Draws plans. Every field that a plan has is drawn: a new one that is not would leave its mutation without effect.
struct RandomPlans {
    var generator: SeededGenerator

    mutating func flip(_ part: Double = 0.5) -> Bool { Double.random(in: 0..<1, using: &generator) < part }
    mutating func draw<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &generator)]
    }
    mutating func maybe<Value>(_ part: Double = 0.4, _ make: (inout RandomPlans) -> Value) -> Value? {
        flip(part) ? make(&self) : nil
    }

    mutating func text() -> String {
        let pieces = ["a", "b", "ab", "=", ":", "\n", "\"", "1:", "é", "e\u{301}", "\0", " ", "plan", ""]
        return (0..<Int.random(in: 0...4, using: &generator)).map { _ in draw(pieces) }.joined()
    }

    mutating func route() -> Route {
        let targets = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
            Target(provider: draw(["p", "q", "pq"]), model: draw(["m", "n", "q/m", "mn"]))
        }
        var route = Route(chain: targets, window: maybe { $0.draw([1, 4096]) })
        route.strategy = draw(BalanceStrategy.allCases)
        if flip() { route.weights = targets.map { _ in draw([0.5, 1, 3]) } }
        let settings = maybe(0.2) { plans in
            var settings = ResilienceSettings()
            settings.retry.retries = plans.draw([0, 1])
            settings.degradedText = plans.text()
            return settings
        }
        if let settings { route.settings = targets.map { _ in settings } }
        route.timeouts.total = maybe(0.2) { .seconds($0.draw([1, 9])) }
        return route
    }

    mutating func model() -> FusionModel {
        var model = FusionModel(model: draw(["auto", "judge"]), route: route(), instructions: maybe { $0.text() })
        model.versions = model.route.chain.map { _ in draw(["", "v1"]) }
        return model
    }

    mutating func expert(_ name: String, after names: [String]) -> Plan.Expert {
        var expert = Plan.Expert(name: name, model: draw(["auto", "gpt", "p/m"]), route: route())
        expert.versions = expert.route.chain.map { _ in draw(["", "v1", "v2"]) }
        expert.instructions = maybe { $0.text() }
        expert.tools = maybe { plans in ["a", "b", "ab", "c"].filter { _ in plans.flip() } }
        expert.after = names.filter { _ in flip(0.4) }.shuffled(using: &generator)
        expert.layer = maybe { $0.draw(["one", "two"]) }
        expert.timeout = maybe { .milliseconds($0.draw([1, 5000])) }
        expert.isOptional = flip(0.2)
        expert.fallback = maybe(0.2) { $0.text() }
        expert.share = maybe { $0.draw([0.1, 0.5]) }
        expert.isCached = flip(0.2)
        expert.parameters.temperature = maybe { $0.draw([0, 0.7]) }
        expert.parameters.topP = maybe { $0.draw([0.5, 1]) }
        expert.parameters.maxTokens = maybe { $0.draw([1, 500]) }
        expert.parameters.seed = maybe { $0.draw([0, 42]) }
        return expert
    }

    mutating func parts() -> PlanParts {
        let names = ["a", "b", "ab", "c", "Z", "_", "9", "long-name"].shuffled(using: &generator)
            .prefix(Int.random(in: 1...6, using: &generator))
        // Each may come after those before it; then the order of declaration is another.
        var experts = names.indices.map { expert(names[$0], after: Array(names[..<$0])) }
        experts.shuffle(using: &generator)
        var parts = PlanParts(experts: experts, fusion: .vote)
        parts.fusion = fusion(of: experts[draw(parts.last)].name)
        if flip() { parts.limits.experts = draw([8, 12]) }
        parts.limits.tokens = maybe { $0.draw([1000, 2000]) }
        parts.limits.wallTime = maybe { .seconds($0.draw([30, 60])) }
        return parts
    }

    private mutating func fusion(of lead: String) -> FusionRule {
        switch draw(FusionRule.Kind.allCases) {
        case .lead: return .lead(lead)
        case .vote: return .vote
        case .concatenate: return .concatenate(separator: text(), titled: flip())
        case .synthesise: return .synthesise(model())
        case .own: return .own(draw(["mine", "yours"]))
        case .best:
            let all: [FusionSignal.Kind] = [
                .judge(model()), .agreement, .length(draw([1, 2])...draw([9, 10])), .format,
            ]
            let kept = all.filter { _ in flip(0.7) }
            return .best((kept.isEmpty ? [.agreement] : kept).map { FusionSignal($0, weight: draw([0.5, 1, 2])) })
        }
    }

    /// The same plan, written down in another way or with other things that change no answer.
    mutating func rewritten(_ parts: PlanParts) -> PlanParts {
        var parts = parts
        let kept = parts.fusion.isOrdered ? parts.last.map { parts.experts[$0].name } : []
        parts.experts.shuffle(using: &generator)
        // Those that enter the fusion in the order in which they were, at whichever places.
        let places = parts.experts.indices.filter { kept.contains(parts.experts[$0].name) }
        let byName = Dictionary(uniqueKeysWithValues: parts.experts.map { ($0.name, $0) })
        for (place, name) in zip(places, kept) { if let expert = byName[name] { parts.experts[place] = expert } }
        for place in parts.experts.indices {
            parts.experts[place].tools?.shuffle(using: &generator)
            parts.experts[place].layer = maybe { $0.draw(["one", "three"]) }
            parts.experts[place].share = maybe { $0.draw([0.2, 1]) }
            if parts.experts[place].parameters.temperature == 0, flip() {
                parts.experts[place].parameters.temperature = -0.0
            }
        }
        if case .best(let signals) = parts.fusion { parts.fusion = .best(signals.shuffled(using: &generator)) }
        return parts
    }
}
