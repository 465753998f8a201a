import Base
import JSON
import TestKit
import Testing

@testable import Graph

/// What kinds of events tell, who hears them, and what happens to those for which there is no room.
@Suite struct EventKindTests {
    private struct Inner: Codable, Sendable, Equatable { var text = "" }

    /// Two branches that write one field, a join, and a graph inside a node.
    private func graph() throws -> Graph<Board, String> {
        let inner = try GraphBuilder<Inner, String>("inner")
            .node("deep", writes: \.text) { _ in "deep" }.start("deep").end("deep").build()
        return try boardBuilder(String.self)
            .node("a", writes: \.plain) { context in
                try await context.emit("hello")
                return 1
            }
            .node("b", writes: \.log, \.sum) { _ in ([2], 20) }
            .node("c", writes: \.log) { _ in [3] }
            .graph("d", inner, writes: \.text) {
                Inner()
            } leave: {
                $0.text
            }
            .start("a").edge("a", to: "b", "c").edge("b", to: "d").edge("c", to: "d").end("d").build()
    }

    private func events(_ kinds: EventKinds) async throws -> [RunEvent<String>] {
        let stream = RunEventStream<String>(capacity: 100, kinds: kinds)
        _ = try await Runner(try graph(), time: FixedTime()).run(Board(), context: makeContext(), events: stream)
        var events: [RunEvent<String>] = []
        while let event = await stream.next() { events.append(event) }
        return events
    }

    @Test("updates tell what each step wrote, before a reducer joined it, by the field's own type")
    func updates() async throws {
        let updates = try await events(.updates).compactMap {
            if case .updated(let update) = $0 { update } else { nil }
        }
        #expect(updates.map(\.node).sorted() == ["a", "b", "c", "d", "d/deep"])
        let b = try #require(updates.first { $0.node == "b" })
        #expect(b.fields == ["log", "sum"] && b.round == 1)
        #expect(b[\Board.log] == [2] && b[\Board.sum] == 20 && b[\Board.plain] == nil)
        let deep = try #require(updates.first { $0.node == "d/deep" })
        #expect(deep[\Inner.text] == "deep" && deep[\Board.text] == nil)
    }

    @Test("values tell the whole state after each step, and the last of them is the result")
    func values() async throws {
        let values = try await events(.values).compactMap { if case .values(let value) = $0 { value } else { nil } }
        let boards = values.compactMap { $0.of(Board.self) }
        #expect(boards.map(\.plain) == [1, 1, 1, 1])
        #expect(boards.map(\.sum).sorted() == [0, 20, 20, 20])
        #expect(boards.last == (try await Runner(try graph(), time: FixedTime()).run(Board(), context: makeContext())))
        #expect(values.compactMap { $0.of(Inner.self) } == [Inner(text: "deep")])
    }

    @Test(
        "only the wanted kinds are told, and the end always",
        arguments: [
            [], .values, .updates, .custom, .debug, .ends, [.custom, .debug], [.custom, .ends],
            [.values, .updates, .custom, .debug],
        ] as [EventKinds])
    func wanted(kinds: EventKinds) async throws {
        let events = try await events(kinds)
        var told: EventKinds = []
        for event in events { told.formUnion(event.kind) }
        #expect(told == kinds)
        #expect(events.count { $0.isLast } == 1 && events.last?.isLast == true)
    }

