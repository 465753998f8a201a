import Base
import JSON
import TestKit
import Testing

@testable import Graph

/// What comes out when nodes fail, limits are passed and runs are taken up by whom or with what they should not be.
@Suite("Bad input: nodes, limits, versions and other people's runs") struct BadInputTests {
    private let store = MemoryCheckpointer()
    private let effects = Effects()

    // MARK: Nodes that throw

    enum Place: CaseIterable { case node, question, item, enter, leave, innerNode, listEnter, listLeave }

    /// Beside what throws, a node that waits until it is cancelled; unbroken, the same graph and no waiting.
    private func throwing(at place: Place, isBroken: Bool, _ notes: Notes) throws -> Graph<Ledger, Never> {
        @Sendable func here<Value>(_ other: Place, _ value: Value) throws -> Value {
            if isBroken, other == place { throw Broken(node: 7) }
            return value
        }
        let inner = try GraphBuilder<Ledger, Never>("inner")
            .node("a", writes: \.sum) { _ in try here(.innerNode, 1) }.start("a").end("a").build()
        let builder = ledgerBuilder(Never.self)
            .node("early", writes: \.items) { [effects] in effects.work($0, giving: [1, 2]) }
            .node("late", writes: \.draft) { _ in
                if isBroken { do { try await Signal().wait() } catch { notes.add("cancelled") } }
                return "late"
            }
        switch place {
        case .node: builder.node("work", writes: \.sum) { _ in try here(.node, 1) }
        case .question: builder.ask("work", writes: \.sum) { try here(.question, 1) }
        case .item:
            builder.map("work", over: \.items, writes: \.results, limit: 2) { _, item in
                item == 2 ? try here(.item, item) : item
            }
        case .enter, .leave, .innerNode:
            builder.graph("work", inner, writes: \.sum) {
                try here(.enter, Ledger())
            } leave: { (last: Ledger) -> Int in
                try here(.leave, last.sum)
            }
        case .listEnter, .listLeave:
            builder.map("work", over: \.items, inner, writes: \.results, limit: 2) {
                try here(.listEnter, Ledger(input: $0))
            } leave: {
                try here(.listLeave, $0.sum)
            }
        }
        return try builder.start("early").edge("early", to: "late", "work").end("late", "work").build()
    }

