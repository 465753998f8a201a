import Base
import JSON
import Synchronization
import TestKit
import Testing

@testable import Graph

/// Kept runs of random graphs under random schedules, with the world stopped at random commits, the run cancelled and
/// questions answered in random order: to the end that the reference model says.
@Suite("Kept runs under any schedule") struct KeptScheduleTests {
    private struct Story: Equatable, Sendable {
        var board: Board?
        var failed = false
        var log: [String] = []
        var interruptions = 0
        var questions = 0
    }

    /// What one run is told with, and what has been seen of it.
    private struct Telling {
        let seed: UInt64
        let executor: SeededExecutor
        let runner: DurableRunner<Board, Never>
        let world: StoppingCheckpointer
        let effects: Effects
        var generator: SeededGenerator
        var story = Story()
        /// How often the work of each kept step had been done when it was kept.
        var keptBefore: [String: Int] = [:]
        var answers: [String: JSON] = [:]
        var isOver: Bool { story.board != nil || story.failed || story.log == ["never begun"] }
    }

    /// Everything that happens to one run, in the order that the seed gives.
    private func tell(_ random: RandomGraph, seed: UInt64) throws -> Story {
        let effects = Effects()
        let graph = try random.buildKept(effects)
        let executor = SeededExecutor(seed: seed)
        return try executor.run {
            var generator = SeededGenerator(seed: ~seed)
            let world = StoppingCheckpointer(after: 1 + Int(generator.next() % 12))
            var telling = Telling(
                seed: seed, executor: executor,
                runner: try DurableRunner(graph, checkpointer: world, time: FixedTime()), world: world,
                effects: effects, generator: generator)
            for attempt in 0..<200 {
                let stale = attempt == 0 ? nil : try? await world.claim(ledgerKey)
                try await take(await attempted(attempt == 0, &telling), &telling)
                await look(stale, &telling)
                if telling.isOver { break }
            }
            return telling.story
        }
    }

    /// One start or resume, with a bystander who cancels it or answers its questions while it runs.
    private func attempted(_ isFirst: Bool, _ telling: inout Telling) async -> Result<RunResult<Board>, any Error> {
        let (runner, answers, seed, live) = (telling.runner, telling.answers, telling.seed, LiveRun())
        let cancelAfter = telling.generator.next() % 6 == 0 ? Int(telling.generator.next() % 20) : Int.max
        let answersLive = telling.generator.next() % 2 == 0
        let task = Task(executorPreference: telling.executor) {
            isFirst
                ? try await runner.start(Board(), context: makeContext(), live: live)
                : try await runner.resume(context: makeContext(), answers: answers, live: live)
        }
        let bystander = Task(executorPreference: telling.executor) {
            for step in 0..<40 {
                if step == cancelAfter { task.cancel() }
                await Task.yield()
                guard answersLive, let question = live.open.randomElement(seed: seed &+ UInt64(step)) else { continue }
                try? await live.answer(question.id, with: question.content)
            }
        }
        let result = await task.result
        await bystander.value
        return result
    }

    private func take(_ result: Result<RunResult<Board>, any Error>, _ telling: inout Telling) async throws {
        telling.answers = [:]
        switch result {
        case .success(.finished(let board)): telling.story.board = board
        case .success(.parked(let questions)):
            telling.story.questions += questions.count
            #expect(!questions.isEmpty)
            for question in questions where telling.answers.isEmpty || telling.generator.next() % 3 == 0 {
                telling.answers[question.id] = question.content
            }
        case .failure(is Broken): telling.story.failed = true
        case .failure(let error):
            telling.story.interruptions += 1
            let code = (error as? CodedError)?.code
            if code == .runFinished {
                telling.story.board = try await telling.runner.state(of: ledgerKey)
            } else if code == .runNotFound {
                telling.story.log = ["never begun"]
            } else if !(error is CancellationError) {
                #expect(code == .internalError || code == .endNotReached, "seed \(telling.seed): \(error)")
            }
        }
    }

    /// Nothing that was kept has been worked on again, and a writer of before has no say any more.
    private func look(_ stale: RunClaim?, _ telling: inout Telling) async {
        guard !telling.isOver || telling.story.board != nil else { return }
        telling.story.log += telling.world.kept.map(\.step)
        telling.world.goOn(for: telling.generator.next() % 2 == 0 ? 1 + Int(telling.generator.next() % 12) : .max)
        let done = telling.effects.all
        for (step, count) in telling.keptBefore { #expect(done[step] == count, "\(step) was kept and done again") }
        let kept = Set(telling.world.kept.map(\.step))
        telling.keptBefore = done.filter { kept.contains($0.key) }
        guard let stale, let now = try? await telling.world.claim(ledgerKey), now.epoch > stale.epoch else { return }
        let late = CheckpointEntry(
            sequence: stale.lastSequence + 1, kind: .delta, graph: 0, schema: 1, step: "", bytes: [], form: 1)
        await #expect(throws: CodedError.staleWriter()) {
            try await telling.world.appendLate([late], to: ledgerKey, epoch: stale.epoch)
        }
    }

    @Test("the end is the model's, whatever the schedule, the stops, the cancellations and the order of answers")
    func anyStory() throws {
        var (finished, failed, interrupted, asked) = (0, 0, 0, 0)
        for seed in 0..<ScheduleTests.seeds {
            let random = RandomGraph.acyclic(seed: seed)
            let model = ReferenceModel(random, isKept: true)
            let story = try tell(random, seed: seed)
            if story.log == ["never begun"] { continue }
            if !model.unhandled.isEmpty {
                try #require(story.failed, "seed \(seed)")
                failed += 1
            } else if model.passedEnd {
                try #require(story.board == model.board, "seed \(seed)")
                finished += 1
            }
            interrupted += story.interruptions
            asked += story.questions
        }
        let count = Int(ScheduleTests.seeds)
        #expect(finished > count / 2 && failed > count / 100 && interrupted > count / 4 && asked > count / 4)
    }

    @Test("the same seed gives the same story, to the byte")
    func sameStory() throws {
        for seed in 0..<100 as Range<UInt64> {
            let random = RandomGraph.acyclic(seed: seed)
            #expect(try tell(random, seed: seed) == tell(random, seed: seed), "seed \(seed)")
        }
    }
}

extension Array {
    fileprivate func randomElement(seed: UInt64) -> Element? {
        var generator = SeededGenerator(seed: seed)
        return randomElement(using: &generator)
    }
}
