import Base
import JSON
import Synchronization
import TestKit
import Testing

@testable import Graph

/// Questions beside branches that go on: what every other engine is reported to get wrong.
@Suite("Questions that a run asks") struct QuestionTests {
    private let store = MemoryCheckpointer()

    /// Two that ask beside one another, a branch that works meanwhile, and a join.
    private func approvals(_ effects: Effects) throws -> Graph<Ledger, Never> {
        try ledgerBuilder()
            .node("plan", writes: \.draft) { context in
                effects.note(context.step)
                return "plan"
            }
            .ask("approve", reads: \.draft, writes: \.approval) { ["approve": .string($0 ?? "")] }
            .ask("sign", reads: \.draft, writes: \.name) { ["sign": .string($0 ?? "")] }
            .node("work", writes: \.log) { context in
                effects.note(context.step)
                return ["worked"]
            }
            .node("join", reads: \.approval, \.name, writes: \.log) { context, approval, name in
                effects.note(context.step)
                return ["\(approval.map { "\($0)" } ?? "-") by \(name ?? "-")"]
            }
            .start("plan")
            .edge("plan", to: "approve", "sign", "work")
            .edge("approve", to: "join").edge("sign", to: "join").edge("work", to: "join")
            .end("join")
            .build()
    }

    private func parked<State>(_ result: RunResult<State>) -> [Question] {
        guard case .parked(let questions) = result else {
            Issue.record("not parked: \(result)")
            return []
        }
        return questions
    }

