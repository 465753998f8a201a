/// What of a turn's work goes on within the nodes that answer, and is told besides them.
public struct InnerTimes: Sendable, Equatable {
    /// Look-ups in the cache of experts' answers, of all experts together, which look at the same time.
    public var cache: Duration
    /// Guarding whole answers and the ends of streams. What the guard does with each event of a stream is too little and
    /// too often to be timed.
    public var guarding: Duration

    public init(cache: Duration = .zero, guarding: Duration = .zero) {
        self.cache = cache
        self.guarding = guarding
    }
}
