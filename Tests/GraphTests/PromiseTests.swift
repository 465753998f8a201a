import Base
import JSON
import TestKit
import Testing

@testable import Graph

/// What the documentation promises where several things meet: questions and bounds, keeping and deadlines, listeners that
/// go, caches around graphs.
@Suite struct PromiseTests {
    private let clock = TestClock()
    private func notParked<State>(_ r: RunResult<State>) -> Bool { if case .finished = r { true } else { false } }

    @Test("a kept run goes through an onError edge that records its error")
    func recordingKept() async throws {
        let graph = try boardBuilder()
            .node("breaks", writes: \.text) { _ in throw CodedError(.overloaded, "No room.") }
            .node("instead", reads: \.error, writes: \.text) { _, error in error?.message }
            .start("breaks").onError("breaks", to: "instead", recording: \.error)
            .end("breaks", "instead").build()
        let runner = try DurableRunner(graph, checkpointer: MemoryCheckpointer(), time: clock)
        guard case .finished(let board) = try await runner.start(Board(), context: makeContext()) else {
            Issue.record("not finished")
            return
        }
        #expect(board.text == "No room.")
    }

    @Test("a failure beside a question ends the run", arguments: [1, 2])
    func failureAfterQuestion(concurrency: Int) async throws {
        let graph = try boardBuilder()
            .ask("q", writes: \.last) { 1 }.node("fails") { _ in throw Broken(node: 7) }
            .start("q", "fails").end("q", "fails").build()
        let runner = try DurableRunner(
            graph, checkpointer: MemoryCheckpointer(), time: clock, limits: RunLimits(concurrency: concurrency))
        await #expect(throws: Broken.self) { _ = try await runner.start(Board(), context: makeContext()) }
    }

    @Test("a cancellation beside a question ends the run")
    func cancelAfterQuestion() async throws {
        let started = Signal()
        let graph = try boardBuilder()
            .ask("q", writes: \.last) { 1 }
            .node("works") { _ in
                started.give()
                try await Signal().wait()
            }
            .start("q", "works").end("q", "works").build()
        let runner = try DurableRunner(
            graph, checkpointer: MemoryCheckpointer(), time: clock, limits: RunLimits(concurrency: 1))
        let task = Task { try await runner.start(Board(), context: makeContext()) }
        try await started.wait()
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
    }

    @Test("a question can be answered while the run is loaded, whatever the bound")
    func answerWhileOthersWork() async throws {
        let (started, gate, live) = (Signal(), Signal(), LiveRun())
        let graph = try boardBuilder()
            .ask("q", writes: \.last) { 1 }
            .node("works") { _ in
                started.give()
                try await gate.wait()
            }
            .start("q", "works").end("q", "works").build()
        let runner = try DurableRunner(
            graph, checkpointer: MemoryCheckpointer(), time: clock, limits: RunLimits(concurrency: 1))
        let task = Task { try await runner.start(Board(), context: makeContext(), live: live) }
        try await started.wait()
        #expect(live.open.map(\.id) == ["q#1"])
        try await live.answer("q#1", with: 5)
        gate.give()
        #expect(notParked(try await task.value))
    }

    @Test("a step's key is no other step's, also in a run that is not kept")
    func stepKeys() async throws {
        let keys = Notes()
        let inner = try GraphBuilder<Board, Never>("inner").node("charge") { keys.add($0.stepKey) }
            .start("charge").end("charge").build()
        let graph = try boardBuilder()
            .map("each", over: \.items, inner, writes: \.mapped, limit: 3) {
                Board(sum: $0)
            } leave: {
                $0.sum
            }
            .start("each").end("each").build()
        var context = makeContext()
        _ = try await Runner(graph, time: clock).run(Board(), context: context)
        #expect(Set(keys.all).count == 3)
        // Another's run of the same name, and one whose name looks like a step.
        let theirs = RunContext(
            requestID: "r", runID: context.runID, scope: Scope(tenant: "t/x", user: "u", key: "k", role: .member),
            trace: context.trace)
        context = RunContext(local: "run_1/each#1[0]")
        for context in [theirs, context] {
            _ = try await Runner(graph, time: clock).run(Board(), context: context)
        }
        #expect(Set(keys.all).count == 9)
        #expect(keys.all.contains("t%2Fx/u/run_1/each#1[0]/charge#1"))
    }

    private final class Slow: WrappingCheckpointer {
        let base = MemoryCheckpointer()
        let before: @Sendable () async -> Void
        init(_ before: @escaping @Sendable () async -> Void) { self.before = before }
        func append(_ entries: [CheckpointEntry], to run: RunKey, epoch: UInt64) async throws(CodedError) {
            await before()
            try await base.append(entries, to: run, epoch: epoch)
        }
    }

