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
        var isNowhere = false
        var log: [String] = []
        var interruptions = 0
        var questions = 0
        /// What listeners have heard, call by call.
        var heard: [Audience.Heard] = []
    }

    /// What one run is told with, and what has been seen of it.
    private struct Telling {
        let seed: UInt64
        let executor: SeededExecutor
        let runner: DurableRunner<Board, Never>
        let world: StoppingCheckpointer
        let outside: Outside
        let deadline: Instant?
        var generator: SeededGenerator
        var story = Story()
        /// How often the work of each kept step had been done when it was kept.
        var keptBefore: [String: Int] = [:]
        var answers: [String: JSON] = [:]
        var isOver: Bool { story.board != nil || story.failed || story.isNowhere || story.log == ["never begun"] }
    }

    /// One in five has loops.
    private func graph(_ seed: UInt64) -> RandomGraph {
        seed % 5 == 3 ? .cyclic(seed: seed) : .acyclic(seed: seed)
    }

    /// Everything that happens to one run, in the order that the seed gives.
    private func tell(_ random: RandomGraph, seed: UInt64, outside: Outside = Outside()) throws -> Story {
        let graph = try random.buildKept(outside)
        let executor = SeededExecutor(seed: seed)
        return try executor.run {
            var generator = SeededGenerator(seed: ~seed)
            let world = StoppingCheckpointer(after: 1 + Int(generator.next() % 12))
            var telling = Telling(
                seed: seed, executor: executor,
                runner: try DurableRunner(
                    graph, checkpointer: world, time: LeapingTime(), limits: random.limits),
                world: world, outside: outside, deadline: random.deadline, generator: generator)
            for attempt in 0..<200 {
                let stale = attempt == 0 ? nil : try? await world.claim(ledgerKey)
                try await take(await attempted(attempt == 0, &telling), &telling)
                await look(stale, &telling)
                if telling.isOver { break }
            }
            return telling.story
        }
    }

    /// One start or resume, with a bystander who cancels it or answers its questions while it runs, and an audience.
    private func attempted(_ isFirst: Bool, _ telling: inout Telling) async -> Result<RunResult<Board>, any Error> {
        let (runner, answers, seed, live) = (telling.runner, telling.answers, telling.seed, LiveRun())
        let cancelAfter = telling.generator.next() % 6 == 0 ? Int(telling.generator.next() % 20) : Int.max
        let answersLive = telling.generator.next() % 2 == 0
        let audience = Audience(telling.generator.next(), on: telling.executor)
        let context = makeContext(deadline: telling.deadline)
        let task = Task(executorPreference: telling.executor) {
            isFirst
                ? try await runner.start(Board(), context: context, live: live, events: audience.listeners)
                : try await runner.resume(
                    context: context, answers: answers, live: live, events: audience.listeners)
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
        let heard = await audience.leave()
        #expect(heard.allSatisfy { $0.isWhole }, "seed \(seed): \(heard)")
        telling.story.heard += heard
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
            let code = (error as? CodedError)?.code
            telling.story.interruptions += code == .endNotReached ? 0 : 1
            if code == .endNotReached {
                telling.story.isNowhere = true
            } else if code == .runFinished {
                telling.story.board = try await telling.runner.state(of: ledgerKey)
            } else if code == .runNotFound {
                telling.story.log = ["never begun"]
            } else if !(error is CancellationError) {
                #expect(code == .internalError, "seed \(telling.seed): \(error)")
            }
        }
    }

    /// Nothing that was kept has been worked on again, and a writer of before has no say any more.
    private func look(_ stale: RunClaim?, _ telling: inout Telling) async {
        guard !telling.isOver || telling.story.board != nil else { return }
        telling.story.log += telling.world.kept.map(\.step)
        telling.world.goOn(for: telling.generator.next() % 2 == 0 ? 1 + Int(telling.generator.next() % 12) : .max)
        let done = telling.outside.work
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
        var (finished, failed, nowhere, interrupted, asked, heard) = (0, 0, 0, 0, 0, 0)
        let outside = Outside()
        for seed in 0..<ScheduleTests.seeds {
            let random = graph(seed)
            let model = random.keptModel
            outside.forget()
            let story = try tell(random, seed: seed, outside: outside)
            if story.log == ["never begun"] { continue }
            if !model.unhandled.isEmpty {
                try #require(story.failed, "seed \(seed)")
                failed += 1
            } else if model.passedEnd {
                try #require(story.board == model.board, "seed \(seed)")
                finished += 1
            } else {
                try #require(story.isNowhere, "seed \(seed)")
                nowhere += 1
            }
            interrupted += story.interruptions
            asked += story.questions
            heard += story.heard.count
        }
        let count = Int(ScheduleTests.seeds)
        let tally = outside.tally
        #expect(finished > count / 2 && failed > count / 100 && nowhere > count / 100)
        #expect(interrupted > count / 4 && asked > count / 4 && heard > count / 2)
        #expect(tally.retries > count && tally.fallbacks > count / 2 && tally.cacheHits > count / 100)
    }

    @Test("the same seed gives the same story, to the byte")
    func sameStory() throws {
        for seed in 0..<100 as Range<UInt64> {
            let random = graph(seed)
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
