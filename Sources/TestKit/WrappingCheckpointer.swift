public import Base
public import Graph

/// A checkpointer that does what its base does, but for what it does otherwise: faults, waits, counts.
public protocol WrappingCheckpointer: Checkpointer {
    var base: MemoryCheckpointer { get }
}

extension WrappingCheckpointer {
    @discardableResult
    public func create(_ run: RunKey) async throws(CodedError) -> RunClaim { try await base.create(run) }

    public func claim(_ run: RunKey, ifLast: UInt64?) async throws(CodedError) -> RunClaim {
        try await base.claim(run, ifLast: ifLast)
    }

    public func append(_ entries: [CheckpointEntry], to run: RunKey, epoch: UInt64) async throws(CodedError) {
        try await base.append(entries, to: run, epoch: epoch)
    }

    public func entries(of run: RunKey, through: UInt64?) async throws(CodedError) -> [CheckpointEntry] {
        try await base.entries(of: run, through: through)
    }

    public func history(of run: RunKey, before: UInt64?, limit: Int) async throws(CodedError) -> [CheckpointSummary] {
        try await base.history(of: run, before: before, limit: limit)
    }

    public func fork(_ run: RunKey, at sequence: UInt64, to newRun: String) async throws(CodedError) {
        try await base.fork(run, at: sequence, to: newRun)
    }

    public func prune(_ run: RunKey, before sequence: UInt64) async throws(CodedError) -> Int {
        try await base.prune(run, before: sequence)
    }

    public func delete(_ run: RunKey) async throws(CodedError) { try await base.delete(run) }
}