    @Test("a node does not start after the deadline, or in a cancelled task, because keeping took long")
    func startsLate() async throws {
        let store = Slow { [clock] in clock.advance(by: .seconds(3)) }
        let graph = try boardBuilder()
            .node("a") { _ in }.node("b") { _ in Issue.record("started after the deadline") }
            .start("a").edge("a", to: "b").end("b").build()
        let runner = try DurableRunner(
            graph, checkpointer: store, time: clock, limits: RunLimits(deadline: .startsNoMore))
        // The first entry takes 3 s, that of `a` another 3 s.
        let context = makeContext(deadline: clock.now().advanced(by: .seconds(5)))
        await #expect(throws: CodedError.self) { _ = try await runner.start(Board(), context: context) }
    }

    @Test("a listener that closes cancels the run")
    func closes() async throws {
        let stream = RunEventStream<String>(capacity: 8, kinds: .custom)
        let graph = try boardBuilder(String.self)
            .node("says", writes: \.text) { context in
                stream.close()
                try await context.emit("x")
                return "x"
            }
            .node("instead", writes: \.text) { _ in
                Issue.record("work is done for nobody")
                return "y"
            }
            .start("says").onError("says", to: "instead").end("says", "instead").build()
        await #expect(throws: CancellationError.self) {
            _ = try await Runner(graph, time: clock).run(Board(), context: makeContext(), events: stream)
        }
    }

    private struct NoCache: NodeCache {
        func lookUp(_ key: NodeCacheKey) async -> [UInt8]? { nil }
        func fill(_ result: [UInt8], for key: NodeCacheKey) async {}
    }

    @Test("what comes from a fallback, however deep, is not kept by a cache; what a person said neither, nor hurried")
    func cachesAroundGraphs() throws {
        let degraded = try boardBuilder()
            .node("a", writes: \.last) { _ in 1 }.fallback("a", writes: \.last) { _, _ in 2 }.start("a").end("a")
            .build()
        let asking = try boardBuilder().ask("a", writes: \.last) { 1 }.start("a").end("a").build()
        func complaints(_ inner: Graph<Board, Never>, cache: (any NodeCache)?, timeout: Duration?) -> [String] {
            let outermost = boardBuilder().graph("g", inner, writes: \.last) {
                Board()
            } leave: {
                $0.last
            }
            .policies("g", cache: cache, timeout: timeout).start("g").end("g")
            do throws(GraphBuildError) {
                _ = try outermost.build()
                return []
            } catch {
                return error.complaints
            }
        }
        #expect(complaints(degraded, cache: nil, timeout: .seconds(1)).isEmpty)
        #expect(complaints(degraded, cache: NoCache(), timeout: nil).count == 1)
        #expect(complaints(asking, cache: NoCache(), timeout: nil).count == 1)
        #expect(complaints(asking, cache: nil, timeout: .seconds(1)).count == 1)
    }

    @Test("a forgotten start is one complaint")
    func forgottenStart() {
        let builder = boardBuilder()
            .node("a", writes: \.plain) { _ in 1 }.node("b", reads: \.plain) { _, _ in }
            .edge("a", to: "b").end("b")
        let error = #expect(throws: GraphBuildError.self) { _ = try builder.build() }
        #expect(error?.complaints == ["The graph has no start."])
    }

    @Test("items of a list go on, and ask, while others of it wait")
    func itemsBehindQuestions() async throws {
        let asking = try GraphBuilder<Board, Never>("asking").field(\.last, .lastValue)
            .ask("q", reads: \.sum, writes: \.last) { .int(Int64($0)) }.start("q").end("q").build()
        let graph = try boardBuilder()
            .map("each", over: \.items, asking, writes: \.mapped, limit: 1) {
                Board(sum: $0)
            } leave: {
                $0.last
            }
            .start("each").end("each").build()
        let runner = try DurableRunner(graph, checkpointer: MemoryCheckpointer(), time: clock)
        guard case .parked(let questions) = try await runner.start(Board(), context: makeContext()) else {
            Issue.record("not parked")
            return
        }
        #expect(questions.count == 3)
    }

    @Test("a full stream of what may be dropped never holds a run")
    func receiveDrops() async throws {
        let stream = RunEventStream<String>(capacity: 1, dropping: .debug)
        func emitted(_ text: String) -> RunEvent<String> { .emitted(node: "a", text) }
        #expect(stream.offer(emitted("1")) == .taken)
        #expect(stream.offer(emitted("2")) == .full)
        _ = await stream.next()
        #expect(stream.offer(.nodeSkipped(node: "b")) == .taken)
        // Would wait for ever if what lies in the stream could not be dropped.
        try await stream.receive(emitted("2"))
    }
}
