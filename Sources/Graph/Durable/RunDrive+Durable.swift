public import Base
internal import JSON

/// A run that is kept: what its graphs share.
@usableFromInline
final class DurableRun: Sendable {
    let journal: Journal
    @usableFromInline let inbox: Inbox
    /// What was kept of inner graphs, by their places.
    let steps: [String: [StepRecord]]
    /// What was kept of lists, by the step that works on them: results by item.
    let items: [String: [Int: [UInt8]]]

    init(journal: Journal, inbox: Inbox, steps: [String: [StepRecord]], items: [String: [Int: [UInt8]]]) {
        self.journal = journal
        self.inbox = inbox
        self.steps = steps
        self.items = items
    }

    /// One that goes on from what was kept.
    convenience init(journal: Journal, inbox: Inbox, _ kept: KeptRun) {
        self.init(
            journal: journal, inbox: inbox, steps: kept.inner.merging(["": kept.outer]) { $1 }, items: kept.items)
    }

    /// Keeps a node's step; whether a snapshot is due. Throws for writes that have no form to be kept in, and what the
    /// journal throws. Knows no types of the run, so that it is compiled once and well.
    @usableFromInline
    func keep(
        _ place: String, _ node: String, _ activation: Int, writes: [UInt8], choice: [Int]?, error: (any Error)?
    ) async throws(CodedError) -> Bool {
        let event: StepRecord.Event =
            if let error { .failed(CodedError(any: error)) } else { .succeeded(writes: writes, choice: choice) }
        try await journal.commit(StepRecord(place: place, node: node, activation: activation, event: event))
        inbox.withdraw { StepRecord.step(place, node, activation) }
        return journal.wantsSnapshot
    }
}

typealias EncodeState<State: Sendable> = @Sendable (State) throws(CodedError) -> [UInt8]

/// The part of a drive that only kept runs need.
extension RunDrive {
    // MARK: Hands

    /// The hands of finished nodes, once what follows from them holds its own.
    @usableFromInline
    mutating func letGo() {
        guard hands > 0, let inbox = environment.durable?.inbox else { return }
        let count = hands
        hands = 0
        inbox.letGo(count)
    }

    /// The same, after the only node that is begun has got one of them.
    @usableFromInline
    mutating func passHand() {
        if hands > 0 { hands -= 1 } else { environment.durable?.inbox.takeHands(1) }
        letGo()
    }

    /// Whoever runs this graph has one hand again.
    @usableFromInline
    mutating func leave() {
        guard hands != 1, let inbox = environment.durable?.inbox else { return }
        inbox.takeHands(1 - hands)
        hands = 1
    }

    /// Takes note of a node that is done; whether it only waits for an answer, which is the end of this drive but not
    /// of the node.
    @usableFromInline
    mutating func isSentHome(_ finished: Finished) -> Bool {
        hands += 1
        if fault == nil, let journal = environment.durable?.journal, journal.hasFailed {
            // Whatever the node says: what could not be kept ends the run, and no `onError` edge takes that.
            fault = journal.failure
            feed(.cancel, at: nil)
        }
        guard finished.error is Parked, !isStopping, !Task.isCancelled else { return false }
        isParked = true
        sentHome.append(finished.node)
        return true
    }

    // MARK: Keeping

    /// Has the step kept before anything that follows from it is begun. Not one that came too late, or whose failure
    /// ends the run.
    @inlinable
    mutating func keep(_ finished: Finished) async {
        guard let durable = environment.durable, fault == nil else { return }
        defer { (hasStep, choice) = (false, nil) }
        guard hasStep else { return }
        do throws(CodedError) {
            let writes = try store.takeRecord()
            let (node, activation) = (graph.nodeNames[finished.node], turns[finished.node].count)
            if try await durable.keep(
                environment.place, node, activation, writes: writes, choice: choice, error: finished.error)
            {
                try await keepSnapshot()
            }
        } catch {
            fault = error
            feed(.cancel, at: nil)
        }
    }

    /// Where this graph is the outermost, and nothing is held: a snapshot of the state has all that was written.
    @usableFromInline
    mutating func keepSnapshot() async throws(CodedError) {
        guard let durable = environment.durable, let encodeState, outcome == nil, !isStopping,
            store.held.allSatisfy(\.isEmpty)
        else { return }
        try await durable.journal.commit(snapshot: snapshot(encodeState))
    }

    // MARK: Going back to where the run was

    /// Does again what was kept of this graph, without running a node.
    @usableFromInline
    mutating func goBack() {
        guard let durable = environment.durable else { return }
        redo(durable.steps[environment.place] ?? [])
        // A fault of what was kept is nobody's to handle, also when this graph is a node of another.
        if let fault { durable.journal.giveUp(fault) }
    }

    /// A run that was cancelled, or whose deadline has passed, before it is taken up again begins nothing.
    @usableFromInline
    mutating func stopBeforeResuming() {
        guard outcome == nil, let first = pending.first else { return }
        if Task.isCancelled {
            outcome = .cancelled
        } else if let deadline = machine.deadline, environment.time.now() >= deadline {
            outcome = .deadlineExceeded(before: first)
        } else if machine.activations > machine.activationLimit {
            outcome = .activationLimit(before: first)
        } else {
            return
        }
        pending = []
        isStopping = true
    }

