public import Base

/// How long a provider's own words may keep calls from it. A plain value; figures out of range are taken as the nearest
/// sane ones.
public struct CooldownPolicy: Hashable, Sendable {
    /// What a rate limit without a time begins with; doubles with each further one in a row.
    public var first: Duration
    /// What ``first`` doubles up to.
    public var longestGuess: Duration
    /// A refusal of access (403) without a time.
    public var forbidden: Duration
    /// The longest wait that a provider may ask for after a 429 or a 403.
    public var longest: Duration
    /// The longest wait that follows from a provider's count of what is left. Less than ``longest``: here nothing has
    /// been refused yet, and the refusal will say more.
    public var longestPause: Duration

    public init(
        first: Duration = .seconds(1), longestGuess: Duration = .seconds(60), forbidden: Duration = .seconds(60),
        longest: Duration = .seconds(3600), longestPause: Duration = .seconds(60)
    ) {
        self.first = first
        self.longestGuess = longestGuess
        self.forbidden = forbidden
        self.longest = longest
        self.longestPause = longestPause
    }

    var sane: CooldownPolicy {
        func time(_ time: Duration) -> Duration {
            min(max(time, BreakerPolicy.shortest), BreakerPolicy.longest)
        }
        return CooldownPolicy(
            first: time(first), longestGuess: max(time(longestGuess), time(first)), forbidden: time(forbidden),
            longest: time(longest), longestPause: time(longestPause))
    }
}

/// Keeps calls from a provider for as long as it has asked for, and stops before it has to ask. Pure, O(1), without
/// allocation; for one provider, model and key.
public struct Cooldown: Sendable {
    /// What a call has to wait for.
    struct Rest: Sendable {
        var until: Instant
        var reason: CallRefusal.Reason
    }

    private let policy: CooldownPolicy
    private var rest: Rest?
    /// Rate limits in a row that came without a time.
    private var guesses = 0
    /// How many calls the provider would still take; `nil` while it has not said.
    private var left: Int?
    /// When ``left`` is worth nothing any more.
    private var leftUntil = Instant(nanoseconds: 0)
    private var latest = Instant(nanoseconds: 0)

    /// A policy with figures out of range is taken as the nearest sane one.
    public init(_ policy: CooldownPolicy = CooldownPolicy()) { self.policy = policy.sane }

    /// Why a call would be refused; `nil` when it may go. Takes nothing.
    public mutating func refusal(now: Instant) -> CallRefusal? {
        latest = max(latest, now)
        if let rest {
            if latest < rest.until {
                return CallRefusal(reason: rest.reason, wait: rest.until.since(latest), lastError: nil)
            }
            self.rest = nil
        }
        guard let left else { return nil }
        if latest >= leftUntil {
            self.left = nil
            return nil
        }
        return left > 0 ? nil : CallRefusal(reason: .spent, wait: leftUntil.since(latest), lastError: nil)
    }

    /// A call goes: one less is left.
    public mutating func take() {
        if let left, left > 0 { self.left = left - 1 }
    }

    /// A rate limit (429), with the seconds that the provider asked to wait. Anything but a number over 0 counts as not
    /// said; what is too long is cut. Answers with the refusal that begins now, if calls went through before.
    @discardableResult
    public mutating func limit(retryAfter: Double?, now: Instant) -> CallRefusal? {
        if let time = Cooldown.time(retryAfter, atMost: policy.longest) { return cool(time, .rateLimited, now) }
        // Calls that were under way together are refused together: that is one refusal.
        if refusal(now: now) == nil { guesses = min(guesses + 1, 64) }
        let first = policy.first.saturatingNanoseconds
        let longest = policy.longestGuess.saturatingNanoseconds
        let doublings = max(0, guesses - 1)
        let isLong = first > longest >> doublings
        return cool(isLong ? policy.longestGuess : .nanoseconds(first << doublings), .rateLimited, now)
    }

    /// A refusal of access (403), with the seconds that the provider asked to wait.
    @discardableResult
    public mutating func forbid(retryAfter: Double?, now: Instant) -> CallRefusal? {
        cool(Cooldown.time(retryAfter, atMost: policy.longest) ?? policy.forbidden, .forbidden, now)
    }

    /// What the headers of any answer say: how many more requests the provider takes, and in how many seconds its count
    /// begins anew. Numbers that make no sense are ignored; -1 is what some say for "without limit".
    public mutating func note(remaining: Double, reset: Double, now: Instant) {
        latest = max(latest, now)
        guard remaining >= 0, remaining < 1e9, let time = Cooldown.time(reset, atMost: policy.longestPause) else {
            return
        }
        let count = Int(remaining)
        if let left, latest < leftUntil {
            // Answers overtake one another, and those of calls under way know nothing of later calls: within one period
            // the count only falls.
            self.left = min(left, count)
            if count == 0 { leftUntil = max(leftUntil, latest.advanced(by: time)) }
        } else {
            left = count
            leftUntil = latest.advanced(by: time)
        }
    }

    /// A call has succeeded: the next rate limit without a time is the first one again.
    public mutating func succeed(now: Instant) {
        if guesses > 0, refusal(now: now) == nil { guesses = 0 }
    }

    private mutating func cool(_ time: Duration, _ reason: CallRefusal.Reason, _ now: Instant) -> CallRefusal? {
        let isNew = refusal(now: now) == nil
        let until = latest.advanced(by: time)
        // A shorter word that arrives later may have been said earlier.
        if let rest, rest.until >= until { return nil }
        rest = Rest(until: until, reason: reason)
        return isNew ? CallRefusal(reason: reason, wait: time, lastError: nil) : nil
    }

    /// A header's seconds as a time; `nil` for what is no number over 0.
    static func time(_ seconds: Double?, atMost longest: Duration) -> Duration? {
        guard let seconds, seconds > 0 else { return nil }
        // Compared before it is converted: a conversion of 1e308 or of infinity traps.
        return seconds < longest.seconds ? .nanoseconds(Int64((seconds * 1e9).rounded(.up))) : longest
    }
}
