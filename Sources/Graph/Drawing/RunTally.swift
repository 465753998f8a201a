public import Base

/// What a run's events add up to, node by node: noted while it goes on or afterwards, and drawn onto its graph by
/// ``Graph/plainText(of:)`` and ``Graph/mermaid(of:)``. A plain value; it grows with the names of
/// nodes that it hears, not with the events. Reading it is O(1).
public struct RunTally: Equatable, Sendable {
    /// How a node stands, or the run.
    public enum Outcome: CaseIterable, Sendable {
        /// `running` is at work, `finished` has succeeded, `failed` threw, `skipped` is out of reach.
        case running, finished, failed, skipped
        /// Waits for an answer, or has one in it that does; of a run, that it is parked.
        case waiting
        /// Was at work when the run ended without it.
        case cancelled
    }

    /// What was heard of one node.
    public struct Node: Equatable, Sendable {
        /// How often it started.
        public fileprivate(set) var activations = 0
        /// Of its last activation.
        public fileprivate(set) var outcome: Outcome
        /// Of all its activations that have ended.
        public fileprivate(set) var duration = Duration.zero
        /// What its last activation failed with.
        public fileprivate(set) var failure: ErrorCode?
    }

    /// By name; nodes of which nothing was heard are not in it.
    public private(set) var nodes: [String: Node] = [:]
    /// Of the whole run.
    public private(set) var outcome = Outcome.running

    /// Nothing heard yet.
    public init() {}

    /// Adds one event. O(1), the last event O(nodes).
    public mutating func note<Payload>(_ event: RunEvent<Payload>) {
        switch event {
        case .nodeStarted(let node, let round):
            set(node, .running)
            count(node, round: round, duration: .zero)
        case .nodeFinished(let node, let round, let duration):
            set(node, .finished)
            count(node, round: round, duration: duration)
        case .nodeFailed(let node, let round, let duration, let error):
            set(node, .failed, CodedError(any: error).code)
            count(node, round: round, duration: duration)
        case .nodeSkipped(let node): set(node, .skipped)
        case .asked(let question): set(question.node, .waiting)
        case .parked: stop(.waiting)
        case .finished: outcome = .finished
        case .failed: stop(.failed)
        case .cancelled: stop(.cancelled)
        default: break
        }
    }

    private mutating func set(_ node: String, _ outcome: Outcome, _ failure: ErrorCode? = nil) {
        nodes[node, default: Node(outcome: outcome)].outcome = outcome
        nodes[node]?.failure = failure
    }

    private mutating func count(_ node: String, round: Int, duration: Duration) {
        guard var entry = nodes[node] else { return }
        entry.activations = max(round, entry.activations)
        // An event can be made by anyone, so the sum must not overflow.
        let sum = entry.duration.saturatingNanoseconds
            .addingReportingOverflow(max(0, duration.saturatingNanoseconds))
        entry.duration = .nanoseconds(sum.overflow ? .max : sum.partialValue)
        nodes[node] = entry
    }

    private mutating func stop(_ outcome: Outcome) {
        self.outcome = outcome
        // Of a parked run, what is at work holds a question.
        let rest = outcome == .waiting ? Outcome.waiting : .cancelled
        for (name, node) in nodes where node.outcome == .running || node.outcome == .waiting {
            nodes[name]?.outcome = rest
        }
    }
}

extension RunTally.Outcome {
    /// One column, without colour.
    var mark: String {
        switch self {
        case .running: "…"
        case .finished: "✓"
        case .failed: "✗"
        case .skipped: "–"
        case .waiting: "?"
        case .cancelled: "⊘"
        }
    }
}
