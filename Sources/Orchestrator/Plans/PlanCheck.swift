internal import Base

/// What is wrong with a plan, all at once. Pure; O(experts × their dependencies). Routes are not looked at: a plan is
/// checked before anybody knows where its models are.
public enum PlanCheck {
    public static let names = 1...64
    /// UTF-8 bytes of instructions, of a fallback or of a separator.
    public static let longestText = 100_000
    public static let tokens = 1...100_000_000
    public static let temperatures = 0.0...2.0

    /// Faults first and last by the order of the plan; of several that follow from each other the first alone.
    public static func problems(
        experts: [Plan.Expert], fusion: FusionRule, limits: Plan.Limits
    ) -> [PlanProblem] {
        guard !experts.isEmpty else {
            return [PlanProblem(["experts"], "A plan needs at least one expert, such as { draft: { model: auto } }.")]
        }
        let most = min(limits.experts, Plan.Limits.mostExperts)
        guard experts.count <= most else {
            let advice =
                most < Plan.Limits.mostExperts
                ? "Raise limits.experts, at most to \(Plan.Limits.mostExperts), or leave some out."
                : "Leave some out."
            return [
                PlanProblem(["experts"], "It has \(experts.count) experts, over the limit of \(most). \(advice)")
            ]
        }
        var problems: [PlanProblem] = []
        var seen: Set<String> = []
        for expert in experts {
            problems += faults(of: expert)
            if !seen.insert(expert.name).inserted {
                problems.append(
                    PlanProblem(["experts", expert.name], "Another expert has this name; names tell them apart."))
            }
        }
        let dependencies = dependencyFaults(of: experts)
        problems += dependencies + faults(of: limits, experts) + faults(of: fusion)
        problems += dependencies.isEmpty && seen.count == experts.count ? fusionFaults(fusion, experts) : []
        return problems
    }

    /// The experts whose outputs no other expert gets, in the order given.
    static func last(of experts: [Plan.Expert]) -> [Plan.Expert] {
        let used = Set(experts.flatMap(\.after))
        return experts.filter { !used.contains($0.name) }
    }

