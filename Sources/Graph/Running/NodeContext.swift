public import Base

/// What a node gets besides the fields that it reads. Copying costs one reference count. What says nothing of its cost
/// is O(1).
public struct NodeContext<Payload: Sendable>: Sendable {
    @usableFromInline let environment: RunEnvironment<Payload>
    @usableFromInline let node: Int
    /// The node's how many-th activation of this run this is, from 1.
    public let activation: Int
    /// Which item of a list the node works on.
    @usableFromInline let item: Int?

    @inlinable
    init(environment: RunEnvironment<Payload>, node: Int, activation: Int, item: Int? = nil) {
        self.environment = environment
        self.node = node
        self.activation = activation
        self.item = item
    }

    /// Names this step of this run, `run_1/review#1/draft#2`: the same whenever the step is tried again, also in
    /// another process, and no other step's; another scope's runs begin with its tenant and user. A run that takes the
    /// name of one that was deleted has its keys again. To be handed on as an idempotency key to whatever has effects
    /// outside. Costs a few string allocations.
    public var stepKey: String {
        let name = "\(StepRecord.escaped(run.runID))/\(step)"
        let scope = run.scope
        if scope.tenant == Scope.local.tenant, scope.user == Scope.local.user { return name }
        return "\(StepRecord.escaped(scope.tenant))/\(StepRecord.escaped(scope.user))/\(name)"
    }

    /// The same without the run.
    var step: String {
        let step = StepRecord.step(environment.place, environment.plainNames[node], activation)
        return item.map { "\(step)[\($0)]" } ?? step
    }

    /// Scope, deadline, ids and trace of the run; to be passed on to whatever the node calls.
    @inlinable public var run: RunContext { environment.context }

    /// As events tell it.
    var shownName: String { environment.names[node] }

    /// The node's name in the graph.
    @inlinable public var name: String { environment.plainNames[node] }

    /// Whether anybody hears what is emitted; lets a node spare itself the making of events.
    @inlinable public var hasListener: Bool { environment.hearing?.kinds.contains(.custom) ?? false }

    /// Sends an event to whoever listens to the run; waits while a listener that holds the run is full, and is free
    /// without one. Throws `CancellationError` when the run is cancelled or its listener has gone.
    @inlinable
    public func emit(_ payload: @autoclosure () -> Payload) async throws(CancellationError) {
        if Task.isCancelled { throw CancellationError() }
        guard let hearing = environment.hearing, hearing.kinds.contains(.custom) else { return }
        let event = RunEvent.emitted(node: environment.names[node], payload())
        switch hearing.offer(event) {
        case .taken: return
        case .closed: throw CancellationError()
        case .full(let listeners): try await hearing.receive(event, listeners)
        }
    }

    /// Tells something about this node, whether or not anybody can hear it any more.
    func tell(_ kind: EventKinds, _ event: @autoclosure () -> RunEvent<Payload>) async {
        guard let hearing = environment.hearing, hearing.kinds.isSuperset(of: kind) else { return }
        let event = event()
        guard case .full(let listeners) = hearing.offer(event) else { return }
        try? await hearing.receive(event, listeners)
    }
}

/// What is the same for all nodes of a run, or of a graph that runs inside one.
@usableFromInline
final class RunEnvironment<Payload: Sendable>: Sendable {
    @usableFromInline let context: RunContext
    /// As events tell them: with the graphs around this one.
    @usableFromInline let names: [String]
    @usableFromInline let plainNames: [String]
    @usableFromInline let hearing: Hearing<Payload>?
    @usableFromInline let time: any TimeSource
    @usableFromInline let limits: RunLimits
    /// The step inside which the graph runs, with a slash; empty for the outermost.
    @usableFromInline let place: String
    let shownPlace: String
    @usableFromInline let durable: DurableRun?

    @usableFromInline
    init(
        context: RunContext, names: [String], hearing: Hearing<Payload>?, time: any TimeSource, limits: RunLimits,
        durable: DurableRun? = nil, place: String = "", shownPlace: String = ""
    ) {
        self.context = context
        self.names = shownPlace.isEmpty || hearing == nil ? names : names.map { shownPlace + $0 }
        plainNames = names
        self.hearing = hearing
        self.time = time
        self.limits = limits
        self.durable = durable
        self.place = place
        self.shownPlace = shownPlace
    }
}
