import Base
import JSON
import Synchronization
import TestKit
import Testing

@testable import Graph

private struct Measured: Codable, Sendable {
    var value = 0.0
    var values: [Double] = []
    var text = ""
    var extra: JSON = nil
    var items = [1, 2]
    var answer: Int?
}

/// Values that cannot be kept, answers of the wrong type, lists of nothing.
@Suite("Bad input: values, answers and lists") struct BadValueTests {
    private let store = MemoryCheckpointer()

    // MARK: What JSON has no word for

    enum Place: CaseIterable { case field, extra, item, inner, question }

    /// "early", then a node that makes a bad value, or 1, of what its place takes.
    private func measuring(at place: Place, _ bad: JSON?) throws -> DurableRunner<Measured, Never> {
        let value = bad?.double ?? 1
        let extra = bad ?? 1
        let builder = GraphBuilder<Measured, Never>("measured")
            .node("early", writes: \.text) { _ in "early" }
            .start("early").edge("early", to: "work").end("work")
        switch place {
        case .field: builder.node("work", writes: \.value) { _ in value }
        case .extra: builder.node("work", writes: \.extra) { _ in extra }
        case .item:
            builder.map("work", over: \.items, writes: \.values, limit: 1) { _, item in item == 2 ? value : 1 }
        case .inner:
            let inner = try GraphBuilder<Measured, Never>("inner")
                .node("a", writes: \.value) { _ in value }.start("a").end("a").build()
            builder.graph("work", inner, writes: \.value) {
                Measured()
            } leave: {
                $0.value
            }
        case .question: builder.ask("work", writes: \.answer) { extra }
        }
        return try DurableRunner(builder.build(), checkpointer: store, time: FixedTime())
    }

    private static let tooDeep = (0..<100).reduce(JSON.int(1)) { inner, _ in [inner] }

    @Test(
        "what a node makes and JSON cannot hold is a coded error; nothing of it is kept, and mended it goes on",
        arguments: [Double.nan, .infinity, -.infinity])
    func unkeepable(number: Double) async throws {
        for (index, place) in Place.allCases.enumerated() {
            let context = makeContext(run: "run_\(index)")
            let key = RunKey(.local, context.runID)
            let broken = try measuring(at: place, .double(number))
            #expect(await refusal("\(place)") { _ = try await broken.start(Measured(), context: context) } != nil)
            let state = try await broken.state(of: key)
            #expect(state.text == "early" && state.value == 0 && state.values.isEmpty && state.extra.isNull)
            // An item before the bad one is kept; of the rest there is nothing.
            let steps = try await store.history(of: key, before: nil, limit: 9).map(\.step).filter { !$0.isEmpty }
            #expect(steps == (place == .item ? ["work#1[0]", "early#1"] : ["early#1"]), "\(place)")
            var result = try await measuring(at: place, nil).resume(context: context)
            if let question = result.open?.first {
                result = try await measuring(at: place, nil).resume(context: context, answers: [question.id: 1])
            }
            #expect(result.end != nil, "\(place)")
        }
    }

    @Test("a NUL in a text and a value that nests too deep are refused in the same way")
    func noJSON() async throws {
        for (number, bad) in ["a\u{0}b", Self.tooDeep].enumerated() {
            for place in [Place.extra, .question] {
                let context = makeContext(run: "run_\(number)_\(place)")
                let broken = try measuring(at: place, bad)
                #expect(await refusal("\(place)") { _ = try await broken.start(Measured(), context: context) } != nil)
                let result = try await measuring(at: place, nil).resume(context: context)
                #expect(result.end != nil || result.open?.count == 1)
            }
        }
    }

    @Test("a first state and an edit that cannot be kept are invalid_value, and the run is as it was")
    func badStates() async throws {
        let runner = try measuring(at: .question, nil)
        let key = RunKey(.local, "run_1")
        let bad = [Measured(value: .nan), Measured(values: [1, -.infinity]), Measured(text: "\u{0}")]
        for state in bad {
            let error = await refusal { _ = try await runner.start(state, context: makeContext()) }
            #expect(error?.code == .invalidValue)
            #expect(await refusal { _ = try await runner.state(of: key) }?.code == .runNotFound)
        }
        _ = try await runner.start(Measured(), context: makeContext())
        let history = try await runner.history(of: key)
        for state in bad {
            #expect(await refusal { try await runner.edit(key) { $0 = state } }?.code == .invalidValue)
        }
        #expect(try await runner.history(of: key) == history)
        #expect(try await runner.resume(context: makeContext(), answers: ["work#1": 3]).end?.answer == 3)
    }

    // MARK: Answers

