internal import Base
internal import JSON
internal import Synchronization

/// Writes a run's steps, each before anything that follows from it begins. What comes from graphs and lists inside
/// nodes, and as answers, while an append is on its way goes out together with the next one.
final class Journal: Sendable {
    private struct Waiting {
        let entry: CheckpointEntry
        /// Resumed with an entry when whoever waits has to write it.
        let continuation: CheckedContinuation<Result<CheckpointEntry?, CodedError>, Never>
    }

    private struct State {
        var sequence: UInt64
        var isWriting = false
        var waiting: [Waiting] = []
        var carried: CarriedRecords
        var deltaBytes = 0
        var snapshotBytes: Int
        /// The first append that failed: from then on nobody knows what is kept, and nothing more is written.
        var failure: CodedError?
    }

    let key: RunKey
    private let epoch: UInt64
    private let checkpointer: any Checkpointer
    private let graph: UInt64
    private let schema: Int
    private let state: Mutex<State>

    /// A snapshot is due when the steps since the last one have grown to this many bytes or to four times the size of
    /// the last snapshot, whichever is more: what is stored stays in proportion to the steps, and so does going back.
    private static let leastBetweenSnapshots = 64 * 1024

    init(
        _ key: RunKey, claim: RunClaim, checkpointer: any Checkpointer, graph: UInt64, schema: Int,
        snapshotBytes: Int, deltaBytes: Int = 0, carried: CarriedRecords = CarriedRecords()
    ) {
        self.key = key
        epoch = claim.epoch
        self.checkpointer = checkpointer
        self.graph = graph
        self.schema = schema
        state = Mutex(
            State(
                sequence: claim.lastSequence, carried: carried, deltaBytes: deltaBytes, snapshotBytes: snapshotBytes))
    }

    /// Whether the outermost graph should write a snapshot instead of going on with deltas.
    var wantsSnapshot: Bool {
        state.withLock { $0.deltaBytes / 4 >= max(Journal.leastBetweenSnapshots / 4, $0.snapshotBytes) }
    }

    /// Of the last entry that was written, or is about to be.
    var lastSequence: UInt64 { state.withLock { $0.sequence } }

    /// Whether nothing more can be kept.
    var hasFailed: Bool { state.withLock { $0.failure != nil } }

    /// Why nothing more can be kept.
    var failure: CodedError? { state.withLock { $0.failure } }

    /// Ends the run with what is wrong with what was kept of it: nothing more is written, and no `onError` edge takes
    /// it.
    func giveUp(_ error: CodedError) {
        state.withLock { if $0.failure == nil { $0.failure = error } }
    }

    /// Writes one step. Throws `run_stale` when another writer has taken the run over.
    func commit(_ record: StepRecord) async throws(CodedError) {
        let bytes = record.bytes
        let step = record.step
        try await append(.delta, step: step) { state in
            state.deltaBytes += bytes.count
            state.carried.note(record, step: step)
            return bytes
        }
    }

    /// Writes a snapshot: an object without its end, to which what the graphs inside have done is added, and what was
    /// answered and not used yet; as of the moment in which the snapshot gets its place among the entries.
    func commit(snapshot head: [UInt8]) async throws(CodedError) {
        try await append(.snapshot, step: "") { state in
            var bytes = head + Array(",\"unfinished\":[".utf8)
            for (index, record) in state.carried.all.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                bytes += record.bytes
            }
            bytes += Array("]}".utf8)
            state.deltaBytes = 0
            state.snapshotBytes = bytes.count
            return bytes
        }
    }

    private func append(
        _ kind: CheckpointEntry.Kind, step: String, bytes: @Sendable (inout State) -> [UInt8]
    ) async throws(CodedError) {
        func next(_ state: inout State) -> CheckpointEntry {
            state.sequence += 1
            let bytes = bytes(&state)
            return CheckpointEntry(
                sequence: state.sequence, kind: kind, graph: graph, schema: schema, step: step, bytes: bytes,
                form: StepRecord.form)
        }
        let first = state.withLock { state -> Result<CheckpointEntry?, CodedError> in
            if let failure = state.failure { return .failure(failure) }
            guard !state.isWriting else { return .success(nil) }
            state.isWriting = true
            return .success(next(&state))
        }
        // Where nobody writes nobody waits.
        if let first = try first.get() { return try await write(first) }
        let result = await withCheckedContinuation { continuation in
            let first = state.withLock { state -> CheckpointEntry? in
                let entry = next(&state)
                if state.isWriting {
                    state.waiting.append(Waiting(entry: entry, continuation: continuation))
                    return nil
                }
                // Whoever wrote has ended meanwhile.
                state.isWriting = true
                return entry
            }
            if let first { continuation.resume(returning: .success(first)) }
        }
        guard let first = try result.get() else { return }
        // With all that has come since.
        let (batch, failure) = state.withLock { state in
            defer { state.waiting = [] }
            return (state.waiting, state.failure)
        }
        try await write(first, with: batch, unless: failure)
    }

    /// Writes entries, then hands the pen to whoever came meanwhile.
    private func write(
        _ first: CheckpointEntry, with batch: [Waiting] = [], unless failure: CodedError? = nil
    ) async throws(CodedError) {
        var failure = failure
        if failure == nil {
            do throws(CodedError) {
                try await checkpointer.append([first] + batch.map { $0.entry }, to: key, epoch: epoch)
            } catch {
                failure = error
            }
        }
        let next = state.withLock { state -> Waiting? in
            if let failure { state.failure = failure }
            if state.waiting.isEmpty {
                state.isWriting = false
                return nil
            }
            return state.waiting.removeFirst()
        }
        for waiting in batch { waiting.continuation.resume(returning: failure.map { .failure($0) } ?? .success(nil)) }
        next?.continuation.resume(returning: .success(next?.entry))
        if let failure { throw failure }
    }
}
