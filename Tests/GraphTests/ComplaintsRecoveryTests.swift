import Base
import JSON
import TestKit
import Testing

@testable import Graph

/// The same of runs that break off: by a cancellation, a failure, a crash, a question.
@Suite("Complaints: runs that break off and go on") struct ComplaintsRecoveryTests {
    private let store = MemoryCheckpointer()
    private let effects = Effects()

    private func run(_ build: @escaping @Sendable (Effects) throws -> Graph<Ledger, Never>) -> RestartedRun {
        RestartedRun(store: store) { [effects] in try build(effects) }
    }

    // spring-ai-alibaba#4790
    @Test("a cancellation at any moment leaves no half of a step, and no step that was kept is done again")
    func noHalfSteps() throws {
        var cancellations = 0
        for seed in 0..<200 as Range<UInt64> {
            let effects = Effects()
            let run = RestartedRun(store: NotingCheckpointer(Notes())) {
                try ledgerBuilder(Never.self)
                    .node("turn", reads: \.sum, writes: \.log, \.sum) { context, sum in
                        effects.note(context.step)
                        for _ in 0..<seed % 4 { await Task.yield() }
                        return (["call \(sum)", "result \(sum)"], 1)
                    }
                    .start("turn").route("turn", reads: \.sum, to: ["turn", "done"]) { $0 < 6 ? "turn" : "done" }
                    .node("done") { _ in }.end("done").build()
            }
            let executor = SeededExecutor(seed: seed)
            cancellations += try executor.run {
                var generator = SeededGenerator(seed: ~seed)
                var done: [String: Int] = [:]
                for attempt in 0..<100 {
                    let task = Task(executorPreference: executor) {
                        attempt == 0 ? try await run.start() : try await run.resume()
                    }
                    for _ in 0..<generator.next() % 15 { await Task.yield() }
                    if attempt < 50 { task.cancel() }
                    let result = await task.result
                    let state = try await run.state()
                    #expect(state.log == (0..<state.sum).flatMap { ["call \($0)", "result \($0)"] }, "seed \(seed)")
                    for step in try await run.steps() where step != "done#1" {
                        let count = effects.all[step]
                        #expect(count == done[step, default: count ?? 0], "seed \(seed): \(step) was done again")
                        done[step] = count
                    }
                    if case .success(let result) = result {
                        #expect(result.end?.log.count == 12, "seed \(seed)")
                        return attempt
                    }
                    #expect(throws: CancellationError.self) { try result.get() }
                }
                throw NothingCame(description: "seed \(seed): the run does not end")
            }
        }
        #expect(cancellations > 200)
    }

    // crewAI#6766
    @Test("what both sides have said is kept at every turn of a conversation, for whoever takes it up")
    func conversation() async throws {
        let run = run { effects in
            try ledgerBuilder(Never.self)
                .ask("listen", reads: \.log, writes: \.name) { .int(Int64($0.count)) }
                .node("answer", reads: \.name, writes: \.log) {
                    effects.work($0, giving: ["user: \($1 ?? "-")", "assistant: to \($1 ?? "-")"])
                }
                .start("listen").edge("listen", to: "answer")
                .route("answer", reads: \.name, to: ["listen", "bye"]) { $0 == "turn 12" ? "bye" : "listen" }
                .node("bye") { effects.note($0.step) }.end("bye").build()
        }
        _ = try await run.start()
        var said: [String] = []
        for turn in 1...12 {
            #expect(try await run.questions().map(\.content) == [.int(Int64(said.count))])
            let result = try await run.resume(["listen#\(turn)": .string("turn \(turn)")])
            said += ["user: turn \(turn)", "assistant: to turn \(turn)"]
            #expect(try await run.state().log == said)
            #expect((result.end?.log == said) == (turn == 12))
        }
        #expect(effects.all == once((1...12).map { "answer#\($0)" } + ["bye#1"]))
    }

    // crewAI-examples#202
    @Test(
        "after many dear steps the one that failed is paid for again, and no other",
        arguments: ["each#1[4]", "sub#1/c#1", "publish#1"])
    func lastStepFails(failing: String) async throws {
        let run = run { effects in
            @Sendable func dear<Value: Sendable>(_ context: NodeContext<Never>, _ value: Value) throws -> Value {
                if context.step != failing { return effects.work(context, giving: value) }
                try effects.failOnce(context)
                return value
            }
            let sub = try GraphBuilder<Ledger, Never>("sub").field(\.sum, .sum)
                .node("a", writes: \.sum) { try dear($0, 1) }
                .node("b", writes: \.sum) { try dear($0, 2) }
                .node("c", writes: \.sum) { try dear($0, 3) }
                .start("a").edge("a", to: "b").edge("b", to: "c").end("c").build()
            return try ledgerBuilder(Never.self)
                .node("plan", writes: \.items) { try dear($0, [1, 2, 3, 4, 5]) }
                .map("each", over: \.items, writes: \.results, limit: 1) { context, item in try dear(context, item) }
                .graph("sub", sub, writes: \.sum) {
                    Ledger()
                } leave: {
                    $0.sum
                }
                .node("publish", reads: \.results, \.sum, writes: \.log) { try dear($0, ["\($1) \($2)"]) }
                .start("plan").edge("plan", to: "each").edge("each", to: "sub").edge("sub", to: "publish")
                .end("publish").build()
        }
        await #expect(throws: Broken.self) { try await run.start() }
        #expect(try await run.resume().end?.log == ["[1, 2, 3, 4, 5] 6"])
        var paid = once(["plan#1", "publish#1"] + (0..<5).map { "each#1[\($0)]" } + "abc".map { "sub#1/\($0)#1" })
        paid[failing] = 2
        #expect(effects.all == paid)
    }

