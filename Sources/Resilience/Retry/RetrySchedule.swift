public import Base

/// Decides after each failed attempt of one request: the same target again, the next one of the chain, or the end.
/// Pure, O(1) an attempt beside a search for a larger window; time, chance and the provider's budget are inputs.
///
///     var schedule = RetrySchedule(policy, targets: chain.count, deadline: context.deadline)
///     … one attempt on chain[schedule.target], which fails …
///     switch schedule.decide(after: failure, now: now, using: &generator, affords: budget.spend) { … }
public struct RetrySchedule: Sendable {
    /// A circuit rounds the time that a provider has named: so little more is no longer rest.
    private static let grain = Duration.milliseconds(1)

    private var policy: RetryPolicy
    private var isPolicySane = false
    private let targets: Int
    private let deadline: Instant?
    private let minimum: Duration

    /// The index of the target that is to be asked.
    public private(set) var target = 0
    /// Attempts that went to a provider, on all targets.
    public private(set) var attempts = 0
    /// Attempts that went to this target's provider.
    public private(set) var attemptsOnTarget = 0
    /// Retries on this target; those that were refused before they were sent are among them.
    public private(set) var retriesOnTarget = 0
    /// Targets behind this one that have had their turn beside an earlier one.
    private var spent: [Int] = []

    /// - Parameters:
    ///   - policy: One with faults is taken as the nearest sane one.
    ///   - targets: The length of the chain.
    ///   - minimum: What an attempt needs; none is begun with less left before the deadline.
    public init(
        _ policy: RetryPolicy = RetryPolicy(), targets: Int, deadline: Instant?, minimum: Duration = Timeouts().minimum
    ) {
        self.policy = policy
        self.targets = targets
        self.deadline = deadline
        self.minimum = min(max(.zero, minimum), PolicyReview.longest)
    }

    /// What comes after a failed attempt. To be asked once for each, also for those that were refused before they were
    /// sent.
    ///
    /// - Parameters:
    ///   - affords: Whether the target's provider may get one more retry now; takes it if so. Asked at most once, and
    ///     only when everything else speaks for a retry of something that has been sent.
    ///   - mayWait: Whether there is room for one more who waits for the target's provider; takes it if so. Asked at most
    ///     once, before `affords`, and only when everything else speaks for a retry.
    ///   - resting: For how long the target would not be asked, because our own circuit keeps calls from it. Asked at
    ///     most once, and only when everything else speaks for a retry.
    ///   - hasLargerWindow: Whether the target of this index may have a larger window than the present one.
    public mutating func decide(
        after failure: AttemptFailure, now: Instant, using generator: inout some RandomNumberGenerator,
        affords: () -> Bool = { true }, mayWait: () -> Bool = { true }, resting: () -> Duration? = { nil },
        hasLargerWindow: (Int) -> Bool = { _ in false }
    ) -> RetryDecision {
        // Most requests never come here, so what they would pay for it is paid here.
        if !isPolicySane { (policy, isPolicySane) = (policy.sane, true) }
        attempts += failure.sent
        attemptsOnTarget += failure.sent
        if let beside = failure.beside {
            attempts += beside.sent
            if beside.isSpent { spent.append(beside.target) }
        }
        // What the caller has seen cannot be taken back.
        if failure.isVisible { return .giveUp(.visible) }
        let errorClass = policy.errorClass(of: failure.error.code)
        if errorClass == .end { return .giveUp(.error) }
        var larger: Int?
        if errorClass == .larger {
            larger = following.first { !spent.contains($0) && hasLargerWindow($0) }
            // Attempts and time that are over are not why: none of them would have helped.
            if larger == nil { return .giveUp(.error) }
        }
        if attempts >= policy.maxAttempts { return .giveUp(.attempts) }
        guard let room = room(at: now) else { return .giveUp(.time) }
        if let larger { return move(to: larger) }
        var wait = max(.zero, failure.error.retryAfter ?? .zero)
        var obstacle = obstacle(to: failure, errorClass) ?? obstacle(toWaiting: wait, room: room)
        if obstacle == nil, let rest = resting(), rest > wait + Self.grain {
            // A retry before that would meet our own refusal. Who can ask another target need not wait for it.
            obstacle = isLast ? self.obstacle(toWaiting: rest, room: room) : .wait
            wait = rest
        }
        if obstacle == nil, !mayWait() { obstacle = .crowd }
        if obstacle == nil, attemptsOnTarget == 0 || affords() {
            return .retry(retry(after: wait, room: room, using: &generator))
        }
        if let next { return move(to: next) }
        return .giveUp(obstacle ?? .budget)
    }

    /// The target that is to be asked has a policy of its own. How many attempts there may be in all stays.
    public mutating func take(_ own: RetryPolicy) {
        let most = policy.maxAttempts
        policy = own
        policy.maxAttempts = most
        isPolicySane = false
    }

    private var following: Range<Int> { target + 1..<max(target + 1, targets) }

    /// Those that come after this one; each of them is to have its attempt, so retries leave them one.
    private var targetsLeft: Int { following.count { !spent.contains($0) } }

    private var next: Int? { following.first { !spent.contains($0) } }

    private var isLast: Bool { next == nil }

    /// How many calls this target may still take, each with another key: as with retries, one is left for each target
    /// that comes after it.
    public var callsLeft: Int { max(1, policy.maxAttempts - attempts - targetsLeft) }

    /// The time that may be waited; `nil` when there is none for another attempt.
    private func room(at now: Instant) -> Duration? {
        guard let deadline else { return PolicyReview.longest }
        let room = deadline.since(now) - minimum
        return room >= .zero ? room : nil
    }

    /// What speaks against asking the same target again.
    private func obstacle(to failure: AttemptFailure, _ errorClass: ErrorClass) -> RetryDecision.Reason? {
        let code = failure.error.code
        switch errorClass {
        case .retry: if !failure.wasSent, !isLast { return .error }
        case .next: if !isLast || !code.retryable || code.fault != .provider { return .error }
        case .larger, .end: return .error
        }
        if failure.isSilent { return .silent }
        if retriesOnTarget >= policy.retries { return .retries }
        return attempts + targetsLeft >= policy.maxAttempts ? .attempts : nil
    }

    private func obstacle(toWaiting wait: Duration, room: Duration) -> RetryDecision.Reason? {
        if wait > policy.maxDelay { return .wait }
        // One that would end too late is not begun; another target can be asked now.
        return wait > room ? .time : nil
    }

    /// Drawn anew between nothing and the whole delay, so that requests which failed together do not come back
    /// together; on top of what has to be waited, because the others have to wait for the same.
    private mutating func retry(
        after wait: Duration, room: Duration, using generator: inout some RandomNumberGenerator
    ) -> RetryDecision.Retry {
        retriesOnTarget += 1
        let longest = min(policy.longestDelay(beforeRetry: retriesOnTarget), room - wait)
        let drawn = Int64.random(in: 0...longest.saturatingNanoseconds, using: &generator)
        // The attempt after the last one that `maxAttempts` allows is not promised.
        let most = min(policy.retries, retriesOnTarget - 1 + policy.maxAttempts - attempts - targetsLeft)
        return RetryDecision.Retry(attempt: retriesOnTarget, max: most, delay: wait + .nanoseconds(drawn))
    }

    private mutating func move(to next: Int) -> RetryDecision {
        target = next
        attemptsOnTarget = 0
        retriesOnTarget = 0
        return .next(target: next)
    }
}
