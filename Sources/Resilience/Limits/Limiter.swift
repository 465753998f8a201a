public import Base
internal import Synchronization

/// Keeps the calls at once under a limit, for any number of callers on any threads. One for each provider, whose limit
/// adapts to how fast it answers, and around them one for all, whose limit is fixed.
///
///     var permit = try await limiter.enter(priority: context.priority, deadline: context.deadline)
///     … ask the provider …
///     permit.begin(after: timeToFirstToken)
///     … read the answer …
///     permit.end(.succeeded(after: duration))
///
/// Whoever can't be served in time is refused at once, without waiting. Decisions are taken under a short lock and
/// carried out after it; a call that need not wait costs two of them a level, and no allocation.
public final class Limiter: Sendable {
    /// What a decision leaves to be done after the lock.
    struct Aftermath: Sendable {
        var decided: [(waiter: Waiter<LimitFate>, fate: LimitFate)] = []
        var timer: (era: UInt64, wake: Instant)?

        func carryOut(for limiter: Limiter) {
            for (waiter, fate) in decided { waiter.decide(fate) }
            if let timer { limiter.startTimer(timer.era, timer.wake) }
        }
    }

    private enum Entry: Sendable {
        case admitted(Bulkhead.Ticket)
        case waiting(Waiter<LimitFate>, Bulkhead.Place)
        case refused(LimitRefusal)
    }

    let core: Mutex<LimiterCore>
    /// For errors: the provider's name.
    private let name: String
    /// The limiter around it.
    private let outer: Limiter?
    let time: any TimeSource

    /// The limiter of one provider, within the one for `all`.
    public init(provider: String, _ policy: LimitsPolicy = LimitsPolicy(), within all: Limiter?, time: any TimeSource) {
        let adaptive = AdaptiveLimit(atMost: policy.providerBounds.sane.limit)
        core = Mutex(LimiterCore(policy.providerBounds, adaptive))
        name = provider
        // Two levels are enough: a permit has room for two tickets.
        outer = all.map { $0.outer ?? $0 }
        self.time = time
    }

    /// The limiter around those of the providers.
    public init(total policy: LimitsPolicy = LimitsPolicy(), time: any TimeSource) {
        core = Mutex(LimiterCore(policy.totalBounds, nil))
        name = "the providers"
        outer = nil
        self.time = time
    }

    /// Admits a call: at once, after it has waited, or never. A provider's own limit comes before that of all, so that
    /// calls to one that is slow wait for it and not in front of the others; both together wait no longer than the
    /// policy allows. A task that is cancelled leaves the queue at once; one that has been admitted by then gets its
    /// permit. So does one whose `token` is.
    /// - Throws: `overloaded` with the time to wait, `deadline_exceeded`, or `cancelled`.
    public func enter(
        priority: RunContext.Priority = .interactive, deadline: Instant? = nil, token: CancellationToken? = nil
    ) async throws(CodedError) -> LimitPermit {
        var now = time.now()
        let (entry, end) = arrive(priority, deadline, now)
        var permit: LimitPermit
        switch entry {
        case .admitted(let ticket): permit = LimitPermit(self, ticket)
        case .refused(let refusal): throw refusal.error(of: name)
        case .waiting(let waiter, let place):
            permit = LimitPermit(self, try await wait(waiter, place, token))
            now = time.now()
        }
        guard let outer else { return permit }
        // When this throws, the permit goes, and with it the place at the provider.
        switch outer.arrive(priority, end, now).entry {
        case .admitted(let ticket): permit.add(outer: ticket)
        case .refused(let refusal): throw refusal.error(of: outer.name)
        case .waiting(let waiter, let place): permit.add(outer: try await outer.wait(waiter, place, token))
        }
        return permit
    }

    /// Takes another policy, after the configuration has been loaded again. Calls under way and those who wait stay;
    /// what a provider can take is learnt anew.
    public func reset(_ policy: LimitsPolicy) {
        let now = time.now()
        change(now) { core in
            if core.adaptive != nil {
                core.bulkhead.setBounds(policy.providerBounds)
                core.adaptive = AdaptiveLimit(atMost: core.bulkhead.limit)
            } else {
                core.bulkhead.setBounds(policy.totalBounds)
            }
        }
    }

