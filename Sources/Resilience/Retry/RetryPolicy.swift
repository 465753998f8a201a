public import Base

/// How often and how soon a failed call is made again. A plain value: ``faults`` says what is wrong with it, and who is
/// given a wrong one works with the nearest sane figures.
public struct RetryPolicy: Hashable, Sendable {
    /// Further attempts on one target, after the first; 0 for none.
    public var retries: Int
    /// Attempts in all, on every target of a chain together; at least 1.
    public var maxAttempts: Int
    /// What the delay is multiplied by with each further retry on a target; at least 1.
    public var factor: Double
    /// The longest delay before the first retry on a target.
    public var initialDelay: Duration
    /// What ``initialDelay`` grows up to, and the longest that a provider may ask to wait for before the next target is
    /// asked instead.
    public var maxDelay: Duration
    /// How many retries a provider gets for each request that it is offered; from 0 to 1. See ``RetryBudget``.
    public var budget: Double
    /// Where an error asks for something else than the house takes it for.
    public var reasons: [ErrorCode: ErrorClass]

    public init(
        retries: Int = 3, maxAttempts: Int = 8, factor: Double = 2, initialDelay: Duration = .seconds(1),
        maxDelay: Duration = .seconds(20), budget: Double = 0.2, reasons: [ErrorCode: ErrorClass] = [:]
    ) {
        self.retries = retries
        self.maxAttempts = maxAttempts
        self.factor = factor
        self.initialDelay = initialDelay
        self.maxDelay = maxDelay
        self.budget = budget
        self.reasons = reasons
    }
}

extension RetryPolicy {
    static let mostAttempts = 100
    static let steepest = 100.0

    /// Everything that is wrong, in the order of the settings; empty for a policy that can be used.
    public var faults: [PolicyFault] {
        var review = PolicyReview()
        review.check(retries, in: 0...Self.mostAttempts, "retries")
        review.check(maxAttempts, in: 1...Self.mostAttempts, "max_attempts")
        review.check(
            factor >= 1 && factor <= Self.steepest, "factor", "It is \(factor): let it be from 1 to 100.")
        review.check(initialDelay, "initial_delay")
        review.check(maxDelay, "max_delay")
        review.check(
            initialDelay <= maxDelay, "max_delay", "It is \(maxDelay), less than the initial_delay of \(initialDelay).")
        review.check(budget >= 0 && budget <= 1, "budget", "It is \(budget): let it be from 0 to 1.")
        for code in reasons.keys.sorted(by: { $0.name < $1.name }) where ErrorClass.settled.contains(code) {
            review.check(
                reasons[code] == .end, "reasons", "'\(code.name)' always ends a request: leave it out.")
        }
        return review.faults
    }

    /// The nearest policy without faults.
    var sane: RetryPolicy {
        let initial = PolicyReview.sane(initialDelay)
        return RetryPolicy(
            retries: min(max(retries, 0), Self.mostAttempts), maxAttempts: min(max(maxAttempts, 1), Self.mostAttempts),
            // Comparisons are false for what is no number.
            factor: factor > 1 ? min(factor, Self.steepest) : 1, initialDelay: initial,
            maxDelay: max(PolicyReview.sane(maxDelay), initial), budget: budget > 0 ? min(budget, 1) : 0,
            reasons: reasons.filter { !ErrorClass.settled.contains($0.key) })
    }

    /// What an error with this code asks for.
    public func errorClass(of code: ErrorCode) -> ErrorClass {
        if !reasons.isEmpty, let reason = reasons[code], !ErrorClass.settled.contains(code) { return reason }
        return ErrorClass(code)
    }

    /// The longest delay before a target's retry of this number, counted from 1. Needs a policy without faults.
    func longestDelay(beforeRetry number: Int) -> Duration {
        let longest = Double(maxDelay.saturatingNanoseconds)
        var delay = Double(initialDelay.saturatingNanoseconds)
        for _ in 1..<max(1, min(number, Self.mostAttempts)) where delay < longest { delay *= factor }
        return delay < longest ? .nanoseconds(Int64(delay)) : maxDelay
    }
}
