/// What a run tells while it goes on. `Payload` is what the graph's nodes themselves emit.
public enum RunEvent<Payload: Sendable>: Sendable {
    // Debug: what the engine does.

    /// `round` counts the node's activations of this run from 1.
    case nodeStarted(node: String, round: Int)
    /// The node succeeded, and what it returned is written, and kept where the run is kept; `duration` is this
    /// activation's.
    case nodeFinished(node: String, round: Int, duration: Duration)
    /// The node threw. The run goes on only where an `onError` edge says so.
    case nodeFailed(node: String, round: Int, duration: Duration, error: any Error)
    /// Nothing can reach the node any more.
    case nodeSkipped(node: String)
    /// One of the node's policies did something.
    case policyActed(node: String, round: Int, PolicyAct)

    // Custom: what nodes say.

    /// What a node told by ``NodeContext/emit(_:)``.
    case emitted(node: String, Payload)

    // Updates and values: what comes of it.

    /// A step is done, and kept where the run is kept: what it wrote. Not told of steps that wrote nothing.
    case updated(StepUpdate)
    /// The whole state after a step that wrote something. Concurrent writes are in it as far as they have come; their
    /// order is final in the run's result.
    case values(StateValue)

    /// A node asks, and its branch waits for the answer.
    case asked(Question)

    // Exactly one of these, and it is the last.

    /// The run has its result.
    case finished
    /// `node` is the one that failed, or that was about to start when a limit of the run was reached; `nil` where there
    /// is no such node.
    case failed(node: String?, error: any Error)
    /// The run's task was cancelled, or a listener has gone.
    case cancelled
    /// Nothing is left to do before the questions that were asked are answered.
    case parked

    /// Whether nothing follows. O(1).
    public var isLast: Bool {
        switch self {
        case .finished, .failed, .cancelled, .parked: true
        default: false
        }
    }

    /// Which kind it is; empty for questions and ends, which everybody is told. O(1).
    @inlinable public var kind: EventKinds {
        switch self {
        case .nodeFinished, .nodeFailed: .ends
        case .nodeStarted, .nodeSkipped, .policyActed: .debug
        case .emitted: .custom
        case .updated: .updates
        case .values: .values
        case .asked, .finished, .failed, .cancelled, .parked: []
        }
    }

    @inlinable
    func isWanted(in kinds: EventKinds) -> Bool { kinds.isSuperset(of: kind) }
}

/// Kinds of events, for whoever doesn't want to hear all of them. What nobody wants to hear is not made.
public struct EventKinds: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The whole state after each step that wrote something. Costs a copy of what later steps change, and joining what
    /// concurrent nodes have written so far anew for each event.
    public static let values = EventKinds(rawValue: 1)
    /// What each step wrote. Costs an allocation a written field.
    public static let updates = EventKinds(rawValue: 2)
    /// What nodes emit.
    public static let custom = EventKinds(rawValue: 4)
    /// When nodes start and end, what is skipped, what policies do. Costs two readings of the clock a node.
    public static let debug = EventKinds(rawValue: 8 | 16)
    /// When nodes end, and how long they took: of ``debug`` what measures need. Costs as many readings of the clock.
    public static let ends = EventKinds(rawValue: 16)
}

/// What a listener does with an event that it is offered.
public enum EventIntake: Sendable {
    /// Heard, or passed over.
    case taken
    /// Not now: the run waits in ``RunListener/receive(_:)`` with the same event.
    case full
    /// Nobody listens any more, which cancels the run.
    case closed
}

/// Who hears a run's events. Called by the runner and by its nodes, also at the same time.
public protocol RunListener<Payload>: Sendable {
    /// What the graph's nodes emit.
    associatedtype Payload: Sendable

    /// What it wants to hear besides questions and ends; must not change during a run. ``EventKinds/custom`` and
    /// ``EventKinds/debug`` unless it says otherwise.
    var kinds: EventKinds { get }

    /// Whether it wants to hear no more, which cancels the run; asked when a node has ended. `false` unless it says
    /// otherwise: then the run learns of it when it next has something to tell.
    var isClosed: Bool { get }

    /// Takes an event if that needs no waiting. Every event is offered first; what is taken here costs no suspension.
    /// Called on the run's tasks: must not block.
    func offer(_ event: RunEvent<Payload>) -> EventIntake

    /// Takes an event that was offered in vain, and suspends the run's work until it can: back-pressure. Throws when
    /// the task is cancelled or nobody listens any more, which cancels the run.
    func receive(_ event: RunEvent<Payload>) async throws(CancellationError)

    /// Takes the last event, once a run. Must not block.
    func end(with event: RunEvent<Payload>)
}

extension RunListener {
    public var kinds: EventKinds { [.custom, .debug] }
    /// Never.
    public var isClosed: Bool { false }

    /// Takes nothing, so that each event costs a suspension.
    public func offer(_ event: RunEvent<Payload>) -> EventIntake { .full }
}
