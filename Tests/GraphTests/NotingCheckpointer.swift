import Base

@testable import Graph

/// Gives way where one that keeps runs elsewhere would wait, and notes what it has kept.
final class NotingCheckpointer: Checkpointer {
    private let memory = MemoryCheckpointer()
    private let notes: Notes

    init(_ notes: Notes) { self.notes = notes }

    func append(_ entries: [CheckpointEntry], to run: RunKey, epoch: UInt64) async throws(CodedError) {
        await Task.yield()
        try await memory.append(entries, to: run, epoch: epoch)
        for entry in entries { notes.add("kept \(entry.step)") }
        await Task.yield()
    }

    func create(_ run: RunKey) async throws(CodedError) { try await memory.create(run) }
    func claim(_ run: RunKey) async throws(CodedError) -> RunClaim {
        await Task.yield()
        return try await memory.claim(run)
    }
    func entries(of run: RunKey, through: UInt64?) async throws(CodedError) -> [CheckpointEntry] {
        await Task.yield()
        return try await memory.entries(of: run, through: through)
    }
    func history(of run: RunKey, before: UInt64?, limit: Int) async throws(CodedError) -> [CheckpointSummary] {
        try await memory.history(of: run, before: before, limit: limit)
    }
    func fork(_ run: RunKey, at sequence: UInt64, to newRun: String) async throws(CodedError) {
        try await memory.fork(run, at: sequence, to: newRun)
    }
    func prune(_ run: RunKey, before sequence: UInt64) async throws(CodedError) -> Int {
        try await memory.prune(run, before: sequence)
    }
    func delete(_ run: RunKey) async throws(CodedError) { try await memory.delete(run) }
}
