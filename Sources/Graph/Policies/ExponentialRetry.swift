public import Base

/// Tries again after delays that double, drawn anew between nothing and the whole delay, so that many runs that failed
/// together do not come back together.
public struct ExponentialRetry: RetryPolicy {
    /// Longer delays are cut to this.
    private static let day = Duration.seconds(86_400)

    private let attempts: Int
    private let first: Duration
    private let longest: Duration
    private let isWorthwhile: @Sendable (any Error) -> Bool

    /// Without arguments three attempts, the second after up to one second, the third after up to two more. O(1).
    ///
    /// - Parameters:
    ///   - attempts: In all, the first included.
    ///   - first: The longest delay after the first attempt; doubles with each further one.
    ///   - longest: What it doubles up to.
    ///   - isWorthwhile: Whether another attempt can help. By default what its code says (`ErrorCode.retryable`);
    ///     errors without a code are tried again.
    public init(
        attempts: Int = 3, first: Duration = .seconds(1), longest: Duration = .seconds(20),
        isWorthwhile: (@Sendable (any Error) -> Bool)? = nil
    ) {
        self.attempts = attempts
        self.first = min(max(.zero, first), ExponentialRetry.day)
        self.longest = min(max(.zero, longest), ExponentialRetry.day)
        self.isWorthwhile = isWorthwhile ?? { ($0 as? CodedError)?.code.retryable ?? true }
    }

    public func delay(
        afterAttempt attempt: Int, of error: any Error, using generator: inout SeededGenerator
    ) -> Duration? {
        guard attempt < attempts, isWorthwhile(error) else { return nil }
        var whole = min(first, longest)
        for _ in 1..<max(1, min(attempt, 64)) { whole = whole > longest / 2 ? longest : whole * 2 }
        // A fraction of 2⁻²⁰ is fine enough for a delay.
        let part = Int(generator.next() & 0xf_ffff)
        return whole * part / 0x10_0000
    }
}