    @Test(
        "what user code throws comes out as it was thrown; branches beside it are cancelled and leave nothing",
        arguments: Place.allCases)
    func throwers(place: Place) async throws {
        let notes = Notes()
        let broken = try durable(throwing(at: place, isBroken: true, notes), store)
        let error = await #expect(throws: Broken.self) {
            _ = try await broken.start(Ledger(), context: makeContext())
        }
        #expect(error == Broken(node: 7) && notes.all == ["cancelled"])
        #expect(try await broken.state(of: ledgerKey) == Ledger(items: [1, 2]))
        let mended = try durable(throwing(at: place, isBroken: false, notes), store)
        var result = try await mended.resume(context: makeContext())
        if place == .question { result = try await mended.resume(context: makeContext(), answers: ["work#1": 1]) }
        let end = try #require(result.end)
        #expect(end.draft == "late" && end.sum + end.results.count > 0 && effects.all == ["early#1": 1])
    }

    // MARK: Limits

    private func rounds(_ count: Int) -> RestartedRun {
        RestartedRun(store: store) { [effects] in
            try ledgerBuilder(Never.self)
                .node("spin", writes: \.sum) { effects.work($0, giving: 1) }
                .start("spin").route("spin", reads: \.sum, to: ["spin", "out"]) { $0 < count ? "spin" : "out" }
                .node("out") { _ in }.end("out").build()
        }
    }

    @Test(
        "a run ends with a coded error before the activation over its limit, and goes on under a higher one",
        arguments: [Int.min, -1, 0, 1, 5])
    func activationLimit(limit: Int) async throws {
        let run = rounds(10)
        let allowed = max(0, limit)
        for attempt in 0..<2 {
            let error = await refusal {
                let runner = try run.runner(limit: limit)
                _ =
                    attempt == 0
                    ? try await runner.start(Ledger(), context: makeContext())
                    : try await runner.resume(context: makeContext())
            }
            #expect(error?.code == .activationLimit)
            #expect(error?.detail == "\(allowed) activations, before node \"spin\"")
            #expect(effects.all == once((0..<allowed).map { "spin#\($0 + 1)" }))
            #expect(try await run.state().sum == allowed)
        }
        #expect(try await run.resume().end?.sum == 10)
        #expect(effects.all == once((1...10).map { "spin#\($0)" }))
    }

    @Test("a graph that asks is refused before anything has run, where nothing is kept")
    func notKept() async throws {
        let inner = try GraphBuilder<Board, Never>("inner").ask("ask", writes: \.text) { "?" }
            .start("ask").end("ask").build()
        let notes = Notes()
        let graph = try boardBuilder().node("a") { _ in notes.add("a ran") }
            .graph("b", inner, writes: \.text, enter: { Board() }, leave: { $0.text })
            .start("a").edge("a", to: "b").end("b").build()
        let error = await #expect(throws: CodedError.self) { try await run(graph) }
        #expect(error?.code == .internalError && error?.detail == "\"board\" asks: use a DurableRunner")
        #expect(notes.all.isEmpty)
    }

    @Test("a run that is longer than its reader's limit can be read, and resuming it is refused for the limit alone")
    func lowerLimit() async throws {
        let run = rounds(10)
        _ = await refusal { _ = try await run.runner(limit: 8).start(Ledger(), context: makeContext()) }
        let strict = try run.runner(limit: 3)
        #expect(try await strict.state(of: ledgerKey).sum == 8)
        let error = await refusal { _ = try await strict.resume(context: makeContext()) }
        #expect(error?.code == .activationLimit)
        #expect(try await run.resume().end?.sum == 10)
        #expect(effects.all == once((1...10).map { "spin#\($0)" }))
    }

    @Test("a resume after its deadline, or in a cancelled task, starts nothing", arguments: [false, true])
    func tooLate(isEdited: Bool) async throws {
        let run = RestartedRun(store: store) { [effects] in
            try ledgerBuilder(Never.self)
                .node("first") { effects.note($0.step) }
                .node("second") { try effects.failOnce($0) }
                .start("first").edge("first", to: "second").end("second").build()
        }
        await #expect(throws: Broken.self) { try await run.start() }
        if isEdited { try await run.runner().edit(ledgerKey) { $0.name = "edited" } }
        let late = makeContext(run: "run_1", deadline: Instant(nanoseconds: 1))
        let error = await refusal { _ = try await run.runner().resume(context: late) }
        #expect(error?.code == .deadlineExceeded)
        let gate = Signal()
        let task = Task {
            try? await gate.wait()
            return try await run.resume()
        }
        task.cancel()
        gate.give()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(effects.all == ["first#1": 1, "second#1": 1])
        #expect(try await run.resume().end?.name == (isEdited ? "edited" : nil))
    }

    // MARK: Versions

    @Test("a newer form, another graph and another schema are checkpoint_version for every call, and claim nothing")
    func versions() async throws {
        let run = RestartedRun(store: store) { [effects] in
            try ledgerBuilder(Never.self)
                .node("first") { effects.note($0.step) }.ask("approve", writes: \.approval) { "?" }
                .start("first").edge("first", to: "approve").end("approve").build()
        }
        _ = try await run.start()
        let good = try await store.entries(of: ledgerKey, through: nil)
        for at in good.indices {
            for change in 0..<4 {
                var entries = good
                switch change {
                case 0: entries[at].form += 1
                case 1: entries[at].form = .max
                case 2: entries[at].graph ^= 1
                default: entries[at].schema += 1
                }
                let other = MemoryCheckpointer()
                try await other.create(ledgerKey)
                try await other.append(entries, to: ledgerKey, epoch: 1)
                let odd = RestartedRun(store: other, build: run.build)
                for error in await refusals({ try odd.runner() }, ledgerKey) {
                    #expect(error?.code == .checkpointVersion, "entry \(at), change \(change)")
                }
                #expect(try await other.claim(ledgerKey).epoch == 2, "a refused call has claimed the run")
            }
        }
        #expect(effects.all == ["first#1": 1])
    }

    // MARK: Whose run it is

    @Test("another's run is answered like one that never was, by every call, and nothing happens to it")
    func othersRuns() async throws {
        let graph = try ledgerBuilder(Never.self).ask("approve", writes: \.approval) { "?" }
            .start("approve").end("approve").build()
        let runner = try durable(graph, store)
        _ = try await runner.start(Ledger(), context: makeContext())
        let before = try await runner.history(of: ledgerKey)
        let me = Scope.local
        let others = [
            Scope(tenant: "t", user: me.user, key: me.key, role: me.role),
            Scope(tenant: me.tenant, user: "u", key: me.key, role: me.role),
            Scope(tenant: me.tenant, user: me.user, key: "k", role: me.role),
        ]
        for scope in others {
            let theirs = await refusals({ runner }, RunKey(scope, "run_1"), readsHistory: true)
            let unknown = await refusals({ runner }, RunKey(scope, "never"), readsHistory: true)
            #expect(theirs == unknown && theirs.count == 7)
            for error in theirs { #expect(error?.code == .runNotFound) }
        }
        #expect(try await runner.history(of: ledgerKey) == before)
        #expect(try await store.claim(ledgerKey).epoch == 2, "a refused call has claimed the run")
        // The name is free for them.
        let own = makeContext(run: "run_1", scope: others[0])
        #expect(try await runner.start(Ledger(), context: own).open?.count == 1)
    }

    /// What every call that names a run is refused with.
    private func refusals(
        _ runner: () throws -> DurableRunner<Ledger, Never>, _ key: RunKey, readsHistory: Bool = false
    ) async -> [CodedError?] {
        let context = makeContext(run: key.run, scope: key.scope)
        var errors = [
            await refusal("state") { _ = try await runner().state(of: key) },
            await refusal("questions") { _ = try await runner().questions(of: key) },
            await refusal("resume") { _ = try await runner().resume(context: context) },
            await refusal("answer") {
                _ = try await runner().resume(context: context, answers: ["approve#1": true])
            },
            await refusal("fork") { try await runner().fork(key, at: 3, to: "fork") },
            await refusal("edit") { try await runner().edit(key) { $0.sum = 1 } },
        ]
        if readsHistory { errors.append(await refusal("history") { _ = try await runner().history(of: key) }) }
        return errors
    }
}
