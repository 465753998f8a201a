import Base
import Models
import TestKit
import Testing

@testable import Orchestrator

@Suite("What is streamed of a plan", .timeLimit(.minutes(3)))
struct FusionStreamTests {
    @Test("the pieces joined are the answer, streamed or not, for every fusion, chunking and listener")
    func invariant() throws {
        var kinds: Set<FusionRule.Kind> = []
        var cut = 0
        for seed in 0..<600 as Range<UInt64> {
            let random = RandomPlan(seed: seed)
            let plan = try random.plan()
            let streamed = try ExpertWorld(plan, random.scripts)
                .turn(seed: seed, sink: RecordingSink(hesitating: seed))
            let whole = try ExpertWorld(plan, random.scripts).turn(streaming: false, seed: seed)
            guard let text = streamed.text else {
                #expect(whole.text == nil || plan.lead != nil, "seed \(seed)")
                continue
            }
            kinds.insert(plan.fusion.kind)
            // What broke off after it was shown stays; nothing is shown of an answer that comes whole.
            if streamed.answer?.isCut == true { cut += 1 } else { #expect(whole.text == text, "seed \(seed)") }
            #expect(streamed.deltas == text, "seed \(seed)")
            #expect(whole.deltas == whole.text, "seed \(seed)")
            #expect(isWellFormed(streamed.events), "seed \(seed)")
            #expect(streamed.answer?.completion.usage == whole.answer?.completion.usage, "seed \(seed)")
        }
        #expect(kinds == [.lead, .best, .vote, .concatenate, .synthesise])
        #expect(cut > 0)
    }

    /// Who answers is told once, before the answer; nothing of it follows its end; nothing provisional follows what
    /// replaces it.
    private func isWellFormed(_ events: [ChatEvent]) -> Bool {
        var (answering, finished, replaced) = (0, 0, false)
        for event in events {
            switch event {
            case .answering:
                answering += 1
                if finished > 0 { return false }
            case .model(let said):
                if answering != 1 { return false }
                switch said.kind {
                case .finish: finished += 1
                case .usage: if finished != 1 { return false }
                default: if finished > 0 { return false }
                }
            case .provisional: if replaced { return false }
            case .replaced: replaced = true
            default: break
            }
        }
        return answering == 1 && finished == 1
    }

    @Test("a lead is heard as it speaks, the others provisionally")
    func lead() throws {
        let plan = try Plan(
            model: "plan/x", experts: [Plan.Expert("search"), Plan.Expert("answer", after: ["search"])],
            fusion: .lead("answer"))
        let turn = try ExpertWorld(plan, ["search": .init("s", "t"), "answer": .init("a", "b")]).turn()
        #expect(
            turn.lines == [
                "search started", "provisional st by search", "search finished", "50.0% -", "answer started",
                "p/answer answers", "text ab", "answer finished", "100.0% -",
                "finish stop", "usage 10",
            ])
        #expect(turn.answer?.target.name == "p/answer")
    }

    @Test("what an expert has to say at once is heard in few pieces, whole and in order, also when it then fails")
    func pieces() throws {
        let texts = (0..<50).map { "\($0) " }
        for end in [ScriptedExperts.End.proper, .failure(CodedError(.providerStreamBroken, "Gone."))] {
            var script = ScriptedExperts.Script("", end: end)
            script.pieces = texts
            let plan = try Plan(
                model: "plan/x",
                experts: [Plan.Expert("search") { $0.isOptional = true }, Plan.Expert("answer", after: ["search"])],
                fusion: .lead("answer"))
            let turn = try ExpertWorld(plan, ["search": script]).turn()
            let heard = turn.events.compactMap { event -> String? in
                if case .provisional(let text, "search") = event { text } else { nil }
            }
            #expect(heard.joined() == texts.joined())
            #expect(heard.count < texts.count / 10)
        }
    }

