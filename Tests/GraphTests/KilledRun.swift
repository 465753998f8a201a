import Base
import JSON
import Synchronization
import TestKit

@testable import Graph

/// Where a process stands still: at an append that is not stored yet, or that is and of which it has yet to hear.
struct Kill: CustomStringConvertible, Sendable {
    let append: Int
    let isStored: Bool
    var description: String { "killed \(isStored ? "after" : "before") append \(append) was stored" }
}

/// What does not hold, with what it takes to see it again.
struct Disproof: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The run of one graph under one schedule: left alone, or killed at one of its commits and taken over by another
/// process.
struct KilledRun: Sendable {
    /// What the run is when nobody disturbs it.
    struct Undisturbed: Sendable {
        let end: RunProcess.End
        let appends: Int
        let entries: [CheckpointEntry]
        let records: Set<String>
        let work: [String: Int]

        var asks: Bool { records.contains { $0.hasPrefix("answer") } }
    }

    /// What has been seen of one kill.
    struct Outcome: Sendable {
        /// How often the writer of before was refused.
        var refusals: Int
        /// Whether it was told so itself when it woke, rather than having had its last word before.
        var toldStale: Bool
        /// Whether work that was lost with the process was done again.
        var doneAgain: Bool
    }

    let graph: Graph<Board, Never>
    let outside: Outside
    let seed: UInt64
    /// Nodes whose failure is the run's.
    let unhandled: Set<Int>
    var limits = RunLimits()
    var deadline: Instant?

    func undisturbed() throws -> Undisturbed {
        try scheduled("undisturbed") { executor in
            let memory = MemoryCheckpointer()
            let watched = WatchedCheckpointer(memory) { _ in }
            var process = try process(on: watched, executor, seed: seed)
            let end = await process.live(begins: true) { false }
            let entries = try await memory.everything()
            let (work, misjudged) = (outside.work, outside.misjudged)
            guard work.values.allSatisfy({ $0 == 1 }) else { throw Disproof("work was done twice: \(work)") }
            if case .finished = end, !misjudged.isEmpty {
                throw Disproof("attempts were more or less than needed: \(misjudged)")
            }
            return Undisturbed(
                end: end, appends: watched.appends, entries: entries, records: try Self.records(of: entries),
                work: work)
        }
    }

    /// The same run up to a commit, where its process stands still while another one takes it over and brings it to its
    /// end; then the first one wakes. Throws what does not hold.
    func killed(at kill: Kill, comparedWith undisturbed: Undisturbed) throws -> Outcome {
        try scheduled("\(kill)") { executor in
            let memory = MemoryCheckpointer()
            let successor = Successor(
                to: self, at: kill, comparedWith: undisturbed, memory: memory, executor: executor)
            let watched = WatchedCheckpointer(memory) { commit in
                guard commit.number == kill.append, commit.isStored == kill.isStored else { return }
                // In a task of its own: what the process that stands still cancels does not reach it.
                await Task(executorPreference: executor) { await successor.takeOver(from: commit) }.value
            }
            var process = try process(on: watched, executor, seed: seed)
            let end = await process.live(begins: true) { successor.hasEnded }
            return try await successor.outcome(after: end)
        }
    }

    /// Each time on the schedule of the seed, so that a run goes the same way up to where it is killed.
    private func scheduled<Value: Sendable>(
        _ title: String, _ body: @escaping @Sendable (SeededExecutor) async throws -> Value
    ) throws -> Value {
        outside.forget()
        let executor = SeededExecutor(seed: seed)
        do { return try executor.run { try await body(executor) } } catch {
            throw Disproof("seed \(seed), \(title): \(error)")
        }
    }

    func process(on checkpointer: any Checkpointer, _ executor: SeededExecutor, seed: UInt64) throws -> RunProcess {
        let runner = try DurableRunner(graph, checkpointer: checkpointer, time: LeapingTime(), limits: limits)
        return RunProcess(runner, executor, SeededGenerator(seed: seed), deadline)
    }

    /// What has happened by the entries, each once; that a run parked may be said any number of times.
    static func records(of entries: [CheckpointEntry]) throws -> Set<String> {
        var records: Set<String> = []
        for entry in entries where entry.kind == .delta {
            let kind: String
            switch try StepRecord(JSONDocument(entry.bytes, maxDepth: StepRecord.maxDepth).root).event {
            case .succeeded, .failed: kind = "step"
            case .item: kind = "item"
            case .answered: kind = "answer"
            case .finished: kind = "finish"
            case .parked: continue
            }
            guard records.insert("\(kind) \(entry.step)").inserted else {
                throw Disproof("\(kind) \(entry.step) was committed twice")
            }
        }
        return records
    }
}

/// A process that begins a run or goes on with it, and answers what it asks, until the run is over.
struct RunProcess {
    enum End: Equatable, Sendable {
        case finished(Board), failed(Int), nowhere, stale, parked
        case other(String)
    }

