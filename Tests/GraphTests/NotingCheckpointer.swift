import Base
import TestKit

@testable import Graph

/// Gives way where one that keeps runs elsewhere would wait, and notes what it has kept.
final class NotingCheckpointer: WrappingCheckpointer {
    let base = MemoryCheckpointer()
    private let notes: Notes

    init(_ notes: Notes) { self.notes = notes }

    func append(_ entries: [CheckpointEntry], to run: RunKey, epoch: UInt64) async throws(CodedError) {
        await Task.yield()
        try await base.append(entries, to: run, epoch: epoch)
        for entry in entries { notes.add("kept \(entry.step)") }
        await Task.yield()
    }

    func claim(_ run: RunKey, ifLast: UInt64?) async throws(CodedError) -> RunClaim {
        await Task.yield()
        return try await base.claim(run, ifLast: ifLast)
    }
    func entries(of run: RunKey, through: UInt64?) async throws(CodedError) -> [CheckpointEntry] {
        await Task.yield()
        return try await base.entries(of: run, through: through)
    }
}
