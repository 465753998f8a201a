import Base
import JSON
import TestKit
import Testing

@testable import Graph

/// What users of other engines were hurt by where questions meet branches, graphs inside graphs and lists, as what
/// holds here. Each comment names where they say so.
@Suite("Complaints: questions that stay open beside others") struct ComplaintsQuestionsTests {
    private let store = MemoryCheckpointer()
    private let effects = Effects()

    /// Every run here goes on in graphs and runners made anew.
    private func run(_ build: @escaping @Sendable (Effects) throws -> Graph<Ledger, Never>) -> RestartedRun {
        RestartedRun(store: store) { [effects] in try build(effects) }
    }

    private static let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]

    /// A graph that asks twice, beside a question of the outermost graph, before a join.
    private static func form(_ effects: Effects) throws -> Graph<Ledger, Never> {
        let form = try GraphBuilder<Ledger, Never>("form").field(\.log, .append)
            .node("open", writes: \.log) { effects.work($0, giving: ["opened"]) }
            .ask("first", writes: \.name) { "first?" }
            .node("between", reads: \.name, writes: \.log) { effects.work($0, giving: ["first \($1 ?? "-")"]) }
            .ask("second", writes: \.draft) { "second?" }
            .node("close", reads: \.draft, writes: \.log) { effects.work($0, giving: ["second \($1 ?? "-")"]) }
            .start("open").edge("open", to: "first").edge("first", to: "between").edge("between", to: "second")
            .edge("second", to: "close").end("close").build()
        return try ledgerBuilder(Never.self)
            .node("plan") { effects.note($0.step) }
            .graph("form", form, writes: \.log) {
                Ledger()
            } leave: {
                $0.log
            }
            .node("prepare") { effects.note($0.step) }
            .ask("approve", writes: \.approval) { "approve?" }
            .node("use", reads: \.approval, writes: \.log) { effects.work($0, giving: ["approved \($1 ?? false)"]) }
            .node("join", reads: \.log, writes: \.sum) { effects.work($0, giving: $1.count) }
            .start("plan").edge("plan", to: "form", "prepare").edge("prepare", to: "approve").edge("approve", to: "use")
            .edge("form", to: "join").edge("use", to: "join").end("join").build()
    }

    // langgraph#6208
    @Test("a node that asked once is not run again while other questions stay open", arguments: 0...2)
    func askedOnce(turn: Int) async throws {
        let run = run(Self.form)
        let questions = try #require(try await run.start().open)
        #expect(questions.map(\.id) == ["approve#1", "form#1/first#1"])
        var done: Set = ["plan#1", "prepare#1", "form#1/open#1"]
        #expect(effects.all == once(done))
        var answers: [(id: String, answer: JSON, next: String)] = [
            ("form#1/first#1", "Ada", "form#1/between#1"), ("form#1/second#1", "Bo", "form#1/close#1"),
        ]
        answers.insert(("approve#1", true, "use#1"), at: turn)
        for (number, row) in answers.enumerated() {
            let result = try await run.resume([row.id: row.answer])
            done.insert(row.next)
            if number == 2 { done.insert("join#1") } else { #expect(result.open?.isEmpty == false) }
            #expect(effects.all == once(done), "after \(row.id)")
        }
        let state = try await run.state()
        #expect(state.log == ["opened", "first Ada", "second Bo", "approved true"] && state.sum == 4)
    }

    // langgraph#6792
    @Test("a question two graphs deep loses nothing of what was done before it, at any depth, and repeats none of it")
    func deepQuestion() async throws {
        let run = run { effects in
            let deep = try GraphBuilder<Ledger, Never>("deep")
                .node("look", writes: \.log) { effects.work($0, giving: ["looked"]) }
                .ask("approve", writes: \.approval) { "?" }
                .node("tell", reads: \.log, \.approval, writes: \.name) {
                    effects.work($0, giving: "\($1) \($2 ?? false)")
                }
                .start("look").edge("look", to: "approve").edge("approve", to: "tell").end("tell").build()
            let middle = try GraphBuilder<Ledger, Never>("middle")
                .node("gather", reads: \.items, writes: \.results) { effects.work($0, giving: $1.map { $0 * 10 }) }
                .graph("deep", deep, writes: \.name) {
                    Ledger()
                } leave: {
                    $0.name
                }
                .node("close", reads: \.results, \.name, writes: \.draft) {
                    effects.work($0, giving: "\($1) \($2 ?? "-")")
                }
                .start("gather").edge("gather", to: "deep").edge("deep", to: "close").end("close").build()
            return try ledgerBuilder(Never.self)
                .node("begin", writes: \.items) { effects.work($0, giving: [1, 2]) }
                .graph("middle", middle, reads: \.items, writes: \.draft) {
                    Ledger(items: $0)
                } leave: {
                    $0.draft
                }
                .node("end", reads: \.items, \.draft, writes: \.log) {
                    effects.work($0, giving: ["\($1) \($2 ?? "-")"])
                }
                .start("begin").edge("begin", to: "middle").edge("middle", to: "end").end("end").build()
        }
        let before = ["begin#1", "middle#1/gather#1", "middle#1/deep#1/look#1"]
        #expect(try await run.start().open?.map(\.id) == ["middle#1/deep#1/approve#1"])
        for _ in 0..<2 {
            #expect(try await run.resume().open?.map(\.id) == ["middle#1/deep#1/approve#1"])
            #expect(effects.all == once(before))
            #expect(try await run.steps() == before)
        }
        let end = try await run.resume(["middle#1/deep#1/approve#1": true]).end
        #expect(end?.log == ["[1, 2] [10, 20] [\"looked\"] true"])
        #expect(effects.all == once(before + ["middle#1/deep#1/tell#1", "middle#1/close#1", "end#1"]))
    }

    // langgraph#4028
    @Test("all questions of a run, at any depth, may be answered in one resume, or some of them")
    func manyAtOnce() async throws {
        let run = run { effects in
            let agent = try agent { effects.note($0.step) }
            return try ledgerBuilder(Never.self)
                .ask("approve", writes: \.approval) { "?" }
                .map("each", over: \.items, agent, writes: \.results, limit: 3) { item in
                    Ledger(input: item)
                } leave: {
                    $0.sum
                }
                .graph("one", agent, writes: \.sum) {
                    Ledger(input: 9)
                } leave: {
                    $0.sum
                }
                .node("begin", writes: \.items) { effects.work($0, giving: [1, 2, 3]) }
                .start("begin").edge("begin", to: "approve", "each", "one").end("approve", "each", "one").build()
        }
        let ids = ["approve#1", "each#1[0]/amount#1", "each#1[1]/amount#1", "each#1[2]/amount#1", "one#1/amount#1"]
        #expect(try await run.start().open?.map(\.id) == ids)
        let some = try await run.resume([ids[3]: 30, ids[0]: true, ids[1]: 10])
        #expect(some.open?.map(\.id) == [ids[2], ids[4]])
        let end = try #require(try await run.resume([ids[2]: 20, ids[4]: 90]).end)
        #expect(end.approval == true && end.results == [10, 20, 30] && end.sum == 90)
        let agents = ["each#1[0]", "each#1[1]", "each#1[2]", "one#1"]
        #expect(effects.all == once(["begin#1"] + agents.flatMap { ["\($0)/prepare#1", "\($0)/finish#1"] }))
    }

    // deepagents#318
    @Test("equal graphs beside one another ask the same, and each gets its own answer", arguments: orders)
    func equalGraphs(order: [Int]) async throws {
        let run = run { effects in
            let agent = try agent { effects.note($0.step) }
            let builder = ledgerBuilder(Never.self)
            for name in ["ada", "bo", "cy"] {
                builder.graph(name, agent, writes: \.log) {
                    Ledger(input: 5)
                } leave: {
                    ["\($0.sum)"]
                }
                builder.start(name).end(name)
            }
            return try builder.build()
        }
        let questions = try #require(try await run.start().open)
        #expect(questions.map(\.id) == ["ada#1/amount#1", "bo#1/amount#1", "cy#1/amount#1"])
        #expect(questions.map(\.content) == [5, 5, 5])
        for number in order { _ = try await run.resume([questions[number].id: .int(Int64(number))]) }
        #expect(try await run.state().log == ["0", "1", "2"])
        #expect(effects.all.count == 6 && effects.all.values.allSatisfy { $0 == 1 })
    }

    // langgraphjs#1552
    @Test("a graph inside a node goes on at its question and not at its start, in every round of a loop around it")
    func notFromItsStart() async throws {
        let run = run { effects in
            let agent = try agent { effects.note($0.step) }
            return try ledgerBuilder(Never.self)
                .node("round") { effects.note($0.step) }
                .graph("agent", agent, writes: \.sum) {
                    Ledger()
                } leave: {
                    $0.sum
                }
                .node("done") { effects.note($0.step) }
                .start("round").edge("round", to: "agent")
                .route("agent", reads: \.sum, to: ["round", "done"]) { $0 < 3 ? "round" : "done" }
                .end("done").build()
        }
        var result = try await run.start()
        var done: [String] = []
        for round in 1...3 {
            #expect(result.open?.map(\.id) == ["agent#\(round)/amount#1"])
            done += ["round#\(round)", "agent#\(round)/prepare#1"]
            #expect(try await run.resume() == result)
            #expect(effects.all == once(done))
            result = try await run.resume(["agent#\(round)/amount#1": 1])
            done.append("agent#\(round)/finish#1")
        }
        #expect(result.end?.sum == 3)
        #expect(effects.all == once(done + ["done#1"]))
    }

    // mastra#15552
    @Test("what the others ask stays word for word as it was while one is answered, resumed, edited or forked")
    func payloads() async throws {
        let run = run { effects in
            let asking = try GraphBuilder<Ledger, Never>("asking")
                .ask("pick", reads: \.input, writes: \.sum) {
                    ["input": .int(Int64($0)), "more": [nil, 1.5, "é\n", ["deep": [true]]]]
                }
                .start("pick").end("pick").build()
            return try ledgerBuilder(Never.self)
                .node("begin", writes: \.items) { effects.work($0, giving: [1, 2, 3, 4]) }
                .map("each", over: \.items, asking, writes: \.results, limit: 4) { item in
                    Ledger(input: item)
                } leave: {
                    $0.sum
                }
                .start("begin").edge("begin", to: "each").end("each").build()
        }
        var open = try #require(try await run.start().open)
        #expect(open.count == 4 && Set(open.map(\.content)).count == 4)
        for (number, item) in [2, 0, 3].enumerated() {
            let answered = "each#1[\(item)]/pick#1"
            let result = try await run.resume([answered: .int(Int64(item * 7))])
            open.removeAll { $0.id == answered }
            #expect(result.open == open)
            #expect(try await run.questions() == open)
            if number == 1 {
                try await run.runner().edit(ledgerKey) { $0.name = "edited" }
                #expect(try await run.questions() == open)
            }
            let last = try #require(try await run.history().last).sequence
            #expect(try await run.fork(at: last, to: "fork\(number)").questions() == open)
        }
        let end = try await run.resume(["each#1[1]/pick#1": 7]).end
        #expect(end?.results == [0, 7, 14, 21] && end?.name == "edited")
        #expect(effects.all == ["begin#1": 1])
    }
}
