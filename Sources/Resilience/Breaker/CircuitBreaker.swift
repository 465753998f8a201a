public import Base
internal import Synchronization

/// What a circuit tells while it works, for logs, metrics and alerts.
public enum CircuitEvent: Hashable, Sendable {
    case transition(Breaker.Transition)
    /// Calls rest from now on, because the provider has said so.
    case cooling(CallRefusal.Reason, for: Duration)
    /// The provider does not accept the key any more; somebody should look.
    case keyRejected
    case keyAccepted
}

/// The breaker of one provider, model and key, for any number of callers on any threads. Decisions are taken under a
/// lock and told after it.
///
///     let permit = try circuit.permit()
///     … ask the provider …
///     permit.end(.succeeded(after: duration))
///
/// A permit that goes without an end, in a crash of its caller or a cancellation, says nothing about the provider and
/// leaves nothing behind. A call costs two short locks, and no allocation while the state stays.
public final class CircuitBreaker: Sendable {
    private struct Core {
        var availability: Availability
        var policy: BreakerPolicy
        var cooldown: CooldownPolicy
        var told = 0
    }

    private let core: Mutex<Core>
    let key: ProviderKey?
    let time: any TimeSource
    private let onEvent: (@Sendable (CircuitEvent) -> Void)?

    /// - Parameters:
    ///   - key: Shared by the circuits of all models that are called with it.
    ///   - onEvent: Called after the lock, on the thread that brought the event about. Two threads may tell theirs in
    ///     the other order: transitions are numbered.
    public init(
        _ policy: BreakerPolicy = BreakerPolicy(), cooldown: CooldownPolicy = CooldownPolicy(),
        key: ProviderKey? = nil, time: any TimeSource, onEvent: (@Sendable (CircuitEvent) -> Void)? = nil
    ) {
        core = Mutex(
            Core(availability: Availability(policy, cooldown: cooldown), policy: policy, cooldown: cooldown))
        self.key = key
        self.time = time
        self.onEvent = onEvent
    }

    /// Admits a call, or refuses it at once.
    public func permit() throws(CallRefusal) -> CallPermit {
        let now = time.now()
        if let wait = key?.wait(now: now) { throw refusedKey(wait) }
        let admission = change { $0.availability.admit(now: now) }
        switch admission {
        case .refused(let refusal): throw refusal
        case .passed(let ticket):
            return CallPermit(self, ticket, key: try take(ticket, now), isProbe: false)
        case .probe(let ticket):
            return CallPermit(self, ticket, key: try take(ticket, now), isProbe: true)
        }
    }

    private func take(_ ticket: Breaker.Ticket, _ now: Instant) throws(CallRefusal) -> KeyStanding.Ticket {
        guard let key else { return KeyStanding.Ticket(probe: nil) }
        if let taken = key.take(now: now) { return taken }
        // Another call of the key was faster.
        change { _ = $0.availability.record(ticket, .neutral, now: now) }
        throw refusedKey(key.wait(now: now) ?? .zero)
    }

    private func refusedKey(_ wait: Duration) -> CallRefusal {
        CallRefusal(reason: .rejectedKey, wait: wait, lastError: .providerRejectedKey)
    }

    /// Whether a call would be admitted now, without making one: for whoever chooses among targets. A probe that is due
    /// counts as admitted.
    public var refusal: CallRefusal? {
        let now = time.now()
        if let wait = key?.wait(now: now) { return refusedKey(wait) }
        return change { $0.availability.refusal(now: now) }
    }

    /// What the rate-limit headers of an answer say; see ``Cooldown/note(remaining:reset:now:)``.
    public func note(remaining: Double, reset: Double) {
        let now = time.now()
        core.withLock { $0.availability.note(remaining: remaining, reset: reset, now: now) }
    }

    /// See ``Breaker/force(_:now:)``.
    public func force(_ mode: BreakerMode) {
        let now = time.now()
        change { core in
            core.policy.mode = mode
            core.availability.force(mode, now: now)
        }
    }

    /// Goes on under another policy, after the configuration has been loaded again; see ``Breaker/adopt(_:now:)``.
    public func adopt(_ policy: BreakerPolicy) {
        let now = time.now()
        change { core in
            core.policy = policy
            core.availability.adopt(policy, now: now)
        }
    }

    /// Begins anew, under other policies where they are given. The key is not reset with it, because others share it.
    public func reset(_ policy: BreakerPolicy? = nil, cooldown: CooldownPolicy? = nil) {
        let now = time.now()
        change { core in
            core.policy = policy ?? core.policy
            core.cooldown = cooldown ?? core.cooldown
            core.availability.reset(core.policy, cooldown: core.cooldown, now: now)
        }
    }

    public var snapshot: CircuitSnapshot {
        let now = time.now()
        let isKeyRejected = key?.isRejected ?? false
        let ofKey = key?.wait(now: now).map { refusedKey($0) }
        return change { core in
            CircuitSnapshot(
                at: now, refusal: ofKey ?? core.availability.refusal(now: now), state: core.availability.breaker.state,
                isKeyRejected: isKeyRejected, lastError: core.availability.breaker.lastError,
                transitionCount: core.availability.breaker.transitionCount,
                history: core.availability.breaker.history)
        }
    }

    /// Whether the state is that of a new circuit, as far as it matters. Tells nothing.
    var isIdle: Bool {
        let now = time.now()
        return core.withLock { $0.availability.isIdle(now: now) }
    }

    func begin(_ ticket: Breaker.Ticket, after: Duration) -> Breaker.Ticket {
        let now = time.now()
        return change { $0.availability.begin(ticket, after: after, now: now) }
    }

    func end(_ ticket: Breaker.Ticket, _ keyTicket: KeyStanding.Ticket, _ end: CallEnd) {
        let now = time.now()
        let rest = change { $0.availability.record(ticket, end, now: now) }
        if let rest { onEvent?(.cooling(rest.reason, for: rest.wait ?? .zero)) }
        guard let key else { return }
        switch end {
        case .rejectedKey: if key.reject(now: now) { onEvent?(.keyRejected) }
        case .succeeded: if key.accept(keyTicket) { onEvent?(.keyAccepted) }
        case .failed, .rateLimited, .forbidden, .neutral: break
        }
    }

    /// Decides under the lock, and tells the transitions after it.
    private func change<Answer: Sendable>(_ body: (inout Core) -> Answer) -> Answer {
        let (answer, news) = core.withLock { core in
            let answer = body(&core)
            let breaker = core.availability.breaker.transitionCount
            guard breaker != core.told else { return (answer, [Breaker.Transition]()) }
            let fresh = core.availability.breaker.history.suffix(breaker - core.told)
            core.told = breaker
            return (answer, Array(fresh))
        }
        if let onEvent { for transition in news { onEvent(.transition(transition)) } }
        return answer
    }
}

/// A circuit at one moment, for health routes and metrics.
public struct CircuitSnapshot: Sendable {
    public let at: Instant
    /// What a call would be told; `nil` when it would be admitted.
    public let refusal: CallRefusal?
    public let state: Breaker.State
    public let isKeyRejected: Bool
    public let lastError: ErrorCode?
    public let transitionCount: Int
    /// The last transitions, at most ``Breaker/historyLimit``, the latest at the end.
    public let history: [Breaker.Transition]
}