    @Test("an answer that JSON cannot hold is refused, and does not turn into another one")
    func badAnswers() async throws {
        let runner = try measuring(at: .question, nil)
        let open = try await runner.start(Measured(), context: makeContext()).open
        for bad in [.double(.nan), .double(.infinity), "a\u{0}b", Self.tooDeep] as [JSON] {
            _ = await refusal("\(bad)") {
                _ = try await runner.resume(context: makeContext(), answers: ["work#1": bad])
            }
        }
        #expect(try await runner.questions(of: ledgerKey) == open)
    }

    @Test("a refused answer does not take the run from whoever is at work on it")
    func refusedBesideWork() async throws {
        let (began, go) = (EventLog<Void>(), Signal())
        let graph = try ledgerBuilder(Never.self)
            .ask("first", writes: \.approval) { "?" }
            .node("slow", writes: \.log) { _ in
                began.append(())
                try await go.wait()
                return ["slow"]
            }
            .ask("second", writes: \.name) { "?" }
            .start("first", "second").edge("first", to: "slow").end("slow", "second").build()
        let (mine, theirs) = (try durable(graph, store), try durable(graph, store))
        #expect(try await mine.start(Ledger(), context: makeContext()).open?.count == 2)
        async let result = mine.resume(context: makeContext(), answers: ["first#1": true])
        try await began.atLeast(1)
        let rows: [(String, JSON, ErrorCode)] = [
            ("second#1", 7, .invalidType), ("first#1", true, .invalidValue), ("third#1", "Ada", .invalidValue),
        ]
        for (id, answer, code) in rows {
            let error = await refusal(id) { _ = try await theirs.resume(context: makeContext(), answers: [id: answer]) }
            #expect(error?.code == code)
        }
        go.give()
        #expect(try await result.open?.map(\.id) == ["second#1"])
        #expect(try await theirs.state(of: ledgerKey).log == ["slow"])
    }

    // MARK: Lists

    @Test("a list of nothing gives nothing, whatever works on it, and is kept like any other")
    func emptyLists() async throws {
        let effects = Effects()
        let run = RestartedRun(store: store) {
            try ledgerBuilder(Never.self)
                .node("begin", writes: \.items) { effects.work($0, giving: []) }
                .map("list", over: \.items, writes: \.log, limit: 1) { _, _ in "never" }
                .map("each", over: \.items, try agent { effects.note($0.step) }, writes: \.results, limit: 3) { item in
                    Ledger(input: item)
                } leave: {
                    $0.sum
                }
                .ask("approve", writes: \.approval) { "?" }
                .start("begin").edge("begin", to: "list", "each", "approve").end("list", "each", "approve").build()
        }
        #expect(try await run.start().open?.map(\.id) == ["approve#1"])
        #expect(Set(try await run.steps()) == ["begin#1", "list#1", "each#1"])
        #expect(try await run.resume(["approve#1": true]).end == Ledger(approval: true))
        #expect(effects.all == ["begin#1": 1])
    }

    @Test("a limit below nothing is found when the graph is built, each with a sentence", arguments: [-1, Int.min])
    func limits(limit: Int) throws {
        let agent = try agent { _ in }
        let error = #expect(throws: GraphBuildError.self) {
            _ = try ledgerBuilder(Never.self)
                .map("list", over: \.items, writes: \.log, limit: limit) { _, item in "\(item)" }
                .map("each", over: \.items, agent, writes: \.results, limit: limit) { item in
                    Ledger(input: item)
                } leave: {
                    $0.sum
                }
                .start("list", "each").end("list", "each").build()
        }
        #expect(error?.complaints.count == 2)
        #expect(error?.complaints.allSatisfy { $0.contains("limit of \(limit)") } == true)
    }

    @Test(
        "never more of a list than its limit are at work, and all that can be asked is asked before the run parks",
        arguments: [1, 3, Int.max])
    func atMost(limit: Int) async throws {
        let crowd = Mutex((now: 0, most: 0))
        let run = RestartedRun(store: store) {
            try ledgerBuilder(Never.self)
                .node("begin", writes: \.items) { _ in [1, 2, 3, 4, 5] }
                .map("list", over: \.items, writes: \.log, limit: limit) { _, item in
                    crowd.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                    await Task.yield()
                    crowd.withLock { $0.now -= 1 }
                    return "\(item)"
                }
                .map("each", over: \.items, try agent { _ in }, writes: \.results, limit: limit) { item in
                    Ledger(input: item)
                } leave: {
                    $0.sum
                }
                .start("begin").edge("begin", to: "list").edge("list", to: "each").end("each").build()
        }
        var result = try await run.start()
        #expect(result.open?.count == 5)
        while let question = result.open?.first {
            result = try await run.resume([question.id: question.content])
        }
        #expect(result.end?.results == [1, 2, 3, 4, 5] && result.end?.log == ["1", "2", "3", "4", "5"])
        #expect(crowd.withLock(\.most) <= min(limit, 5))
    }
}
