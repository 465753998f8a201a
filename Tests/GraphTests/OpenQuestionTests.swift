import Base
import JSON
import Synchronization
import TestKit
import Testing

@testable import Graph

/// Which questions of a run are open: while it works, after it was sent home from one, and after it broke off.
@Suite("Questions that stay open, and those that do not", .timeLimit(.minutes(2))) struct OpenQuestionTests {
    private let store = MemoryCheckpointer()
    private let effects = Effects()

    private func ids<State>(_ result: RunResult<State>) -> [String]? {
        if case .parked(let questions) = result { questions.map(\.id) } else { nil }
    }

    /// Works, waits at its gate if it has one, then asks.
    private func asking(_ gates: [Int: Signal], _ begun: Signal) throws -> Graph<Ledger, Never> {
        try ledgerBuilder()
            .node("work", reads: \.input) { [effects] context, input in
                effects.note("\(input)")
                guard let gate = gates[input] else { return }
                begun.give()
                try await gate.wait()
            }
            .ask("ok", reads: \.input, writes: \.approval) { .int(Int64($0)) }
            .start("work").edge("work", to: "ok").end("ok").build()
    }

    @Test("an item that gave up its place is answered while others of its list work", arguments: [1, 2])
    func itemSentHome(limit: Int) async throws {
        let (begun, gate, live) = (Signal(), Signal(), LiveRun())
        let graph = try ledgerBuilder()
            .map("each", over: \.items, try asking([limit: gate], begun), writes: \.results, limit: limit) {
                Ledger(input: $0)
            } leave: {
                $0.approval == true ? $0.input : -1
            }
            .start("each").end("each").build()
        let runner = try durable(graph, store)
        let task = Task {
            try await runner.start(Ledger(items: [0, 1, 2, 3]), context: makeContext(), live: live)
        }
        try await begun.wait()
        // Those that had to go, and with a place left the one that came after.
        let home = (0..<limit).map { "each#1[\($0)]/ok#1" } + (limit == 2 ? ["each#1[3]/ok#1"] : [])
        while live.open.count < home.count { await Task.yield() }
        #expect(live.open.map(\.id) == home)
        try await live.answer(home[0], with: true)
        await #expect(throws: CodedError.self) { try await live.answer(home[0], with: true) }
        #expect(live.open.map(\.id) == Array(home.dropFirst()))
        gate.give()
        let left = (1..<4).map { "each#1[\($0)]/ok#1" }
        #expect(ids(try await task.value) == left)
        #expect(try await runner.questions(of: ledgerKey).map(\.id) == left)
        let answers = Dictionary(uniqueKeysWithValues: left.map { ($0, JSON.bool(true)) })
        guard case .finished(let end) = try await runner.resume(context: makeContext(), answers: answers) else {
            return #expect(Bool(false), "not finished")
        }
        #expect(end.results == [0, 1, 2, 3])
        #expect(effects.all == ["0": 1, "1": 1, "2": 1, "3": 1])
    }

    @Test("a graph that gave up its place is answered while a node beside it works, and the run goes on by itself")
    func graphSentHome() async throws {
        let (begun, gate, live) = (Signal(), Signal(), LiveRun())
        let graph = try ledgerBuilder()
            .graph("inside", try asking([:], Signal()), reads: \.input, writes: \.approval) {
                Ledger(input: $0)
            } leave: {
                $0.approval
            }
            .node("long", writes: \.log) { [effects] _ in
                effects.note("long")
                begun.give()
                try await gate.wait()
                return ["long"]
            }
            .start("inside", "long").end("inside", "long").build()
        let runner = try DurableRunner(
            graph, checkpointer: store, time: FixedTime(), limits: RunLimits(concurrency: 1))
        let task = Task { try await runner.start(Ledger(), context: makeContext(), live: live) }
        try await begun.wait()
        #expect(live.open.map(\.id) == ["inside#1/ok#1"])
        try await live.answer("inside#1/ok#1", with: true)
        gate.give()
        guard case .finished(let end) = try await task.value else { return #expect(Bool(false), "not finished") }
        #expect(end.approval == true && end.log == ["long"])
        #expect(effects.all == ["0": 1, "long": 1])
    }

    @Test("a question stays open through an answer to another, a snapshot and a failure")
    func snapshotBetween() async throws {
        let isBroken = Mutex(true)
        let graph = try ledgerBuilder()
            .ask("a", writes: \.approval) { "a" }.ask("b", writes: \.name) { "b" }
            .node("large", reads: \.name, writes: \.draft) { _, _ in String(repeating: "x", count: 300_000) }
            .node("fails", reads: \.draft, writes: \.sum) { _, _ in
                if isBroken.withLock({ $0 }) { throw Broken(node: 1) }
                return 1
            }
            .node("end", reads: \.approval, writes: \.log) { _, approval in ["\(approval == true)"] }
            .start("a", "b").edge("b", to: "large").edge("large", to: "fails").edge("fails", to: "end")
            .edge("a", to: "end").end("end").build()
        let runner = try durable(graph, store)
        #expect(ids(try await runner.start(Ledger(), context: makeContext())) == ["a#1", "b#1"])
        await #expect(throws: Broken.self) {
            _ = try await runner.resume(context: makeContext(), answers: ["b#1": "Bea"])
        }
        #expect(try await runner.history(of: ledgerKey).prefix(2).contains { $0.kind == .snapshot })
        #expect(try await runner.questions(of: ledgerKey).map(\.id) == ["a#1"])
        isBroken.withLock { $0 = false }
        guard case .finished(let end) = try await runner.resume(context: makeContext(), answers: ["a#1": true]) else {
            return #expect(Bool(false), "not finished")
        }
        #expect(end.log == ["true"])
    }

    @Test("a question is closed when the graph that asks it has failed", arguments: [1, Int.max])
    func closedByFailure(concurrency: Int) async throws {
        let inner = try ledgerBuilder()
            .ask("a", writes: \.approval) { "a" }.ask("b", writes: \.name) { "b" }
            .node("fails", reads: \.name) { _, _ in throw Broken(node: 1) }
            .start("a", "b").edge("b", to: "fails").end("a", "fails").build()
        let graph = try ledgerBuilder()
            .graph("g", inner, reads: \.input, writes: \.approval) {
                Ledger(input: $0)
            } leave: {
                $0.approval
            }
            .node("instead", writes: \.log) { _ in ["instead"] }
            .ask("c", writes: \.name) { "c" }
            .start("g").onError("g", to: "instead").edge("g", to: "c").edge("instead", to: "c").end("c").build()
        let runner = try DurableRunner(
            graph, checkpointer: store, time: FixedTime(), limits: RunLimits(concurrency: concurrency))
        #expect(ids(try await runner.start(Ledger(), context: makeContext())) == ["g#1/a#1", "g#1/b#1"])
        let after = try await runner.resume(context: makeContext(), answers: ["g#1/b#1": "Bea"])
        #expect(ids(after) == ["c#1"])
        #expect(try await runner.questions(of: ledgerKey).map(\.id) == ["c#1"])
        await #expect(throws: CodedError.self) {
            _ = try await runner.resume(context: makeContext(), answers: ["g#1/a#1": true])
        }
    }

    @Test("an edit is one entry, and leaves the questions open")
    func edited() async throws {
        let graph = try ledgerBuilder().ask("a", writes: \.approval) { "a" }.start("a").end("a").build()
        let runner = try durable(graph, store)
        _ = try await runner.start(Ledger(), context: makeContext())
        let before = try await runner.history(of: ledgerKey).count
        try await runner.edit(ledgerKey) { $0.sum = 7 }
        #expect(try await runner.history(of: ledgerKey).count == before + 1)
        #expect(try await runner.questions(of: ledgerKey).map(\.id) == ["a#1"])
        let end = try await runner.resume(context: makeContext(), answers: ["a#1": true])
        #expect(end == .finished(Ledger(sum: 7, approval: true)))
    }

    /// Lets another writer's first entry in between the two looks of a second start.
    private final class Racing: WrappingCheckpointer {
        let base = MemoryCheckpointer()
        let between: @Sendable (MemoryCheckpointer) async throws(CodedError) -> Void
        init(_ between: @escaping @Sendable (MemoryCheckpointer) async throws(CodedError) -> Void) {
            self.between = between
        }
        func claim(_ run: RunKey, ifLast: UInt64?) async throws(CodedError) -> RunClaim {
            try await between(base)
            return try await base.claim(run, ifLast: ifLast)
        }
    }

    @Test("a second start of a run that has just begun takes nothing from the first")
    func secondStart() async throws {
        let first = CheckpointEntry(
            sequence: 1, kind: .snapshot, graph: 1, schema: 1, step: "", bytes: Array("{}".utf8), form: 1)
        let store = Racing { base throws(CodedError) in try await base.append([first], to: ledgerKey, epoch: 1) }
        try await store.base.create(ledgerKey)
        let graph = try ledgerBuilder().node("a") { _ in }.start("a").end("a").build()
        let refused = await #expect(throws: CodedError.self) {
            _ = try await durable(graph, store).start(Ledger(), context: makeContext())
        }
        #expect(refused?.code == .runExists)
        var second = first
        (second.sequence, second.kind) = (2, .delta)
        try await store.base.append([second], to: ledgerKey, epoch: 1)
    }

    @Test(
        "answers and cancellations from other threads, beside whatever the run does", arguments: 0..<40 as Range<UInt64>
    )
    func fromOtherThreads(seed: UInt64) async throws {
        let live = LiveRun()
        let graph = try ledgerBuilder()
            .node("begin", writes: \.items) { _ in Array(0..<6) }
            .map("each", over: \.items, try asking([:], Signal()), writes: \.results, limit: 1 + Int(seed % 3)) {
                Ledger(input: $0)
            } leave: {
                $0.input
            }
            .node("busy", writes: \.sum) { _ in
                for _ in 0..<seed % 7 { await Task.detached {}.value }
                return 1
            }
            .ask("also", writes: \.approval) { "also" }
            .start("begin").edge("begin", to: "each", "busy", "also").end("each", "busy", "also").build()
        let runner = try durable(graph, store)
        let answering = Task.detached {
            while !Task.isCancelled {
                for question in live.open.shuffled() {
                    do throws(CodedError) { try await live.answer(question.id, with: true) } catch {
                        #expect(error.code == .invalidValue)
                    }
                }
                await Task.yield()
            }
        }
        var isFirst = true
        var answers: [String: JSON] = [:]
        while true {
            let running = Task.detached { [isFirst, answers] in
                isFirst
                    ? try await runner.start(Ledger(), context: makeContext(), live: live)
                    : try await runner.resume(context: makeContext(), answers: answers, live: live)
            }
            if seed % 4 == 3, isFirst { Task.detached { running.cancel() } }
            isFirst = false
            answers = [:]
            do {
                switch try await running.value {
                case .finished(let end):
                    answering.cancel()
                    await answering.value
                    #expect(end.results == Array(0..<6) && end.sum == 1 && end.approval == true)
                    // A node that was cancelled while it worked does so again.
                    #expect(effects.all.count == 6 && (seed % 4 == 3 || effects.all.values.allSatisfy { $0 == 1 }))
                    return
                case .parked(let questions):
                    #expect(!questions.isEmpty)
                    for question in questions { answers[question.id] = true }
                }
            } catch is CancellationError {
                for question in try await runner.questions(of: ledgerKey) { answers[question.id] = true }
            }
        }
    }
}
