import Base
import Models
import Resilience

@testable import Orchestrator

/// One change that could change an answer. Gives `nil` where the plan has nothing to change in this way.
struct PlanMutation: Sendable {
    let name: String
    let apply: @Sendable (PlanParts, inout RandomPlans) -> PlanParts?

    static let all: [PlanMutation] = experts + routes + texts + orders + fusions + limits

    private static func expert(
        _ name: String, _ change: @escaping @Sendable (inout Plan.Expert, inout RandomPlans) -> Bool
    ) -> PlanMutation {
        PlanMutation(name: name) { parts, plans in
            var parts = parts
            let place = Int.random(in: 0..<parts.experts.count, using: &plans.generator)
            return change(&parts.experts[place], &plans) ? parts : nil
        }
    }

    /// A value that may be missing becomes another one, or none.
    private static func toggle<Value: Equatable & Sendable>(
        _ name: String, _ field: any WritableKeyPath<Plan.Expert, Value?> & Sendable, _ values: [Value]
    ) -> PlanMutation {
        expert(name) { expert, plans in
            let others = (values.map { $0 as Value? } + [nil]).filter { $0 != expert[keyPath: field] }
            expert[keyPath: field] = plans.draw(others)
            return true
        }
    }

    private static let experts: [PlanMutation] = [
        toggle("timeout", \.timeout, [.milliseconds(1), .seconds(5), .nanoseconds(1)]),
        toggle("fallback", \.fallback, ["", "none", "None"]),
        toggle("instructions", \.instructions, ["", " ", "Be short.", "Be short. "]),
        toggle("temperature", \.parameters.temperature, [0, 0.7, 0.700001]),
        toggle("top_p", \.parameters.topP, [0.5, 1]),
        toggle("max_tokens", \.parameters.maxTokens, [1, 500, 501]),
        toggle("seed", \.parameters.seed, [0, 42, 43]),
        toggle("tools", \.tools, [[], ["a"], ["zz"]]),
        expert("optional") { expert, _ in
            expert.isOptional.toggle()
            return true
        },
        expert("cache") { expert, _ in
            expert.isCached.toggle()
            return true
        },
        expert("model's name") { expert, _ in
            expert.model += "x"
            return true
        },
        PlanMutation(name: "name") { parts, _ in
            var parts = parts
            guard let old = parts.experts.first?.name else { return nil }
            parts.experts[0].name = "renamed"
            for place in parts.experts.indices {
                parts.experts[place].after = parts.experts[place].after.map { $0 == old ? "renamed" : $0 }
            }
            if case .lead(old) = parts.fusion { parts.fusion = .lead("renamed") }
            return parts
        },
        PlanMutation(name: "one expert more") { parts, plans in
            var parts = parts
            parts.experts.append(plans.expert("added", after: []))
            return parts
        },
        PlanMutation(name: "one expert less") { parts, _ in
            var parts = parts
            guard parts.experts.count > 1, let place = parts.last.first else { return nil }
            if case .lead(parts.experts[place].name) = parts.fusion { return nil }
            parts.experts.remove(at: place)
            return parts
        },
        PlanMutation(name: "no longer after") { parts, _ in
            var parts = parts
            guard let place = parts.experts.firstIndex(where: { !$0.after.isEmpty }) else { return nil }
            parts.experts[place].after.removeLast()
            return parts
        },
        PlanMutation(name: "also after") { parts, _ in
            var parts = parts
            guard parts.experts.count > 1, !parts.experts[0].after.contains(parts.experts[1].name) else { return nil }
            parts.experts[0].after.append(parts.experts[1].name)
            return parts
        },
    ]

    private static let routes: [PlanMutation] = [
        expert("another model first") { expert, _ in
            expert.route.chain.insert(Target(provider: "new", model: "m"), at: 0)
            return true
        },
        expert("order of the chain") { expert, _ in
            let chain = expert.route.chain
            expert.route.chain.reverse()
            return expert.route.chain != chain
        },
        expert("where provider ends and model begins") { expert, _ in
            guard let target = expert.route.chain.first, target.model.hasPrefix("q/") else { return false }
            expert.route.chain[0] = Target(provider: target.provider + "/q", model: String(target.model.dropFirst(2)))
            return true
        },
        expert("version of a model") { expert, _ in
            guard !expert.versions.isEmpty else { return false }
            expert.versions[0] += "+"
            return true
        },
        expert("strategy") { expert, plans in
            let others = BalanceStrategy.allCases.filter { $0 != expert.route.strategy }
            expert.route.strategy = plans.draw(others)
            return true
        },
        expert("weights") { expert, _ in
            expert.route.weights = expert.route.chain.map { _ in 17 }
            return true
        },
        expert("window") { expert, _ in
            expert.route.window = (expert.route.window ?? 0) + 1
            return true
        },
        expert("time limits") { expert, _ in
            expert.route.timeouts.firstToken = .milliseconds(77)
            return true
        },
        expert("settings or none") { expert, _ in
            expert.route.settings = expert.route.settings.isEmpty ? [ResilienceSettings()] : []
            return true
        },
        expert("what stands in for answers") { expert, _ in
            if expert.route.settings.isEmpty { return false }
            expert.route.settings[0].degrade.append(.text)
            return true
        },
        expert("how much is held back") { expert, _ in
            guard let settings = expert.route.settings.first else { return false }
            expert.route.settings[0].hold = settings.hold == .all ? .tokens(3) : .all
            return true
        },
        expert("a limit deep in the settings") { expert, _ in
            if expert.route.settings.isEmpty { return false }
            expert.route.settings[0].limits.queueWait += .nanoseconds(1)
            return true
        },
    ]

