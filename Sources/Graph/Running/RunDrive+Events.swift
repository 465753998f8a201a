public import Base

/// What a drive tells whoever listens.
extension RunDrive {
    /// Tells that a node starts; `false` when the run is stopping and the node must not run.
    @inlinable
    mutating func announce(_ node: Int) async -> Bool {
        guard !isStopping else { return false }
        activations[node] += 1
        guard hasListener else { return true }
        let event = startEvent(node)
        if let heard = offer(event) { return heard }
        return await deliver(event)
    }

    @inlinable
    mutating func startEvent(_ node: Int) -> RunEvent<Payload> {
        begun[node] = environment.time.now()
        return .nodeStarted(node: environment.names[node], round: activations[node])
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

    /// `nil` when nobody is to hear of it any more.
    @inlinable
    mutating func endEvent(_ finished: Finished) -> RunEvent<Payload>? {
        if Task.isCancelled { feed(.cancel, at: nil) }
        if isStopping { return nil }
        let name = environment.names[finished.node]
        let round = activations[finished.node]
        let duration = finished.at?.since(begun[finished.node]) ?? .zero
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
            let event = RunEvent<Payload>.nodeSkipped(node: environment.names[node])
            if offer(event) == nil { await deliver(event) }
        }
    }
}
