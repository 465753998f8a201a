import Base
import JSON
import TestKit
import Testing

@testable import Graph

/// What users of other engines were hurt by where work has effects outside, as what holds here. Each comment names
/// where they say so.
@Suite("Complaints: effects that are lost or repeated", .timeLimit(.minutes(5))) struct ComplaintsEffectsTests {
    private let store = MemoryCheckpointer()
    private let effects = Effects()

    // langgraph#8039
    @Test("a step and an answer are kept before anything that follows from them begins")
    func keptFirst() throws {
        func follows(_ round: Int) -> [(String, String)] {
            let (each, list, pair, join) = ("each#\(round)", "list#\(round)", "pair#\(round)", "join#\(round)")
            return [
                ("plan#\(round)", "\(each)[0]/prepare#1"), ("plan#\(round)", "\(list)[0]"),
                ("\(each)[0]/amount#1", "\(each)[0]/finish#1"), ("\(each)[1]/amount#1", "\(each)[1]/finish#1"),
                ("\(list)[0]", "\(list)[1]"), ("\(pair)/a#1", "\(pair)/b#1"), ("\(each)[1]", join), (each, join),
                (list, join), (pair, join), ("approve#\(round)", join), (join, round == 1 ? "plan#2" : "done#1"),
            ]
        }
        for seed in 0..<200 as Range<UInt64> {
            let notes = Notes()
            let run = RestartedRun(store: NotingCheckpointer(notes)) {
                try variety { context in
                    notes.add("began \(context.step)")
                    for _ in 0..<seed % 4 { await Task.yield() }
                }
            }
            _ = try run.told(seed: seed) { $0.content }
            let lines = notes.all
            for (first, next) in follows(1) + follows(2) {
                let kept = try #require(lines.lastIndex(of: "kept \(first)"), "seed \(seed): \(first)")
                let began = try #require(lines.firstIndex(of: "began \(next)"), "seed \(seed): \(next)")
                #expect(kept < began, "seed \(seed): \(next) began before \(first) was kept")
            }
        }
    }

    // langgraph#7417
    @Test("a call of three minutes that is done after the deadline is kept, and no resume makes it again")
    func longCall() async throws {
        let time = FixedTime()
        func runner() throws -> DurableRunner<Ledger, Never> {
            let graph = try ledgerBuilder(Never.self)
                .node("call", writes: \.draft) { [effects] context in
                    time.advance(by: 180_000_000_000)
                    return effects.work(context, giving: "what it said")
                }
                .node("use", reads: \.draft, writes: \.name) { [effects] in effects.work($0, giving: $1) }
                .start("call").edge("call", to: "use").end("use").build()
            return try DurableRunner(
                graph, checkpointer: store, time: time, limits: RunLimits(deadline: .startsNoMore))
        }
        let context = makeContext(run: "run_1", deadline: Instant(nanoseconds: 60_000_000_000))
        let late = await refusal { _ = try await runner().start(Ledger(), context: context) }
        #expect(late?.code == .deadlineExceeded)
        #expect(try await runner().state(of: ledgerKey).draft == "what it said")
        let still = await refusal { _ = try await runner().resume(context: context) }
        #expect(still?.code == .deadlineExceeded)
        #expect(effects.all == ["call#1": 1])
        #expect(try await runner().resume(context: makeContext()).end?.name == "what it said")
        #expect(effects.all == ["call#1": 1, "use#1": 1])
    }

    @Test("a call that is cut off at the deadline is made again, as the same step")
    func longCallInterrupted() async throws {
        let (time, keys) = (TestClock(), Notes())
        let graph = try ledgerBuilder(Never.self)
            .node("call", writes: \.draft) { context in
                keys.add(context.stepKey)
                // What ignores its cancellation is waited for, and comes too late.
                if keys.count == 1 { time.advance(by: .seconds(180)) }
                while keys.count == 1 && !Task.isCancelled { await Task.yield() }
                return "what it said"
            }
            .start("call").end("call").build()
        let runner = try DurableRunner(graph, checkpointer: store, time: time)
        let context = makeContext(run: "run_1", deadline: time.now().advanced(by: .seconds(60)))
        let late = await refusal { _ = try await runner.start(Ledger(), context: context) }
        #expect(late?.code == .deadlineExceeded)
        #expect(try await runner.resume(context: makeContext()).end?.draft == "what it said")
        #expect(keys.all == ["run_1/call#1", "run_1/call#1"])
    }

    // langgraph#8464, langgraph#8702
    @Test("a step's key is the same when it is tried again, and no other step's, wherever the world stops")
    func stepKeys() async throws {
        func keys(stop: Int) async throws -> (keys: Effects, commits: Int) {
            let keys = Effects()
            let world = StoppingCheckpointer(after: stop)
            let run = RestartedRun(store: world) { try variety { keys.note($0.stepKey) } }
            _ = try await run.finish(through: world, keys)
            return (keys, world.kept.count)
        }
        let (clean, commits) = try await keys(stop: .max)
        #expect(clean.all.count == 21 && clean.all.values.allSatisfy { $0 == 1 })
        #expect(clean.all.keys.allSatisfy { $0.hasPrefix("run_1/") })
        for stop in 1...commits {
            let tried = try await keys(stop: stop).keys.all
            #expect(tried.keys.sorted() == clean.all.keys.sorted(), "stop \(stop)")
            #expect(tried.values.allSatisfy { $0 <= 2 }, "stop \(stop)")
        }
    }

    // langgraph#8796
    @Test("two that go on with one run at the same time write one line, and at most one of them ends it")
    func twoWriters() throws {
        var stale = 0
        for seed in 0..<300 as Range<UInt64> {
            let run = RestartedRun(store: NotingCheckpointer(Notes())) {
                try ledgerBuilder(Never.self)
                    .ask("approve", writes: \.approval) { "?" }.ask("sign", writes: \.name) { "?" }
                    .node("join", reads: \.name, writes: \.log) { [$1 ?? "-"] }
                    .node("publish", reads: \.log, writes: \.sum) { $1.count }
                    .start("approve", "sign").edge("approve", to: "join").edge("sign", to: "join")
                    .edge("join", to: "publish").end("publish").build()
            }
            let executor = SeededExecutor(seed: seed)
            let (end, codes, steps) = try executor.run {
                let answers: [String: JSON] = ["approve#1": true, "sign#1": "Ada"]
                var result = try await run.start()
                let writers = (0..<2).map { _ in
                    Task(executorPreference: executor) { try await run.resume(answers) }
                }
                var codes: [ErrorCode] = []
                for writer in writers {
                    do { result = try await writer.value } catch let error as CodedError { codes.append(error.code) }
                }
                // Each may have come between the other's answers; then what is kept goes on from there.
                for _ in 0..<4 where result.end == nil {
                    let open = try await run.questions()
                    result = try await run.resume(answers.filter { answer in open.contains { $0.id == answer.key } })
                }
                return (result.end, codes, try await run.steps())
            }
            #expect(codes.count >= 1, "seed \(seed): both have ended the run")
            #expect(codes.allSatisfy { [.runStale, .runFinished, .invalidValue].contains($0) }, "\(seed): \(codes)")
            stale += codes.count { $0 == .runStale }
            #expect(end?.log == ["Ada"] && end?.sum == 1 && end?.approval == true, "seed \(seed)")
            #expect(steps.count { $0 == "join#1" } == 1 && steps.count { $0 == "publish#1" } == 1, "seed \(seed)")
            #expect(steps.count == 6, "seed \(seed): two answers and four steps, each once: \(steps)")
        }
        #expect(stale > 30)
    }

    // langgraph#8115
    @Test("of many branches that finish at once every write is kept, and none is made again after a failure")
    func manyAtOnce() throws {
        for seed in 0..<60 as Range<UInt64> {
            let effects = Effects()
            let run = RestartedRun(store: NotingCheckpointer(Notes())) {
                let builder = ledgerBuilder(Never.self).node("split") { _ in }.start("split")
                    .node("join", reads: \.log, writes: \.draft) { context, log in
                        try effects.failOnce(context)
                        return "\(log.count)"
                    }
                    .end("join")
                for number in 0..<24 {
                    builder.node("b\(number)", writes: \.log, \.sum) { context in
                        for _ in 0..<number % 4 { await Task.yield() }
                        return effects.work(context, giving: (["\(number)"], number))
                    }
                    .edge("split", to: "b\(number)").edge("b\(number)", to: "join")
                }
                return try builder.build()
            }
            let numbers = (0..<24).map { "\($0)" }
            let (kept, steps, end) = try SeededExecutor(seed: seed).run {
                await #expect(throws: Broken.self) { try await run.start() }
                return (try await run.state(), try await run.steps(), try await run.resume().end)
            }
            #expect(kept.log == numbers && kept.sum == 276, "seed \(seed)")
            #expect(steps.sorted() == (numbers.map { "b\($0)#1" } + ["split#1"]).sorted(), "seed \(seed)")
            #expect(end?.draft == "24" && end?.log == numbers && end?.sum == 276, "seed \(seed)")
            #expect(effects.all.allSatisfy { $1 == ($0 == "join#1" ? 2 : 1) }, "seed \(seed)")
        }
    }

    // langgraph#5672
    @Test("what was told as finished before a cancellation is kept, and a resume begins after it")
    func cancelledInTheStream() async throws {
        let isStreaming = Signal()
        func runner(hangs: Bool) throws -> DurableRunner<Ledger, String> {
            let sub = try GraphBuilder<Ledger, String>("sub").field(\.log, .append)
                .node("a", writes: \.log) { [effects] in effects.work($0, giving: ["a"]) }
                .node("b", writes: \.log) { [effects] context in
                    effects.note(context.step)
                    try await context.emit("half")
                    if hangs {
                        isStreaming.give()
                        try await Signal().wait()
                    }
                    try await context.emit("whole")
                    return ["b"]
                }
                .start("a").edge("a", to: "b").end("b").build()
            let graph = try ledgerBuilder(String.self)
                .node("first", writes: \.name) { [effects] in effects.work($0, giving: "first") }
                .graph("sub", sub, writes: \.log) {
                    Ledger()
                } leave: {
                    $0.log
                }
                .node("last", reads: \.log, writes: \.sum) { [effects] in effects.work($0, giving: $1.count) }
                .start("first").edge("first", to: "sub").edge("sub", to: "last").end("last").build()
            return try durable(graph, store)
        }
        let (stream, hanging) = (RunEventStream<String>(capacity: 64), try runner(hangs: true))
        let task = Task { try await hanging.start(Ledger(), context: makeContext(), events: stream) }
        try await isStreaming.wait()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        var (finished, emitted, last) = ([String](), [String](), "")
        while let event = await stream.next() {
            last = "\(event)"
            if case .nodeFinished(let node, _, _) = event { finished.append(node) }
            if case .emitted(_, let text) = event { emitted.append(text) }
        }
        #expect(finished == ["first", "sub/a"] && emitted == ["half"] && last == "cancelled")
        let kept = try await store.history(of: ledgerKey, before: nil, limit: 9).map(\.step)
        #expect(kept == ["sub#1/a#1", "first#1", ""])
        let end = try await runner(hangs: false).resume(context: makeContext()).end
        #expect(end?.log == ["a", "b"] && end?.name == "first" && end?.sum == 2)
        #expect(effects.all == ["first#1": 1, "sub#1/a#1": 1, "sub#1/b#1": 2, "last#1": 1])
    }
}
