import Base
import Synchronization
import Testing

@testable import Graph

/// The runner: cancellation, events, executors.
@Suite struct RunTests {
    @Test("cancelling the run's task reaches every branch, and the run throws CancellationError after all have ended")
    func cancellation() async throws {
        let started = (0..<3).map { _ in Signal() }
        let notes = Notes()
        let builder = boardBuilder()
        for index in 0..<3 {
            builder.node("n\(index)", writes: \.log) { _ in
                started[index].give()
                do { try await Signal().wait() } catch { notes.add("cancelled") }
                return [index]
            }
            builder.start("n\(index)").end("n\(index)")
        }
        let graph = try builder.build()
        let task = Task { try await run(graph) }
        for signal in started { try await signal.wait() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(notes.all == ["cancelled", "cancelled", "cancelled"])
    }

    @Test("a run whose task is already cancelled starts nothing")
    func cancelledBefore() async throws {
        let graph = try boardBuilder().node("a") { _ in Issue.record("started") }.start("a").end("a").build()
        let gate = Signal()
        let task = Task {
            try? await gate.wait()
            return try await run(graph)
        }
        task.cancel()
        gate.give()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    private func text(_ event: RunEvent<String>) -> String {
        switch event {
        case .nodeStarted(let node, let round): "\(node) started \(round)"
        case .nodeFinished(let node, let round, let duration): "\(node) finished \(round) \(duration.milliseconds)"
        case .nodeFailed(let node, let round, _, let error): "\(node) failed \(round) \(error)"
        case .nodeSkipped(let node): "\(node) skipped"
        case .emitted(let node, let payload): "\(node): \(payload)"
        case .finished: "finished"
        case .failed(let node, let error): "failed at \(node ?? "-"): \(error)"
        case .cancelled: "cancelled"
        case .asked(let question): "asked \(question.id)"
        case .parked: "parked"
        case .updated(let update): "\(update.node) wrote \(update.fields)"
        case .values(let value): "state after \(value.node)"
        case .policyActed(let node, _, let act): "\(node): \(act)"
        }
    }

    private func events(of graph: Graph<Board, String>, time: FixedTime = FixedTime()) async -> [String] {
        let stream = RunEventStream<String>(capacity: 1)
        let runner = Runner(graph, time: time)
        async let result = try? runner.run(Board(), context: makeContext(), events: stream)
        var lines: [String] = []
        while let event = await stream.next() { lines.append(text(event)) }
        _ = await result
        return lines
    }

    @Test("events come in order: start, what the node emits, finish with its time, skips, and one last")
    func events() async throws {
        let time = FixedTime()
        let graph = try boardBuilder(String.self)
            .node("a") { context in
                try await context.emit("hello")
                time.advance(by: 2_500_000)
            }
            .node("b") { _ in Issue.record("not taken") }
            .node("c", writes: \.plain) { context in
                try await context.emit("x")
                try await context.emit("y")
                return 1
            }
            .route("a", to: ["b", "c"]) { "c" }.start("a").end("b", "c").build()
        #expect(
            await events(of: graph, time: time) == [
                "a started 1", "a: hello", "a finished 1 2.5", "b skipped", "c started 1", "c: x", "c: y",
                "c finished 1 0.0", "finished",
            ])
    }

    @Test("a failure is told with its node, once where it happened and once as the end of the run")
    func failureEvents() async throws {
        let graph = try boardBuilder(String.self)
            .node("a") { _ in throw Broken(node: 1) }.node("b") { _ in throw Broken(node: 2) }
            .onError("a", to: "b").start("a").end("a", "b").build()
        #expect(
            await events(of: graph) == [
                "a started 1", "a failed 1 Broken(node: 1)", "b started 1", "b failed 1 Broken(node: 2)",
                "failed at b: Broken(node: 2)",
            ])
    }

    /// Takes at once what it has room for; the rest waits for `receive`.
    private final class Taker: RunListener {
        let log = Notes()
        let room: Int
        init(room: Int) { self.room = room }

        func offer(_ event: RunEvent<String>) -> EventIntake {
            guard case .emitted(_, let text) = event else { return .taken }
            if text == "last" { return .closed }
            guard log.all.count < room else { return .full }
            log.add("took \(text)")
            return .taken
        }

        func receive(_ event: RunEvent<String>) async throws(CancellationError) {
            if case .emitted(_, let text) = event { log.add("waited for \(text)") }
        }

