/// What bounds one run, besides its context's deadline.
public struct RunLimits: Sendable {
    /// How often nodes may start in one run, and in each run of a graph inside one. The run ends with
    /// `activation_limit` before the next would.
    public let activations: Int

    /// How many nodes of one graph may be at work at the same time, at least one. Of those that are ready, the ones
    /// with the highest priority (``GraphBuilder/priority(_:_:)``) start first, then those that have been ready
    /// longest, then those that were declared first. A node that asks takes no place; a graph that waits inside
    /// a node keeps its own until nothing else can go on. Items of a list are bounded by the list's own limit.
    public let concurrency: Int

    /// What happens when the deadline passes while nodes are at work.
    public let deadline: DeadlineRule

    /// Raises `activations` to 0 and `concurrency` to 1 where they are less.
    public init(activations: Int = 1000, concurrency: Int = .max, deadline: DeadlineRule = .interrupts) {
        self.activations = max(0, activations)
        self.concurrency = max(1, concurrency)
        self.deadline = deadline
    }
}