    private let runner: DurableRunner<Board, Never>
    private let executor: SeededExecutor
    private var generator: SeededGenerator
    private let deadline: Instant?
    /// Whether questions are also answered while other branches go on.
    private let answersLive: Bool

    init(
        _ runner: DurableRunner<Board, Never>, _ executor: SeededExecutor, _ generator: SeededGenerator,
        _ deadline: Instant?
    ) {
        self.runner = runner
        self.executor = executor
        self.generator = generator
        self.deadline = deadline
        answersLive = self.generator.next() % 2 == 0
    }

    /// Goes no further than the call that it is in once `isOver`.
    mutating func live(begins: Bool, until isOver: () -> Bool) async -> End {
        var begins = begins
        var answers: [String: JSON] = [:]
        if !begins { answers = choose(from: (try? await runner.questions(of: ledgerKey)) ?? []) }
        for _ in 0..<200 {
            switch await attempt(begins, answers) {
            case .success(.finished(let board)): return .finished(board)
            case .success(.parked(let questions)):
                if isOver() { return .parked }
                (begins, answers) = (false, choose(from: questions))
            case .failure(let error):
                guard !begins, (error as? CodedError)?.code == .runNotFound else { return await end(error) }
                begins = true
            }
        }
        return .other("it asks without end")
    }

    private mutating func attempt(
        _ begins: Bool, _ answers: [String: JSON]
    ) async -> Result<RunResult<Board>, any Error> {
        let live = LiveRun()
        let context = makeContext(deadline: deadline)
        let audience = Audience(generator.next(), on: executor)
        var bystander: Task<Void, Never>?
        if answersLive { bystander = Task(executorPreference: executor) { await Self.answer(live) } }
        let result: Result<RunResult<Board>, any Error>
        do {
            result = .success(
                begins
                    ? try await runner.start(Board(), context: context, live: live, events: audience.listeners)
                    : try await runner.resume(
                        context: context, answers: answers, live: live, events: audience.listeners))
        } catch {
            result = .failure(error)
        }
        await bystander?.value
        guard await audience.leave().allSatisfy(\.isWhole) else {
            return .failure(Disproof("somebody has not heard the end, once"))
        }
        return result
    }

    private static func answer(_ live: LiveRun) async {
        for _ in 0..<12 {
            await Task.yield()
            if let question = live.open.first { try? await live.answer(question.id, with: question.content) }
        }
    }

    /// At least one of the answers, mostly all of them.
    private mutating func choose(from questions: [Question]) -> [String: JSON] {
        var answers: [String: JSON] = [:]
        for question in questions where answers.isEmpty || generator.next() % 4 != 0 {
            answers[question.id] = question.content
        }
        return answers
    }

    private func end(_ error: any Error) async -> End {
        if let broken = error as? Broken { return .failed(broken.node) }
        let coded = error as? CodedError
        if coded?.code == .runStale { return .stale }
        if coded?.code == .runFinished, let board = try? await runner.state(of: ledgerKey) { return .finished(board) }
        if coded?.code == .endNotReached { return .nowhere }
        return .other("\(error)")
    }
}

/// A store as one process sees it, with somebody who is there at each append: before it is stored, and again before the
/// process hears that it was.
final class WatchedCheckpointer: WrappingCheckpointer {
    struct Commit: Sendable {
        let number: Int
        let isStored: Bool
        let entries: [CheckpointEntry]
        let epoch: UInt64
    }

    let base: MemoryCheckpointer
    private let watch: @Sendable (Commit) async -> Void
    private let counts = Mutex((appends: 0, claims: 0))

    init(_ base: MemoryCheckpointer, watch: @escaping @Sendable (Commit) async -> Void) {
        self.base = base
        self.watch = watch
    }

    var appends: Int { counts.withLock(\.appends) }
    var claims: Int { counts.withLock(\.claims) }

    func append(_ entries: [CheckpointEntry], to run: RunKey, epoch: UInt64) async throws(CodedError) {
        let number = counts.withLock { counts in
            counts.appends += 1
            return counts.appends
        }
        await watch(Commit(number: number, isStored: false, entries: entries, epoch: epoch))
        try await base.append(entries, to: run, epoch: epoch)
        await watch(Commit(number: number, isStored: true, entries: entries, epoch: epoch))
    }

    func claim(_ run: RunKey, ifLast: UInt64?) async throws(CodedError) -> RunClaim {
        counts.withLock { $0.claims += 1 }
        return try await base.claim(run, ifLast: ifLast)
    }
}

extension MemoryCheckpointer {
    /// All that is stored of the run; nothing before its first entry.
    func everything() async throws(CodedError) -> [CheckpointEntry] {
        var last = try await history(of: ledgerKey, before: nil, limit: 1).first?.sequence ?? 0
        var all: [CheckpointEntry] = []
        while last > 0 {
            let part = try await entries(of: ledgerKey, through: last)
            all = part + all
            last = part.first.map { $0.sequence - 1 } ?? 0
        }
        return all
    }
}
