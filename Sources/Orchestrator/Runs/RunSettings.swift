/// The bounds of runs that outlive the connections of their clients.
public struct RunSettings: Sendable, Equatable {
    /// How long a run goes on while nobody is attached; then it is cancelled. Also how long one reader may hold it up.
    public var grace: Duration
    /// The most events that a run's log keeps.
    public var ring: Int
    /// The most bytes of events that a run's log keeps.
    public var ringBytes: Int
    /// How long a log is kept after the end of its run.
    public var keep: Duration
    /// The most runs at once, those that are kept after their end included.
    public var runs: Int
    /// The most bytes that the logs of all runs take.
    public var memory: Int

    public init(
        grace: Duration = .seconds(15), ring: Int = 10_000, ringBytes: Int = 4 << 20, keep: Duration = .seconds(300),
        runs: Int = 1_000, memory: Int = 64 << 20
    ) {
        self.grace = grace
        self.ring = ring
        self.ringBytes = ringBytes
        self.keep = keep
        self.runs = runs
        self.memory = memory
    }
}