    @Test(
        "several questions are answered one at a time, in any order, and nothing runs again", arguments: [false, true])
    func oneAtATime(backwards: Bool) async throws {
        let effects = Effects()
        let runner = try durable(try approvals(effects), store)
        let questions = parked(try await runner.start(Ledger(), context: makeContext()))
        #expect(questions.map(\.id) == ["approve#1", "sign#1"])
        #expect(questions.map(\.content) == [["approve": "plan"], ["sign": "plan"]])
        #expect(effects.all == ["plan#1": 1, "work#1": 1])
        #expect(try await runner.questions(of: ledgerKey) == questions)

        var answers: [(String, JSON)] = [("approve#1", true), ("sign#1", "Ada")]
        if backwards { answers.reverse() }
        let left = parked(try await runner.resume(context: makeContext(), answers: [answers[0].0: answers[0].1]))
        #expect(left.map(\.id) == [answers[1].0])
        #expect(effects.all == ["plan#1": 1, "work#1": 1])
        let end = try await runner.resume(context: makeContext(), answers: [answers[1].0: answers[1].1])
        guard case .finished(let state) = end else { return #expect(Bool(false), "\(end)") }
        #expect(state.log == ["worked", "true by Ada"])
        #expect(effects.all == ["plan#1": 1, "work#1": 1, "join#1": 1])
    }

    @Test("all at once, too; and resuming without an answer asks the same again")
    func allAtOnce() async throws {
        let effects = Effects()
        let runner = try durable(try approvals(effects), store)
        let questions = parked(try await runner.start(Ledger(), context: makeContext()))
        #expect(parked(try await runner.resume(context: makeContext())) == questions)
        let end = try await runner.resume(context: makeContext(), answers: ["sign#1": "Bo", "approve#1": false])
        guard case .finished(let state) = end else { return #expect(Bool(false), "\(end)") }
        #expect(state.log.last == "false by Bo")
        #expect(effects.all == ["plan#1": 1, "work#1": 1, "join#1": 1])
    }

    @Test("a wrong answer is refused before anything is done, and the run waits on")
    func wrongAnswers() async throws {
        let runner = try durable(try approvals(Effects()), store)
        let questions = parked(try await runner.start(Ledger(), context: makeContext()))
        let rows: [([String: JSON], ErrorCode)] = [
            (["approve#1": "yes"], .invalidType), (["approve#1": nil, "sign#1": 7], .invalidType),
            (["approve#2": true], .invalidValue), (["plan#1": true], .invalidValue), (["": true], .invalidValue),
            (["approve": true], .invalidValue), (["approve#1/sign#1": true], .invalidValue),
        ]
        let length = try await runner.history(of: ledgerKey).count
        for (answers, code) in rows {
            do {
                _ = try await runner.resume(context: makeContext(), answers: answers)
                Issue.record("\(answers) were taken")
            } catch { #expect((error as? CodedError)?.code == code, "\(answers): \(error)") }
        }
        #expect(try await runner.history(of: ledgerKey).count == length)
        #expect(try await runner.questions(of: ledgerKey) == questions)
    }

    @Test("an answer that comes while a sibling runs reaches its branch at once")
    func live() async throws {
        let began = EventLog<Void>()
        let go = Signal()
        let log = EventLog<String>()
        let graph = try ledgerBuilder(Never.self)
            .node("plan", writes: \.draft) { _ in "plan" }
            .ask("approve", writes: \.approval) { "?" }
            .node("after", reads: \.approval, writes: \.log) { _, approval in
                log.append("after \(approval ?? false)")
                return ["after"]
            }
            .node("slow", writes: \.log) { _ in
                began.append(())
                try await go.wait()
                return ["slow"]
            }
            .start("plan").edge("plan", to: "approve", "slow").edge("approve", to: "after")
            .end("after", "slow").build()
        let live = LiveRun()
        let runner = try durable(graph, store)
        async let result = runner.start(Ledger(), context: makeContext(), live: live)
        try await began.atLeast(1)
        await #expect(throws: CodedError.self) { try await live.answer("approve#1", with: "yes") }
        await #expect(throws: CodedError.self) { try await live.answer("other#1", with: true) }
        try await live.answer("approve#1", with: true)
        try await log.atLeast(1)
        await #expect(throws: CodedError.self) { try await live.answer("approve#1", with: false) }
        go.give()
        guard case .finished(let state) = try await result else { return #expect(Bool(false)) }
        #expect(state.log == ["after", "slow"] && state.approval == true)
        await #expect(throws: CodedError.self) { try await live.answer("approve#1", with: true) }
    }

    @Test("graphs inside graphs and lists ask too, each for itself")
    func nested() async throws {
        let effects = Effects()
        let inner = try GraphBuilder<Ledger, Never>("inner").field(\.log, .append)
            .node("prepare", reads: \.input, writes: \.log) { context, input in
                effects.note(context.step)
                return ["prepared \(input)"]
            }
            .ask("approve", reads: \.input, writes: \.approval) { .int(Int64($0)) }
            .node("finish", reads: \.approval, \.input, writes: \.sum) { context, approval, input in
                effects.note(context.step)
                return approval == true ? input : 0
            }
            .start("prepare").edge("prepare", to: "approve").edge("approve", to: "finish").end("finish").build()
        let graph = try ledgerBuilder()
            .node("begin", writes: \.items) { _ in [1, 2, 3] }
            .map("each", over: \.items, inner, writes: \.results, limit: 2) { item in
                Ledger(input: item)
            } leave: {
                $0.sum
            }
            .graph("one", inner, writes: \.sum) {
                Ledger(input: 100)
            } leave: {
                $0.sum
            }
            .start("begin").edge("begin", to: "each", "one").end("each", "one").build()
        let runner = try durable(graph, store)
        var open = parked(try await runner.start(Ledger(), context: makeContext()))
        // Two of the list are at work at a time, but who waits for an answer keeps nobody else from asking.
        #expect(open.map(\.id) == (0..<3).map { "each#1[\($0)]/approve#1" } + ["one#1/approve#1"])
        #expect(open.map(\.node) == (0..<3).map { "each[\($0)]/approve" } + ["one/approve"])
        let yes: Set<JSON> = [2, 3, 100]
        var result = RunResult<Ledger>.parked(open)
        var asked: [String] = []
        while case .parked(let questions) = result {
            open = questions
            let question = try #require(open.last)
            asked.append(question.id)
            result = try await runner.resume(
                context: makeContext(), answers: [question.id: .bool(yes.contains(question.content))])
        }
        guard case .finished(let state) = result else { return }
        #expect(state.results == [0, 2, 3] && state.sum == 100)
        #expect(Set(asked) == ["each#1[0]/approve#1", "each#1[1]/approve#1", "each#1[2]/approve#1", "one#1/approve#1"])
        #expect(effects.all.values.allSatisfy { $0 == 1 } && effects.all.count == 8)
    }

    @Test("a question in a loop is a new one each round")
    func loops() async throws {
        let graph = try ledgerBuilder()
            .ask("more", reads: \.sum, writes: \.approval) { .int(Int64($0)) }
            .node("add", writes: \.sum) { _ in 1 }
            .start("more").edge("more", to: "add")
            .route("add", reads: \.approval, to: ["more", "done"]) { $0 == true ? "more" : "done" }
            .node("done", writes: \.log) { _ in ["done"] }.end("done").build()
        let runner = try durable(graph, store)
        var result = try await runner.start(Ledger(), context: makeContext())
        for round in 1...200 {
            let questions = parked(result)
            #expect(questions.map(\.id) == ["more#\(round)"] && questions.first?.content == .int(Int64(round - 1)))
            result = try await runner.resume(context: makeContext(), answers: ["more#\(round)": .bool(round < 200)])
        }
        guard case .finished(let state) = result else { return #expect(Bool(false), "\(result)") }
        #expect(state.sum == 200)
    }

    @Test("one that is cancelled while it asks can be resumed")
    func cancelled() async throws {
        let began = EventLog<Void>()
        let isFirst = Mutex(true)
        let graph = try ledgerBuilder()
            .ask("approve", writes: \.approval) { "?" }
            .node("hang") { _ in
                guard isFirst.withLock({ $0 }) else { return }
                began.append(())
                try await Signal().wait()
            }
            .start("approve", "hang").end("approve", "hang").build()
        let hanging = try durable(graph, store)
        let task = Task { try await hanging.start(Ledger(), context: makeContext()) }
        try await began.atLeast(1)
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(try await hanging.questions(of: ledgerKey).isEmpty)
        isFirst.withLock { $0 = false }
        #expect(parked(try await hanging.resume(context: makeContext())).map(\.id) == ["approve#1"])
        let end = try await hanging.resume(context: makeContext(), answers: ["approve#1": true])
        #expect(end == .finished(Ledger(approval: true)))
    }

    @Test("an item that fails beside a question in another branch ends the run, and is not taken for a rest")
    func failingItem() async throws {
        for limit in 1...3 {
            let graph = try ledgerBuilder()
                .node("begin", writes: \.items) { _ in [1, 2, 3] }
                .map("each", over: \.items, writes: \.results, limit: limit) { _, item in
                    await Task.yield()
                    if item == 1 { throw Broken(node: item) }
                    return item
                }
                .ask("approve", writes: \.approval) { "?" }
                .start("begin").edge("begin", to: "each", "approve").end("each", "approve").build()
            for seed in 0..<50 as Range<UInt64> {
                let outcome = try SeededExecutor(seed: seed).run {
                    do {
                        _ = try await durable(graph, MemoryCheckpointer()).start(Ledger(), context: makeContext())
                        return "no error"
                    } catch { return "\(type(of: error))" }
                }
                #expect(outcome == "Broken", "limit \(limit), seed \(seed)")
            }
        }
    }

    @Test("an answer as deep as any JSON may be is kept and read again")
    func deepAnswer() async throws {
        struct Deep: Codable, Sendable { var value: JSON = nil }
        let graph = try GraphBuilder<Deep, Never>("deep")
            .ask("a", writes: \.value) { "?" }.ask("b", writes: \.value) { "?" }
            .start("a").edge("a", to: "b").end("b").build()
        let runner = try DurableRunner(graph, checkpointer: store, time: FixedTime())
        var deep: JSON = 1
        for _ in 0..<62 { deep = [deep] }
        _ = try await runner.start(Deep(), context: makeContext())
        _ = try await runner.resume(context: makeContext(), answers: ["a#1": deep])
        try await runner.edit(ledgerKey) { _ in }
        #expect(try await runner.state(of: ledgerKey).value == deep)
    }

    @Test("without somebody who keeps the run, asking is an error that says what to do")
    func unkept() async throws {
        let graph = try approvals(Effects())
        let error = await #expect(throws: CodedError.self) {
            try await Runner(graph, time: FixedTime()).run(Ledger(), context: makeContext())
        }
        #expect(error?.detail?.contains("DurableRunner") == true)
    }
}
