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
    @inlinable public var hasListener: Bool { environment.receive != nil }

    /// Sends an event to whoever listens to the run; waits while the listener is full, and is free without one.
    /// Throws `CancellationError` when the run is cancelled or its listener has gone.
    @inlinable
    public func emit(_ payload: @autoclosure () -> Payload) async throws(CancellationError) {
        guard let receive = environment.receive else { return }
        try await receive(.emitted(node: name, payload()))
    }
}

@usableFromInline
typealias Receive<Payload: Sendable> = @Sendable (RunEvent<Payload>) async throws(CancellationError) -> Void

/// What is the same for all nodes of a run.
@usableFromInline
final class RunEnvironment<Payload: Sendable>: Sendable {
    @usableFromInline let context: RunContext
    @usableFromInline let names: [String]
    /// A closure rather than an existential, so that it is specialised for the listener.
    @usableFromInline let receive: Receive<Payload>?

    @inlinable
    init(context: RunContext, names: [String], receive: Receive<Payload>?) {
        self.context = context
        self.names = names
        self.receive = receive
    }
}
