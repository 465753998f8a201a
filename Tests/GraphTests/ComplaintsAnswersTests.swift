import Base
import JSON
import TestKit
import Testing

@testable import Graph

/// The same of answers: where they go, what they set going, and what they leave alone.
@Suite("Complaints: answers and what follows them") struct ComplaintsAnswersTests {
    private let store = MemoryCheckpointer()
    private let effects = Effects()

    private func run(_ build: @escaping @Sendable (Effects) throws -> Graph<Ledger, Never>) -> RestartedRun {
        RestartedRun(store: store) { [effects] in try build(effects) }
    }

    /// Three questions beside one another, each with work before and after it, and a join.
    private static func branches(_ effects: Effects) throws -> Graph<Ledger, Never> {
        let builder = ledgerBuilder(Never.self)
            .ask("approve", writes: \.approval) { "approve?" }
            .node("after approve", reads: \.approval, writes: \.log) { effects.work($0, giving: ["\($1 ?? false)"]) }
            .ask("sign", writes: \.name) { "sign?" }
            .node("after sign", reads: \.name, writes: \.log) { effects.work($0, giving: [$1 ?? "-"]) }
            .ask("title", writes: \.draft) { "title?" }
            .node("after title", reads: \.draft, writes: \.log) { effects.work($0, giving: [$1 ?? "-"]) }
            .node("join", reads: \.log, writes: \.sum) { effects.work($0, giving: $1.count) }
            .end("join")
        for name in ["approve", "sign", "title"] {
            builder.node("before \(name)") { effects.note($0.step) }.start("before \(name)")
                .edge("before \(name)", to: name).edge(name, to: "after \(name)").edge("after \(name)", to: "join")
        }
        return try builder.build()
    }

    private static let answers: [(id: String, answer: JSON)] = [
        ("approve#1", true), ("sign#1", "Ada"), ("title#1", "Bo"),
    ]

    // mastra#9288
    @Test("a branch that has finished stays finished: its question is open to nobody again, also after a crash")
    func staysFinished() async throws {
        let world = StoppingCheckpointer(after: .max)
        let run = RestartedRun(store: world) { [effects] in try Self.branches(effects) }
        #expect(try await run.start().open?.map(\.id) == ["approve#1", "sign#1", "title#1"])
        #expect(try await run.resume(["approve#1": true]).open?.map(\.id) == ["sign#1", "title#1"])
        world.goOn(for: 1)
        // The answer is kept, and then the process ends.
        #expect(await refusal { _ = try await run.resume(["sign#1": "Ada"]) }?.code == .internalError)
        world.goOn()
        #expect(try await run.questions().map(\.id) == ["title#1"])
        for id in ["approve#1", "sign#1"] {
            let error = await refusal { _ = try await run.resume([id: id == "sign#1" ? "Cy" : false]) }
            #expect(error?.code == .invalidValue)
        }
        #expect(try await run.resume().open?.map(\.id) == ["title#1"])
        let state = try await run.state()
        #expect(state.approval == true && state.name == "Ada" && state.log == ["true", "Ada"])
        #expect(try await run.resume(["title#1": "Bo"]).end?.log == ["true", "Ada", "Bo"])
        #expect(effects.all.count == 7 && effects.all.values.allSatisfy { $0 == 1 })
    }

    // mastra#6418
    @Test("an answer lets its own branch go on and no other, and the join waits for all", arguments: 0..<3)
    func ownBranchOnly(first: Int) async throws {
        let run = run(Self.branches)
        _ = try await run.start()
        var done = ["before approve#1", "before sign#1", "before title#1"]
        #expect(effects.all == once(done))
        for turn in 0..<3 {
            let (id, answer) = Self.answers[(first + turn) % 3]
            let result = try await run.resume([id: answer])
            done.append("after \(id)")
            if turn == 2 { done.append("join#1") }
            #expect(effects.all == once(done), "after \(id)")
            #expect((result.end != nil) == (turn == 2))
            let state = try await run.state()
            #expect((state.approval != nil) == done.contains("after approve#1"))
            #expect((state.name != nil) == done.contains("after sign#1"))
            #expect((state.draft != nil) == done.contains("after title#1"))
            #expect(state.log.count == turn + 1 && state.sum == (turn == 2 ? 3 : 0))
        }
    }

