import Base
import Models
import TestKit
import Testing

@testable import Orchestrator

@Suite("A plan with several experts", .timeLimit(.minutes(3)))
struct PlanRunTests {
    @Test("leaves the same final state in parallel, in sequence, and whoever goes on first")
    func sameState() throws {
        var (answered, failed, faster) = (0, 0, 0)
        for seed in 0..<1000 as Range<UInt64> {
            let random = RandomPlan(seed: seed)
            let together = try ExpertWorld(try random.plan(), random.scripts).turn(streaming: false, seed: seed)
            let inSequence = try ExpertWorld(try random.plan(parallel: false), random.scripts)
                .turn(streaming: false, seed: seed &+ 7)
            #expect(together.finalState == inSequence.finalState, "seed \(seed)")
            #expect(together.duration <= inSequence.duration, "seed \(seed)")
            if together.answer == nil { failed += 1 } else { answered += 1 }
            if together.duration < inSequence.duration { faster += 1 }
        }
        // Plans of all kinds were drawn.
        #expect(answered > 400)
        #expect(failed > 50)
        #expect(faster > 300)
    }

    @Test("review of 3 s and validation of 2 s take 3 s together and 5 s one after the other")
    func time() throws {
        let scripts: [String: ScriptedExperts.Script] = [
            "review": .init("It is good.", first: .seconds(3)), "validate": .init("It is right.", first: .seconds(2)),
        ]
        for (parallel, expected) in [(true, 3.0...3.2), (false, 5.0...5.2)] {
            let plan = try Plan(
                model: "plan/x", experts: [Plan.Expert("review"), Plan.Expert("validate")],
                fusion: .concatenate(separator: "\n", titled: false), parallel: parallel)
            let turn = try ExpertWorld(plan, scripts).turn()
            #expect(expected.contains(turn.duration / .seconds(1)))
            #expect(turn.text == "It is good.\nIt is right.")
        }
    }

