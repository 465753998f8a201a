public import Base

/// Keeps the steps of runs. The engine decides what a step is and writes it before anything that follows from it
/// begins; a checkpointer stores entries in order and refuses writers whose claim is over.
///
/// Whoever writes claims the run first, which raises its epoch: from then on every writer with an earlier epoch is
/// refused, so that a run that goes on elsewhere cannot be written from two places. Another scope's runs are answered
/// like unknown ones. What every engine must do is a contract suite, in the folder `TestKit` of this package.
///
/// Calls come from any task, also at the same time. Besides the codes that are named an engine may throw its own.
public protocol Checkpointer: Sendable {
    /// Begins a run that does not exist yet, and claims it for whoever does: in an epoch that no writer of a deleted run
    /// of this name has had, 1 where nothing was deleted yet. Throws `run_exists`.
    @discardableResult
    func create(_ run: RunKey) async throws(CodedError) -> RunClaim

    /// Takes a run over: its next epoch, and the sequence of its last entry (0 for none). With `ifLast` only while that
    /// is the last one, and else throws `run_stale` and leaves the run to whoever has it: compared and claimed in one.
    /// Throws `run_not_found`.
    func claim(_ run: RunKey, ifLast: UInt64?) async throws(CodedError) -> RunClaim

    /// Appends entries, all or none. Their sequences go on from the last one without a gap. Throws `run_stale` when
    /// another has claimed the run since or the sequence does not fit, `run_not_found` when it is gone. Returns when
    /// the entries last. Called once for a step, or for several that end at the same time. Nothing to append is no
    /// error.
    func append(_ entries: [CheckpointEntry], to run: RunKey, epoch: UInt64) async throws(CodedError)

    /// The entries from the last snapshot at or before `through` up to and with it; up to the end with `nil`.
    /// Throws `run_not_found`, also for a sequence that the run does not have or no longer has.
    func entries(of run: RunKey, through: UInt64?) async throws(CodedError) -> [CheckpointEntry]

    /// What was kept, newest first, at most `limit` before `before`. Throws `run_not_found`.
    func history(of run: RunKey, before: UInt64?, limit: Int) async throws(CodedError) -> [CheckpointSummary]

    /// Copies a run up to and with an entry into a new one of the same scope, in an epoch as of `create`. Throws
    /// `run_not_found`, `run_exists`.
    func fork(_ run: RunKey, at sequence: UInt64, to newRun: String) async throws(CodedError)

    /// Drops the entries before the last snapshot at or before `sequence`, and says how many: what remains can still
    /// be resumed. Throws `run_not_found`.
    func prune(_ run: RunKey, before sequence: UInt64) async throws(CodedError) -> Int

    /// Forgets a run; its name is free again. Throws `run_not_found`.
    func delete(_ run: RunKey) async throws(CodedError)
}

extension Checkpointer {
    /// Takes a run over, whoever has it. Throws and costs what ``claim(_:ifLast:)`` does.
    public func claim(_ run: RunKey) async throws(CodedError) -> RunClaim { try await claim(run, ifLast: nil) }
}

/// A run and whose it is.
public struct RunKey: Hashable, Sendable {
    /// Whose it is.
    public let scope: Scope
    /// Its name within the scope.
    public let run: String

    /// O(1).
    public init(_ scope: Scope, _ run: String) {
        self.scope = scope
        self.run = run
    }
}

/// What a writer holds of a run, and where it goes on.
public struct RunClaim: Equatable, Sendable {
    /// What appends have to name.
    public let epoch: UInt64
    /// Of the last entry; 0 for a run without entries.
    public let lastSequence: UInt64

    /// For engines. O(1).
    public init(epoch: UInt64, lastSequence: UInt64) {
        self.epoch = epoch
        self.lastSequence = lastSequence
    }
}

/// One entry of a run: a whole state, or what one step added to it.
public struct CheckpointEntry: Equatable, Sendable {
    /// How much an entry holds.
    public enum Kind: String, Sendable, CaseIterable {
        /// `snapshot` is the whole state, `delta` one step.
        case snapshot, delta
    }

    /// From 1, without gaps.
    public var sequence: UInt64
    /// How much it holds.
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

    /// For engines. O(1).
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

    /// What a history shows of it. O(1).
    public var summary: CheckpointSummary {
        CheckpointSummary(sequence: sequence, kind: kind, step: step, byteCount: bytes.count)
    }
}

/// What a history shows of an entry.
public struct CheckpointSummary: Equatable, Sendable {
    /// The entry's.
    public let sequence: UInt64
    /// How much the entry holds.
    public let kind: CheckpointEntry.Kind
    /// The step's stable key; empty for a snapshot.
    public let step: String
    /// Of its bytes, without the key.
    public let byteCount: Int

    /// For engines. O(1).
    public init(sequence: UInt64, kind: CheckpointEntry.Kind, step: String, byteCount: Int) {
        self.sequence = sequence
        self.kind = kind
        self.step = step
        self.byteCount = byteCount
    }
}

extension CodedError {
    /// `run_not_found`, the same for a run that never was, one that is gone and one of another scope.
    public static func unknownRun(_ run: String) -> CodedError {
        CodedError(.runNotFound, "There is no run of this name.", param: "run")
    }

    /// `run_exists`, the same from every engine.
    public static func runTaken() -> CodedError {
        CodedError(.runExists, "There is a run of this name already.", param: "run")
    }

    /// `run_stale`, the same from every engine.
    public static func staleWriter() -> CodedError {
        CodedError(.runStale, "Another writer has taken this run over; nothing was written.")
    }
}
