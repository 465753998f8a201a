import Base
import JSON
import TestKit
import Testing

@testable import Graph

/// A kept run that every call goes on with as another process would: with a graph and a runner made anew, from what was
/// kept alone.
struct RestartedRun: Sendable {
    let store: any Checkpointer
    var name = "run_1"
    let build: @Sendable () throws -> Graph<Ledger, Never>

    var key: RunKey { RunKey(.local, name) }
    func runner(limit: Int = 1000) throws -> DurableRunner<Ledger, Never> { try durable(build(), store, limit: limit) }

    func start(live: LiveRun? = nil) async throws -> RunResult<Ledger> {
        try await runner().start(Ledger(), context: makeContext(run: name), live: live)
    }

    func resume(_ answers: [String: JSON] = [:], live: LiveRun? = nil) async throws -> RunResult<Ledger> {
        try await runner().resume(context: makeContext(run: name), answers: answers, live: live)
    }

    func state() async throws -> Ledger { try await runner().state(of: key) }
    func questions() async throws -> [Question] { try await runner().questions(of: key) }

    /// A run of its own, from this one's first entries.
    func fork(at sequence: UInt64, to name: String) async throws -> RestartedRun {
        try await runner().fork(key, at: sequence, to: name)
        return RestartedRun(store: store, name: name, build: build)
    }

    func history() async throws -> [CheckpointSummary] {
        try await store.history(of: key, before: nil, limit: .max).reversed()
    }

    /// The names of the steps and answers that are kept, oldest first.
    func steps() async throws -> [String] { try await history().map(\.step).filter { !$0.isEmpty } }
}

extension RunResult {
    var end: State? { if case .finished(let state) = self { state } else { nil } }
    var open: [Question]? { if case .parked(let questions) = self { questions } else { nil } }
}

func makeContext(run: String, scope: Scope = .local, deadline: Instant? = nil) -> RunContext {
    RunContext(
        requestID: "req_1", runID: run, scope: scope, deadline: deadline,
        trace: TraceContext(traceHigh: 1, traceLow: 1, spanID: 1))
}

/// What `body` was refused with; that it was not, or that the error has no code, is a failure of the test.
func refusal(_ what: String = "", _ body: () async throws -> Void) async -> CodedError? {
    do {
        try await body()
        Issue.record("\(what) was not refused")
        return nil
    } catch {
        guard let coded = error as? CodedError else {
            Issue.record("\(what): no coded error: \(type(of: error)): \(error)")
            return nil
        }
        return coded
    }
}

/// Each of these steps worked on once.
func once(_ steps: some Sequence<String>) -> [String: Int] { Dictionary(steps.map { ($0, 1) }, uniquingKeysWith: +) }

extension Effects {
    /// Notes the work of a step, and gives what it writes.
    func work<Payload, Value>(_ context: NodeContext<Payload>, giving value: Value) -> Value {
        note(context.step)
        return value
    }

    /// Notes the work of a step; the first time it fails.
    func failOnce<Payload>(_ context: NodeContext<Payload>) throws {
        note(context.step)
        if all[context.step] == 1 { throw Broken(node: 1) }
    }
}

// MARK: Graphs

/// Works, asks for an amount, and works on it. The question shows the input; the amount is in `sum`.
func agent(_ work: @escaping @Sendable (NodeContext<Never>) async -> Void) throws -> Graph<Ledger, Never> {
    try GraphBuilder<Ledger, Never>("agent").field(\.sum, .sum)
        .node("prepare") { await work($0) }
        .ask("amount", reads: \.input, writes: \.sum) { .int(Int64($0)) }
        .node("finish") { await work($0) }
        .start("prepare").edge("prepare", to: "amount").edge("amount", to: "finish").end("finish")
        .build()
}

