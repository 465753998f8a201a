import Base
import Models
import TestKit
import Testing

@testable import Orchestrator

@Suite("Fusion", .timeLimit(.minutes(1)))
struct FusionTests {
    typealias Scripts = [String: ScriptedExperts.Script]

    private func turn(
        _ fusion: FusionRule, _ scripts: Scripts, streaming: Bool = true, takesBack: Bool = false,
        fusions: [String: any Fusion] = [:],
        _ request: ChatRequest = ChatRequest(model: "plan/x", messages: [ChatMessage(.user, "Why?")])
    ) throws -> (ExpertWorld, ExpertWorld.Turn) {
        let names = scripts.keys.filter { !["judge", "writer"].contains($0) }.sorted()
        let plan = try Plan(
            model: "plan/x", experts: names.map { Plan.Expert($0) { $0.isOptional = true } }, fusion: fusion)
        let world = try ExpertWorld(plan, scripts, fusions: fusions)
        return (world, try world.turn(request, streaming: streaming, sink: RecordingSink(takesBack: takesBack)))
    }

    private let refusal = ScriptedExperts.Script(end: .refusal(CodedError(.providerFailed, "Failed.")))

    @Test("vote takes the most frequent answer, whatever its case, space and marks, and of equal ones the first")
    func vote() throws {
        let (_, most) = try turn(.vote, ["a": .init("No"), "b": .init("Yes!"), "c": .init(" yes ")])
        #expect(most.text == "Yes!")
        #expect(most.answer?.target.name == "p/b")
        #expect(most.answer?.fusion?.reasons == ["2 of 3 experts answer so."])
        #expect(try turn(.vote, ["a": .init("x"), "b": .init("y")]).1.text == "x")
        #expect(VoteFusion.normalised("**  The\n answer.** ") == "the answer")
        #expect(VoteFusion.normalised("The\r\n\u{2003}Été") == "the été")
    }