    // mastra#10746
    @Test("answers that come while others of a list work lose no item, repeat none and reach their own")
    func answersWhileItemsWork() throws {
        var live = 0
        for seed in 0..<300 as Range<UInt64> {
            let effects = Effects()
            let run = RestartedRun(store: MemoryCheckpointer()) {
                let agent = try agent {
                    effects.note($0.step)
                    for _ in 0..<seed % 5 { await Task.yield() }
                }
                return try ledgerBuilder(Never.self)
                    .node("begin", writes: \.items) { effects.work($0, giving: [1, 2, 3, 4, 5]) }
                    .map("each", over: \.items, agent, writes: \.results, limit: 3) { item in
                        Ledger(input: item)
                    } leave: {
                        $0.sum
                    }
                    .map("list", over: \.items, writes: \.log, limit: 2) { context, item in
                        await Task.yield()
                        return effects.work(context, giving: "\(item)")
                    }
                    .start("begin").edge("begin", to: "each", "list").end("each", "list").build()
            }
            let (end, count) = try run.told(seed: seed) { .int(($0.content.int ?? 0) * 10) }
            live += count
            #expect(end.results == [10, 20, 30, 40, 50] && end.log == ["1", "2", "3", "4", "5"], "seed \(seed)")
            let items = (0..<5).flatMap { ["each#1[\($0)]/prepare#1", "each#1[\($0)]/finish#1", "list#1[\($0)]"] }
            #expect(effects.all == once(["begin#1"] + items), "seed \(seed)")
        }
        #expect(live > 100)
    }

    // agent-framework#6910
    @Test("of calls of which one needs a yes, the others run and keep their results", arguments: [true, false])
    func oneOfManyCalls(answer: Bool) async throws {
        let run = run { effects in
            let call = try GraphBuilder<Ledger, Never>("call").field(\.sum, .sum)
                .node("check") { effects.note($0.step) }
                .ask("approve", reads: \.input, writes: \.approval) { .int(Int64($0)) }
                .node("call", reads: \.input, \.approval, writes: \.sum) {
                    effects.work($0, giving: $2 == false ? -1 : $1 * 100)
                }
                .start("check").route("check", reads: \.input, to: ["approve", "call"]) { $0 == 3 ? "approve" : "call" }
                .edge("approve", to: "call").end("call").build()
            return try ledgerBuilder(Never.self)
                .node("begin", writes: \.items) { effects.work($0, giving: [1, 2, 3, 4]) }
                .map("each", over: \.items, call, writes: \.results, limit: 4) { item in
                    Ledger(input: item)
                } leave: {
                    $0.sum
                }
                .start("begin").edge("begin", to: "each").end("each").build()
        }
        #expect(try await run.start().open?.map(\.id) == ["each#1[2]/approve#1"])
        let checked = (0..<4).map { "each#1[\($0)]/check#1" }
        let called = [0, 1, 3].map { "each#1[\($0)]/call#1" }
        #expect(effects.all == once(["begin#1"] + checked + called))
        // The results are kept as they are; nobody makes up the one that is missing.
        let kept = try await run.steps()
        #expect(kept.count { ["each#1[0]", "each#1[1]", "each#1[3]"].contains($0) } == 3)
        #expect(!kept.contains("each#1[2]") && !kept.contains("each#1"))
        #expect(try await run.state().results == [])
        let end = try await run.resume(["each#1[2]/approve#1": .bool(answer)]).end
        #expect(end?.results == [100, 200, answer ? 300 : -1, 400])
        #expect(effects.all == once(["begin#1", "each#1[2]/call#1"] + checked + called))
    }

