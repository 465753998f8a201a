public import Base

/// One run while it goes on: feeds the machine and does what it commands.
@usableFromInline
struct RunDrive<State: Sendable, Payload: Sendable>: Sendable {
    /// What is known of a node's activations in this run.
    @usableFromInline
    struct Turns: Sendable {
        /// How often it was begun.
        @usableFromInline var count = 0
        /// When it was begun last; kept only for a listener.
        @usableFromInline var begun = Instant(nanoseconds: 0)

        @inlinable init() {}
    }

    /// What a node handed back, and when.
    @usableFromInline
    struct Finished: Sendable {
        @usableFromInline let node: Int
        /// What it writes; `nil` when it threw.
        @usableFromInline let update: Update<State>?
        @usableFromInline let error: (any Error)?
        @usableFromInline let at: Instant?

        @inlinable
        init(node: Int, update: Update<State>?, error: (any Error)?, at: Instant?) {
            self.node = node
            self.update = update
            self.error = error
            self.at = at
        }
    }

    @usableFromInline let graph: Graph<State, Payload>
    @usableFromInline let environment: RunEnvironment<Payload>
    /// Whether somebody hears when nodes end.
    @usableFromInline let hasListener: Bool
    /// Whether somebody hears when they begin, and what else is told of their way.
    @usableFromInline let hearsWays: Bool
    @usableFromInline let needsTime: Bool
    @usableFromInline var machine: GraphMachine
    @usableFromInline var store: StateStore<State>
    @usableFromInline var commands: [GraphMachine.Command] = []
    /// Nodes that the machine has started and the drive has yet to run.
    @usableFromInline var pending: [Int] = []
    /// How many of them are in the order of their priorities.
    @usableFromInline var sortedCount = 0
    /// Nodes that were skipped and that the listener has yet to hear of.
    @usableFromInline var skipped: [Int] = []
    @usableFromInline var isStopping = false
    @usableFromInline var outcome: GraphMachine.Outcome?
    /// The failure that the machine is told of, or that ended the run.
    @usableFromInline var failure: (any Error)?
    /// By node.
    @usableFromInline var turns: [Turns]
    /// Nodes wait for answers, and nothing else is left to do.
    @usableFromInline var isParked = false
    /// Those nodes: the machine still counts them as running.
    @usableFromInline var sentHome: [Int] = []
    /// The run was cancelled because its deadline has passed.
    @usableFromInline var isLate = false
    /// Hands of finished nodes that the inbox still counts.
    @usableFromInline var hands = 1
    /// What ends the run whatever its edges say: a step that could not be kept, or a route that leads nowhere.
    @usableFromInline var fault: CodedError?
    /// Which routes the step at hand has chosen.
    @usableFromInline var choice: [Int]?
    /// When a node has ended behind which nothing was waited for: the next one begins then.
    @usableFromInline var lastEnd: Instant?
    /// Whether the event at hand has become a step.
    @usableFromInline var hasStep = false
    /// For snapshots; only the outermost graph of a run that is kept has it.
    var encodeState: EncodeState<State>?

    @inlinable
    init(
        graph: Graph<State, Payload>, machine: consuming GraphMachine, environment: RunEnvironment<Payload>,
        state: consuming State
    ) {
        self.graph = graph
        self.machine = machine
        self.environment = environment
        turns = Array(repeating: Turns(), count: graph.nodes.count)
        hasListener = environment.hearing?.kinds.contains(.ends) ?? false
        hearsWays = environment.hearing?.kinds.contains(.debug) ?? false
        needsTime = hasListener || environment.context.deadline != nil
        store = StateStore(state, heldFields: graph.heldFields)
        if environment.hearing?.hearsSteps ?? false { store.note(in: nil, tap: true) }
        commands.reserveCapacity(8)
    }

    /// Goes on until the machine has ended and every branch with it.
    @inlinable
    mutating func run() async {
        begin()
        await goOn()
    }

    /// Makes the first nodes ready, and does again what was kept of the run.
    @inlinable
    mutating func begin() {
        feed(Task.isCancelled ? .cancel : .begin, at: now())
        if environment.durable != nil, outcome == nil { goBack() }
    }

    /// From whatever is pending.
    @inlinable
    mutating func goOn() async {
        if environment.durable != nil { stopBeforeResuming() }
        while outcome == nil, !pending.isEmpty {
            if pending.count == 1 {
                await runInline(pending.removeLast())
            } else {
                await runBranches()
            }
        }
        if environment.durable != nil { leave() }
    }

    @inlinable
    func now() -> Instant? { needsTime ? environment.time.now() : nil }

    // MARK: Running nodes

    @inlinable
    mutating func runInline(_ node: Int) async {
        if isStopping { return feed(.failed(node), at: nil) }
        turns[node].count += 1
        if hasListener { turns[node].begun = lastEnd.take() ?? environment.time.now() }
        if hearsWays {
            let event = startEvent(node)
            var (heard, waiting) = offer(event)
            if heard == nil { heard = await deliver(event, to: waiting) }
            guard heard == true else { return feed(.failed(node), at: nil) }
        }
        if environment.durable != nil { passHand() }
        let work = prepare(node)
        var update: Update<State>?
        var failure: (any Error)?
        do { update = try await work() } catch { failure = error }
        await finish(Finished(node: node, update: update, error: failure, at: now()), isNew: true)
    }