        func end(with event: RunEvent<String>) { log.add(event.isLast ? "over" : "not over") }
    }

    @Test("an event is heard once: taken when it is offered, or waited for; a listener that closes cancels the run")
    func offers() async throws {
        let listener = Taker(room: 2)
        let graph = try boardBuilder(String.self)
            .node("a") { context in
                for text in ["1", "2", "3", "last", "never"] { try await context.emit(text) }
            }
            .start("a").end("a").build()
        await #expect(throws: CancellationError.self) {
            try await Runner(graph, time: FixedTime()).run(Board(), context: makeContext(), events: listener)
        }
        #expect(listener.log.all == ["took 1", "took 2", "waited for 3", "over"])
    }

    @Test("a node that emits without end ends with its run, though nobody makes it wait", arguments: [true, false])
    func emitHearsCancellation(hasListener: Bool) async throws {
        let started = Signal()
        let graph = try boardBuilder(String.self)
            .node("a") { context in
                started.give()
                while true { try await context.emit("more") }
            }
            .start("a").end("a").build()
        let runner = Runner(graph, time: FixedTime())
        let task = Task {
            if hasListener {
                return try await runner.run(Board(), context: makeContext(), events: Deaf())
            }
            return try await runner.run(Board(), context: makeContext())
        }
        try await started.wait()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    /// Takes everything.
    private struct Deaf: RunListener {
        func offer(_ event: RunEvent<String>) -> EventIntake { .taken }
        func receive(_ event: RunEvent<String>) async throws(CancellationError) {}
        func end(with event: RunEvent<String>) {}
    }

    @Test("a node that the last one leaves out is told as skipped")
    func skippedByTheLast() async throws {
        let graph = try boardBuilder(String.self)
            .node("a") { _ in }
            .node("b") { _ in Issue.record("not taken") }
            .route("a", to: ["b"]) { nil }.start("a").end("a", "b").build()
        #expect(await events(of: graph) == ["a started 1", "a finished 1 0.0", "b skipped", "finished"])
    }

    @Test("a consumer that closes the stream cancels the run")
    func closing() async throws {
        let stream = RunEventStream<String>(capacity: 1)
        let graph = try boardBuilder(String.self)
            .node("a") { context in while true { try await context.emit("more") } }
            .start("a").end("a").build()
        let runner = Runner(graph, time: FixedTime())
        let task = Task { try await runner.run(Board(), context: makeContext(), events: stream) }
        for _ in 0..<10 { _ = await stream.next() }
        stream.close()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(await stream.next() == nil)
    }

    @Test("a run that waits for a reader who never comes ends with its cancellation")
    func cancelledWhileFull() async throws {
        let stream = RunEventStream<String>(capacity: 2)
        let isFull = Signal()
        let graph = try boardBuilder(String.self)
            .node("a") { context in
                try await context.emit("1")
                isFull.give()
                try await context.emit("2")
                Issue.record("there was no room")
            }
            .start("a").end("a").build()
        let task = Task {
            try await Runner(graph, time: FixedTime()).run(Board(), context: makeContext(), events: stream)
        }
        try await isFull.wait()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        var lines: [String] = []
        while let event = await stream.next() { lines.append(text(event)) }
        #expect(lines == ["a started 1", "a: 1", "cancelled"])
    }

    @Test(
        "nodes stay on the executor that the run's task prefers, alone and as branches, before and after they suspend")
    func executorPreference() async throws {
        let executor = RecordingExecutor()
        let notes = Notes()
        @Sendable func note(_ what: String) {
            notes.add("\(what) \(executor.isCurrent)")
        }
        let builder = boardBuilder()
        builder.node("alone") { _ in
            note("alone")
            await Task.yield()
            note("alone")
        }
        builder.start("alone")
        for index in 0..<4 {
            builder.node("b\(index)") { _ in
                note("branch")
                await Task.yield()
                note("branch")
                await withTaskGroup(of: Void.self) { group in group.addTask { note("child") } }
            }
            builder.edge("alone", to: "b\(index)").end("b\(index)")
        }
        let graph = try builder.build()
        try await Task(executorPreference: executor) { _ = try await run(graph) }.value
        #expect(notes.count == 14)
        #expect(notes.all.allSatisfy { $0.hasSuffix("true") })
    }
}
