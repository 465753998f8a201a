public import Base

/// What can be asked of kept runs, and changed about them, without running them.
extension DurableRunner {
    /// The state as of an entry, or the last one. Throws `run_not_found`, also for an entry that the run doesn't have,
    /// `checkpoint_version` and `checkpoint_unreadable`. Costs reading what was kept since the snapshot before it.
    public func state(of key: RunKey, at sequence: UInt64? = nil) async throws(CodedError) -> State {
        try rebuilt(try await kept(key, through: sequence)).store.value
    }

    /// The questions that a parked run waits for; none for a run that has not parked. Throws and costs what
    /// ``state(of:at:)`` does.
    public func questions(of key: RunKey) async throws(CodedError) -> [Question] { try await kept(key).questions }

    /// What was kept, newest first, at most `limit` entries before `before`. Throws `run_not_found`. Costs one call of
    /// ``Checkpointer/history(of:before:limit:)``.
    public func history(
        of key: RunKey, before: UInt64? = nil, limit: Int = 100
    ) async throws(CodedError) -> [CheckpointSummary] {
        try await checkpointer.history(of: key, before: before, limit: limit)
    }

    /// Makes a new run of the same scope out of another's entries up to and with one of them, to be resumed on its own.
    /// Throws `run_exists`, and what ``state(of:at:)`` throws. Costs reading since the snapshot before that entry, and
    /// copying.
    public func fork(_ key: RunKey, at sequence: UInt64, to newRun: String) async throws(CodedError) {
        _ = try await kept(key, through: sequence)
        try await checkpointer.fork(key, at: sequence, to: newRun)
    }

    /// Changes the state of a run that is not running, as a new entry: the run goes on with it when it is resumed.
    /// Concurrent writes that still wait for their order are folded first; what lists and graphs inside nodes have done
    /// so far stays done, whatever is changed below them.
    ///
    /// Throws `run_finished` for one that is over, what ``state(of:at:)`` throws, what `change` throws and
    /// `invalid_value` for a state that JSON cannot hold, all before anything is written; `run_stale` when somebody
    /// resumes the run meanwhile. A run still at work loses its claim by this and ends with `run_stale`. Costs reading
    /// since the last snapshot twice and writing one.
    public func edit(
        _ key: RunKey, _ change: @Sendable (inout State) throws(CodedError) -> Void
    ) async throws(CodedError) {
        guard try await !kept(key).isFinished else { throw Self.finished() }
        let claim = try await checkpointer.claim(key)
        let kept = try await kept(key)
        var drive = try rebuilt(kept)
        // A run without anything left to do may lack its last record only.
        guard !kept.isFinished, drive.outcome == nil, drive.machine.memory != nil else { throw Self.finished() }
        try change(&drive.store.value)
        let journal = Journal(
            key, claim: claim, checkpointer: checkpointer, graph: fingerprint, schema: schema, snapshotBytes: 0,
            carried: kept.carried)
        try await journal.commit(snapshot: drive.snapshot(Self.encode))
    }

    func kept(_ key: RunKey, through sequence: UInt64? = nil) async throws(CodedError) -> KeptRun {
        try KeptRun(try await checkpointer.entries(of: key, through: sequence), graph: fingerprint, schema: schema)
    }

    /// A drive that stands where the run is, with all writes folded, and that is not to be run.
    private func rebuilt(_ kept: KeptRun) throws(CodedError) -> RunDrive<State, Payload> {
        let machine = GraphMachine(graph.topology, activationLimit: limits.activations, deadline: nil)
        let context = RunContext(
            requestID: "", runID: "", scope: .local, trace: TraceContext(traceHigh: 0, traceLow: 0, spanID: 0))
        let environment = RunEnvironment<Payload>(
            context: context, names: graph.nodeNames, hearing: nil, time: time, limits: limits)
        var drive = RunDrive(
            graph: graph, machine: machine, environment: environment, state: try Self.decode(kept.state))
        if let memory = kept.memory {
            drive.takeUp(memory, activations: kept.activations, steps: kept.outer)
        } else {
            drive.feed(.begin, at: nil)
            drive.redo(kept.outer)
        }
        if let failure = drive.fault { throw failure }
        drive.store.foldAll()
        return drive
    }
}
