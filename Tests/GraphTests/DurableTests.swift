import Base
import JSON
import Synchronization
import TestKit
import Testing

@testable import Graph

/// A state that can be kept.
struct Ledger: Codable, Equatable, Sendable {
    var input = 0
    var log: [String] = []
    var sum = 0
    var draft: String?
    var approval: Bool?
    var name: String?
    var results: [Int] = []
    var items: [Int] = []
    var error: String?
}

func ledgerBuilder<Payload: Sendable>(_ payload: Payload.Type = Never.self) -> GraphBuilder<Ledger, Payload> {
    GraphBuilder<Ledger, Payload>("ledger").field(\.log, .append).field(\.sum, .sum)
}

/// How often each step's work was really done, by step key.
final class Effects: Sendable {
    private let counts = Mutex<[String: Int]>([:])
    func note(_ key: String) { counts.withLock { $0[key, default: 0] += 1 } }
    var all: [String: Int] { counts.withLock { $0 } }
}

func durable<Payload: Sendable>(
    _ graph: Graph<Ledger, Payload>, _ checkpointer: any Checkpointer, limit: Int = 1000, schema: Int = 1
) throws -> DurableRunner<Ledger, Payload> {
    try DurableRunner(
        graph, checkpointer: checkpointer, time: FixedTime(), schema: schema, limits: RunLimits(activations: limit))
}

let ledgerKey = RunKey(.local, "run_1")

@Suite("A checkpointer in memory keeps its contract") struct MemoryCheckpointerTests {
    @Test(arguments: CheckpointerContract.checks.indices)
    func contract(index: Int) async throws {
        let check = CheckpointerContract.checks[index]
        do { try await check.run(MemoryCheckpointer()) } catch { Issue.record("\(check): \(error)") }
    }
}

@Suite("Runs that are kept") struct DurableTests {
    /// research → (review ‖ validate) → join, with a loop around it.
    private func graph(_ effects: Effects, rounds: Int = 3, failing: String? = nil) throws -> Graph<Ledger, Never> {
        @Sendable func work(_ context: NodeContext<Never>) throws -> [String] {
            effects.note(context.stepKey)
            if context.name == failing { throw Broken(node: 1) }
            return ["\(context.name)\(context.activation)"]
        }
        return try ledgerBuilder()
            .node("research", writes: \.log) { try work($0) }
            .node("review", writes: \.log, \.sum) { (try work($0), 1) }
            .node("validate", writes: \.log, \.sum) { (try work($0), 10) }
            .node("join", reads: \.sum, writes: \.draft) { context, sum in
                _ = try work(context)
                return "draft \(sum)"
            }
            .start("research")
            .edge("research", to: "review", "validate")
            .edge("review", to: "join").edge("validate", to: "join")
            .route("join", reads: \.sum, to: ["research", "done"]) { $0 < 11 * rounds ? "research" : "done" }
            .node("done", reads: \.draft, writes: \.name) { context, draft in draft.map { "\($0)!" } }
            .end("done")
            .build()
    }

    @Test("a kept run ends as one that is not kept")
    func same() async throws {
        let graph = try graph(Effects())
        let expected = try await Runner(graph, time: FixedTime()).run(Ledger(), context: makeContext())
        let result = try await durable(graph, MemoryCheckpointer()).start(Ledger(), context: makeContext())
        #expect(result == .finished(expected))
        #expect(expected.log.count == 9)
    }

    @Test("stopped at any step and resumed, nothing that was kept is done again and nothing is lost")
    func stops() async throws {
        let reference = Effects()
        let store = MemoryCheckpointer()
        let expected = try await durable(try graph(reference), store).start(Ledger(), context: makeContext())
        let steps = try await store.history(of: ledgerKey, before: nil, limit: 100).map(\.step).reversed()
        for stop in 1...steps.count {
            let world = StoppingCheckpointer(after: stop)
            let effects = Effects()
            let runner = try durable(try graph(effects), world)
            await #expect(throws: (any Error).self) { try await runner.start(Ledger(), context: makeContext()) }
            let kept = Set(world.kept.map(\.step))
            world.goOn()
            let done = effects.all
            if world.kept.last.map({ String(decoding: $0.bytes, as: UTF8.self).contains("\"finished\":true") }) != true
            {
                #expect(try await runner.resume(context: makeContext()) == expected, "stop \(stop)")
            }
            #expect(effects.all.keys.sorted() == reference.all.keys.sorted(), "stop \(stop)")
            for (key, count) in effects.all where kept.contains(String(key.dropFirst("run_1/".count))) {
                #expect(count == done[key], "stop \(stop): \(key) was kept and done again")
            }
            #expect(effects.all.values.allSatisfy { $0 <= 2 })
        }
    }