    @Test("best takes what the judge finds best, who sees no names; the reasons are told")
    func judge() throws {
        let best = FusionRule.best([FusionSignal(.judge(FusionModel("judge")), weight: 3), FusionSignal(.agreement)])
        let (world, turn) = try turn(
            best, ["a": .init("one"), "b": .init("two"), "judge": .init("```json\n{\"scores\": [2, 9.5]}\n```")])
        #expect(turn.text == "two")
        #expect(turn.statuses.last?.contains("judge 0.95") == true)
        let asked = try #require(world.models.calls(of: "judge").first)
        #expect(!asked.streaming && asked.request.temperature == 0)
        #expect(
            asked.request.messages.last?.text == "## Question\n\nWhy?\n\n## Answer 1\n\none\n\n## Answer 2\n\ntwo")
        // Three calls were paid for.
        #expect(turn.answer?.completion.usage?.totalTokens == 15)
    }

    @Test(
        "a verdict that is not of the strict form lets the best single answer by other signals take its place, and says so",
        arguments: [
            "", "b", "{\"scores\": [1]}", "{\"scores\": [1, 11, 2]}", "{\"scores\": [1, \"9\", 2]}", "[1, 2, 3]",
            "{\"scores\": [1, 2, 3]} I hope this helps", "{\"scores\": {\"a\": 1}}",
        ])
    func wrongVerdict(_ verdict: String) throws {
        let best = FusionRule.best([FusionSignal(.judge(FusionModel("judge")))])
        let (_, turn) = try turn(
            best,
            [
                "a": .init("apples and pears"), "b": .init("red apples, green pears"),
                "c": .init("apples and green pears"),
                "judge": .init(verdict),
            ])
        #expect(turn.text == "apples and green pears")
        #expect(turn.answer?.fusion?.failure == (verdict.isEmpty ? .providerInvalidAnswer : .providerInvalidAnswer))
        #expect(turn.statuses.first?.contains("provider_invalid_answer") == true)
        #expect(turn.deltas == turn.text)
    }

    @Test("a judge's prompt is bounded, however long and many the answers are")
    func boundedPrompt() {
        let long = String(repeating: "é🙂", count: 100_000)
        let request = Judge.request(
            ChatRequest(model: "m", messages: [ChatMessage(.user, long)]), Array(repeating: long, count: 50),
            FusionModel("j"))
        let bytes = request.messages.reduce(0) { $0 + $1.text.utf8.count }
        #expect(bytes < Judge.longestAnswers + Judge.longestQuestion + 4096)
    }

    @Test("signals need no model: agreement is overlap of words, length falls off outside its range")
    func signals() {
        let agreement = AnswerSignals.agreement(["the cat sat", "The cat sat!", "a dog"])
        #expect(agreement[0] == agreement[1] && agreement[0] == 0.5 && agreement[2] == 0)
        #expect(AnswerSignals.agreement(["alone"]) == [1])
        #expect(AnswerSignals.agreement(["", ""]) == [1, 1])
        #expect(AnswerSignals.agreement(["Un café — d’été", "un cafe\u{301} d’e\u{301}te\u{301}!"]) == [1, 1])
        #expect(AnswerSignals.agreement(["one one two", "two", "three"]) == [0.25, 0.25, 0])
        #expect(AnswerSignals.length("abcd", in: 2...4) == 1)
        #expect(AnswerSignals.length("ab", in: 4...8) == 0.5)
        #expect(AnswerSignals.length("abcd", in: 1...2) == 0.5)
        #expect(AnswerSignals.length("", in: 0...0) == 1)
        #expect(AnswerSignals.length("a\r\nb", in: 3...3) == 1 && AnswerSignals.length("d’été", in: 5...5) == 1)
    }

    @Test("texts of ASCII are read by their bytes as they would be by their scalars, beside texts of others too")
    func bytesAsScalars() {
        var random = SeededGenerator(seed: 7)
        let alphabet = Array("aAbBzZ019  \t\n\r\u{b}\u{1f}.!?,;:\"'*`()-_[]{}~\u{7f}\0".unicodeScalars)
        for _ in 0..<2000 {
            var text = ""
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                text.unicodeScalars.append(alphabet.randomElement(using: &random) ?? " ")
            }
            #expect(VoteFusion.normalised(text) == VoteFusion.normalisedScalars(text), "\(text.debugDescription)")
            #expect(AnswerSignals.words(text) == AnswerSignals.wordsOfScalars(text), "\(text.debugDescription)")
        }
        #expect(AnswerSignals.agreement(["The cat", "the cat été"]).allSatisfy { abs($0 - 2.0 / 3) < 1e-9 })
        #expect(AnswerSignals.words("\u{212a}elvin") == AnswerSignals.words("kelvin"))
    }

    @Test("of a long text the beginning counts, the same whatever it is written in")
    func longTexts() {
        let long = (0..<5000).map { "w\($0)" }.joined(separator: " ")
        #expect(AnswerSignals.words(long).count == 4096 && AnswerSignals.words(long + " é").count == 4096)
        #expect(AnswerSignals.words(long) == AnswerSignals.words(long + " é"))
    }

    @Test("format speaks for the answer that has the form that was asked for")
    func format() throws {
        var request = ChatRequest(model: "plan/x", messages: [ChatMessage(.user, "Why?")])
        request.responseFormat = .jsonObject
        let (_, turn) = try turn(
            .best([FusionSignal(.format)]), ["a": .init("because"), "b": .init("{\"why\": 1}")], streaming: false,
            request)
        #expect(turn.text == "{\"why\": 1}")
    }

    @Test("synthesise has a model write the answer from all, under their names, as the caller reads it")
    func synthesise() throws {
        let (world, turn) = try turn(
            .synthesise(FusionModel("writer")),
            [
                "a": .init("one"), "b": .init("two"), "c": refusal,
                "writer": .init("Both ", "are right.", between: .seconds(1)),
            ])
        #expect(turn.text == "Both are right.")
        #expect(turn.answer?.target.name == "p/writer")
        let pieces = turn.lines.filter { $0.hasPrefix("text") }
        #expect(pieces == ["text Both ", "text are right."])
        let messages = try #require(world.models.calls(of: "writer").first?.request.messages)
        #expect(messages.map(\.role) == [.system, .user, .user])
        #expect(messages.last?.text == "\(SynthesiseFusion.preamble)\n\n## a\n\none\n\n## b\n\ntwo")
    }

    @Test(
        "a writer that fails before anything was read lets the best single answer take its place; later it ends the run"
    )
    func brokenWriter() throws {
        let rule = FusionRule.synthesise(FusionModel("writer"))
        let (_, unseen) = try turn(rule, ["a": .init("one"), "writer": refusal])
        #expect(unseen.text == "one")
        #expect(unseen.answer?.fusion?.failure == .providerFailed)
        #expect(unseen.deltas == "one")
        let broken = ScriptedExperts.Script("half", end: .failure(CodedError(.providerStreamBroken, "Broken.")))
        let error = try #require(try turn(rule, ["a": .init("one"), "writer": broken]).1.error)
        #expect(error.code == .fusionBroken && error.code.kind == .fusion)
        #expect(error.message.contains("provider_stream_broken"))
        let (_, whole) = try turn(rule, ["a": .init("one"), "writer": broken], streaming: false)
        #expect(whole.text == "one")
        #expect(whole.answer?.completion.usage?.totalTokens == 5)
    }

    /// Lets a model write, and then has no idea.
    struct Wavering: Fusion {
        func fuse(_ inputs: [FusionInput], context: FusionContext) async throws -> FusedAnswer {
            let writer = FusionModel("writer")
            _ = try await context.write(context.request, by: writer.route)
            throw Failing.NoIdea()
        }
    }

    @Test(
        "where shown text can be taken back, the best single answer takes the place of what a broken fusion has shown",
        arguments: [FusionRule.synthesise(FusionModel("writer")), .own("wavering")])
    func takenBack(_ rule: FusionRule) throws {
        var isOwn = false
        if case .own = rule { isOwn = true }
        let failure = CodedError(.providerStreamBroken, "Broken.")
        let code: ErrorCode = isOwn ? .internalError : .providerStreamBroken
        let scripts: Scripts = [
            "a": .init("one"), "b": .init("two"),
            "writer": isOwn ? .init("ha", "lf") : .init("ha", "lf", end: .failure(failure)),
        ]
        let fusions: [String: any Fusion] = ["wavering": Wavering()]
        let (_, turn) = try turn(rule, scripts, takesBack: true, fusions: fusions)
        #expect(turn.text == "one" && turn.followed == "one")
        #expect(turn.answer?.target.name == "p/a" && turn.answer?.fusion?.failure == code)
        let failed = try #require(turn.lines.firstIndex { $0.contains("could not be fused (\(code.name))") })
        let places = turn.events.indices.filter { if case .replaced = turn.events[$0] { true } else { false } }
        #expect(places.count == 2, "what was provisional, and what was shown after it")
        #expect(turn.lines.filter { $0.hasSuffix(" answers") } == ["p/writer answers", "p/a answers"])
        let texts = turn.lines.indices.filter { turn.lines[$0].hasPrefix("text ") }
        #expect(texts.filter { $0 < failed }.map { turn.lines[$0] }.joined().contains("ha"))
        #expect(texts.filter { $0 > failed }.map { turn.lines[$0] } == ["text one"])
        #expect(turn.lines.filter { $0.hasPrefix("finish") } == ["finish stop"])
        // Where it cannot be taken back, the run ends.
        let final = try self.turn(rule, scripts, fusions: fusions).1
        #expect(final.error?.code == (isOwn ? .internalError : .fusionBroken))
    }

    @Test("what a client has that takes back is the answer, wherever the writer breaks off and whoever is heard")
    func followed() throws {
        let failure = CodedError(.providerStreamBroken, "Broken.")
        let pieces = ["one", " and", " two"]
        for count in 0...pieces.count {
            for scripts: Scripts in [["a": .init("one", " and")], ["a": .init("one"), "b": .init("two")]] {
                var writer = ScriptedExperts.Script("", end: .failure(failure))
                writer.pieces = Array(pieces.prefix(count))
                let (_, turn) = try turn(
                    .synthesise(FusionModel("writer")), scripts.merging(["writer": writer]) { $1 }, takesBack: true)
                let text = try #require(turn.text)
                #expect(turn.followed == text && turn.answer?.fusion?.failure == .providerStreamBroken)
            }
        }
    }

    @Test("a lead that breaks off gives way to its fallback, but where what was shown of it has to stay")
    func brokenLead() throws {
        let failure = CodedError(.providerStreamBroken, "Broken.")
        func turn(_ script: ScriptedExperts.Script, fallback: String?, takesBack: Bool) throws -> ExpertWorld.Turn {
            let plan = try Plan(
                model: "plan/x",
                experts: [Plan.Expert("search"), Plan.Expert("lead", after: ["search"]) { $0.fallback = fallback }],
                fusion: .lead("lead"))
            return try ExpertWorld(plan, ["lead": script]).turn(sink: RecordingSink(takesBack: takesBack))
        }
        for fallback in ["Sorry.", ""] {
            let shown = try turn(.init("ha", "lf", end: .failure(failure)), fallback: fallback, takesBack: true)
            #expect(shown.text == fallback && shown.followed == fallback && shown.deltas.hasPrefix("half"))
            #expect(shown.statuses.contains { $0.hasPrefix("The answer of 'lead' broke off") })
            #expect(shown.answer?.experts.last?.phase == .fallback)
            let early = try turn(.init(end: .failure(failure)), fallback: fallback, takesBack: false)
            #expect(early.text == fallback && early.deltas == fallback)
        }
        for (fallback, takesBack) in [(nil, true), ("Sorry.", false)] {
            let final = try turn(.init("ha", "lf", end: .failure(failure)), fallback: fallback, takesBack: takesBack)
            #expect(final.error?.code == .providerStreamBroken && final.followed == "half")
        }
        // Somebody may be using a tool that was called.
        var calling = ScriptedExperts.Script("half", end: .failure(failure))
        calling.rest = [.toolCall(ToolCallDelta(index: 0, id: "c", name: "f"))]
        let called = try turn(calling, fallback: "Sorry.", takesBack: true)
        #expect(called.error?.code == .providerStreamBroken)
        // What is no text does not begin the answer a second time where nothing is taken back.
        var sealed = ScriptedExperts.Script(end: .failure(failure))
        sealed.rest = [.signature("s")]
        let stayed = try turn(sealed, fallback: "Sorry.", takesBack: false)
        #expect(stayed.text == "Sorry." && stayed.deltas == "Sorry.")
        #expect(stayed.lines.count { $0.hasSuffix(" answers") } == 1)
        #expect(!stayed.events.contains { if case .replaced = $0 { true } else { false } })
    }

    struct Shouting: Fusion {
        func fuse(_ inputs: [FusionInput], context: FusionContext) async throws -> FusedAnswer {
            FusedAnswer(text: inputs.map { $0.text.uppercased() }.joined(separator: "+"), reasons: ["It is loud."])
        }
    }

    struct Failing: Fusion {
        func fuse(_ inputs: [FusionInput], context: FusionContext) async throws -> FusedAnswer { throw NoIdea() }
        struct NoIdea: Error {}
    }

    @Test("a fusion of one's own is called by its name; one that throws or is unknown gives way to the best answer")
    func own() throws {
        let fusions: [String: any Fusion] = ["loud": Shouting(), "bad": Failing()]
        let scripts: Scripts = ["a": .init("x"), "b": .init("y")]
        let (_, loud) = try turn(.own("loud"), scripts, fusions: fusions)
        #expect(loud.text == "X+Y" && loud.deltas == "X+Y" && loud.answer?.target.name == "plan/x")
        for name in ["bad", "none"] {
            let (_, turn) = try turn(.own(name), scripts, fusions: fusions)
            #expect(turn.text == "x")
            #expect(turn.answer?.fusion?.failure == .internalError)
        }
    }

    @Test(
        "with everybody left out there is nothing to answer with, which is an error of its own",
        arguments: [
            FusionRule.vote, .best([FusionSignal(.agreement)]), .concatenate(separator: "", titled: true),
            .synthesise(FusionModel("writer")), .own("loud"),
        ])
    func nobody(_ rule: FusionRule) throws {
        let (world, turn) = try turn(rule, ["a": refusal, "b": refusal])
        #expect(turn.error?.code == .noExpertAnswered)
        #expect(world.models.calls(of: "writer").isEmpty)
        #expect(turn.deltas.isEmpty)
    }

    @Test("an answer that is shown whole comes in pieces that joined are it, cut between characters")
    func pieces() {
        for text in ["", "a", String(repeating: "é🙂x", count: 500)] {
            for size in [1, 4, 5, 256] { #expect(text.pieces(ofBytes: size).joined() == text) }
        }
        #expect("é🙂".beginning(ofBytes: 3) == "é")
        #expect("é🙂".commonBeginning(with: "é🙃") == 2)
    }
}
