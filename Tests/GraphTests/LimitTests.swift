import Base
import JSON
import Synchronization
import TestKit
import Testing

@testable import Graph

/// Deadlines, priorities and the bound on nodes at work.
@Suite struct LimitTests {
    private let clock = TestClock()

    /// Waits for ever, and notes when it hears that it is cancelled.
    private func hanging(_ notes: Notes, _ started: Signal) -> @Sendable (NodeContext<Never>) async throws -> Void {
        { context in
            started.give()
            do { try await Signal().wait() } catch {
                notes.add("\(context.name) heard")
                throw error
            }
        }
    }

    @Test("a node that never returns is cancelled at the deadline, in every branch and in graphs inside it")
    func interrupted() async throws {
        let notes = Notes()
        let (first, second) = (Signal(), Signal())
        let inner = try boardBuilder().node("deep", run: hanging(notes, first)).start("deep").end("deep").build()
        let graph = try boardBuilder()
            .node("a") { _ in }
            .graph("inner", inner) {
                Board()
            } leave: { _ in
            }
            .node("c", run: hanging(notes, second))
            .node("d") { _ in Issue.record("started after the deadline") }
            .start("a").edge("a", to: "inner", "c").edge("inner", to: "d").edge("c", to: "d").end("d").build()
        let runner = Runner(graph, time: clock)
        let context = makeContext(deadline: clock.now().advanced(by: .seconds(5)))
        let task = Task { try await runner.run(Board(), context: context) }
        try await first.wait()
        try await second.wait()
        clock.advance(by: .milliseconds(4999))
        #expect(notes.all.isEmpty)
        clock.advance(by: .milliseconds(1))
        let error = await #expect(throws: CodedError.self) { _ = try await task.value }
        #expect(error?.code == .deadlineExceeded)
        #expect(Set(notes.all) == ["deep heard", "c heard"])
        #expect(clock.sleeperCount == 0)
    }

    @Test("a run that ends in time leaves no timer behind, and one without a deadline makes none")
    func inTime() async throws {
        let clock = clock
        let graph = try boardBuilder().node("a", writes: \.last) { _ in clock.sleeperCount }.start("a").end("a").build()
        let runner = Runner(graph, time: clock)
        let deadline = clock.now().advanced(by: .seconds(5))
        _ = try await runner.run(Board(), context: makeContext(deadline: deadline))
        #expect(clock.sleeperCount == 0)
        #expect(try await runner.run(Board(), context: makeContext()).last == 0)
    }

    @Test("a caller's cancellation is a cancellation, also of a run with a deadline")
    func cancelled() async throws {
        let started = Signal()
        let graph = try boardBuilder().node("a", run: hanging(Notes(), started)).start("a").end("a").build()
        let runner = Runner(graph, time: clock)
        let context = makeContext(deadline: clock.now().advanced(by: .seconds(5)))
        let task = Task { try await runner.run(Board(), context: context) }
        try await started.wait()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(clock.sleeperCount == 0)
    }

    @Test("by its rule, a run only starts no more nodes after the deadline")
    func startsNoMore() async throws {
        let clock = clock
        let graph = try boardBuilder()
            .node("a") { _ in clock.advance(by: .seconds(10)) }
            .node("b") { _ in Issue.record("started after the deadline") }
            .start("a").edge("a", to: "b").end("b").build()
        let runner = Runner(graph, time: clock, limits: RunLimits(deadline: .startsNoMore))
        let context = makeContext(deadline: clock.now().advanced(by: .seconds(5)))
        let error = await #expect(throws: CodedError.self) { _ = try await runner.run(Board(), context: context) }
        #expect(error?.code == .deadlineExceeded)
    }

    @Test("a kept run that was interrupted at its deadline goes on with a later one, from where it was")
    func keptRun() async throws {
        let (notes, started, gate) = (Notes(), Signal(), Signal())
        let graph = try boardBuilder()
            .node("a", writes: \.log) { _ in
                notes.add("a")
                return [1]
            }
            .node("b", writes: \.log) { _ in
                notes.add("b")
                started.give()
                try await gate.wait()
                return [2]
            }
            .start("a").edge("a", to: "b").end("b").build()
        let runner = try DurableRunner(graph, checkpointer: MemoryCheckpointer(), time: clock)
        let context = makeContext(deadline: clock.now().advanced(by: .seconds(5)))
        let task = Task { try await runner.start(Board(), context: context) }
        try await started.wait()
        clock.advance(by: .seconds(5))
        let error = await #expect(throws: CodedError.self) { _ = try await task.value }
        #expect(error?.code == .deadlineExceeded)
        gate.give()
        guard case .finished(let board) = try await runner.resume(context: makeContext()) else {
            Issue.record("not finished")
            return
        }
        #expect(board.log == [1, 2])
        #expect(notes.all == ["a", "b", "b"])
    }

    // MARK: Priorities

    @Test(
        "no more nodes are at work than may be, the ones of higher priority first; the result is the same",
        arguments: 1...5)
    func concurrency(limit: Int) async throws {
        let (notes, isFull) = (Notes(), Signal())
        let counts = Mutex<(now: Int, most: Int)>((0, 0))
        let builder = boardBuilder().node("s") { _ in }.node("z", reads: \.log, writes: \.items) { _, log in log }
        for index in 0..<12 {
            builder.node("b\(index)", writes: \.log) { context in
                notes.add(context.name)
                let now = counts.withLock { counts in
                    counts = (counts.now + 1, max(counts.most, counts.now + 1))
                    return counts.now
                }
                // Nobody goes on before as many are at work as may be.
                if now == limit { isFull.give() }
                try await isFull.wait()
                counts.withLock { $0.now -= 1 }
                return [index]
            }
            builder.edge("s", to: "b\(index)").edge("b\(index)", to: "z").priority("b\(index)", index % 3)
        }
        let graph = try builder.start("s").end("z").build()
        let runner = Runner(graph, time: clock, limits: RunLimits(concurrency: limit))
        let board = try await runner.run(Board(), context: makeContext())
        #expect(board.items == Array(0..<12))
        #expect(counts.withLock { $0.most } == limit)
        #expect(notes.all == [2, 5, 8, 11, 1, 4, 7, 10, 0, 3, 6, 9].map { "b\($0)" })
    }

    @Test(
        "questions that fill all places do not keep the others from running: they are asked, the rest is done, all park"
    )
    func concurrencyAndQuestions() async throws {
        let notes = Notes()
        let builder = boardBuilder()
        for index in 0..<4 { builder.ask("q\(index)", writes: \.log) { .int(Int64(index)) } }
        for index in 0..<3 { builder.node("w\(index)") { notes.add($0.name) } }
        let names = (0..<4).map { "q\($0)" } + (0..<3).map { "w\($0)" }
        for name in names { builder.start(name).end(name) }
        let graph = try builder.build()
        let runner = try DurableRunner(
            graph, checkpointer: MemoryCheckpointer(), time: clock, limits: RunLimits(concurrency: 2))
        guard case .parked(let questions) = try await runner.start(Board(), context: makeContext()) else {
            Issue.record("not parked")
            return
        }
        #expect(questions.map(\.node) == ["q0", "q1", "q2", "q3"])
        #expect(notes.all == ["w0", "w1", "w2"])
        let answers = Dictionary(uniqueKeysWithValues: questions.map { ($0.id, [$0.content] as JSON) })
        guard case .finished(let board) = try await runner.resume(context: makeContext(), answers: answers) else {
            Issue.record("not finished")
            return
        }
        #expect(board.log == [0, 1, 2, 3])
        #expect(notes.all == ["w0", "w1", "w2"])
    }
}
