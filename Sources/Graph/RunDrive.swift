public import Base

/// One run while it goes on: feeds the machine and does what it commands.
@usableFromInline
struct RunDrive<State: Sendable, Payload: Sendable> {
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
    @usableFromInline let time: any TimeSource
    @usableFromInline let hasListener: Bool
    @usableFromInline let needsTime: Bool
    @usableFromInline var machine: GraphMachine
    @usableFromInline var store: StateStore<State>
    @usableFromInline var commands: [GraphMachine.Command] = []
    /// Nodes that the machine has started and the drive has yet to run.
    @usableFromInline var pending: [Int] = []
    /// Nodes that were skipped and that the listener has yet to hear of.
    @usableFromInline var skipped: [Int] = []
    @usableFromInline var isStopping = false
    @usableFromInline var outcome: GraphMachine.Outcome?
    /// The failure that the machine is told of, or that ended the run.
    @usableFromInline var failure: (any Error)?
    /// By node; kept only for a listener.
    @usableFromInline var activations: [(round: Int, start: Instant)] = []

    @inlinable
    init(
        graph: Graph<State, Payload>, machine: GraphMachine, environment: RunEnvironment<Payload>,
        time: any TimeSource, state: State
    ) {
        self.graph = graph
        self.machine = machine
        self.environment = environment
        self.time = time
        hasListener = environment.hearing != nil
        needsTime = hasListener || environment.context.deadline != nil
        store = StateStore(state, heldFields: graph.heldFields)
        commands.reserveCapacity(8)
        if hasListener {
            activations = Array(repeating: (0, Instant(nanoseconds: 0)), count: graph.nodes.count)
        }
    }

    /// Goes on until the machine has ended and every branch with it.
    @inlinable
    mutating func run() async {
        feed(Task.isCancelled ? .cancel : .begin, at: now())
        while outcome == nil {
            if pending.count == 1 {
                await runInline(pending.removeLast())
            } else {
                await runBranches()
            }
        }
    }

    @inlinable
    func now() -> Instant? { needsTime ? time.now() : nil }

    // MARK: Running nodes

    @inlinable
    mutating func runInline(_ node: Int) async {
        if isStopping { return feed(.failed(node), at: nil) }
        if hasListener {
            let event = startEvent(node)
            var heard = offer(event)
            if heard == nil { heard = await deliver(event) }
            guard heard == true else { return feed(.failed(node), at: nil) }
        }
        let work = prepare(node)
        var update: Update<State>?
        var failure: (any Error)?
        do { update = try await work() } catch { failure = error }
        let finished = Finished(node: node, update: update, error: failure, at: now())
        if hasListener, let event = endEvent(finished), offer(event) == nil { await deliver(event) }
        settle(finished)
        if !skipped.isEmpty { await tellSkips() }
    }

    /// Runs all that is ready as child tasks, and what becomes ready meanwhile, until at most one node is left and
    /// can run inline.
    @inlinable
    mutating func runBranches() async {
        await withTaskGroup(of: Finished.self) { group in
            var running = 0
            repeat {
                for node in pending {
                    guard await announce(node) else {
                        feed(.failed(node), at: nil)
                        continue
                    }
                    start(node, in: &group)
                    running += 1
                }
                pending.removeAll(keepingCapacity: true)
                if isStopping { group.cancelAll() }
                if running > 0, let finished = await group.next() {
                    running -= 1
                    if hasListener, let event = endEvent(finished), offer(event) == nil { await deliver(event) }
                    settle(finished)
                    if !skipped.isEmpty { await tellSkips() }
                }
                if isStopping { group.cancelAll() }
            } while outcome == nil && (running > 0 || pending.count > 1)
        }
    }

    /// The child runs on this thread, at once, until it first suspends.
    @inlinable
    mutating func start(_ node: Int, in group: inout TaskGroup<Finished>) {
        let work = prepare(node)
        let clock = needsTime ? time : nil
        group.addImmediateTask {
            do {
                return Finished(node: node, update: try await work(), error: nil, at: clock?.now())
            } catch {
                return Finished(node: node, update: nil, error: error, at: clock?.now())
            }
        }
    }

    @inlinable
    mutating func prepare(_ node: Int) -> Work<State> {
        store.fold(graph.nodes[node].heldReads)
        return graph.nodes[node].prepare(store.value, NodeContext(environment: environment, node: node))
    }

    // MARK: Events out