    @Test("a step that could not be kept is not told")
    func unkept() async throws {
        let world = StoppingCheckpointer(after: 3)
        let graph = try boardBuilder()
            .node("a", writes: \.log) { _ in [1] }.node("b", writes: \.log) { _ in [2] }
            .node("c", writes: \.log) { _ in [3] }
            .start("a").edge("a", to: "b").edge("b", to: "c").end("c").build()
        let stream = RunEventStream<Never>(capacity: 100, kinds: .updates)
        let runner = try DurableRunner(graph, checkpointer: world, time: FixedTime())
        await #expect(throws: CodedError.self) {
            _ = try await runner.start(Board(), context: makeContext(), events: stream)
        }
        var told: [String] = []
        while let event = await stream.next() { if case .updated(let update) = event { told.append(update.node) } }
        // The second step was kept, but the world stopped before anybody heard of that.
        #expect(told == ["a"] && world.kept.map(\.step) == ["", "a#1", "b#1"])
    }

    @Test("several listeners each hear what they want, whole and in order, however slow another one is")
    func several() async throws {
        let slow = RunEventStream<String>(capacity: 1, kinds: .custom)
        let fast = RunEventStream<String>(capacity: 1000, kinds: [.custom, .debug])
        let graph = try boardBuilder(String.self)
            .node("a") { context in for index in 0..<100 { try await context.emit("\(index)") } }
            .start("a").end("a").build()
        let runner = Runner(graph, time: FixedTime())
        let task = Task { try await runner.run(Board(), context: makeContext(), events: [slow, fast]) }
        func emitted(_ stream: RunEventStream<String>) async -> [String] {
            var texts: [String] = []
            while let event = await stream.next() { if case .emitted(_, let text) = event { texts.append(text) } }
            return texts
        }
        let expected = (0..<100).map(String.init)
        #expect(await emitted(slow) == expected)
        _ = try await task.value
        #expect(await emitted(fast) == expected)
    }

    @Test(
        "a listener that closes cancels the run, whoever else listens; one that only watches does not",
        arguments: [false, true])
    func closing(isWatching: Bool) async throws {
        let leaving = RunEventStream<String>(capacity: 1, isWatching: isWatching)
        let staying = RunEventStream<String>(capacity: 1000)
        leaving.close()
        let runner = Runner(try graph(), time: FixedTime())
        let task = Task { try await runner.run(Board(), context: makeContext(), events: [staying, leaving]) }
        if isWatching {
            #expect(try await task.value.text == "deep")
        } else {
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }

    @Test("of a kind that may be dropped the run never waits for room: the newest stay, and losses are counted")
    func dropping() async throws {
        let stream = RunEventStream<String>(capacity: 10, kinds: [.custom, .values], dropping: .values)
        let builder = boardBuilder(String.self)
        for index in 0..<50 {
            builder.node("n\(index)", writes: \.log) { context in
                if index % 10 == 0 { try await context.emit("\(index)") }
                return [index]
            }
            if index > 0 { builder.edge("n\(index - 1)", to: "n\(index)") }
        }
        let graph = try builder.start("n0").end("n49").build()
        // Nobody reads: only what may be dropped keeps this from waiting for ever.
        _ = try await Runner(graph, time: FixedTime()).run(Board(), context: makeContext(), events: stream)
        var (emitted, lengths): ([String], [Int]) = ([], [])
        while let event = await stream.next() {
            if case .emitted(_, let text) = event { emitted.append(text) }
            if case .values(let value) = event { lengths.append(value.of(Board.self)?.log.count ?? 0) }
        }
        #expect(emitted == ["0", "10", "20", "30", "40"])
        #expect(lengths == [46, 47, 48, 49, 50])
        #expect(stream.droppedCount == 45)
    }

    @Test("a question is told to a listener that was full when it was asked")
    func askedWhileFull() async throws {
        let stream = RunEventStream<Never>(capacity: 1, kinds: .debug)
        let graph = try boardBuilder()
            .ask("a", writes: \.last) { 1 }.ask("b", writes: \.sum) { 2 }.start("a", "b").end("a", "b").build()
        let runner = try DurableRunner(graph, checkpointer: MemoryCheckpointer(), time: FixedTime())
        let task = Task { try await runner.start(Board(), context: makeContext(), events: stream) }
        var asked: [String] = []
        while let event = await stream.next() { if case .asked(let question) = event { asked.append(question.id) } }
        #expect(asked.sorted() == ["a#1", "b#1"])
        guard case .parked = try await task.value else {
            Issue.record("not parked")
            return
        }
    }

    @Test("a parked run is drawn with its questions")
    func drawnWhileParked() async throws {
        let graph = try boardBuilder().node("a") { _ in }.ask("b", writes: \.last) { 1 }
            .start("a").edge("a", to: "b").end("b").build()
        let stream = RunEventStream<Never>(capacity: 100)
        _ = try await DurableRunner(graph, checkpointer: MemoryCheckpointer(), time: FixedTime())
            .start(Board(), context: makeContext(), events: stream)
        var tally = RunTally()
        while let event = await stream.next() { tally.note(event) }
        #expect(tally.outcome == .waiting && tally.nodes["b"]?.outcome == .waiting)
        #expect(graph.plainText(of: tally).contains("?   b"))
        #expect(graph.mermaid(of: tally).contains("class n1 waiting"))
    }
}
