public import Base

/// Runs a graph: the thin shell around `GraphMachine`. It holds the clock and the tasks, the machine decides.
///
/// A node that is ready alone runs inline; several run as child tasks that start at once on the caller's executor.
/// Nodes, and the tasks that they make, inherit the caller's executor preference.
public struct Runner<State: Sendable, Payload: Sendable>: Sendable {
    public let graph: Graph<State, Payload>
    @usableFromInline let time: any TimeSource
    /// How often nodes may start in one run.
    @usableFromInline let activationLimit: Int

    @inlinable
    public init(_ graph: Graph<State, Payload>, time: any TimeSource, activationLimit: Int = 1000) {
        self.graph = graph
        self.time = time
        self.activationLimit = activationLimit
    }

    /// Runs the graph to its end and returns the final state.
    ///
    /// Throws what a node threw if no `onError` edge takes it; of several, what was thrown first.
    /// `CancellationError` when the task is cancelled or the listener has gone; `CodedError` when the context's
    /// deadline is over before a node starts, when nodes start more often than the limit allows, or when the run is
    /// over without having passed an end. Returns or throws only after every branch has ended.
    @inlinable
    public func run(_ initial: State, context: RunContext) async throws -> State {
        try await run(initial, context: context, hearing: nil, end: { _ in })
    }

    /// The same, told to a listener event by event. The listener's back-pressure holds the run.
    @inlinable
    public func run(
        _ initial: State, context: RunContext, events listener: some RunListener<Payload>
    ) async throws -> State {
        try await run(
            initial, context: context, hearing: Hearing(listener), end: { listener.end(with: $0) })
    }

    @inlinable
    func run(
        _ initial: State, context: RunContext, hearing: Hearing<Payload>?, end: (RunEvent<Payload>) -> Void
    ) async throws -> State {
        let machine = GraphMachine(graph.topology, activationLimit: activationLimit, deadline: context.deadline)
        let environment = RunEnvironment(
            context: context, names: graph.nodeNames, hearing: hearing, time: time, activationLimit: activationLimit)
        var drive = RunDrive(graph: graph, machine: machine, environment: environment, state: initial)
        await drive.run()
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
