public import Base

/// What a drive tells whoever listens.
extension RunDrive {
    /// Tells that a node starts; `false` when the run is stopping and the node must not run.
    @inlinable
    mutating func announce(_ node: Int) async -> Bool {
        guard !isStopping else { return false }
        turns[node].count += 1
        if hasListener { turns[node].begun = environment.time.now() }
        return hearsWays ? await tell(startEvent(node)) : true
    }

    @inlinable
    func startEvent(_ node: Int) -> RunEvent<Payload> {
        .nodeStarted(node: environment.names[node], round: turns[node].count)
    }

    /// Whether the event was heard. `false`: nobody listens any more, and the run is being cancelled.
    @discardableResult
    @inlinable
    mutating func tell(_ event: RunEvent<Payload>) async -> Bool {
        guard let hearing = environment.hearing else { return true }
        switch hearing.offer(event) {
        case .taken: return true
        case .full(let listeners): return await deliver(event, to: listeners)
        case .closed:
            feed(.cancel, at: nil)
            return false
        }
    }

    /// The same without a suspension; `nil` when that takes waiting.
    @inlinable
    mutating func offer(_ event: RunEvent<Payload>) -> (heard: Bool?, waiting: [Int]) {
        guard let hearing = environment.hearing else { return (true, []) }
        switch hearing.offer(event) {
        case .taken: return (true, [])
        case .full(let listeners): return (nil, listeners)
        case .closed:
            feed(.cancel, at: nil)
            return (false, [])
        }
    }

    /// Waits with an event that was offered in vain.
    @discardableResult
    @inlinable
    mutating func deliver(_ event: RunEvent<Payload>, to listeners: [Int]) async -> Bool {
        guard let hearing = environment.hearing else { return true }
        do {
            try await hearing.receive(event, listeners)
            return true
        } catch {
            feed(.cancel, at: nil)
            return false
        }
    }

    /// `nil` when nobody is to hear of it any more.
    @inlinable
    mutating func endEvent(_ finished: Finished) -> RunEvent<Payload>? {
        if isStopping { return nil }
        let name = environment.names[finished.node]
        let turn = turns[finished.node]
        let duration = finished.at?.since(turn.begun) ?? .zero
        guard let error = finished.error else {
            return .nodeFinished(node: name, round: turn.count, duration: duration)
        }
        return .nodeFailed(node: name, round: turn.count, duration: duration, error: error)
    }

    @inlinable
    mutating func tellSkips() async {
        let nodes = skipped
        skipped.removeAll(keepingCapacity: true)
        // Those that the run's proper end has left out are told too.
        for node in nodes where !isStopping || outcome == .finished {
            await tell(.nodeSkipped(node: environment.names[node]))
        }
    }

    /// Tells what a step wrote, and what the state is then, to whoever wants to hear it.
    @usableFromInline
    mutating func tellStep(_ node: Int) async {
        guard let hearing = environment.hearing, let writes = store.tap else { return }
        store.tap = []
        // A step that was not applied, or not kept, has not happened.
        guard fault == nil, !writes.isEmpty, !isStopping || outcome == .finished else { return }
        let (name, round) = (environment.names[node], turns[node].count)
        if hearing.kinds.contains(.updates) {
            await tell(.updated(StepUpdate(node: name, round: round, state: State.self, writes: writes)))
        }
        if hearing.kinds.contains(.values) {
            var seen = store
            seen.foldAll()
            await tell(.values(StateValue(node: name, round: round, state: seen.value)))
        }
    }
}
