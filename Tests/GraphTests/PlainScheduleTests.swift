import Base
import TestKit
import Testing

@testable import Graph

/// The graphs of the kept runs, run plainly: by the runner itself, on a random schedule, beside a kept run of the very
/// same graph.
@Suite("Plain runs under any schedule") struct PlainScheduleTests {
    private enum End: Equatable, Sendable {
        case finished(Board), failed(Int), nowhere, cancelled
        case other(String)

        init(_ error: any Error) {
            self =
                switch error {
                case let broken as Broken: .failed(broken.node)
                case let coded as CodedError where coded.code == .endNotReached: .nowhere
                case is CancellationError: .cancelled
                default: .other("\(error)")
                }
        }
    }

    private struct Story: Equatable, Sendable {
        var plain: End
        var kept: End
        var heard: [Audience.Heard]
    }

    /// They share what is outside: one may find in the cache what the other has kept there.
    private func tell(
        _ random: RandomGraph, seed: UInt64, cancelAfter: Int? = nil, outside: Outside = Outside()
    ) throws -> Story {
        let graph = try random.buildKept(outside, asks: false)
        let executor = SeededExecutor(seed: seed)
        return try executor.run {
            let (time, context) = (LeapingTime(), makeContext(deadline: random.deadline))
            let runner = Runner(graph, time: time, limits: random.limits)
            let durable = try DurableRunner(
                graph, checkpointer: MemoryCheckpointer(), time: time, limits: random.limits)
            let audience = Audience(~seed, on: executor)
            let plain = Task(executorPreference: executor) {
                do {
                    return End.finished(try await runner.run(Board(), context: context, events: audience.listeners))
                } catch {
                    return End(error)
                }
            }
            let kept = Task(executorPreference: executor) {
                do {
                    guard case .finished(let board) = try await durable.start(Board(), context: context) else {
                        return End.other("parked")
                    }
                    return End.finished(board)
                } catch {
                    return End(error)
                }
            }
            if let cancelAfter {
                for _ in 0..<cancelAfter { await Task.yield() }
                plain.cancel()
            }
            return Story(plain: await plain.value, kept: await kept.value, heard: await audience.leave())
        }
    }

    /// Whether the model says so too.
    private func isRight(_ end: End, _ model: ReferenceModel) -> Bool {
        switch end {
        case .finished(let board): model.unhandled.isEmpty && model.passedEnd && board == model.board
        case .failed(let node): model.unhandled.contains(node)
        case .nowhere: model.unhandled.isEmpty && !model.passedEnd
        case .cancelled, .other: false
        }
    }

    @Test("the end is the model's, whatever the schedule, the bounds and the policies, and beside a kept run the same")
    func anyStory() throws {
        var (finished, failed, nowhere) = (0, 0, 0)
        let outside = Outside()
        for seed in 0..<(ScheduleTests.seeds / 2) {
            let random = RandomGraph.acyclic(seed: seed)
            let model = ReferenceModel(random, isKept: true)
            outside.forget()
            let story = try tell(random, seed: seed, outside: outside)
            try #require(isRight(story.plain, model), "seed \(seed): \(story.plain)")
            try #require(isRight(story.kept, model), "seed \(seed): \(story.kept)")
            try #require(story.heard.allSatisfy { $0.isWhole }, "seed \(seed)")
            switch story.plain {
            case .finished: finished += 1
            case .failed: failed += 1
            default: nowhere += 1
            }
        }
        let (count, tally) = (Int(ScheduleTests.seeds / 2), outside.tally)
        #expect(finished > count / 2 && failed > count / 100 && nowhere > count / 100)
        #expect(tally.retries > count && tally.fallbacks > count / 2 && tally.cacheHits > count / 4)
    }

    @Test("cancelled at any moment it is either over already or cancelled, and the kept run beside it does not notice")
    func cancelled() throws {
        var count = 0
        for seed in 0..<(ScheduleTests.seeds / 5) {
            let random = RandomGraph.acyclic(seed: seed)
            let model = ReferenceModel(random, isKept: true)
            let story = try tell(random, seed: seed, cancelAfter: Int(seed % 40))
            if story.plain == .cancelled { count += 1 }
            try #require(story.plain == .cancelled || isRight(story.plain, model), "seed \(seed): \(story.plain)")
            try #require(isRight(story.kept, model), "seed \(seed): \(story.kept)")
            try #require(story.heard.allSatisfy { $0.isWhole }, "seed \(seed)")
        }
        #expect(count > Int(ScheduleTests.seeds / 20))
    }

    @Test("the same seed gives the same story, to the last event")
    func sameStory() throws {
        for seed in 0..<100 as Range<UInt64> {
            let random = RandomGraph.acyclic(seed: seed)
            #expect(try tell(random, seed: seed) == tell(random, seed: seed), "seed \(seed)")
        }
    }
}
