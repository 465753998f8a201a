public import Base
internal import Synchronization

/// Keeps runs in memory for as long as it lives; a parked run costs what its entries hold and some hundred bytes.
///
/// Every call takes one lock. `create`, `claim` and `delete` cost a look-up, `append` O(entries appended), `entries`
/// and `fork` O(entries copied), `history` O(entries passed over and shown), `prune` O(entries of the run).
public final class MemoryCheckpointer: Checkpointer {
    private struct Run {
        var epoch: UInt64 = 1
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

    private let runs = Mutex<[RunKey: Run]>([:])

    /// Without runs. O(1).
    public init() {}

    /// What all runs hold, in bytes of their entries. O(entries of all runs), under the lock.
    public var byteCount: Int {
        runs.withLock { $0.values.reduce(0) { $0 + $1.entries.reduce(0) { $0 + $1.bytes.count + $1.step.utf8.count } } }
    }

    public func create(_ run: RunKey) async throws(CodedError) {
        let isNew = runs.withLock { runs in
            guard runs[run] == nil else { return false }
            runs[run] = Run()
            return true
        }
        if !isNew { throw CodedError(.runExists, "There is a run of this name already.", param: "run") }
    }

    public func claim(_ run: RunKey) async throws(CodedError) -> RunClaim {
        try change(run) { kept throws(CodedError) in
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
            kept.entries += entries
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
        let copy = try change(run) { kept throws(CodedError) -> Run in
            guard let index = kept.index(of: sequence) else { throw .unknownRun(run.run) }
            return Run(entries: Array(kept.entries[...index]))
        }
        let isNew = runs.withLock { runs in
            let key = RunKey(run.scope, newRun)
            guard runs[key] == nil else { return false }
            runs[key] = copy
            return true
        }
        if !isNew { throw CodedError(.runExists, "There is a run of this name already.", param: "run") }
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
        let removed = runs.withLock { $0.removeValue(forKey: run) }
        if removed == nil { throw .unknownRun(run.run) }
    }

    private func change<Result: Sendable>(
        _ run: RunKey, _ body: (inout Run) throws(CodedError) -> Result
    ) throws(CodedError) -> Result {
        try runs.withLock { (runs) throws(CodedError) -> Result in
            guard runs[run] != nil else { throw .unknownRun(run.run) }
            return try body(&runs[run]!)
        }
    }
}