    /// Tells of the end of a node, lets the machine know, and has the step kept. `isNew` where the node has ended just
    /// now.
    @inlinable
    mutating func finish(_ finished: Finished, isNew: Bool) async {
        if environment.durable != nil, isSentHome(finished) { return }
        if Task.isCancelled { feed(.cancel, at: nil) }
        let event = hasListener ? endEvent(finished) : nil
        settle(finished)
        if environment.durable != nil { await keep(finished) }
        // Keeping a step and telling of it may take long.
        var isNew = isNew && environment.durable == nil
        // Only what has come about is told.
        if let event, fault == nil {
            let (heard, waiting) = offer(event)
            if heard == nil {
                await deliver(event, to: waiting)
                isNew = false
            }
        }
        if store.tap != nil {
            await tellStep(finished.node)
            isNew = false
        }
        if environment.durable != nil || hasListener { checkTime(isNew ? finished.at : nil) }
        if !skipped.isEmpty {
            await tellSkips()
            isNew = false
        }
        lastEnd = isNew ? finished.at : nil
        // What ends the run, or its branches, is not held up.
        guard !isStopping, environment.time.isCrowded else { return }
        await environment.time.giveWay()
        lastEnd = nil
        checkTime(nil)
    }

    /// Nothing more starts if the run was cancelled meanwhile, or its time is over; `now` where it was just looked at.
    @inlinable
    mutating func checkTime(_ now: Instant?) {
        if isStopping || pending.isEmpty { return }
        if Task.isCancelled { return feed(.cancel, at: nil) }
        guard let deadline = environment.context.deadline, now ?? environment.time.now() >= deadline else { return }
        isLate = true
        feed(.cancel, at: nil)
    }

    @inlinable
    mutating func prepare(_ node: Int) -> Work<State> {
        store.fold(graph.nodes[node].heldReads)
        return graph.nodes[node].prepare(
            store.value, NodeContext(environment: environment, node: node, activation: turns[node].count))
    }

    // MARK: Feeding the machine

    @inlinable
    mutating func settle(_ finished: Finished) {
        let node = finished.node
        if let hearing = environment.hearing, hearing.isClosed() { feed(.cancel, at: nil) }
        if let error = finished.error {
            if !isStopping { failure = error }
            feed(.failed(node), at: finished.at)
        } else {
            feed(.succeeded(node), at: finished.at, update: finished.update)
        }
    }

    @inlinable
    mutating func feed(_ event: GraphMachine.Event, at now: Instant?, update: Update<State>? = nil) {
        var next: GraphMachine.Event? = event
        while let event = next {
            next = nil
            commands.removeAll(keepingCapacity: true)
            // What has finished belongs to the round before the one that the event may start.
            let rounds = machine.rounds
            machine.handle(event, now: now, into: &commands)
            for command in commands {
                switch command {
                case .start(let node): pending.append(node)
                case .apply:
                    update?(&store, rounds)
                    hasStep = true
                case .decide(let node): next = decide(node)
                case .recover(let node):
                    recover(node, rounds: rounds)
                    hasStep = true
                case .skip(let node): if hearsWays { skipped.append(node) }
                case .cancelBranches: isStopping = true
                case .end(let outcome):
                    isStopping = true
                    self.outcome = outcome
                }
            }
            // Whoever waits for an answer does nothing that a stopping run would have to wait for.
            if isStopping, outcome == nil, next == nil, let waiting = sentHome.popLast() { next = .failed(waiting) }
        }
    }

    @inlinable
    mutating func recover(_ node: Int, rounds: [Int]) {
        guard let error = failure.take() else { return }
        // The record of the step has the error itself: what is noted of it elsewhere follows from that.
        let recorder = store.recorder
        store.note(in: nil, tap: store.tap != nil)
        for record in graph.nodes[node].records { record(&store, rounds, error) }
        store.note(in: recorder, tap: store.tap != nil)
    }

    @inlinable
    mutating func decide(_ node: Int) -> GraphMachine.Event {
        guard let decide = graph.nodes[node].decide else { return .decided(node, .nowhere) }
        store.fold(graph.nodes[node].heldReads)
        do {
            let choice = try decide(store.value)
            if environment.durable != nil { self.choice = choice.positions }
            return .decided(node, choice)
        } catch {
            // No `onError` edge takes this: the node itself has succeeded, and what it wrote cannot be taken back.
            fault = CodedError(
                .unknownRoute, "The graph \"\(graph.name)\" has lost its way.",
                detail: "\"\(graph.nodeNames[node])\" chose \"\(error.target)\", which is not among its routes")
            return .cancel
        }
    }

    // MARK: The end

    /// The node that ended a run that failed.
    @usableFromInline var culprit: String? {
        switch outcome {
        case .failed(let node), .deadlineExceeded(before: let node), .activationLimit(before: let node):
            graph.nodeNames[node]
        default: nil
        }
    }

    @inlinable
    mutating func result() throws -> State {
        let name = graph.name
        if let fault { throw fault }
        if isParked, outcome == nil { throw Parked() }
        switch outcome {
        case .finished:
            store.foldAll()
            return store.value
        case .cancelled where isLate:
            throw CodedError(
                .deadlineExceeded, "The time for this request is over.", detail: "graph \"\(name)\", while nodes ran")
        case .cancelled: throw CancellationError()
        case .deadlineExceeded:
            throw CodedError(
                .deadlineExceeded, "The time for this request is over.",
                detail: "graph \"\(name)\", before node \"\(culprit ?? "")\"")
        case .activationLimit:
            throw CodedError(
                .activationLimit, "The graph \"\(name)\" went round too often.",
                detail: "\(machine.activationLimit) activations, before node \"\(culprit ?? "")\"")
        case .noEndReached, nil:
            throw CodedError(.endNotReached, "The graph \"\(name)\" is over without having reached an end.")
        case .failed:
            throw failure ?? CodedError(.internalError, "The graph \"\(name)\" failed at \"\(culprit ?? "")\".")
        }
    }
}