    /// Tells that a node starts; `false` when the run is stopping and the node must not run.
    @inlinable
    mutating func announce(_ node: Int) async -> Bool {
        guard !isStopping else { return false }
        guard hasListener else { return true }
        let event = startEvent(node)
        if let heard = offer(event) { return heard }
        return await deliver(event)
    }

    @inlinable
    mutating func startEvent(_ node: Int) -> RunEvent<Payload> {
        activations[node].round += 1
        activations[node].start = time.now()
        return .nodeStarted(node: graph.nodeNames[node], round: activations[node].round)
    }

    /// Whether the event was heard; `nil` when that takes waiting. `false`: nobody listens any more, and the run is
    /// being cancelled.
    @inlinable
    mutating func offer(_ event: RunEvent<Payload>) -> Bool? {
        guard let hearing = environment.hearing else { return true }
        switch hearing.offer(event) {
        case .taken: return true
        case .full: return nil
        case .closed:
            feed(.cancel, at: nil)
            return false
        }
    }

    /// The same for an event that was offered in vain.
    @discardableResult
    @inlinable
    mutating func deliver(_ event: RunEvent<Payload>) async -> Bool {
        guard let hearing = environment.hearing else { return true }
        do {
            try await hearing.receive(event)
            return true
        } catch {
            feed(.cancel, at: nil)
            return false
        }
    }

    // MARK: Feeding the machine

    @inlinable
    mutating func settle(_ finished: Finished) {
        let node = finished.node
        if Task.isCancelled { feed(.cancel, at: nil) }
        if let error = finished.error {
            if !isStopping { failure = error }
            feed(.failed(node), at: finished.at)
        } else {
            feed(.succeeded(node), at: finished.at, update: finished.update)
        }
    }

    /// `nil` when nobody is to hear of it any more.
    @inlinable
    mutating func endEvent(_ finished: Finished) -> RunEvent<Payload>? {
        if Task.isCancelled { feed(.cancel, at: nil) }
        if isStopping { return nil }
        let name = graph.nodeNames[finished.node]
        let (round, start) = activations[finished.node]
        let duration = finished.at?.since(start) ?? .zero
        guard let error = finished.error else {
            return .nodeFinished(node: name, round: round, duration: duration)
        }
        return .nodeFailed(node: name, round: round, duration: duration, error: error)
    }

    @inlinable
    mutating func tellSkips() async {
        let nodes = skipped
        skipped.removeAll(keepingCapacity: true)
        // Those that the run's proper end has left out are told too.
        for node in nodes where !isStopping || outcome == .finished {
            let event = RunEvent<Payload>.nodeSkipped(node: graph.nodeNames[node])
            if offer(event) == nil { await deliver(event) }
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
                case .apply: update?(&store, rounds)
                case .decide(let node): next = decide(node)
                case .recover(let node): recover(node, rounds: rounds)
                case .skip(let node): if hasListener { skipped.append(node) }
                case .cancelBranches: isStopping = true
                case .end(let outcome):
                    isStopping = true
                    self.outcome = outcome
                }
            }
        }
    }

    @inlinable
    mutating func recover(_ node: Int, rounds: [Int]) {
        guard let error = failure.take() else { return }
        for record in graph.nodes[node].records { record(&store, rounds, error) }
    }

    @inlinable
    mutating func decide(_ node: Int) -> GraphMachine.Event {
        guard let decide = graph.nodes[node].decide else { return .decided(node, .nowhere) }
        store.fold(graph.nodes[node].heldReads)
        do {
            return .decided(node, try decide(store.value))
        } catch {
            failure = CodedError(
                .internalError, "The graph \"\(graph.name)\" has lost its way.",
                detail: "\"\(graph.nodeNames[node])\" chose \"\(error.target)\", which is not among its routes")
            return .failed(node)
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
        switch outcome {
        case .finished:
            store.foldAll()
            return store.value
        case .cancelled: throw CancellationError()
        case .deadlineExceeded:
            throw CodedError(
                .deadlineExceeded, "The time for this request is over.",
                detail: "graph \"\(name)\", before node \"\(culprit ?? "")\"")
        case .activationLimit:
            throw CodedError(
                .internalError, "The graph \"\(name)\" went round too often.",
                detail: "\(machine.activationLimit) activations, before node \"\(culprit ?? "")\"")
        case .noEndReached, nil:
            throw CodedError(.internalError, "The graph \"\(name)\" is over without having reached an end.")
        case .failed:
            throw failure ?? CodedError(.internalError, "The graph \"\(name)\" failed at \"\(culprit ?? "")\".")
        }
    }
}
