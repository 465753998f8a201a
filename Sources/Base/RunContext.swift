/// What travels with every run, passed explicitly through the runner, every node, the gateway and the client.
public struct RunContext: Sendable {
    public enum Priority: Int, Comparable, Sendable {
        case bulk = 0
        case interactive = 1

        public static func < (left: Priority, right: Priority) -> Bool { left.rawValue < right.rawValue }
    }

    /// Who and what the run is; the same for all that belongs to it.
    private final class Identity: Sendable {
        let requestID: String
        let runID: String
        let scope: Scope

        init(requestID: String, runID: String, scope: Scope) {
            self.requestID = requestID
            self.runID = runID
            self.scope = scope
        }
    }

    // Behind one reference, because a context is copied into whatever works for the run.
    private let identity: Identity
    public var requestID: String { identity.requestID }
    public var runID: String { identity.runID }
    public var scope: Scope { identity.scope }
    /// No work starts after it; `nil` only where a caller has set a limit of its own.
    public var deadline: Instant?
    public var priority: Priority
    public var trace: TraceContext

    public init(
        requestID: String,
        runID: String,
        scope: Scope,
        deadline: Instant? = nil,
        priority: Priority = .interactive,
        trace: TraceContext
    ) {
        identity = Identity(requestID: requestID, runID: runID, scope: scope)
        self.deadline = deadline
        self.priority = priority
        self.trace = trace
    }

    /// For a program without requests and tenants, which runs graphs for itself: the local scope, a request id that is
    /// the run's, and a trace whose ids follow from it.
    public init(local runID: String, deadline: Instant? = nil, priority: Priority = .interactive) {
        // The same ids each time, so that a run that goes on later is the same trace.
        var seed = Fingerprint()
        seed.add(runID)
        var generator = SeededGenerator(seed: seed.value)
        self.init(
            requestID: runID, runID: runID, scope: .local, deadline: deadline, priority: priority,
            trace: TraceContext(using: &generator))
    }

    /// The time left at `now`; `nil` without a deadline, never negative.
    public func remaining(at now: Instant) -> Duration? {
        deadline.map { max(.zero, $0.since(now)) }
    }
}