    @Test("a run that failed goes on at what failed, with the same step key")
    func failed() async throws {
        let store = MemoryCheckpointer()
        let effects = Effects()
        await #expect(throws: Broken.self) {
            try await durable(try graph(effects, failing: "join"), store).start(Ledger(), context: makeContext())
        }
        let result = try await durable(try graph(effects), store).resume(context: makeContext())
        guard case .finished(let state) = result else { return #expect(Bool(false), "\(result)") }
        #expect(state.sum == 33 && state.name == "draft 33!")
        #expect(effects.all["run_1/join#1"] == 2)
        #expect(effects.all["run_1/research#1"] == 1)
    }

    @Test("what cannot be resumed says why, and another's run looks like none")
    func refusals() async throws {
        let store = MemoryCheckpointer()
        let runner = try durable(try graph(Effects()), store)
        func code(_ body: () async throws -> Void) async -> ErrorCode? {
            do {
                try await body()
                return nil
            } catch { return (error as? CodedError)?.code }
        }
        #expect(await code { _ = try await runner.resume(context: makeContext()) } == .runNotFound)
        _ = try await runner.start(Ledger(), context: makeContext())
        #expect(await code { _ = try await runner.start(Ledger(), context: makeContext()) } == .runExists)
        #expect(await code { _ = try await runner.resume(context: makeContext()) } == .runFinished)
        #expect(await code { try await runner.edit(ledgerKey) { $0.sum = 1 } } == .runFinished)
        let theirs = RunContext(
            requestID: "r", runID: "run_1", scope: Scope(tenant: "t", user: "u", key: "k", role: .member),
            trace: TraceContext(traceHigh: 1, traceLow: 1, spanID: 1))
        #expect(await code { _ = try await runner.resume(context: theirs) } == .runNotFound)

        let newer = try durable(try graph(Effects()), store, schema: 2)
        #expect(await code { _ = try await newer.state(of: ledgerKey) } == .checkpointVersion)
        let other = try durable(ledgerBuilder().node("a") { _ in }.start("a").end("a").build(), store)
        #expect(await code { _ = try await other.state(of: ledgerKey) } == .checkpointVersion)
    }

    @Test("corrupt entries are an error each time, never the end of the process")
    func corrupt() async throws {
        let store = MemoryCheckpointer()
        let runner = try durable(try graph(Effects()), store)
        _ = try await runner.start(Ledger(), context: makeContext())
        let good = try await store.entries(of: ledgerKey, through: nil).dropLast()
        var random = SeededGenerator(seed: 9)
        var refused = 0
        for round in 0..<2_000 {
            var entries = Array(good)
            let victim = Int.random(in: 0..<entries.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: entries[victim].bytes = Array(entries[victim].bytes.dropLast(Int.random(in: 1..<9, using: &random)))
            case 1:
                let at = entries[victim].bytes.indices.randomElement(using: &random)!
                entries[victim].bytes[at] = UInt8.random(in: 32...126, using: &random)
            case 2: entries[victim].form = 2
            default: entries.swapAt(victim, Int.random(in: 0..<entries.count, using: &random))
            }
            let broken = MemoryCheckpointer()
            let key = RunKey(.local, "run_\(round)")
            for index in entries.indices { entries[index].sequence = UInt64(index + 1) }
            try await broken.create(key)
            try await broken.append(entries, to: key, epoch: 1)
            let runner = try durable(try graph(Effects()), broken)
            do throws(CodedError) {
                _ = try await runner.state(of: key)
            } catch {
                refused += 1
                #expect([.checkpointUnreadable, .checkpointVersion, .runNotFound].contains(error.code), "\(error)")
            }
        }
        #expect(refused > 1_000)
    }