    // Flowise#4848
    @Test("of two ways after an answer one is taken, from whichever step it is resumed", arguments: [true, false])
    func oneWay(answer: Bool) async throws {
        let run = run { effects in
            try ledgerBuilder(Never.self)
                .ask("decide", writes: \.approval) { "go on?" }
                .route("decide", reads: \.approval, to: ["accept", "reject"]) { $0 == true ? "accept" : "reject" }
                .node("accept", writes: \.log) { effects.work($0, giving: ["accepted"]) }
                .node("reject", writes: \.log) { effects.work($0, giving: ["rejected"]) }
                .node("join", reads: \.log, writes: \.sum) { effects.work($0, giving: $1.count) }
                .start("decide").edge("accept", to: "join").edge("reject", to: "join").end("join").build()
        }
        _ = try await run.start()
        let end = try #require(try await run.resume(["decide#1": .bool(answer)]).end)
        #expect(end.log == [answer ? "accepted" : "rejected"] && end.sum == 1)
        #expect(effects.all == once([answer ? "accept#1" : "reject#1", "join#1"]))
        let last = try #require(try await run.history().last).sequence
        #expect(last >= 7)
        for sequence in 1..<last {
            let fork = try await run.fork(at: sequence, to: "fork\(sequence)")
            var result = try await fork.resume()
            if result.open != nil { result = try await fork.resume(["decide#1": .bool(answer)]) }
            #expect(result.end == end, "from \(sequence)")
        }
        #expect(effects.all[answer ? "reject#1" : "accept#1"] == nil)
    }

    // strands-agents/harness-sdk#3390
    @Test("a join after questions runs once a round, whichever of them are answered when")
    func joinsOnce() throws {
        var live = 0
        for seed in 0..<300 as Range<UInt64> {
            let effects = Effects()
            let run = RestartedRun(store: MemoryCheckpointer()) {
                try ledgerBuilder(Never.self)
                    .node("round", writes: \.sum) { effects.work($0, giving: 1) }
                    .ask("left", reads: \.sum, writes: \.name) { .int(Int64($0)) }
                    .ask("right", reads: \.sum, writes: \.draft) { .int(Int64($0)) }
                    .node("work") { context in
                        effects.note(context.step)
                        for _ in 0..<seed % 7 { await Task.yield() }
                    }
                    .node("join", reads: \.name, \.draft, writes: \.log) {
                        effects.work($0, giving: ["\($1 ?? "-") \($2 ?? "-")"])
                    }
                    .start("round").edge("round", to: "left", "right", "work")
                    .edge("left", to: "join").edge("right", to: "join").edge("work", to: "join")
                    .route("join", reads: \.log, to: ["round", "done"]) { $0.count < 3 ? "round" : "done" }
                    .node("done") { effects.note($0.step) }.end("done").build()
            }
            let (end, count) = try run.told(seed: seed) { .string($0.id) }
            live += count
            #expect(end.log == (1...3).map { "left#\($0) right#\($0)" }, "seed \(seed)")
            let steps = (1...3).flatMap { ["round#\($0)", "work#\($0)", "join#\($0)"] }
            #expect(effects.all == once(steps + ["done#1"]), "seed \(seed)")
        }
        #expect(live > 100)
    }

    // haystack#12145
    @Test("a question that a loop comes to again is open again, and takes no answer of the round before")
    func secondVisit() async throws {
        let run = run { effects in
            let agent = try agent { effects.note($0.step) }
            return try ledgerBuilder(Never.self)
                .node("round") { effects.note($0.step) }
                .ask("approve", reads: \.sum, writes: \.approval) { .int(Int64($0)) }
                .graph("agent", agent, reads: \.approval, writes: \.sum) { _ in
                    Ledger()
                } leave: {
                    $0.sum
                }
                .start("round").edge("round", to: "approve").edge("approve", to: "agent")
                .route("agent", reads: \.sum, to: ["round", "done"]) { $0 < 30 ? "round" : "done" }
                .node("done") { effects.note($0.step) }.end("done").build()
        }
        var result = try await run.start()
        var old: [String] = []
        for round in 1...3 {
            for (id, answer) in [("approve#\(round)", true), ("agent#\(round)/amount#1", 10)] as [(String, JSON)] {
                #expect(result.open?.map(\.id) == [id])
                for past in old {
                    let error = await refusal(past) { _ = try await run.resume([past: answer]) }
                    #expect(error?.code == .invalidValue)
                }
                result = try await run.resume([id: answer])
                old.append(id)
            }
        }
        #expect(result.end?.sum == 30)
        let steps = (1...3).flatMap { ["round#\($0)", "agent#\($0)/prepare#1", "agent#\($0)/finish#1"] }
        #expect(effects.all == once(steps + ["done#1"]))
    }
}