    @Test("sections are heard live in the order of their declaration; a later one is held until those before are over")
    func sections() throws {
        let plan = try Plan(
            model: "plan/x", experts: [Plan.Expert("slow"), Plan.Expert("fast")],
            fusion: .concatenate(separator: "\n", titled: true))
        let turn = try ExpertWorld(
            plan,
            [
                "slow": .init("a", "b", first: .seconds(1), between: .seconds(5)),
                "fast": .init("c", "d", first: .seconds(2)),
            ]
        ).turn()
        #expect(
            turn.lines.filter { !$0.hasSuffix("started") } == [
                "plan/x answers", "text ## slow\n\na", "fast finished", "50.0% -", "text b",
                "text \n## fast\n\ncd", "slow finished", "100.0% -", "finish stop", "usage 10",
            ])
    }

    @Test("an optional section that breaks off keeps what was shown of it, and the answer is not kept as whole")
    func brokenSection() throws {
        let failure = CodedError(.providerStreamBroken, "Broken.")
        let experts = [Plan.Expert("a") { $0.fallback = "instead" }, Plan.Expert("b") { $0.isOptional = true }]
        let plan = try Plan(model: "plan/x", experts: experts, fusion: .concatenate(separator: "|", titled: false))
        let world = try ExpertWorld(
            plan, ["a": .init("shown", end: .failure(failure)), "b": .init("b", first: .seconds(1))])
        let turn = try world.turn()
        #expect(turn.text == "shown|b")
        #expect(turn.deltas == "shown|b")
        #expect(world.recorder.records.map(\.verdict) == [.incomplete])
        // What nobody has seen is dropped.
        let unseen = try ExpertWorld(
            plan, ["a": .init("a", first: .seconds(2)), "b": .init("lost", end: .failure(failure))])
        #expect(try unseen.turn().text == "a")
        #expect(unseen.recorder.records.map(\.verdict) == [.passed])
    }

    @Test("a lead that breaks off after it was heard ends the run: what was shown cannot be taken back")
    func brokenLead() throws {
        let plan = try Plan(
            model: "plan/x", experts: [Plan.Expert("a"), Plan.Expert("b", after: ["a"]) { $0.fallback = "Sorry." }],
            fusion: .lead("b"))
        let failure = CodedError(.providerStreamBroken, "Broken.")
        let scripts = ["b": ScriptedExperts.Script("half", end: .failure(failure))]
        #expect(try ExpertWorld(plan, scripts).turn().error?.code == .providerStreamBroken)
        let whole = try ExpertWorld(plan, scripts).turn(streaming: false)
        #expect(whole.text == "Sorry.")
        #expect(whole.answer?.target.name == "plan/x")
    }

    @Test("what was provisional is replaced from where the answer differs, and not where it is the answer")
    func replaced() throws {
        func replacements(_ scripts: [String: ScriptedExperts.Script], _ fusion: FusionRule) throws -> [Int] {
            let plan = try Plan(
                model: "plan/x", experts: [Plan.Expert("a") { $0.isOptional = true }, Plan.Expert("b")], fusion: fusion)
            return try ExpertWorld(plan, scripts).turn().events.compactMap {
                if case .replaced(let from, _) = $0 { from } else { nil }
            }
        }
        let silent = ScriptedExperts.Script(end: .refusal(CodedError(.providerFailed, "Failed.")))
        #expect(try replacements(["a": silent], .vote) == [])
        #expect(try replacements([:], .vote) == [0])
        #expect(try replacements(["a": silent], .synthesise(FusionModel("w"))) == [0])
        let broken = ScriptedExperts.Script("né", "x", end: .failure(CodedError(.providerStreamBroken, "Broken.")))
        #expect(try replacements(["a": broken, "b": .init("never")], .vote) == [0])
    }
}

extension ExpertWorld.Turn {
    /// The events in a line each.
    var lines: [String] {
        events.compactMap { event in
            switch event {
            case .planned: nil
            case .answering(let target, _, _): "\(target.name) answers"
            case .provisional(let text, let expert): "provisional \(text) by \(expert)"
            case .expert(let name, .finished): "\(name) finished"
            case .expert(let name, let phase): "\(name) \(phase)"
            case .progress(let percent, let layer): "\(percent)% \(layer ?? "-")"
            case .model(let said):
                switch said.kind {
                case .text(let text): "text \(text)"
                case .finish(let reason): "finish \(reason.name)"
                case .usage(let usage): "usage \(usage.totalTokens)"
                default: "other"
                }
            default: "\(event)"
            }
        }
    }
}