    // haystack#9663
    @Test("stopped at any of its commits, a run goes on in another process and does again only what was not kept")
    func anotherProcess() async throws {
        func story(stop: Int) async throws -> (end: Ledger, kept: [String: Int], all: [String: Int], commits: Int) {
            let effects = Effects()
            let world = StoppingCheckpointer(after: stop)
            let run = RestartedRun(store: world) {
                try variety { context in
                    effects.note(context.step)
                    await Task.yield()
                }
            }
            let (end, kept) = try await run.finish(through: world, effects)
            return (end, kept, effects.all, world.kept.count)
        }
        let whole = try await story(stop: .max)
        #expect(whole.all.count == 21 && whole.kept.isEmpty && whole.end.sum == 6)
        var kept = 0
        for stop in 1...whole.commits {
            let told = try await story(stop: stop)
            #expect(told.end == whole.end && told.all.keys.sorted() == whole.all.keys.sorted(), "stop \(stop)")
            for (step, count) in told.kept { #expect(told.all[step] == count, "stop \(stop): \(step) was done again") }
            #expect(told.all.values.allSatisfy { $0 <= 2 }, "stop \(stop)")
            kept += told.kept.count
        }
        #expect(kept > 10 * 21)
    }

    // apache/burr#786
    @Test("a suspended run may be taken up and suspended again without end, and forked for each answer there is")
    func suspended() async throws {
        let run = run { effects in try variety { effects.note($0.step) } }
        let first = try await run.start()
        let done = effects.all
        for _ in 0..<20 {
            #expect(try await run.resume() == first)
            #expect(try await run.questions() == first.open)
        }
        #expect(effects.all == done && done.values.allSatisfy { $0 == 1 })
        let last = try #require(try await run.history().last).sequence
        for amount in [10, 20] {
            let fork = try await run.fork(at: last, to: "fork \(amount)")
            var result = try await fork.resume()
            #expect(result == first)
            for _ in 0..<2 {
                let open = try #require(result.open)
                result = try await fork.resume(
                    Dictionary(
                        uniqueKeysWithValues: open.map { question in
                            (question.id, question.content == true ? true : .int(Int64(amount)))
                        }))
            }
            #expect(result.end?.results == [amount, amount], "the amounts of both rounds are this fork's own")
        }
        #expect(try await run.questions() == first.open)
    }

    // pydantic-ai#3790
    @Test("a snapshot that is taken while branches work is whole: from any entry the run comes to the same end")
    func snapshots() throws {
        var inTheMiddle = 0
        for seed in 0..<30 as Range<UInt64> {
            let effects = Effects()
            let store = MemoryCheckpointer()
            let run = RestartedRun(store: store) { try Self.growing(effects, seed) }
            inTheMiddle += try SeededExecutor(seed: seed).run {
                let end = try #require(try await run.start().end)
                #expect(end.sum == 12 && end.results == [3, 3, 3, 3, 3, 3] && end.name == "20000 3", "seed \(seed)")
                let (all, history) = (Set(effects.all.keys), try await run.history())
                var count = 0
                for entry in history.dropLast() {
                    let again = Effects()
                    _ = try await run.fork(at: entry.sequence, to: "fork\(entry.sequence)")
                    let fork = RestartedRun(store: store, name: "fork\(entry.sequence)") {
                        try Self.growing(again, seed)
                    }
                    #expect(try await fork.resume().end == end, "seed \(seed), from \(entry.sequence)")
                    let kept = Set(history.filter { $0.sequence <= entry.sequence }.map(\.step))
                    #expect(kept.isDisjoint(with: again.all.keys), "seed \(seed), from \(entry.sequence)")
                    #expect(kept.union(again.all.keys).isSuperset(of: all), "seed \(seed), from \(entry.sequence)")
                    guard entry.kind == .snapshot else { continue }
                    let bytes = try await store.entries(of: run.key, through: entry.sequence).first?.bytes ?? []
                    if String(decoding: bytes, as: UTF8.self).contains("\"unfinished\":[{") { count += 1 }
                }
                return count
            }
        }
        #expect(inTheMiddle > 10)
    }

    /// Twelve writes of 20 KB, after some of which a snapshot is due, beside a list of graphs that take their time.
    private static func growing(_ effects: Effects, _ seed: UInt64) throws -> Graph<Ledger, Never> {
        @Sendable func after<Value: Sendable>(_ context: NodeContext<Never>, _ value: Value) async -> Value {
            effects.note(context.step)
            for _ in 0..<seed % 4 { await Task.yield() }
            return value
        }
        let pair = try GraphBuilder<Ledger, Never>("pair").field(\.sum, .sum)
            .node("a", writes: \.sum) { await after($0, 1) }
            .node("b", writes: \.sum) { await after($0, 2) }
            .start("a").edge("a", to: "b").end("b").build()
        return try ledgerBuilder(Never.self)
            .node("begin", writes: \.items) { await after($0, [1, 2, 3, 4, 5, 6]) }
            .node("write", writes: \.draft, \.sum) { await after($0, (String(repeating: "x", count: 20_000), 1)) }
            .map("each", over: \.items, pair, writes: \.results, limit: 2) { item in
                Ledger(input: item)
            } leave: {
                $0.sum
            }
            .node("join", reads: \.draft, \.results, writes: \.name) { context, draft, results in
                await after(context, "\(draft?.count ?? 0) \(results.first ?? 0)")
            }
            .start("begin").edge("begin", to: "write", "each").edge("each", to: "join")
            .route("write", reads: \.sum, to: ["write", "join"]) { $0 < 12 ? "write" : "join" }
            .end("join").build()
    }
}
