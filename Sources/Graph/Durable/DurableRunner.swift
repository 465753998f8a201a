public import Base
public import JSON

/// How a kept run has ended, for now or for good.
public enum RunResult<State: Sendable>: Sendable {
    /// The last state.
    case finished(State)
    /// Nothing is left to do before these questions are answered. Resume the run with the answers.
    case parked([Question])
}

extension RunResult: Equatable where State: Equatable {}

/// Runs a graph so that no step is lost: each is kept before anything that follows from it begins. A run that was
/// interrupted, by a crash or because it asks, goes on from there; what has run does not run again.
///
/// The run's name is the context's `runID`, whose it is its `scope`. A step costs one append to the checkpointer and
/// what writing its own fields as JSON costs; the rest of the state is not written. A node that was running when the
/// process ended runs again, with the same ``NodeContext/stepKey``.
public struct DurableRunner<State: Codable & Sendable, Payload: Sendable>: Sendable {
    /// What it runs.
    public let graph: Graph<State, Payload>
    private let checkpointer: any Checkpointer
    private let time: any TimeSource
    private let limits: RunLimits
    private let schema: Int
    private let fingerprint: UInt64

    /// `schema` counts the versions of `State`: raise it when old states cannot be read any more. Throws when nodes
    /// write what is not `Codable`, or have a NUL in their names. O(nodes + edges), for the graph's first runner only.
    public init(
        _ graph: Graph<State, Payload>, checkpointer: any Checkpointer, time: any TimeSource, schema: Int = 1,
        limits: RunLimits = RunLimits()
    ) throws(GraphBuildError) {
        let complaints = graph.keepingComplaints
        guard complaints.isEmpty else { throw GraphBuildError(graph: graph.name, complaints: complaints) }
        self.graph = graph
        self.checkpointer = checkpointer
        self.time = time
        self.schema = schema
        self.limits = limits
        fingerprint = graph.fingerprint
    }

    // MARK: Running

    /// Begins a run. Throws `invalid_value` for a state that JSON cannot hold and `run_exists` for a name that is
    /// taken, both before anything is done; `run_stale` when another writer has taken the run over meanwhile, what else
    /// the checkpointer throws, and what ``Runner/run(_:context:)`` throws. A run that has begun can be resumed after
    /// any failure. Costs one entry with the whole state, then one a step and one for the end.
    public func start(
        _ initial: State, context: RunContext, live: LiveRun? = nil,
        events listeners: [any RunListener<Payload>] = []
    ) async throws -> RunResult<State> {
        let durable = try await told(listeners) { () throws(CodedError) in
            try await begin(initial, RunKey(context.scope, context.runID))
        }
        return try await drive(durable, context: context, live: live, listeners) { drive in
            await drive.run()
        } state: {
            initial
        }
    }

    /// Goes on with a run that has parked, failed or broken off, with the answers to its questions by their ids. Throws
    /// `run_not_found`, also for another scope's run; `run_finished`; `invalid_value` for an answer that JSON cannot
    /// hold or to a question that is not open and `invalid_type` for one of the wrong type, both before anything is
    /// done; `checkpoint_version` and `checkpoint_unreadable`; then what `start` throws of a run that has begun. Costs
    /// reading what was kept since the last snapshot twice, and an entry an answer, besides the steps.
    public func resume(
        context: RunContext, answers: [String: JSON] = [:], live: LiveRun? = nil,
        events listeners: [any RunListener<Payload>] = []
    ) async throws -> RunResult<State> {
        let (durable, kept, state) = try await told(listeners) { () throws(CodedError) in
            try await takeOver(RunKey(context.scope, context.runID), answers)
        }
        return try await drive(durable, context: context, live: live, listeners) { drive in
            guard let memory = kept.memory else { return await drive.run() }
            drive.takeUp(memory, activations: kept.activations, steps: kept.outer)
            await drive.goOn()
        } state: {
            state
        }
    }

    /// The same as the other `start`, for one listener.
    public func start(
        _ initial: State, context: RunContext, live: LiveRun? = nil, events listener: any RunListener<Payload>
    ) async throws -> RunResult<State> {
        try await start(initial, context: context, live: live, events: [listener])
    }

    /// The same as the other `resume`, for one listener.
    public func resume(
        context: RunContext, answers: [String: JSON] = [:], live: LiveRun? = nil,
        events listener: any RunListener<Payload>
    ) async throws -> RunResult<State> {
        try await resume(context: context, answers: answers, live: live, events: [listener])
    }

    private func begin(_ initial: State, _ key: RunKey) async throws(CodedError) -> DurableRun {
        let bytes = try Self.encode(initial)
        let claim: RunClaim
        do throws(CodedError) {
            claim = try await checkpointer.create(key)
        } catch {
            // One whose beginning broke off before its first entry is begun again.
            guard error.code == .runExists, try await checkpointer.history(of: key, before: nil, limit: 1).isEmpty
            else { throw error }
            claim = try await checkpointer.claim(key)
            guard claim.lastSequence == 0 else { throw error }
        }
        let journal = Journal(
            key, claim: claim, checkpointer: checkpointer, graph: fingerprint, schema: schema,
            snapshotBytes: bytes.count)
        try await journal.commit(snapshot: Array("{\"state\":".utf8) + bytes)
        return DurableRun(journal: journal, inbox: Inbox(given: [:]), steps: [:], items: [:])
    }

