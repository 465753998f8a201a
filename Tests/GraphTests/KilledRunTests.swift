import Base
import Foundation
import JSON
import Testing

@testable import Graph

/// Runs whose process stops at a commit, at every one and on both sides of it, while another process takes over. What
/// the first one does when it wakes is what a writer does that was not dead but slow.
@Suite("Runs killed at their commits") struct KilledRunTests {
    /// More of them with `GRAPH_KILLS`, for the slow proof.
    static let seeds = ProcessInfo.processInfo.environment["GRAPH_KILLS"].flatMap { UInt64($0) } ?? 100

    /// What has been seen, so that none of it is missing.
    private struct Tally {
        var kills = 0
        var storedKills = 0
        var refusals = 0
        /// Writers of before that were told so when they woke.
        var toldStale = 0
        var doneAgain = 0
    }

    /// Kills a run at every commit of the undisturbed one, before it is stored and after.
    private func killEverywhere(_ run: KilledRun, _ undisturbed: KilledRun.Undisturbed, _ tally: inout Tally) throws {
        for append in 1...undisturbed.appends {
            for isStored in [false, true] {
                let outcome = try run.killed(at: Kill(append: append, isStored: isStored), comparedWith: undisturbed)
                tally.kills += 1
                tally.refusals += outcome.refusals
                if isStored { tally.storedKills += 1 }
                if outcome.toldStale { tally.toldStale += 1 }
                if outcome.doneAgain { tally.doneAgain += 1 }
            }
        }
    }

    private func expectEnough(_ tally: Tally, runs: Int) {
        #expect(tally.kills > 20 * runs && tally.storedKills * 2 == tally.kills)
        // At least the last word of everybody is refused, and most wake in the middle of things.
        #expect(tally.refusals >= tally.kills && tally.toldStale * 2 > tally.kills)
        #expect(tally.doneAgain > tally.kills / 10)
    }

    @Test("killed at any commit, any run comes to its end elsewhere: no step is lost, none is committed twice")
    func anyGraph() throws {
        var tally = Tally()
        var (asking, failing, looping) = (0, 0, 0)
        for seed in 0..<Self.seeds {
            let (run, model) = try subject(seed)
            let undisturbed = try run.undisturbed()
            guard isRight(undisturbed.end, model) else { throw Disproof("seed \(seed): \(undisturbed.end)") }
            if case .failed = undisturbed.end { failing += 1 }
            if undisturbed.asks { asking += 1 }
            // Some node of it has begun at least twice.
            if undisturbed.work.keys.contains(where: { $0.contains("#2") }) { looping += 1 }
            try killEverywhere(run, undisturbed, &tally)
        }
        let count = Int(Self.seeds)
        print(
            "killed \(tally.kills) runs of \(count) graphs at every commit, half of them after it was stored;",
            "\(asking) graphs ask, \(failing) fail, \(looping) loop;",
            "\(tally.kills) stale writers refused, \(tally.refusals) times")
        expectEnough(tally, runs: count)
        #expect(asking > count / 4 && failing > count / 100 && looping > count / 50)
    }

    /// Whether the model says so too.
    private func isRight(_ end: RunProcess.End, _ model: any GraphModel) -> Bool {
        switch end {
        case .finished(let board): model.unhandled.isEmpty && model.passedEnd && board == model.board
        case .nowhere: model.unhandled.isEmpty && !model.passedEnd
        case .failed(let node): model.unhandled.contains(node)
        case .stale, .parked, .other: false
        }
    }

    /// A random graph, and what it comes to.
    private func subject(_ seed: UInt64) throws -> (KilledRun, any GraphModel) {
        let outside = Outside()
        var random = RandomGraph.acyclic(seed: seed, maximum: seed % 8 == 7 ? 30 : 14)
        if [3, 6].contains(seed % 8) {
            let cyclic = RandomGraph.cyclic(seed: seed)
            if !cyclic.back.isEmpty, (try? cyclic.buildKept(outside)) != nil { random = cyclic }
        }
        let model = random.keptModel
        let run = KilledRun(
            graph: try random.buildKept(outside), outside: outside, seed: seed, unhandled: model.unhandled,
            limits: random.limits, deadline: random.deadline)
        return (run, model)
    }

    @Test("the same of runs so long that snapshots are kept in the middle of them")
    func snapshots() throws {
        var tally = Tally()
        var midway = 0
        let count = max(4, Int(Self.seeds / 30))
        for seed in 0..<UInt64(count) {
            let outside = Outside()
            let run = KilledRun(graph: try wordy(outside, seed), outside: outside, seed: seed, unhandled: [])
            let undisturbed = try run.undisturbed()
            guard case .finished(let board) = undisturbed.end else {
                throw Disproof("seed \(seed): \(undisturbed.end)")
            }
            try #require(board.sum == 3 && board.mapped.count == 9 && board.last == 7)
            let snapshots = undisturbed.entries.filter { $0.kind == .snapshot }
            try #require(snapshots.count > 1)
            if snapshots.contains(where: { String(decoding: $0.bytes, as: UTF8.self).contains("unfinished\":[{") }) {
                midway += 1
            }
            try killEverywhere(run, undisturbed, &tally)
        }
        expectEnough(tally, runs: count)
        #expect(midway > 0, "no snapshot was kept while something inside a node was unfinished")
    }

    /// Three rounds of long writes, beside a list and a graph that asks.
    private func wordy(_ outside: Outside, _ seed: UInt64) throws -> Graph<Board, Never> {
        let inner = try boardBuilder()
            .node("think", writes: \.plain) {
                outside.note($0.step)
                return 7
            }
            .ask("ask", reads: \.plain, writes: \.last) { .int(Int64($0)) }
            .start("think").edge("think", to: "ask").end("ask").build()
        return try boardBuilder()
            .node("go") { outside.note($0.step) }
            .node("say", writes: \.text) { context in
                outside.note(context.step)
                for _ in 0..<(seed + UInt64(context.activation)) % 8 { await Task.yield() }
                return String(repeating: "x", count: 34_000)
            }
            .map("list", over: \.items, writes: \.mapped, limit: 2) { context, item in
                outside.note(context.step)
                await Task.yield()
                return item
            }
            .graph("talk", inner, writes: \.last) {
                Board()
            } leave: {
                $0.last
            }
            .node("join", writes: \.sum) {
                outside.note($0.step)
                return 1
            }
            .node("done") { outside.note($0.step) }
            .start("go").edge("go", to: "say", "list", "talk")
            .edge("say", to: "join").edge("list", to: "join").edge("talk", to: "join")
            .route("join", reads: \.sum, to: ["go", "done"]) { $0 < 3 ? "go" : "done" }
            .end("done").build()
    }
}
