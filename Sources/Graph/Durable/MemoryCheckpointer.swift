public import Base
internal import Synchronization

/// Keeps runs in memory for as long as it lives; a parked run costs what its entries hold and some hundred bytes.
///
/// Every call takes one lock. `create`, `claim` and `delete` cost a look-up, `append` O(entries appended), `entries`
/// and `fork` O(entries copied), `history` O(entries passed over and shown), `prune` O(entries of the run).
public final class MemoryCheckpointer: Checkpointer {
    private struct Run {
        var epoch: UInt64
        var entries: [CheckpointEntry] = []

        var lastSequence: UInt64 { entries.last?.sequence ?? 0 }

        /// Where the entry with this sequence is.
        func index(of sequence: UInt64) -> Int? {
            guard let first = entries.first?.sequence, sequence >= first else { return nil }
            let index = Int(clamping: sequence - first)
            return index < entries.count ? index : nil
        }

        func lastSnapshot(through index: Int) -> Int? { entries[...index].lastIndex { $0.kind == .snapshot } }
    }

    private struct Shelf {
        var runs: [RunKey: Run] = [:]
        /// The latest epoch of all runs that were deleted: new ones begin after it, so that no writer of a deleted run
        /// is taken for one of the run that has its name now.
        var lastDeleted: UInt64 = 0

        /// Whether the name was free.
        mutating func begin(_ key: RunKey, with entries: [CheckpointEntry] = []) -> RunClaim? {
            guard runs[key] == nil else { return nil }
            let run = Run(epoch: lastDeleted + 1, entries: entries)
            runs[key] = run
            return RunClaim(epoch: run.epoch, lastSequence: run.lastSequence)
        }
    }

    private let shelf = Mutex(Shelf())

    /// Without runs. O(1).
    public init() {}

    /// What all runs hold, in bytes of their entries. O(entries of all runs), under the lock.
    public var byteCount: Int {
        shelf.withLock {
            $0.runs.values.reduce(0) { $0 + $1.entries.reduce(0) { $0 + $1.bytes.count + $1.step.utf8.count } }
        }
    }

    @discardableResult
    public func create(_ run: RunKey) async throws(CodedError) -> RunClaim {
        guard let claim = shelf.withLock({ $0.begin(run) }) else { throw .runTaken() }
        return claim
    }

    public func claim(_ run: RunKey, ifLast: UInt64?) async throws(CodedError) -> RunClaim {
        try change(run) { kept throws(CodedError) in
            if let ifLast, ifLast != kept.lastSequence { throw .staleWriter() }
            kept.epoch += 1
            return RunClaim(epoch: kept.epoch, lastSequence: kept.lastSequence)
        }
    }

    public func append(_ entries: [CheckpointEntry], to run: RunKey, epoch: UInt64) async throws(CodedError) {
        try change(run) { kept throws(CodedError) in
            var next = kept.lastSequence
            for entry in entries {
                next += 1
                guard kept.epoch == epoch, entry.sequence == next else { throw .staleWriter() }
            }
            for entry in entries { kept.entries.append(entry) }
        }
    }

    public func entries(of run: RunKey, through: UInt64?) async throws(CodedError) -> [CheckpointEntry] {
        try change(run) { kept throws(CodedError) in
            guard let index = kept.index(of: through ?? kept.lastSequence) else { throw .unknownRun(run.run) }
            guard let snapshot = kept.lastSnapshot(through: index) else { throw .unknownRun(run.run) }
            return Array(kept.entries[snapshot...index])
        }
    }

    public func history(of run: RunKey, before: UInt64?, limit: Int) async throws(CodedError) -> [CheckpointSummary] {
        try change(run) { kept throws(CodedError) in
            let older = kept.entries.lazy.reversed().filter { entry in before.map { entry.sequence < $0 } ?? true }
            return older.prefix(max(0, limit)).map(\.summary)
        }
    }

    public func fork(_ run: RunKey, at sequence: UInt64, to newRun: String) async throws(CodedError) {
        let copy = try change(run) { kept throws(CodedError) -> [CheckpointEntry] in
            guard let index = kept.index(of: sequence) else { throw .unknownRun(run.run) }
            return Array(kept.entries[...index])
        }
        let claim = shelf.withLock { $0.begin(RunKey(run.scope, newRun), with: copy) }
        if claim == nil { throw .runTaken() }
    }

    public func prune(_ run: RunKey, before sequence: UInt64) async throws(CodedError) -> Int {
        try change(run) { kept throws(CodedError) in
            guard !kept.entries.isEmpty else { return 0 }
            guard let index = kept.index(of: min(sequence, kept.lastSequence)) else { return 0 }
            guard let snapshot = kept.lastSnapshot(through: index) else { return 0 }
            kept.entries.removeFirst(snapshot)
            return snapshot
        }
    }

    public func delete(_ run: RunKey) async throws(CodedError) {
        let removed = shelf.withLock { shelf in
            let removed = shelf.runs.removeValue(forKey: run)
            shelf.lastDeleted = max(shelf.lastDeleted, removed?.epoch ?? 0)
            return removed
        }
        if removed == nil { throw .unknownRun(run.run) }
    }

    private func change<Result: Sendable>(
        _ run: RunKey, _ body: (inout Run) throws(CodedError) -> Result
    ) throws(CodedError) -> Result {
        try shelf.withLock { (shelf) throws(CodedError) -> Result in
            guard let index = shelf.runs.index(forKey: run) else { throw .unknownRun(run.run) }
            return try body(&shelf.runs.values[index])
        }
    }
}
