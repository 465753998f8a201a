import Base
import Models
import Testing

@testable import Orchestrator

@Suite("What is wrong with a plan")
struct PlanCheckTests {
    private static func expert(_ name: String, after: [String] = []) -> Plan.Expert {
        var expert = Plan.Expert(name: name, model: "m")
        expert.after = after
        return expert
    }

    private static func changed(_ name: String, _ change: (inout Plan.Expert) -> Void) -> Plan.Expert {
        var expert = expert(name)
        change(&expert)
        return expert
    }

    struct Sample: Sendable, CustomStringConvertible {
        var description: String
        var experts: [Plan.Expert]
        var fusion = FusionRule.vote
        var limits = Plan.Limits()
        var found: [String]
    }

    private static func limits(_ change: (inout Plan.Limits) -> Void) -> Plan.Limits {
        var limits = Plan.Limits()
        change(&limits)
        return limits
    }

    private static let two = [expert("a"), expert("b")]

    static let samples: [Sample] = [
        Sample(description: "nothing", experts: two, found: []),
        Sample(
            description: "no experts", experts: [],
            found: ["experts: A plan needs at least one expert, such as { draft: { model: auto } }."]),
        Sample(
            description: "more than its limit", experts: two, limits: limits { $0.experts = 1 },
            found: [
                "experts: It has 2 experts, over the limit of 1. Raise limits.experts, at most to 64, or leave some out."
            ]),
        Sample(
            description: "more than any plan may have", experts: (0..<65).map { expert("e\($0)") },
            limits: limits { $0.experts = 1000 },
            found: ["experts: It has 65 experts, over the limit of 64. Leave some out."]),
        Sample(
            description: "a name twice", experts: [expert("a"), expert("a")],
            found: ["experts.a: Another expert has this name; names tell them apart."]),
        Sample(
            description: "a name that is none", experts: [expert("a b")],
            fusion: .concatenate(separator: "", titled: false),
            found: ["experts.a b: An expert's name must be 1 to 64 letters, digits, '_' and '-'."]),
        Sample(
            description: "an unknown expert", experts: [expert("research"), expert("b", after: ["reserch"])],
            found: ["experts.b.after.0: There is no expert of this name. Did you mean 'research'?"]),
        Sample(
            description: "an unknown expert that is like none",
            experts: [expert("a"), expert("b", after: ["a", "other"])],
            found: ["experts.b.after.1: There is no expert of this name. The experts are a, b."]),
        Sample(
            description: "itself", experts: [expert("a", after: ["a"])],
            found: ["experts.a.after.0: An expert cannot wait for itself; leave it out of its after."]),
        Sample(
            description: "the same expert twice", experts: [expert("a"), expert("b", after: ["a", "a"])],
            fusion: .lead("b"), found: ["experts.b.after.1: This expert is here twice; once is enough."]),
        Sample(
            description: "two that wait for each other",
            experts: [expert("start"), expert("a", after: ["b", "start"]), expert("b", after: ["a"])],
            found: [
                "experts.a.after: These experts wait for each other: a after b after a. Take one of them out of an after."
            ]),
        Sample(
            description: "a cycle behind a way into it",
            experts: [
                expert("end", after: ["a"]), expert("a", after: ["b"]), expert("b", after: ["c"]),
                expert("c", after: ["a"]),
            ],
            found: [
                "experts.a.after: These experts wait for each other: a after b after c after a. Take one of them out of an "
                    + "after."
            ]),
        Sample(
            description: "a lead that is not there", experts: two, fusion: .lead("c"),
            found: ["fusion.expert: There is no expert of this name. Did you mean 'a' or 'b'?"]),
        Sample(
            description: "an answer that nobody uses", experts: [expert("a"), expert("b", after: ["a"]), expert("c")],
            fusion: .lead("b"),
            found: [
                "experts.c: Nobody uses what this expert says: the answer is that of 'b'. Name it in an after on the way "
                    + "there, choose another fusion, or leave it out."
            ]),
        Sample(
            description: "a lead that may be left out", experts: [changed("a") { $0.isOptional = true }],
            fusion: .lead("a"),
            found: [
                "experts.a.optional: Its answer is the answer, so it cannot be left out. Give it a fallback instead."
            ]),
        Sample(
            description: "a lead with a fallback",
            experts: [
                changed("a") {
                    $0.isOptional = true
                    $0.fallback = ""
                }
            ], fusion: .lead("a"), found: []),
        Sample(
            description: "one answer to choose from", experts: [expert("a"), expert("b", after: ["a"])],
            found: [
                "fusion: vote has one answer to choose from, that of 'b': every other expert feeds another. Say { kind: "
                    + "lead, expert: b }."
            ]),
        Sample(
            description: "no signals", experts: two, fusion: .best([]),
            found: ["fusion.signals: There is nothing to choose by. Name a signal, such as agreement."]),
        Sample(
            description: "a signal twice, and a weight that is none", experts: two,
            fusion: .best([FusionSignal(.format), FusionSignal(.format, weight: .nan)]),
            found: [
                "fusion.signals.format.weight: A weight must be a number from 0.001 to 1000.",
                "fusion.signals.format: This signal is here twice; once is enough.",
            ]),
        Sample(
            description: "more tokens than the plan has",
            experts: [changed("a") { $0.parameters.maxTokens = 600 }, changed("b") { $0.parameters.maxTokens = 500 }],
            limits: limits { $0.tokens = 1000 },
            found: ["limits.tokens: The experts' max_tokens are 1100 together, over these 1000."]),
        Sample(
            description: "more time than the plan has",
            experts: [expert("a"), changed("b") { $0.timeout = .seconds(9) }],
            limits: limits { $0.wallTime = .seconds(8) },
            found: [
                "experts.b.timeout: This is longer than the plan's limits.wall_time, which would end it before."
            ]),
        Sample(
            description: "figures out of range",
            experts: [
                expert("b"),
                changed("a") {
                    $0.timeout = .zero
                    $0.share = 1.5
                    $0.parameters.temperature = -1
                    $0.parameters.topP = 0
                    $0.parameters.maxTokens = 0
                    $0.layer = ""
                },
            ],
            found: [
                "experts.a.layer: 'layer' must be 1 to 64 letters, digits, '_' and '-'.",
                "experts.a.timeout: 'timeout' must be above zero.",
                "experts.a.share: 'share' must be above 0 and at most 1.",
                "experts.a.temperature: 'temperature' must be from 0 to 2.",
                "experts.a.top_p: 'top_p' must be above 0 and at most 1.",
                "experts.a.max_tokens: 'max_tokens' must be a whole number from 1 to 100000000.",
            ]),
    ]

