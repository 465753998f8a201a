public import Base

/// Runs a graph: the thin shell around `GraphMachine`. It holds the clock and the tasks, the machine decides.
///
/// A node that is ready alone runs inline; several run in child tasks that start at once on the caller's executor.
/// Nodes, and the tasks that they make, inherit the caller's executor preference.
public struct Runner<State: Sendable, Payload: Sendable>: Sendable {
    /// What it runs.
    public let graph: Graph<State, Payload>
    @usableFromInline let time: any TimeSource
    @usableFromInline let limits: RunLimits

    /// One runner serves any number of runs, also at once. The clock is read for deadlines, timeouts, delays and the
    /// times in events. O(1).
    @inlinable
    public init(_ graph: Graph<State, Payload>, time: any TimeSource, limits: RunLimits = RunLimits()) {
        self.graph = graph
        self.time = time
        self.limits = limits
    }

    /// Runs the graph to its end and returns the final state.
    ///
    /// Throws what a node threw if no `onError` edge takes it; of several, what was thrown first. `CancellationError`
    /// when the task is cancelled or the listener has gone; `CodedError` when the context's deadline passes
    /// (`deadline_exceeded`), when nodes start more often than they may (`activation_limit`), when a route leads nowhere
    /// (`unknown_route`), or when the run is over without having passed an end (`end_not_reached`); and before anything
    /// runs for a graph that asks (`internal_error`), which only a ``DurableRunner`` can run. Returns or throws only after
    /// every branch has ended. Costs under a microsecond a node, and a child task for each branch that waits; what a
    /// deadline costs is in ``DeadlineRule``.
    @inlinable
    public func run(_ initial: State, context: RunContext) async throws -> State {
        try await run(initial, context: context, hearing: nil, end: { _ in })
    }

    /// The same, told to a listener event by event. Throws as the other does. An event for which there is room costs
    /// what the listener's ``RunListener/offer(_:)`` does, in a ``RunEventStream`` one lock; a listener that is full
    /// holds the run.
    @inlinable
    public func run(
        _ initial: State, context: RunContext, events listener: some RunListener<Payload>
    ) async throws -> State {
        try await run(
            initial, context: context, hearing: Hearing(listener), end: { listener.end(with: $0) })
    }

    /// The same for several listeners, each with what it wants to hear; the slowest of those that hold the run sets its
    /// pace.
    public func run(
        _ initial: State, context: RunContext, events listeners: [any RunListener<Payload>]
    ) async throws -> State {
        try await run(
            initial, context: context, hearing: Hearing(listeners),
            end: { event in for listener in listeners { listener.end(with: event) } })
    }

    @inlinable
    func run(
        _ initial: State, context: RunContext, hearing: Hearing<Payload>?, end: (RunEvent<Payload>) -> Void
    ) async throws -> State {
        if graph.asks {
            let error = CodedError.notKept(graph.name)
            end(.failed(node: nil, error: error))
            throw error
        }
        let environment = RunEnvironment(
            context: context, names: graph.nodeNames, hearing: hearing, time: time, limits: limits)
        var drive = RunDrive(
            graph: graph,
            machine: GraphMachine(graph.topology, activationLimit: limits.activations, deadline: context.deadline),
            environment: environment, state: initial)
        if context.deadline != nil, limits.deadline == .interrupts {
            await drive.untilDeadline { await $0.run() }
        } else {
            await drive.run()
        }
        do {
            let state = try drive.result()
            end(.finished)
            return state
        } catch let error as CancellationError {
            end(.cancelled)
            throw error
        } catch {
            end(.failed(node: drive.culprit, error: error))
            throw error
        }
    }
}

extension CodedError {
    @usableFromInline
    static func notKept(_ name: String) -> CodedError {
        CodedError(.internalError, "A run that asks must be kept.", detail: "\"\(name)\" asks: use a DurableRunner")
    }
}
