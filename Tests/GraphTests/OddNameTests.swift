import Base
import JSON
import TestKit
import Testing

@testable import Graph

/// Names of nodes are anybody's text: keys of steps, ids of questions and what is kept have to do with all of it.
@Suite("Bad input: names of nodes") struct OddNameTests {
    private let store = MemoryCheckpointer()

    private static let names: [String] = [
        "", " ", "a/b#1[0]%", "a#1", "a#1/b", "[0]", "#", "/", "%", "%2F", "%252F", "]#[/%", "a\"b\\c\n\t",
        "\u{7F}\u{80}",
        "日本語", "👩‍👩‍👧‍👦", "#️⃣", "e\u{301}", "\u{301}x", "a/\u{301}b", "x\u{600}", "x\u{200D}", "\u{FE0F}", "\u{202E}txt.exe",
        "\u{FFFD}\u{10FFFF}", String(repeating: "n", count: 10_000), String(repeating: "/#", count: 5_000),
    ]

    /// Three graphs inside one another, each with a node of the name, the middle one on a list; the innermost asks.
    private func run(_ name: String, _ effects: Effects) -> RestartedRun {
        RestartedRun(store: store) {
            let innermost = try GraphBuilder<Ledger, Never>("innermost").field(\.sum, .sum)
                .node("before \(name)") { effects.note($0.step) }
                .ask(name, reads: \.input, writes: \.sum) { .int(Int64($0)) }
                .node("after \(name)") { effects.note($0.step) }
                .start("before \(name)").edge("before \(name)", to: name).edge(name, to: "after \(name)")
                .end("after \(name)").build()
            let middle = try GraphBuilder<Ledger, Never>("middle")
                .map(name, over: \.items, innermost, writes: \.results, limit: 2) { item in
                    Ledger(input: item)
                } leave: {
                    $0.sum
                }
                .start(name).end(name).build()
            return try ledgerBuilder(Never.self)
                .graph(name, middle, writes: \.results) {
                    Ledger(items: [1, 2])
                } leave: {
                    $0.results
                }
                .start(name).end(name).build()
        }
    }

    @Test("a node of any name is kept, asks, is answered and goes on", arguments: names.indices)
    func anyName(index: Int) async throws {
        let name = Self.names[index]
        let effects = Effects()
        let run = run(name, effects)
        let open = try #require(try await run.start().open)
        #expect(open.count == 2 && Set(open.map(\.id)).count == 2)
        #expect(open.map(\.node) == (0...1).map { "\(name)/\(name)[\($0)]/\(name)" })
        #expect(try await run.questions() == open)
        #expect(try await run.resume([open[1].id: 20]).open == [open[0]])
        #expect(await refusal { _ = try await run.resume([open[1].id: 30]) }?.code == .invalidValue)
        try await run.runner().edit(ledgerKey) { $0.name = name }
        let end = try #require(try await run.resume([open[0].id: 10]).end)
        #expect(end.results == [10, 20] && end.name == name)
        #expect(effects.all.count == 4 && effects.all.values.allSatisfy { $0 == 1 })
    }

    @Test("names that look like the steps of others take no step, answer or item of theirs")
    func lookalikes() async throws {
        let effects = Effects()
        let run = RestartedRun(store: store) {
            let agent = try agent { effects.note($0.step) }
            let builder = ledgerBuilder(Never.self).node("begin", writes: \.items) { _ in [1, 2] }.start("begin")
            builder.map("a", over: \.items, agent, writes: \.results, limit: 2) { item in
                Ledger(input: item)
            } leave: {
                $0.sum
            }
            .edge("begin", to: "a").end("a")
            for (number, name) in ["a#1", "a#1[0]", "a#1/amount", "a[0]", "a#1[0]/amount", "a#1[0]/amount#1"]
                .enumerated()
            {
                builder.graph(name, agent, writes: \.log) {
                    Ledger(input: 10 + number)
                } leave: {
                    ["\(name) \($0.sum)"]
                }
                .edge("begin", to: name).end(name)
            }
            return try builder.build()
        }
        var open = try #require(try await run.start().open)
        #expect(Set(open.map(\.id)).count == 8 && Set(open.map(\.content)).count == 8)
        var generator = SeededGenerator(seed: 1)
        var end: Ledger?
        while let question = open.randomElement(using: &generator) {
            let result = try await run.resume([question.id: question.content])
            open.removeAll { $0.id == question.id }
            #expect(result.open ?? [] == open)
            end = result.end
        }
        #expect(end?.results == [1, 2])
        #expect(end?.log.map { $0.split(separator: " ").last.map(String.init) } == (10...15).map { "\($0)" })
        #expect(effects.all.count == 16 && effects.all.values.allSatisfy { $0 == 1 })
    }

    @Test("a name that cannot be kept is found when the runner is made, and not when the run is resumed")
    func nul() async throws {
        let runner: DurableRunner<Ledger, Never>
        do {
            let graph = try ledgerBuilder(Never.self)
                .node("a\u{0}b", writes: \.log) { _ in ["done"] }
                .ask("approve", writes: \.approval) { "?" }
                .start("a\u{0}b").edge("a\u{0}b", to: "approve").end("approve").build()
            runner = try durable(graph, store)
        } catch { return #expect(error is GraphBuildError) }
        _ = try await runner.start(Ledger(), context: makeContext())
        let end = try await runner.resume(context: makeContext(), answers: ["approve#1": true]).end
        #expect(end?.log == ["done"])
    }
}
