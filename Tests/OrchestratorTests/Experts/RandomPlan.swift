import Base
import Models

@testable import Orchestrator

/// A plan and what its models do, drawn from a seed.
struct RandomPlan {
    var experts: [Plan.Expert] = []
    var fusion = FusionRule.vote
    var limits = Plan.Limits()
    var scripts: [String: ScriptedExperts.Script] = [:]

    init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        func draw(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
        let count = draw(1...6)
        let names = (0..<count).map { "e\($0)" }
        // Who feeds whom follows another order than that of the declaration.
        let order = names.shuffled(using: &generator)
        for name in names {
            let place = order.firstIndex(of: name) ?? 0
            var expert = Plan.Expert(name, after: order[..<place].filter { _ in draw(0...2) == 0 })
            expert.after.shuffle(using: &generator)
            if draw(0...2) == 0 { expert.layer = "layer\(draw(0...1))" }
            if draw(0...3) == 0 { expert.timeout = .milliseconds(draw(5...60) * 2) }
            switch draw(0...5) {
            case 0: expert.fallback = "instead of \(name)"
            case 1...3: expert.isOptional = true
            default: break
            }
            // Not drawn, so that a seed stays the plan that it was.
            expert.isCached = (seed &+ UInt64(experts.count)) % 2 == 0
            experts.append(expert)
            var script = ScriptedExperts.Script()
            script.pieces = (0..<draw(1...5)).map { "\(name) \(["yes", "no", "é🙂", ""][draw(0...3)])\($0)." }
            if draw(0...3) == 0 { script.pieces = ["yes"] }
            // Odd, so that no limit is reached at the same time.
            script.first = .milliseconds(draw(0...40) * 2 + 1)
            script.between = draw(0...1) == 0 ? .zero : .milliseconds(draw(1...10) * 2)
            script.usage = draw(0...4) == 0 ? nil : Usage(promptTokens: draw(1...9), completionTokens: draw(1...9))
            if draw(0...6) == 0 { script.end = .refusal(CodedError(.providerFailed, "Failed.")) }
            scripts[name] = script
        }
        if draw(0...2) == 0 { limits.tokens = draw(1...100) }
        fusion = drawFusion(&generator)
    }

    private func drawFusion(_ generator: inout SeededGenerator) -> FusionRule {
        let last = PlanCheck.last(of: experts)
        switch Int.random(in: 0...4, using: &generator) {
        case 0 where last.count == 1 && (!last[0].isOptional || last[0].fallback != nil): return .lead(last[0].name)
        case 0, 1: return .concatenate(separator: "\n--\n", titled: Bool.random(using: &generator))
        case 2: return .vote
        case 3: return .best([FusionSignal(.agreement, weight: 2), FusionSignal(.length(0...20))])
        default: return .synthesise(FusionModel("writer"))
        }
    }

    func plan(parallel: Bool = true) throws -> Plan {
        try Plan(model: "plan/x", experts: experts, fusion: fusion, parallel: parallel, limits: limits)
    }
}

extension ExpertWorld.Turn {
    /// All that a turn leaves, without the time that it took.
    var finalState: String {
        guard let answer else { return "failed" }
        let experts = answer.experts.map { outcome in
            "\(outcome.name) \(outcome.phase) \(String(describing: outcome.target)) \(outcome.duration) "
                + "\(String(describing: outcome.usage))"
        }
        return
            ([answer.completion.text, answer.target.name, "\(String(describing: answer.completion.usage))"]
            + ["\(String(describing: answer.fusion))", "\(answer.attempts)"] + experts).joined(separator: "\n")
    }
}