    @Test("each thing is told with its place and what to do", arguments: samples)
    func table(sample: Sample) {
        let problems = PlanCheck.problems(experts: sample.experts, fusion: sample.fusion, limits: sample.limits)
        #expect(problems.map(\.description) == sample.found)
    }

    @Test("a plan with a fault is not made, one with a remark is")
    func making() throws {
        let experts = [Self.expert("a"), Self.expert("b", after: ["a"])]
        #expect(throws: PlanProblem.self) {
            try Plan(model: "plan/x", experts: experts.reversed(), fusion: .lead("nobody"))
        }
        let plan = try Plan(model: "plan/x", experts: experts, fusion: .vote)
        #expect(plan.fusionInputs.map(\.name) == ["b"])
        #expect(plan.lead == nil)
    }

    @Test("random right plans have no faults")
    func random() {
        for seed in 0..<300 as Range<UInt64> {
            var plans = RandomPlans(generator: SeededGenerator(seed: seed))
            var parts = plans.parts()
            parts.limits.tokens = nil
            // What it leads to is drawn among several last ones.
            if case .lead = parts.fusion { parts.fusion = .concatenate(separator: "", titled: true) }
            let found = PlanCheck.problems(experts: parts.experts, fusion: parts.fusion, limits: parts.limits)
            let errors = found.filter(\.isError)
            #expect(errors.isEmpty, "seed \(seed): \(errors)")
        }
    }
}