/// Two rounds of all that a run can be made of beside one another: a list, a list of graphs that ask, a graph, a
/// question. Every question shows its answer.
func variety(_ work: @escaping @Sendable (NodeContext<Never>) async -> Void) throws -> Graph<Ledger, Never> {
    @Sendable func after<Value: Sendable>(_ context: NodeContext<Never>, _ value: Value) async -> Value {
        await work(context)
        return value
    }
    let pair = try GraphBuilder<Ledger, Never>("pair").field(\.sum, .sum)
        .node("a", writes: \.sum) { await after($0, 1) }
        .node("b", writes: \.sum) { await after($0, 2) }
        .start("a").edge("a", to: "b").end("b").build()
    return try ledgerBuilder(Never.self)
        .node("plan", writes: \.items) { await after($0, [1, 2]) }
        .map("each", over: \.items, try agent(work), writes: \.results, limit: 2) { item in
            Ledger(input: item)
        } leave: {
            $0.sum
        }
        .map("list", over: \.items, writes: \.log, limit: 1) { context, item in await after(context, "\(item)") }
        .graph("pair", pair, writes: \.sum) {
            Ledger()
        } leave: {
            $0.sum
        }
        .ask("approve", writes: \.approval) { true }
        .node("join", reads: \.results, \.log, writes: \.draft) { context, results, log in
            await after(context, "\(results) \(log)")
        }
        .node("done", reads: \.draft, writes: \.name) { context, draft in await after(context, draft) }
        .start("plan").edge("plan", to: "each", "list", "pair", "approve")
        .edge("each", to: "join").edge("list", to: "join").edge("pair", to: "join").edge("approve", to: "join")
        .route("join", reads: \.sum, to: ["plan", "done"]) { $0 < 6 ? "plan" : "done" }
        .end("done").build()
}

// MARK: Stories

extension RestartedRun {
    /// To its end under one schedule: a bystander answers some questions while their siblings work, and when the run
    /// parks one of them is answered with a resume. Gives how many were answered by the bystander, too.
    func told(
        seed: UInt64, answer: @escaping @Sendable (Question) -> JSON
    ) throws -> (end: Ledger, live: Int) {
        let executor = SeededExecutor(seed: seed)
        return try executor.run {
            var generator = SeededGenerator(seed: ~seed)
            var answers: [String: JSON] = [:]
            var live = 0
            for attempt in 0..<100 {
                let (result, count) = try await told(attempt == 0, answers, executor, generator.next(), answer)
                live += count
                if let end = result.end { return (end, live) }
                let question = try #require(result.open?.randomElement(using: &generator))
                answers = [question.id: answer(question)]
            }
            throw NothingCame(description: "the run does not end")
        }
    }

    private func told(
        _ isFirst: Bool, _ answers: [String: JSON], _ executor: SeededExecutor, _ seed: UInt64,
        _ answer: @escaping @Sendable (Question) -> JSON
    ) async throws -> (RunResult<Ledger>, live: Int) {
        let live = LiveRun()
        let run = Task(executorPreference: executor) {
            isFirst ? try await start(live: live) : try await resume(answers, live: live)
        }
        let bystander = Task(executorPreference: executor) {
            var generator = SeededGenerator(seed: seed)
            var count = 0
            for _ in 0..<30 {
                await Task.yield()
                guard generator.next() % 2 == 0, let question = live.open.randomElement(using: &generator) else {
                    continue
                }
                if (try? await live.answer(question.id, with: answer(question))) != nil { count += 1 }
            }
            return count
        }
        let result = await run.result
        return (try result.get(), await bystander.value)
    }

    /// To its end through one stop of the world; every question is answered with what it shows. Gives how often each
    /// step that was kept when the world stopped had been worked on by then, too.
    func finish(
        through world: StoppingCheckpointer, _ effects: Effects
    ) async throws -> (end: Ledger, kept: [String: Int]) {
        var kept: [String: Int] = [:]
        var answers: [String: JSON] = [:]
        for attempt in 0..<50 {
            do {
                let result = attempt == 0 ? try await start() : try await resume(answers)
                if let end = result.end { return (end, kept) }
                answers = Dictionary(uniqueKeysWithValues: (result.open ?? []).map { ($0.id, $0.content) })
            } catch let error as CodedError where error.code == .runFinished {
                return (try await state(), kept)
            } catch let error as CodedError where error.code == .internalError {
                let steps = Set(world.kept.map(\.step))
                kept = effects.all.filter { steps.contains($0.key) }
                answers = [:]
                world.goOn()
            }
        }
        throw NothingCame(description: "the run does not end")
    }
}
