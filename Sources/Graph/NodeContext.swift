public import Base

/// What a node gets besides the fields that it reads. Copying costs one reference count.
public struct NodeContext<Payload: Sendable>: Sendable {
    @usableFromInline let environment: RunEnvironment<Payload>
    @usableFromInline let node: Int

    @inlinable
    init(environment: RunEnvironment<Payload>, node: Int) {
        self.environment = environment
        self.node = node
    }

    /// Scope, deadline, ids and trace of the run; to be passed on to whatever the node calls.
    @inlinable public var run: RunContext { environment.context }

    /// The node's name in the graph.
    @inlinable public var name: String { environment.names[node] }

    /// Whether anybody hears what is emitted; lets a node spare itself the making of events.
    @inlinable public var hasListener: Bool { environment.hearing != nil }

    /// Sends an event to whoever listens to the run; waits while the listener is full, and is free without one.
    /// Throws `CancellationError` when the run is cancelled or its listener has gone.
    @inlinable
    public func emit(_ payload: @autoclosure () -> Payload) async throws(CancellationError) {
        if Task.isCancelled { throw CancellationError() }
        guard let hearing = environment.hearing else { return }
        let event = RunEvent.emitted(node: name, payload())
        switch hearing.offer(event) {
        case .taken: return
        case .closed: throw CancellationError()
        case .full: try await hearing.receive(event)
        }
    }
}

/// A run's listener as two closures rather than an existential, so that they are specialised for it.
@usableFromInline
struct Hearing<Payload: Sendable>: Sendable {
    @usableFromInline let offer: @Sendable (RunEvent<Payload>) -> EventIntake
    @usableFromInline let receive: @Sendable (RunEvent<Payload>) async throws(CancellationError) -> Void

    @inlinable
    init(_ listener: some RunListener<Payload>) {
        offer = { listener.offer($0) }
        receive = { (event) throws(CancellationError) in try await listener.receive(event) }
    }
}

/// What is the same for all nodes of a run.
@usableFromInline
final class RunEnvironment<Payload: Sendable>: Sendable {
    @usableFromInline let context: RunContext
    @usableFromInline let names: [String]
    @usableFromInline let hearing: Hearing<Payload>?

    @inlinable
    init(context: RunContext, names: [String], hearing: Hearing<Payload>?) {
        self.context = context
        self.names = names
        self.hearing = hearing
    }
}