    /// Stands where a snapshot left the run, then does again what came after it.
    mutating func takeUp(_ memory: GraphMachine.Memory, activations: [Int], steps: [StepRecord]) {
        guard activations.count == turns.count, !memory.running.isEmpty,
            activations.allSatisfy(StepRecord.counts.contains),
            let machine = GraphMachine(
                graph.topology, activationLimit: machine.activationLimit, deadline: machine.deadline, memory: memory)
        else {
            return giveUp(.unreadableCheckpoint("a place that is not one of this graph's"))
        }
        self.machine = machine
        for (node, count) in activations.enumerated() { turns[node].count = count }
        pending = memory.running
        redo(steps)
    }

    mutating func redo(_ steps: [StepRecord]) {
        store.note(in: nil, tap: false)
        // What has run has run, whatever the limit is now.
        let limit = machine.activationLimit
        machine.activationLimit = .max
        do throws(CodedError) {
            for step in steps { try redo(step) }
        } catch {
            return giveUp(error)
        }
        machine.activationLimit = limit
        pending.sort()
        skipped = []
        (hasStep, choice) = (false, nil)
        store.note(in: FieldRecorder(graph.keeping.fields), tap: environment.hearing?.hearsSteps ?? false)
    }

    /// Nothing has been begun yet, so there is nothing to wait for.
    private mutating func giveUp(_ error: CodedError) {
        fault = error
        pending = []
        isStopping = true
        outcome = .cancelled
    }

    private mutating func redo(_ step: StepRecord) throws(CodedError) {
        guard let node = graph.keeping.numbers[step.node], let begun = pending.firstIndex(of: node) else {
            throw .unreadableCheckpoint("a step of \"\(step.node)\", which had not begun")
        }
        pending.remove(at: begun)
        turns[node].count = step.activation
        switch step.event {
        case .succeeded(let writes, let choice):
            let fields = graph.keeping.stored[node]
            let root: JSONNode
            do throws(JSONError) { root = try JSONDocument(writes, maxDepth: StepRecord.maxDepth).root } catch {
                throw .unreadableCheckpoint("writes that are \(error.message)")
            }
            try redo(node, fields, root, choice)
        case .failed(let error):
            failure = error
            feed(.failed(node), at: nil)
        case .item, .answered, .parked, .finished: throw .unreadableCheckpoint("a step that is none of this graph's")
        }
    }

    private mutating func redo(
        _ node: Int, _ fields: [StoredField<State>], _ writes: JSONNode, _ choice: [Int]?
    ) throws(CodedError) {
        // Not through the node's own update: its values are in the record, and its route has chosen.
        let rounds = machine.rounds
        for field in fields {
            guard let value = writes[field.name] else {
                throw .unreadableCheckpoint("a step of \"\(graph.nodeNames[node])\" without \(field.name)")
            }
            try field.update(value)(&store, rounds)
        }
        commands.removeAll(keepingCapacity: true)
        machine.handle(.succeeded(node), now: nil, into: &commands)
        if commands.contains(.decide(node)) {
            guard let positions = choice, let next = graph.topology.choice(positions, of: node) else {
                throw .unreadableCheckpoint("a step of \"\(graph.nodeNames[node])\" without its route")
            }
            commands.removeAll(keepingCapacity: true)
            machine.handle(.decided(node, next), now: nil, into: &commands)
        }
        for command in commands {
            switch command {
            case .start(let next): pending.append(next)
            case .end(let outcome):
                isStopping = true
                self.outcome = outcome
            case .cancelBranches: isStopping = true
            case .apply, .decide, .recover, .skip: break
            }
        }
    }

    // MARK: Snapshots

    /// The whole state, and where the run is, as an object without its end.
    func snapshot(_ encode: EncodeState<State>) throws(CodedError) -> [UInt8] {
        var writer = JSONWriter(reserving: 1024)
        writer.beginObject()
        writer.member("state", raw: try encode(store.value))
        if let memory = machine.memory {
            writer.key("machine")
            do throws(JSONCodingError) { try writer.encode(memory) } catch {
                throw CodedError(.internalError, "A run's place cannot be kept.", detail: error.message)
            }
        }
        writer.key("activations")
        writer.beginArray()
        // A node that is running will be begun again, as the same activation.
        let isRunning = Set(machine.memory?.running ?? []).subtracting(pending)
        for (node, turn) in turns.enumerated() {
            writer.int(isRunning.contains(node) ? turn.count - 1 : turn.count)
        }
        writer.endArray()
        return writer.bytes
    }
}

extension Topology {
    /// A kept choice, if the node has such routes.
    func choice(_ positions: [Int], of node: Int) -> Choice? {
        let routes = edges(of: node).count { edges[$0].kind == .choice }
        guard positions.allSatisfy({ $0 >= 0 && $0 < routes }) else { return nil }
        switch positions.count {
        case 0: return .nowhere
        case 1: return .one(positions[0])
        default: return Set(positions).count == positions.count ? .several(positions) : nil
        }
    }
}
