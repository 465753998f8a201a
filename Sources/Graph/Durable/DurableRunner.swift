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
    let checkpointer: any Checkpointer
    let time: any TimeSource
    let limits: RunLimits
    let schema: Int
    let fingerprint: UInt64

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
    @inlinable
    public func start(
        _ initial: State, context: RunContext, live: LiveRun? = nil,
        events listeners: [any RunListener<Payload>] = []
    ) async throws -> RunResult<State> {
        try await start(initial, context: context, live: live, listeners) { await $0.goOn() }
    }

    /// `goOn` is the drive's, as the caller's module has specialised it: there the types of the run are known.
    @usableFromInline
    func start(
        _ initial: State, context: RunContext, live: LiveRun?, _ listeners: [any RunListener<Payload>],
        goOn: @escaping @Sendable (inout RunDrive<State, Payload>) async -> Void
    ) async throws -> RunResult<State> {
        let durable = try await told(listeners) { () throws(CodedError) in
            try await begin(initial, RunKey(context.scope, context.runID))
        }
        return try await drive(durable, from: initial, context: context, live: live, listeners, goOn)
    }

    /// Goes on with a run that has parked, failed or broken off, with the answers to its questions by their ids. Throws
    /// `run_not_found`, also for another scope's run; `run_finished`; `invalid_value` for an answer that JSON cannot
    /// hold or to a question that is not open and `invalid_type` for one of the wrong type, both before anything is
    /// done; `checkpoint_version` and `checkpoint_unreadable`; then what `start` throws of a run that has begun. Costs
    /// reading what was kept since the last snapshot twice, and an entry an answer, besides the steps.
    @inlinable
    public func resume(
        context: RunContext, answers: [String: JSON] = [:], live: LiveRun? = nil,
        events listeners: [any RunListener<Payload>] = []
    ) async throws -> RunResult<State> {
        try await resume(context: context, answers: answers, live: live, listeners) { await $0.goOn() }
    }

    @usableFromInline
    func resume(
        context: RunContext, answers: [String: JSON], live: LiveRun?, _ listeners: [any RunListener<Payload>],
        goOn: @escaping @Sendable (inout RunDrive<State, Payload>) async -> Void
    ) async throws -> RunResult<State> {
        let (durable, kept, state) = try await told(listeners) { () throws(CodedError) in
            try await takeOver(RunKey(context.scope, context.runID), answers)
        }
        return try await drive(durable, kept, from: state, context: context, live: live, listeners, goOn)
    }

    /// The same as the other `start`, for one listener.
    @inlinable
    public func start(
        _ initial: State, context: RunContext, live: LiveRun? = nil, events listener: any RunListener<Payload>
    ) async throws -> RunResult<State> {
        try await start(initial, context: context, live: live, events: [listener])
    }

    /// The same as the other `resume`, for one listener.
    @inlinable
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
            guard error.code == .runExists else { throw error }
            // Not from somebody who has begun it by now, and who would lose it by being asked.
            do throws(CodedError) { claim = try await checkpointer.claim(key, ifLast: 0) } catch {
                throw error.code == .runStale ? .runTaken() : error
            }
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
        return (DurableRun(journal: journal, inbox: Inbox(given: given), kept), kept, state)
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
        _ durable: DurableRun, _ kept: KeptRun? = nil, from state: State, context: RunContext, live: LiveRun?,
        _ listeners: [any RunListener<Payload>],
        _ goOn: @escaping @Sendable (inout RunDrive<State, Payload>) async -> Void
    ) async throws -> RunResult<State> {
        var (durable, kept, state) = (durable, kept, state)
        let hearing = Hearing(listeners)
        defer { live?.end() }
        while true {
            let machine = GraphMachine(graph.topology, activationLimit: limits.activations, deadline: context.deadline)
            let environment = RunEnvironment(
                context: context, names: graph.nodeNames, hearing: hearing, time: time, limits: limits,
                durable: durable)
            var drive = RunDrive(graph: graph, machine: machine, environment: environment, state: state)
            drive.encodeState = Self.encode
            live?.begin(durable)
            await run(&drive, kept, goOn)
            do {
                return try await conclude(&drive, durable, listeners)
            } catch is GoesOn {
                // As a resume does, and with the same claim.
                let now = try await told(listeners) { () throws(CodedError) in
                    let kept = try await self.kept(durable.journal.key)
                    // What another writer has made of it is not this one's to go on with.
                    guard kept.lastSequence <= durable.journal.lastSequence else { throw .staleWriter() }
                    return (kept, try Self.decode(kept.state))
                }
                (kept, state) = now
                durable = DurableRun(journal: durable.journal, inbox: durable.inbox, now.0)
            }
        }
    }

    private func run(
        _ drive: inout RunDrive<State, Payload>, _ kept: KeptRun?,
        _ goOn: @escaping @Sendable (inout RunDrive<State, Payload>) async -> Void
    ) async {
        let run: @Sendable (inout RunDrive<State, Payload>) async -> Void = { drive in
            if let kept, let memory = kept.memory {
                drive.takeUp(memory, activations: kept.activations, steps: kept.outer)
            } else {
                drive.begin()
            }
            await goOn(&drive)
        }
        if limits.deadline == .interrupts {
            await drive.untilDeadline(run)
        } else {
            await run(&drive)
        }
    }

    /// A node that was sent home has its answer by now.
    private struct GoesOn: Error {}

    private func conclude(
        _ drive: inout RunDrive<State, Payload>, _ durable: DurableRun, _ listeners: [any RunListener<Payload>]
    ) async throws -> RunResult<State> {
        func tell(_ event: RunEvent<Payload>) {
            for listener in listeners { listener.end(with: event) }
        }
        do {
            let state = try drive.result()
            try await durable.journal.commit(StepRecord(place: "", node: "", activation: 0, event: .finished))
            tell(.finished)
            return .finished(state)
        } catch is Parked {
            guard let questions = await durable.inbox.close() else { throw GoesOn() }
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

    static func finished() -> CodedError {
        CodedError(.runFinished, "This run is over. Fork it to go on from one of its steps.", param: "run")
    }

    @Sendable
    static func encode(_ state: State) throws(CodedError) -> [UInt8] {
        do throws(JSONCodingError) {
            return try JSONCoding.encode(state)
        } catch {
            throw CodedError(.invalidValue, "The state cannot be kept.", detail: error.message)
        }
    }

    static func decode(_ node: JSONNode) throws(CodedError) -> State {
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