    /// The same characters in other places.
    private static let texts: [PlanMutation] = [
        expert("from one text into the next") { expert, _ in
            guard let text = expert.instructions, let last = text.unicodeScalars.last else { return false }
            expert.instructions = String(text.unicodeScalars.dropLast())
            expert.fallback = "\(last)" + (expert.fallback ?? "")
            return true
        },
        expert("one form of a letter for another") { expert, _ in
            expert.instructions = expert.instructions.map { $0 + "e\u{301}" } ?? "\u{e9}"
            return true
        },
        expert("two tools become one") { expert, _ in
            guard let tools = expert.tools, tools.count > 1 else { return false }
            expert.tools = [tools.joined()]
            return true
        },
    ]

    private static let orders: [PlanMutation] = [
        PlanMutation(name: "order of what it gets") { parts, _ in
            var parts = parts
            guard let place = parts.experts.firstIndex(where: { $0.after.count > 1 }) else { return nil }
            parts.experts[place].after.swapAt(0, 1)
            return parts
        },
        PlanMutation(name: "order of the answers that are fused") { parts, _ in
            var parts = parts
            let last = parts.last
            guard parts.fusion.isOrdered, last.count > 1 else { return nil }
            parts.experts.swapAt(last[0], last[1])
            return parts
        },
    ]

    private static func fusion(
        _ name: String, _ change: @escaping @Sendable (FusionRule, inout RandomPlans) -> FusionRule?
    ) -> PlanMutation {
        PlanMutation(name: name) { parts, plans in
            var parts = parts
            guard let changed = change(parts.fusion, &plans) else { return nil }
            parts.fusion = changed
            return parts
        }
    }

    private static func judged(
        _ name: String, _ change: @escaping @Sendable (inout FusionModel) -> Void
    ) -> PlanMutation {
        fusion(name) { fusion, _ in
            var fusion = fusion
            guard !fusion.models.isEmpty else { return nil }
            change(&fusion.models[0])
            return fusion
        }
    }

    private static let fusions: [PlanMutation] = [
        fusion("fusion") { fusion, _ in fusion == .vote ? .own("vote") : .vote },
        PlanMutation(name: "lead") { parts, _ in
            var parts = parts
            guard case .lead(let name) = parts.fusion, let other = parts.experts.first(where: { $0.name != name })
            else {
                return nil
            }
            parts.fusion = .lead(other.name)
            return parts
        },
        fusion("separator") { fusion, _ in
            guard case .concatenate(let separator, let titled) = fusion else { return nil }
            return .concatenate(separator: separator + "\n", titled: titled)
        },
        fusion("titles") { fusion, _ in
            guard case .concatenate(let separator, let titled) = fusion else { return nil }
            return .concatenate(separator: separator, titled: !titled)
        },
        fusion("weight of a signal") { fusion, _ in
            guard case .best(var signals) = fusion else { return nil }
            signals[0].weight += 0.25
            return .best(signals)
        },
        fusion("one signal less") { fusion, _ in
            guard case .best(let signals) = fusion, signals.count > 1 else { return nil }
            return .best(Array(signals.dropLast()))
        },
        fusion("length") { fusion, _ in
            guard case .best(var signals) = fusion else { return nil }
            for place in signals.indices {
                if case .length(let range) = signals[place].kind {
                    signals[place].kind = .length(range.lowerBound...range.upperBound + 1)
                    return .best(signals)
                }
            }
            return nil
        },
        fusion("name of one's own fusion") { fusion, _ in
            guard case .own(let name) = fusion else { return nil }
            return .own(name + "2")
        },
        judged("model of the fusion") { $0.model += "x" },
        judged("route of the fusion") {
            let first = $0.route.chain[0]
            $0.route.chain[0] = Target(provider: first.provider, model: first.model + "x")
        },
        judged("words of the fusion") { $0.instructions = ($0.instructions ?? "") + "." },
        judged("version of the fusion's model") { $0.versions.append("v9") },
    ]

    private static let limits: [PlanMutation] = [
        PlanMutation(name: "tokens") { parts, _ in
            var parts = parts
            parts.limits.tokens = (parts.limits.tokens ?? 0) + 1
            return parts
        },
        PlanMutation(name: "wall time") { parts, _ in
            var parts = parts
            parts.limits.wallTime = parts.limits.wallTime == nil ? .zero : nil
            return parts
        },
        PlanMutation(name: "number of experts") { parts, _ in
            var parts = parts
            parts.limits.experts += 1
            return parts
        },
    ]
}
