public import Base

/// Keeps the steps of runs. The engine decides what a step is and writes it before anything that follows from it
/// begins; a checkpointer stores entries in order and refuses writers whose claim is over.
///
/// Whoever writes claims the run first, which raises its epoch: from then on every writer with an earlier epoch is
/// refused, so that a run that goes on elsewhere cannot be written from two places. Another scope's runs are answered
/// like unknown ones. Engines take the contract suite of TestKit.
public protocol Checkpointer: Sendable {
    /// Begins a run that does not exist yet, in epoch 1. Throws `run_exists`.
    func create(_ run: RunKey) async throws(CodedError)

    /// Takes a run over: its next epoch, and the sequence of its last entry (0 for none). Throws `run_not_found`.
    func claim(_ run: RunKey) async throws(CodedError) -> RunClaim

    /// Appends entries, all or none. Their sequences go on from the last one without a gap. Throws `run_stale` when
    /// another has claimed the run since or the sequence does not fit, `run_not_found` when it is gone.
    func append(_ entries: [CheckpointEntry], to run: RunKey, epoch: UInt64) async throws(CodedError)

    /// The entries from the last snapshot at or before `through` up to and with it; up to the end with `nil`.
    /// Throws `run_not_found`, also for a sequence that the run does not have or no longer has.
    func entries(of run: RunKey, through: UInt64?) async throws(CodedError) -> [CheckpointEntry]

    /// What was kept, newest first, at most `limit` before `before`. Throws `run_not_found`.
    func history(of run: RunKey, before: UInt64?, limit: Int) async throws(CodedError) -> [CheckpointSummary]

    /// Copies a run up to and with an entry into a new one of the same scope, in epoch 1. Throws `run_not_found`,
    /// `run_exists`.
    func fork(_ run: RunKey, at sequence: UInt64, to newRun: String) async throws(CodedError)

    /// Drops the entries before the last snapshot at or before `sequence`, and says how many: what remains can still
    /// be resumed. Throws `run_not_found`.
    func prune(_ run: RunKey, before sequence: UInt64) async throws(CodedError) -> Int

    /// Forgets a run. Throws `run_not_found`.
    func delete(_ run: RunKey) async throws(CodedError)
}

/// A run and whose it is.
public struct RunKey: Hashable, Sendable {
    public let scope: Scope
    public let run: String

    public init(_ scope: Scope, _ run: String) {
        self.scope = scope
        self.run = run
    }
}

public struct RunClaim: Equatable, Sendable {
    public let epoch: UInt64
    public let lastSequence: UInt64

    public init(epoch: UInt64, lastSequence: UInt64) {
        self.epoch = epoch
        self.lastSequence = lastSequence
    }
}

/// One entry of a run: a whole state, or what one step added to it.
public struct CheckpointEntry: Equatable, Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        case snapshot, delta
    }

    /// From 1, without gaps.
    public var sequence: UInt64
    public var kind: Kind
    /// Of the graph that wrote it.
    public var graph: UInt64
    /// Of the state's type, as the application counts it.
    public var schema: Int
    /// The step's stable key; empty for a snapshot.
    public var step: String
    /// JSON in UTF-8, of the form that ``form`` names.
    public var bytes: [UInt8]
    /// The form of `bytes`; readers refuse a newer one than theirs.
    public var form: Int

    public init(
        sequence: UInt64, kind: Kind, graph: UInt64, schema: Int, step: String, bytes: [UInt8], form: Int
    ) {
        self.sequence = sequence
        self.kind = kind
        self.graph = graph
        self.schema = schema
        self.step = step
        self.bytes = bytes
        self.form = form
    }

    public var summary: CheckpointSummary {
        CheckpointSummary(sequence: sequence, kind: kind, step: step, byteCount: bytes.count)
    }
}

/// What a history shows of an entry.
public struct CheckpointSummary: Equatable, Sendable {
    public let sequence: UInt64
    public let kind: CheckpointEntry.Kind
    public let step: String
    public let byteCount: Int

    public init(sequence: UInt64, kind: CheckpointEntry.Kind, step: String, byteCount: Int) {
        self.sequence = sequence
        self.kind = kind
        self.step = step
        self.byteCount = byteCount
    }
}

extension CodedError {
    /// The same answer for a run that never was, one that is gone and one of another scope.
    public static func unknownRun(_ run: String) -> CodedError {
        CodedError(.runNotFound, "There is no run of this name.", param: "run")
    }

    public static func staleWriter() -> CodedError {
        CodedError(.runStale, "Another writer has taken this run over; nothing was written.")
    }
}