    private func takeOver(
        _ key: RunKey, _ answers: [String: JSON]
    ) async throws(CodedError) -> (DurableRun, KeptRun, State) {
        _ = try check(answers, against: try await kept(key))
        let claim = try await checkpointer.claim(key)
        // Again: whoever wrote before may have gone on until now.
        let kept = try await kept(key)
        let checked = try check(answers, against: kept)
        let state = try Self.decode(kept.state)
        let journal = Journal(
            key, claim: claim, checkpointer: checkpointer, graph: fingerprint, schema: schema,
            snapshotBytes: kept.snapshotBytes, deltaBytes: kept.deltaBytes, carried: kept.carried)
        var given = kept.answers
        for (id, answer) in checked.sorted(by: { $0.key < $1.key }) {
            given[id] = answer
            try await journal.commit(StepRecord(place: "", node: id, activation: 0, event: .answered(answer)))
        }
        let durable = DurableRun(
            journal: journal, inbox: Inbox(given: given), steps: kept.inner.merging(["": kept.outer]) { $1 },
            items: kept.items)
        return (durable, kept, state)
    }

    /// A failure before anything runs is told too.
    private func told<Result>(
        _ listeners: [any RunListener<Payload>], _ body: () async throws(CodedError) -> Result
    ) async throws(CodedError) -> Result {
        do throws(CodedError) {
            return try await body()
        } catch {
            for listener in listeners { listener.end(with: .failed(node: nil, error: error)) }
            throw error
        }
    }

    private func drive(
        _ durable: DurableRun, context: RunContext, live: LiveRun?, _ listeners: [any RunListener<Payload>],
        _ run: @escaping @Sendable (inout RunDrive<State, Payload>) async -> Void, state: () -> State
    ) async throws -> RunResult<State> {
        let machine = GraphMachine(graph.topology, activationLimit: limits.activations, deadline: context.deadline)
        let environment = RunEnvironment(
            context: context, names: graph.nodeNames, hearing: Hearing(listeners), time: time, limits: limits,
            durable: durable)
        var drive = RunDrive(graph: graph, machine: machine, environment: environment, state: state())
        drive.encodeState = Self.encode
        live?.begin(durable)
        if limits.deadline == .interrupts {
            await drive.untilDeadline(run)
        } else {
            await run(&drive)
        }
        live?.end()
        return try await conclude(&drive, durable) { event in
            for listener in listeners { listener.end(with: event) }
        }
    }

    private func conclude(
        _ drive: inout RunDrive<State, Payload>, _ durable: DurableRun, tell: (RunEvent<Payload>) -> Void
    ) async throws -> RunResult<State> {
        do {
            let state = try drive.result()
            try await durable.journal.commit(StepRecord(place: "", node: "", activation: 0, event: .finished))
            tell(.finished)
            return .finished(state)
        } catch is Parked {
            let questions = durable.inbox.openQuestions
            do {
                let bytes = try JSONCoding.encode(questions)
                try await durable.journal.commit(
                    StepRecord(place: "", node: "", activation: 0, event: .parked(bytes)))
            } catch {
                tell(.failed(node: nil, error: error))
                throw error
            }
            tell(.parked)
            return .parked(questions)
        } catch let error as CancellationError {
            tell(.cancelled)
            throw error
        } catch {
            tell(.failed(node: drive.culprit, error: error))
            throw error
        }
    }

    // MARK: Looking and changing

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
    /// since the last snapshot twice and writing one, and an entry where questions are open.
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
        if !kept.questions.isEmpty {
            let bytes: [UInt8]
            do throws(JSONCodingError) { bytes = try JSONCoding.encode(kept.questions) } catch {
                throw CodedError(.internalError, "A question cannot be kept.", detail: error.message)
            }
            try await journal.commit(StepRecord(place: "", node: "", activation: 0, event: .parked(bytes)))
        }
    }

    private func kept(_ key: RunKey, through sequence: UInt64? = nil) async throws(CodedError) -> KeptRun {
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

    /// The answers as they are kept.
    private func check(_ answers: [String: JSON], against kept: KeptRun) throws(CodedError) -> [String: [UInt8]] {
        if kept.isFinished { throw Self.finished() }
        var checked: [String: [UInt8]] = [:]
        for (id, answer) in answers {
            guard kept.questions.contains(where: { $0.id == id }), let check = graph.answerCheck(id) else {
                throw .questionNotOpen()
            }
            checked[id] = try LiveRun.bytes(of: answer, check)
        }
        return checked
    }

    private static func finished() -> CodedError {
        CodedError(.runFinished, "This run is over. Fork it to go on from one of its steps.", param: "run")
    }

    @Sendable
    private static func encode(_ state: State) throws(CodedError) -> [UInt8] {
        do throws(JSONCodingError) {
            return try JSONCoding.encode(state)
        } catch {
            throw CodedError(.invalidValue, "The state cannot be kept.", detail: error.message)
        }
    }

    private static func decode(_ node: JSONNode) throws(CodedError) -> State {
        do throws(JSONCodingError) {
            return try JSONCoding.decode(State.self, from: node)
        } catch {
            throw .unreadableCheckpoint("a state that is \(error.message)")
        }
    }
}

extension CodedError {
    static func questionNotOpen() -> CodedError {
        CodedError(.invalidValue, "No question of this id is open.", param: "answers")
    }
}