    @Test("an expert gets its instructions, the conversation, and the outputs that it declared, in that order")
    func sections() throws {
        let plan = try Plan(
            model: "plan/x",
            experts: [
                Plan.Expert("facts"), Plan.Expert("style"),
                Plan.Expert("draft", after: ["style", "facts"]) {
                    $0.instructions = "Write."
                    $0.parameters.temperature = 0.5
                },
                Plan.Expert("end", after: ["draft"]),
            ], fusion: .lead("end"))
        let world = try ExpertWorld(plan)
        var request = ChatRequest(model: "plan/x", messages: [ChatMessage(.user, "Why?")])
        request.maxTokens = 7
        request.stop = ["END"]
        _ = try world.turn(request)
        let draft = try #require(world.models.calls(of: "draft").first?.request)
        #expect(draft.messages.map(\.role) == [.system, .user, .user])
        #expect(draft.messages[0].text == "Write.")
        #expect(draft.messages[1].text == "Why?")
        #expect(
            draft.messages[2].text
                == "\(ExpertRequest.preamble)\n\n## style\n\nstyle says so.\n\n## facts\n\nfacts says so.")
        #expect(draft.temperature == 0.5)
        // What shapes the answer is for the one who gives it.
        #expect(draft.maxTokens == nil && draft.stop.isEmpty)
        let end = try #require(world.models.calls(of: "end").first?.request)
        #expect(end.maxTokens == 7 && end.stop == ["END"])
        #expect(world.models.calls(of: "facts").first?.request.messages.count == 1)
    }

    @Test("an expert that fails is left out, replaced by its fallback, or ends the run with its own error")
    func failures() throws {
        let broken = ScriptedExperts.Script(end: .refusal(CodedError(.providerOverloaded, "Busy.")))
        func turn(_ change: @escaping (inout Plan.Expert) -> Void) throws -> (ExpertWorld, ExpertWorld.Turn) {
            let plan = try Plan(
                model: "plan/x",
                experts: [Plan.Expert("search", change), Plan.Expert("answer", after: ["search"])],
                fusion: .lead("answer"))
            let world = try ExpertWorld(plan, ["search": broken])
            return (world, try world.turn())
        }
        let (leftOut, first) = try turn { $0.isOptional = true }
        #expect(first.text == "answer says so.")
        #expect(first.answer?.experts.first?.phase == .leftOut)
        #expect(leftOut.models.calls(of: "answer").first?.request.messages.count == 1)

        let (replaced, second) = try turn { $0.fallback = "Nothing was found." }
        #expect(second.answer?.experts.first?.phase == .fallback)
        #expect(
            replaced.models.calls(of: "answer").first?.request.messages.last?.text.hasSuffix(
                "## search\n\nNothing was found.") == true)

        let (_, third) = try turn { _ in }
        #expect(third.error?.code == .providerOverloaded)
        #expect(
            third.events.contains {
                if case .expert("search", .failed(.providerOverloaded)) = $0 { true } else { false }
            })
    }

    @Test("the failure of one expert cancels those beside it at once")
    func siblings() throws {
        let plan = try Plan(
            model: "plan/x", experts: [Plan.Expert("slow"), Plan.Expert("broken")], fusion: .vote)
        let world = try ExpertWorld(
            plan,
            [
                "slow": .init("x", first: .seconds(100)),
                "broken": .init(first: .seconds(1), end: .refusal(CodedError(.providerFailed, "Failed."))),
            ])
        let turn = try world.turn()
        #expect(turn.error?.code == .providerFailed)
        #expect(turn.duration == .seconds(1))
        #expect(world.models.open == 0)
    }

    @Test("an expert's time limit is its own: it counts from its start, and ends nothing else")
    func timeouts() throws {
        let plan = try Plan(
            model: "plan/x",
            experts: [
                Plan.Expert("search") {
                    $0.timeout = .seconds(2)
                    $0.fallback = "Nothing."
                },
                Plan.Expert("answer", after: ["search"]) { $0.timeout = .seconds(4) },
            ], fusion: .lead("answer"))
        let scripts: [String: ScriptedExperts.Script] = [
            "search": .init(end: .silence), "answer": .init("Yes.", first: .seconds(3)),
        ]
        let turn = try ExpertWorld(plan, scripts).turn()
        #expect(turn.text == "Yes.")
        #expect(turn.duration == .seconds(5))
        #expect(turn.answer?.experts.first?.duration == .seconds(2))

        var strict = scripts
        strict["answer"]?.first = .seconds(5)
        let late = try ExpertWorld(plan, strict).turn()
        #expect(late.error?.code == .nodeTimeout)
        #expect(late.error?.message.contains("'answer'") == true)
        #expect(late.duration == .seconds(6))
    }

    @Test("the plan's wall time ends the run, whatever its experts may still do")
    func wallTime() throws {
        var limits = Plan.Limits()
        limits.wallTime = .seconds(3)
        let plan = try Plan(
            model: "plan/x",
            experts: [Plan.Expert("a"), Plan.Expert("b", after: ["a"]) { $0.isOptional = true }],
            fusion: .concatenate(separator: "", titled: false), limits: limits)
        let world = try ExpertWorld(plan, ["a": .init("x", first: .seconds(2)), "b": .init("y", first: .seconds(2))])
        let turn = try world.turn()
        #expect(turn.error?.code == .deadlineExceeded)
        #expect(turn.duration == .seconds(3))
        #expect(world.models.open == 0)
    }

    @Test("a fusion that the plan's wall time ends, or leaves no time for, gives way to the best single answer")
    func wallTimeOfFusion() throws {
        for experts in [Duration.seconds(1), .milliseconds(4_950)] {
            var limits = Plan.Limits()
            limits.wallTime = .seconds(5)
            let plan = try Plan(
                model: "plan/x", experts: ["a", "b", "c"].map { Plan.Expert($0) },
                fusion: .best([FusionSignal(.judge(FusionModel("judge")))]), limits: limits)
            let world = try ExpertWorld(
                plan,
                [
                    "a": .init("apples and pears", first: experts), "b": .init("red pears", first: experts),
                    "c": .init("apples and green pears", first: experts),
                    "judge": .init("{\"scores\": [1, 9, 2]}", first: .seconds(60)),
                ])
            let turn = try world.turn()
            #expect(turn.error == nil && turn.text == "apples and pears", "\(String(describing: turn.error))")
            #expect(turn.answer?.fusion?.failure == .deadlineExceeded)
            #expect(turn.statuses.first?.contains("deadline_exceeded") == true)
            #expect(turn.duration == .seconds(5))
            #expect(world.models.open == 0)
        }
    }

    @Test("no expert is asked for more tokens than its share of what those before it have left")
    func tokens() throws {
        var limits = Plan.Limits()
        limits.tokens = 90
        let plan = try Plan(
            model: "plan/x",
            experts: [Plan.Expert("a"), Plan.Expert("b"), Plan.Expert("c", after: ["a"])],
            fusion: .concatenate(separator: "", titled: false), limits: limits)
        var script = ScriptedExperts.Script("x")
        script.usage = Usage(promptTokens: 500, completionTokens: 10)
        let world = try ExpertWorld(plan, ["a": script])
        _ = try world.turn()
        #expect(world.models.calls(of: "a").first?.request.maxTokens == 30)
        #expect(world.models.calls(of: "b").first?.request.maxTokens == 30)
        #expect(world.models.calls(of: "c").first?.request.maxTokens == 40)

        script.usage = Usage(promptTokens: 1, completionTokens: 90)
        let spent = try ExpertWorld(plan, ["a": script]).turn()
        #expect(spent.error?.code == .planLimit)
    }

    @Test("whatever number of tokens models say that they took, it is a number", arguments: [nil, 90])
    func absurdUsage(limit: Int?) throws {
        var limits = Plan.Limits()
        limits.tokens = limit
        let plan = try Plan(
            model: "plan/x",
            experts: [Plan.Expert("a"), Plan.Expert("b", after: ["a"]), Plan.Expert("c", after: ["b"])],
            fusion: .concatenate(separator: "", titled: false), limits: limits)
        var script = ScriptedExperts.Script("x")
        script.usage = Usage(promptTokens: .max, completionTokens: .max)
        let turn = try ExpertWorld(plan, ["a": script, "b": script, "c": script]).turn()
        #expect(turn.error?.code == (limit == nil ? nil : .planLimit))
        #expect(turn.answer?.completion.usage?.completionTokens == (limit == nil ? .max : nil))
    }

    @Test("usage and cost are the sums of what was answered; what failed, was kept or stands in costs nothing")
    func bill() throws {
        let plan = try Plan(
            model: "plan/x",
            experts: [
                Plan.Expert("a"), Plan.Expert("b") { $0.isOptional = true }, Plan.Expert("c") { $0.fallback = "c" },
            ],
            fusion: .vote)
        let failure = CodedError(.providerStreamBroken, "Broken.")
        let turn = try ExpertWorld(plan, ["b": .init("b", end: .failure(failure)), "c": .init(end: .failure(failure))])
            .turn()
        #expect(turn.answer?.completion.usage == Usage(promptTokens: 3, completionTokens: 2))
        #expect(turn.answer?.ledger?.tokens.input == 3)
        #expect(turn.answer?.experts.map { $0.usage?.totalTokens } == [5, nil, nil])
        #expect(turn.answer?.planID == plan.identity.description)
    }

    @Test("progress goes by layers and experts, never goes back, and ends at 100 before the answer does")
    func progress() throws {
        let experts = [
            Plan.Expert("a") { $0.layer = "research" }, Plan.Expert("b") { $0.layer = "research" },
            Plan.Expert("c", after: ["a", "b"]), Plan.Expert("d", after: ["a"]),
        ]
        let plan = try Plan(model: "plan/x", experts: experts, fusion: .vote)
        let turn = try ExpertWorld(plan, ["d": .init("d", first: .seconds(1))]).turn()
        #expect(turn.percents == [40, 60, 80, 100])
        for seed in 0..<200 as Range<UInt64> {
            let random = RandomPlan(seed: seed)
            let turn = try ExpertWorld(try random.plan(), random.scripts).turn(seed: seed)
            #expect(turn.percents == turn.percents.sorted(), "seed \(seed)")
            if turn.answer != nil { #expect(turn.percents.last == 100, "seed \(seed)") }
        }
    }
}
