public import Base

/// A breaker and a cooldown as one decision. The cooldown is asked first and nothing is taken from either unless both
/// agree, so that a probe is never spent on a call that does not go. Pure and O(1), for one provider, model and key.
public struct Availability: Sendable {
    public private(set) var breaker: Breaker
    public private(set) var cooldown: Cooldown

    public init(_ policy: BreakerPolicy = BreakerPolicy(), cooldown: CooldownPolicy = CooldownPolicy()) {
        breaker = Breaker(policy)
        self.cooldown = Cooldown(cooldown)
    }

    /// Why a call would be refused; of two reasons the one that lasts longer. `nil` when it would be admitted. Takes
    /// nothing.
    public mutating func refusal(now: Instant) -> CallRefusal? {
        let open = breaker.refusal(now: now)
        guard let cooling = cooldown.refusal(now: now) else { return open }
        if let open, (open.wait ?? BreakerPolicy.longest) >= (cooling.wait ?? .zero) { return open }
        return CallRefusal(reason: cooling.reason, wait: cooling.wait, lastError: breaker.lastError)
    }

    /// Whether a call may be made.
    public mutating func admit(now: Instant) -> Breaker.Admission {
        if let refusal = refusal(now: now) { return .refused(refusal) }
        cooldown.take()
        return breaker.admit(now: now)
    }

    /// Whether nothing would be lost with it: closed, and nothing cooling.
    func isIdle(now: Instant) -> Bool {
        var cooldown = cooldown
        return breaker.state == .closed && cooldown.refusal(now: now) == nil
    }

    /// See ``Breaker/begin(_:after:now:)``.
    public mutating func begin(_ ticket: Breaker.Ticket, after: Duration, now: Instant) -> Breaker.Ticket {
        breaker.begin(ticket, after: after, now: now)
    }

    /// Counts how a call ended. What a late one says of rate limits holds all the same: the provider has said it.
    /// Answers why and how long calls rest from now on, if they went through before.
    @discardableResult
    public mutating func record(_ ticket: Breaker.Ticket, _ end: CallEnd, now: Instant) -> CallRefusal? {
        breaker.record(ticket, end.outcome, now: now)
        switch end {
        case .succeeded:
            cooldown.succeed(now: now)
            return nil
        case .rateLimited(let seconds): return cooldown.limit(retryAfter: seconds, now: now)
        case .forbidden(let seconds): return cooldown.forbid(retryAfter: seconds, now: now)
        case .failed, .rejectedKey, .neutral: return nil
        }
    }

    /// See ``Cooldown/note(remaining:reset:now:)``.
    public mutating func note(remaining: Double, reset: Double, now: Instant) {
        cooldown.note(remaining: remaining, reset: reset, now: now)
    }

    /// See ``Breaker/force(_:now:)``. What the provider has asked for holds in every mode.
    public mutating func force(_ mode: BreakerMode, now: Instant) { breaker.force(mode, now: now) }

    /// See ``Breaker/adopt(_:now:)``. What the provider has asked for stays.
    public mutating func adopt(_ policy: BreakerPolicy, now: Instant) { breaker.adopt(policy, now: now) }

    /// Begins anew, with nothing counted and nothing cooling.
    public mutating func reset(_ policy: BreakerPolicy, cooldown: CooldownPolicy, now: Instant) {
        breaker.reset(policy, now: now)
        self.cooldown = Cooldown(cooldown)
    }
}
