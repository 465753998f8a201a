import Base
import Synchronization
import TestKit

@testable import Graph

/// The process that takes a killed run over, brings it to its end, and looks at what has become of it.
final class Successor: Sendable {
    private struct Legacy: Sendable {
        /// All that is stored once the run is over.
        let entries: [CheckpointEntry]
        let refusals: Int
        let doneAgain: Bool
    }

    private let run: KilledRun
    private let kill: Kill
    private let undisturbed: KilledRun.Undisturbed
    private let memory: MemoryCheckpointer
    private let executor: SeededExecutor
    private let legacy = Mutex<Result<Legacy, any Error>?>(nil)

    init(
        to run: KilledRun, at kill: Kill, comparedWith undisturbed: KilledRun.Undisturbed, memory: MemoryCheckpointer,
        executor: SeededExecutor
    ) {
        (self.run, self.kill, self.undisturbed) = (run, kill, undisturbed)
        (self.memory, self.executor) = (memory, executor)
    }

    var hasEnded: Bool { legacy.withLock { $0 != nil } }

    func takeOver(from commit: WatchedCheckpointer.Commit) async {
        let result: Result<Legacy, any Error>
        do { result = .success(try await inherit(commit)) } catch { result = .failure(error) }
        legacy.withLock { $0 = result }
    }

    private func inherit(_ commit: WatchedCheckpointer.Commit) async throws -> Legacy {
        let kept = try await memory.everything()
        let begun = run.outside.work
        let stale = StaleWriter(memory, epoch: commit.epoch)
        let fence = WatchedCheckpointer(memory) { own in
            // Each time the writer of before is a little faster, with the very same entries.
            if !own.isStored { await stale.append(own.entries) }
        }
        var process = try run.process(on: fence, executor, seed: run.seed &* 31 &+ UInt64(kill.append))
        let end = await process.live(begins: false) { false }
        // Nobody takes over a run that was finished: then whoever is next does.
        if fence.claims == 0 { _ = try await memory.claim(ledgerKey) }
        let entries = try await memory.everything()
        await stale.append(following: entries, like: commit.entries)
        guard stale.accepted == 0, try await memory.everything() == entries else {
            throw Disproof("a stale writer was let in")
        }
        guard isExpected(end) else { throw Disproof("the run ended with \(end), not \(undisturbed.end)") }
        try look(at: entries, after: kept)
        let work = run.outside.work
        try look(at: work, after: begun, kept)
        return Legacy(
            entries: entries, refusals: stale.refused, doneAgain: work.values.contains { $0 > 1 })
    }

    /// The process of before wakes: it is told that it has been replaced, unless that was its last word anyway.
    func outcome(after end: RunProcess.End) async throws -> KilledRun.Outcome {
        guard let legacy = try legacy.withLock({ $0 })?.get() else {
            throw Disproof("the run ended before that: \(end)")
        }
        let isLast = kill.isStored && kill.append == undisturbed.appends
        let mayBe =
            switch end {
            case .stale: true
            case .parked: kill.isStored
            case .failed: isExpected(end)
            case .finished, .nowhere: isLast && isExpected(end)
            case .other: false
            }
        guard mayBe else { throw Disproof("the process of before ended with \(end)") }
        guard try await memory.everything() == legacy.entries else {
            throw Disproof("what is stored changed afterwards")
        }
        return KilledRun.Outcome(
            refusals: legacy.refusals, toldStale: end == .stale, doneAgain: legacy.doneAgain)
    }

    /// Of several nodes whose failure is the run's, the schedule says which one comes first.
    private func isExpected(_ end: RunProcess.End) -> Bool {
        guard case .failed = undisturbed.end else { return end == undisturbed.end }
        guard case .failed(let node) = end else { return false }
        return run.unhandled.contains(node)
    }

    /// What was stored before the kill is still there, nothing is there twice, and a run that succeeds has kept all
    /// that the undisturbed one did.
    private func look(at entries: [CheckpointEntry], after kept: [CheckpointEntry]) throws {
        guard entries.prefix(kept.count).elementsEqual(kept) else { throw Disproof("a step that was stored is lost") }
        let records = try KilledRun.records(of: entries)
        if case .failed = undisturbed.end { return }
        let difference = records.symmetricDifference(undisturbed.records)
        guard difference.isEmpty else { throw Disproof("steps lost or made up: \(difference.sorted())") }
    }

    /// Work of a step that was stored is not done again, any other at most once more, and always under the same key.
    private func look(at work: [String: Int], after begun: [String: Int], _ kept: [CheckpointEntry]) throws {
        let stored = Set(kept.map(\.step))
        for (step, count) in work where count > (stored.contains(step) ? begun[step, default: 0] : 2) {
            throw Disproof("\(step) was done \(count) times, stored or not")
        }
        if case .failed = undisturbed.end { return }
        let difference = Set(work.keys).symmetricDifference(undisturbed.work.keys)
        guard difference.isEmpty else { throw Disproof("work left out or made up: \(difference.sorted())") }
    }
}

/// A writer that has been replaced and does not know.
private final class StaleWriter: Sendable {
    private let memory: MemoryCheckpointer
    private let epoch: UInt64
    private let counts = Mutex((refused: 0, accepted: 0))

    init(_ memory: MemoryCheckpointer, epoch: UInt64) {
        self.memory = memory
        self.epoch = epoch
    }

    var refused: Int { counts.withLock(\.refused) }
    /// Let in, or turned away for another reason.
    var accepted: Int { counts.withLock(\.accepted) }

    func append(_ entries: [CheckpointEntry]) async {
        do throws(CodedError) {
            try await memory.append(entries, to: ledgerKey, epoch: epoch)
            counts.withLock { $0.accepted += 1 }
        } catch {
            counts.withLock { if error.code == .runStale { $0.refused += 1 } else { $0.accepted += 1 } }
        }
    }

    /// The same with sequences that fit, so that nothing but the epoch speaks against them.
    func append(following stored: [CheckpointEntry], like entries: [CheckpointEntry]) async {
        var last = stored.last?.sequence ?? 0
        var renumbered = entries
        for index in renumbered.indices {
            last += 1
            renumbered[index].sequence = last
        }
        await append(renumbered)
    }
}
