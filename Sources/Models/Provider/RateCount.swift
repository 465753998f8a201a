/// What a provider says of how many more calls it takes.
public struct RateCount: Sendable, Hashable {
    public var remaining: Double
    /// In so many seconds the count begins anew.
    public var reset: Double

    public init(remaining: Double, reset: Double) {
        self.remaining = remaining
        self.reset = reset
    }
}
