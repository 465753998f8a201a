/// What a run tells while it goes on. `Payload` is what the graph's nodes themselves emit.
public enum RunEvent<Payload: Sendable>: Sendable {
    /// `round` counts the node's activations of this run from 1.
    case nodeStarted(node: String, round: Int)
    case nodeFinished(node: String, round: Int, duration: Duration)
    /// The node threw. The run goes on only where an `onError` edge says so.
    case nodeFailed(node: String, round: Int, duration: Duration, error: any Error)
    /// Nothing can reach the node any more.
    case nodeSkipped(node: String)
    case emitted(node: String, Payload)
    /// A node asks, and its branch waits for the answer.
    case asked(Question)

    // Exactly one of these, and it is the last.
    case finished
    /// `node` is the one that failed, or that was about to start when a limit of the run was reached.
    case failed(node: String?, error: any Error)
    case cancelled
    /// Nothing is left to do before the questions that were asked are answered.
    case parked

    public var isLast: Bool {
        switch self {
        case .finished, .failed, .cancelled, .parked: true
        default: false
        }
    }
}

/// What a listener does with an event that it is offered.
public enum EventIntake: Sendable {
    case taken
    /// Not now: the run waits in ``RunListener/receive(_:)`` with the same event.
    case full
    /// Nobody listens any more, which cancels the run.
    case closed
}

/// Who hears a run's events. Called by the runner and by its nodes, also at the same time.
public protocol RunListener<Payload>: Sendable {
    associatedtype Payload: Sendable

    /// Takes an event if that needs no waiting. Every event is offered first; what is taken here costs no suspension.
    func offer(_ event: RunEvent<Payload>) -> EventIntake

    /// Takes an event that was offered in vain, and suspends the run's work until it can: back-pressure. Throws when
    /// the task is cancelled or nobody listens any more, which cancels the run.
    func receive(_ event: RunEvent<Payload>) async throws(CancellationError)

    /// Takes the last event. Never waits.
    func end(with event: RunEvent<Payload>)
}

extension RunListener {
    public func offer(_ event: RunEvent<Payload>) -> EventIntake { .full }
}