    @Test("a field that cannot be kept is found when the runner is made")
    func notCodable() throws {
        let graph = try GraphBuilder<Veiled, Never>("g").node("a", writes: \.secret) { _ in Veiled.Hidden() }
            .start("a").end("a").build()
        let error = #expect(throws: GraphBuildError.self) {
            _ = try DurableRunner(graph, checkpointer: MemoryCheckpointer(), time: FixedTime())
        }
        #expect(error?.complaints.first?.contains("\"a\" of \"g\" writes secret, whose type Hidden") == true)
    }

    @Test("history, forks and edits: a run goes on from any of its steps")
    func timeTravel() async throws {
        let store = MemoryCheckpointer()
        let effects = Effects()
        let runner = try durable(try graph(effects), store)
        guard case .finished(let end) = try await runner.start(Ledger(), context: makeContext()) else {
            return #expect(Bool(false), "not finished")
        }
        let history = try await runner.history(of: ledgerKey)
        #expect(history.last?.kind == .snapshot && history.first?.sequence == UInt64(history.count))
        for sequence in 1..<UInt64(history.count) {
            let fork = "fork\(sequence)"
            try await runner.fork(ledgerKey, at: sequence, to: fork)
            let context = RunContext(
                requestID: "r", runID: fork, scope: .local, trace: TraceContext(traceHigh: 1, traceLow: 1, spanID: 1))
            #expect(try await runner.resume(context: context) == .finished(end), "at \(sequence)")
        }
        #expect(try await runner.state(of: ledgerKey, at: 1) == Ledger())
        #expect(try await runner.state(of: ledgerKey) == end)

        try await runner.fork(ledgerKey, at: 3, to: "edited")
        try await runner.edit(RunKey(.local, "edited")) { $0.sum = 100 }
        let context = RunContext(
            requestID: "r", runID: "edited", scope: .local, trace: TraceContext(traceHigh: 1, traceLow: 1, spanID: 1))
        guard case .finished(let edited) = try await runner.resume(context: context) else {
            return #expect(Bool(false), "not finished")
        }
        #expect(edited.sum > 100 && edited.sum < 122)
        #expect(
            try await runner.history(of: RunKey(.local, "edited")).contains { $0.kind == .snapshot && $0.sequence > 1 })
    }
}

/// A state that can be kept, with a field that cannot.
struct Veiled: Codable, Sendable {
    struct Hidden: Sendable {}
    var secret = Hidden()

    init() {}
    init(from decoder: any Decoder) throws {}
    func encode(to encoder: any Encoder) throws {}
}

/// Stops the world at a commit: it is written, but whoever wrote it never hears of that, and no later one gets through.
final class StoppingCheckpointer: WrappingCheckpointer {
    let base = MemoryCheckpointer()
    private let state: Mutex<(left: Int, kept: [CheckpointEntry])>

    init(after count: Int) { state = Mutex((count, [])) }

    var kept: [CheckpointEntry] { state.withLock(\.kept) }
    func goOn(for count: Int = .max) { state.withLock { $0.left = count } }

    /// Of a writer that has nothing to do with the world's stops.
    func appendLate(_ entries: [CheckpointEntry], to run: RunKey, epoch: UInt64) async throws(CodedError) {
        try await base.append(entries, to: run, epoch: epoch)
    }

    func append(_ entries: [CheckpointEntry], to run: RunKey, epoch: UInt64) async throws(CodedError) {
        let (isWritten, isHeard) = state.withLock { state in
            guard state.left > 0 else { return (false, false) }
            if state.left < .max { state.left = max(0, state.left - entries.count) }
            state.kept += entries
            return (true, state.left > 0)
        }
        if isWritten { try await base.append(entries, to: run, epoch: epoch) }
        if !isHeard { throw CodedError(.internalError, "The world has stopped.") }
    }
}