    /// Whether it is 1 to 64 of the characters A-Z a-z 0-9 _ -
    public static func isName(_ text: String) -> Bool {
        names.contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    // MARK: Experts

    private static func faults(of expert: Plan.Expert) -> [PlanProblem] {
        let path = ["experts", expert.name]
        var problems: [PlanProblem] = []
        func expect(_ isRight: Bool, _ field: String, _ must: String) {
            if !isRight { problems.append(PlanProblem(path + [field], "'\(field)' must be \(must).")) }
        }
        if !isName(expert.name) {
            problems.append(
                PlanProblem(path, "An expert's name must be 1 to 64 letters, digits, '_' and '-'."))
        }
        let texts = [("instructions", expert.instructions), ("fallback", expert.fallback)]
        for (field, text) in texts {
            expect((text ?? "").utf8.count <= longestText, field, "at most \(longestText) bytes")
        }
        expect(expert.layer.map(isName) ?? true, "layer", "1 to 64 letters, digits, '_' and '-'")
        expect(expert.timeout.map { $0 > .zero } ?? true, "timeout", "above zero")
        expect(expert.share.map { $0 > 0 && $0 <= 1 } ?? true, "share", "above 0 and at most 1")
        let parameters = expert.parameters
        expect(parameters.temperature.map(temperatures.contains) ?? true, "temperature", "from 0 to 2")
        expect(parameters.topP.map { $0 > 0 && $0 <= 1 } ?? true, "top_p", "above 0 and at most 1")
        expect(parameters.maxTokens.map(tokens.contains) ?? true, "max_tokens", "a whole number from 1 to 100000000")
        return problems
    }

    private static func dependencyFaults(of experts: [Plan.Expert]) -> [PlanProblem] {
        let names = experts.map(\.name)
        let known = Set(names)
        var problems: [PlanProblem] = []
        for expert in experts {
            var seen: Set<String> = []
            for (place, name) in expert.after.enumerated() {
                let path = ["experts", expert.name, "after", "\(place)"]
                if name == expert.name {
                    problems.append(PlanProblem(path, "An expert cannot wait for itself; leave it out of its after."))
                } else if !known.contains(name) {
                    problems.append(PlanProblem(path, unknown(name, names)))
                } else if !seen.insert(name).inserted {
                    problems.append(PlanProblem(path, "This expert is here twice; once is enough."))
                }
            }
        }
        guard problems.isEmpty, let cycle = cycle(among: experts), let first = cycle.first else { return problems }
        let way = (cycle + [first]).joined(separator: " after ")
        return [
            PlanProblem(
                ["experts", first, "after"],
                "These experts wait for each other: \(way). Take one of them out of an after.")
        ]
    }

    private static func unknown(_ name: String, _ names: [String]) -> String {
        let near = NearestNames.of(name, in: names, limit: 2)
        let advice =
            near.isEmpty
            ? "The experts are \(names.prefix(8).joined(separator: ", "))\(names.count > 8 ? " …" : "")."
            : "Did you mean \(near.map { "'\($0)'" }.joined(separator: " or "))?"
        return "There is no expert of this name. \(advice)"
    }

    /// Experts each of which comes after the next, and the last after the first; `nil` where there are none.
    private static func cycle(among experts: [Plan.Expert]) -> [String]? {
        var waiting = experts
        while true {
            let names = Set(waiting.map(\.name))
            let left = waiting.filter { !names.isDisjoint(with: $0.after) }
            if left.count == waiting.count { break }
            waiting = left
        }
        // Each that is left waits for one that is left, so going on leads back.
        let names = Set(waiting.map(\.name))
        var way: [String] = []
        var next = waiting.first
        while let expert = next {
            if let start = way.firstIndex(of: expert.name) { return Array(way[start...]) }
            way.append(expert.name)
            let before = expert.after.first { names.contains($0) }
            next = waiting.first { $0.name == before }
        }
        return nil
    }

    // MARK: Limits and fusion

    private static func faults(of limits: Plan.Limits, _ experts: [Plan.Expert]) -> [PlanProblem] {
        var problems: [PlanProblem] = []
        func report(_ field: String, _ sentence: String) { problems.append(PlanProblem(["limits", field], sentence)) }
        if let most = limits.tokens {
            let sum = experts.reduce(0) { $0 + min(max(0, $1.parameters.maxTokens ?? 0), tokens.upperBound) }
            if !tokens.contains(most) {
                report("tokens", "'tokens' must be a whole number from 1 to 100000000.")
            } else if sum > most {
                report("tokens", "The experts' max_tokens are \(sum) together, over these \(most).")
            }
        }
        if let wall = limits.wallTime {
            if wall <= .zero { report("wall_time", "'wall_time' must be above zero.") }
            for expert in experts where expert.timeout.map({ $0 > wall && wall > .zero }) ?? false {
                problems.append(
                    PlanProblem(
                        ["experts", expert.name, "timeout"],
                        "This is longer than the plan's limits.wall_time, which would end it before."))
            }
        }
        return problems
    }

    /// What a rule can say of itself.
    private static func faults(of fusion: FusionRule) -> [PlanProblem] {
        var problems: [PlanProblem] = []
        func report(_ field: [String], _ sentence: String) {
            problems.append(PlanProblem(["fusion"] + field, sentence))
        }
        func check(_ model: FusionModel, _ path: [String]) {
            if (model.instructions ?? "").utf8.count > longestText {
                report(path, "'instructions' must be at most \(longestText) bytes.")
            }
        }
        switch fusion {
        case .lead, .vote: break
        case .own(let name):
            if !isName(name) { report(["name"], "A fusion's name must be 1 to 64 letters, digits, '_' and '-'.") }
        case .concatenate(let separator, _):
            if separator.utf8.count > longestText {
                report(["separator"], "'separator' must be at most \(longestText) bytes.")
            }
        case .synthesise(let model): check(model, ["instructions"])
        case .best(let signals):
            if signals.isEmpty {
                report(["signals"], "There is nothing to choose by. Name a signal, such as agreement.")
            }
            var seen: Set<String> = []
            for signal in signals {
                let path = ["signals", signal.name]
                if !FusionSignal.weights.contains(signal.weight) {
                    report(path + ["weight"], "A weight must be a number from 0.001 to 1000.")
                }
                if !seen.insert(signal.name).inserted { report(path, "This signal is here twice; once is enough.") }
                if case .judge(let model) = signal.kind { check(model, path) }
                if case .length(let range) = signal.kind, !range.clamped(to: FusionSignal.lengths).elementsEqual(range)
                {
                    report(path, "A length must be from 0 to \(FusionSignal.lengths.upperBound) characters.")
                }
            }
        }
        return problems
    }

    /// What it makes of the experts, whose dependencies are right.
    private static func fusionFaults(_ fusion: FusionRule, _ experts: [Plan.Expert]) -> [PlanProblem] {
        guard case .lead(let name) = fusion else {
            let inputs = last(of: experts)
            guard inputs.count < 2, [.best, .vote].contains(fusion.kind), let only = inputs.first else { return [] }
            return [
                PlanProblem(
                    ["fusion"],
                    "\(fusion.kind.rawValue) has one answer to choose from, that of '\(only.name)': every other expert feeds "
                        + "another. Say { kind: lead, expert: \(only.name) }.", isError: false)
            ]
        }
        guard let lead = experts.first(where: { $0.name == name }) else {
            return [PlanProblem(["fusion", "expert"], unknown(name, experts.map(\.name)))]
        }
        var problems: [PlanProblem] = []
        if lead.isOptional, lead.fallback == nil {
            problems.append(
                PlanProblem(
                    ["experts", name, "optional"],
                    "Its answer is the answer, so it cannot be left out. Give it a fallback instead."))
        }
        var used: Set<String> = []
        var open = [lead]
        while let expert = open.popLast() {
            guard used.insert(expert.name).inserted else { continue }
            open += experts.filter { expert.after.contains($0.name) }
        }
        for expert in experts where !used.contains(expert.name) {
            problems.append(
                PlanProblem(
                    ["experts", expert.name],
                    "Nobody uses what this expert says: the answer is that of '\(name)'. Name it in an after on the way "
                        + "there, choose another fusion, or leave it out."))
        }
        return problems
    }
}