    public var snapshot: LimitSnapshot {
        let now = time.now()
        return core.withLock { core in
            LimitSnapshot(
                limit: core.bulkhead.limit, inFlight: core.bulkhead.inFlight,
                waitingInteractive: core.bulkhead.waiting(.interactive), waitingBulk: core.bulkhead.waiting(.bulk),
                expectedWait: core.bulkhead.expectedWait(.interactive, now: now),
                baseline: core.adaptive?.baseline, admitted: core.admitted, refused: core.refused)
        }
    }

    private func arrive(
        _ priority: RunContext.Priority, _ deadline: Instant?, _ now: Instant
    ) -> (entry: Entry, end: Instant) {
        change(now) { core in
            let end = core.bulkhead.end(deadline, now: now)
            core.expect(now: now)
            switch core.bulkhead.arrive(priority, deadline: deadline, now: now) {
            case .admitted(let ticket):
                core.admitted &+= 1
                return (.admitted(ticket), end)
            case .refused(let refusal):
                core.refused &+= 1
                return (.refused(refusal), end)
            case .queued(let place, let displaced):
                if let displaced { core.shed(displaced) }
                let waiter = Waiter<LimitFate>()
                core.seat(waiter, at: place)
                return (.waiting(waiter, place), end)
            }
        }
    }

    private func wait(
        _ waiter: Waiter<LimitFate>, _ place: Bulkhead.Place, _ token: CancellationToken?
    ) async throws(CodedError) -> Bulkhead.Ticket {
        token?.onCancel { self.cancel(place) }
        let fate = await withTaskCancellationHandler {
            await waiter.sleep()
        } onCancel: {
            cancel(place)
        }
        switch fate {
        case .admitted(let ticket): return ticket
        case .refused(let refusal): throw refusal.error(of: name)
        case .cancelled: throw CodedError(.cancelled, "The request was cancelled.")
        }
    }

    private func cancel(_ place: Bulkhead.Place) {
        let waiter = core.withLock { core in core.bulkhead.cancel(place) ? core.unseat(place) : nil }
        waiter?.decide(.cancelled)
    }

    func begin(_ latency: Duration) {
        let now = time.now()
        change(now) { $0.sample(latency, now: now) }
    }

    func leave(_ ticket: Bulkhead.Ticket, _ outerTicket: Bulkhead.Ticket?, _ load: LimitPermit.Load) {
        let now = time.now()
        change(now) { core in
            if load == .success { core.succeed(ticket, now: now) }
            core.bulkhead.leave(ticket, now: now)
            if load == .overload { core.drop(ticket, now: now) }
        }
        if let outer, let outerTicket { outer.change(now) { $0.bulkhead.leave(outerTicket, now: now) } }
    }

    /// Decides under the lock, admits whom that leaves room for, and tells them after it.
    private func change<Answer: Sendable>(_ now: Instant, _ body: (inout LimiterCore) -> Answer) -> Answer {
        let (answer, aftermath) = core.withLock { core in
            let answer = body(&core)
            return (answer, core.bulkhead.waiting > 0 || !core.decided.isEmpty ? core.aftermath(now) : nil)
        }
        aftermath?.carryOut(for: self)
        return answer
    }
}

/// A limiter at one moment, for health routes, metrics and whoever looks for the least busy provider.
public struct LimitSnapshot: Hashable, Sendable {
    public let limit: Int
    public let inFlight: Int
    public let waitingInteractive: Int
    public let waitingBulk: Int
    /// How long an interactive call would wait if it came now.
    public let expectedWait: Duration
    /// The time to the first token without a queue, where it is known.
    public let baseline: Duration?
    /// So many calls have been admitted, and refused after waiting or at once.
    public let admitted: UInt64
    public let refused: UInt64
}
