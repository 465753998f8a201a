public import Base

/// A circuit breaker: closed, open, half-open. Pure: time is an input, and the same inputs lead to the same states.
/// Every call that ``admit(now:)`` lets through gets a ticket and gives it back to ``record(_:_:now:)``; a ticket of an
/// earlier era changes nothing. Times may go back a little, as they do between threads: the latest one counts.
///
/// Both are O(1), and allocate only when the state changes.
public struct Breaker: Sendable {
    /// So many transitions are remembered.
    public static let historyLimit = 32
    /// So many probes in a row may end without a verdict before the breaker opens again.
    static let undecidedLimit = 3
    /// Whoever comes while a probe is on its way is told to wait for so long at most.
    static let probeHint = Duration.seconds(1)

    public private(set) var state: State
    /// The last failure that counted; stays when the breaker closes.
    public private(set) var lastError: ErrorCode?
    /// The last transitions, the latest at the end.
    public private(set) var history: [Transition] = []
    /// How many transitions there have been.
    public private(set) var transitionCount = 0

    private var policy: BreakerPolicy
    private var window: CallWindow
    /// Failures since the last success.
    private var row = 0
    private var era: UInt64 = 0
    private var latest = Instant(nanoseconds: 0)
    /// How often the breaker has opened again without a whole success in between.
    private var reopenings = 0
    /// Whether there has been a success since the breaker closed on a probe's first token.
    private var isConfirmed = true
    private var undecided = 0

    /// A policy with faults is taken as the nearest one without.
    public init(_ policy: BreakerPolicy = BreakerPolicy()) {
        self.policy = policy.sane
        window = CallWindow(self.policy.window)
        state = Breaker.start(in: policy.mode)
    }

    private static func start(in mode: BreakerMode) -> State {
        switch mode {
        case .automatic: .closed
        case .forcedOpen: .forcedOpen
        case .forcedClosed, .off: .forcedClosed
        }
    }

    /// Whether a call may be made. An admitted call must come back to ``record(_:_:now:)``; a probe that does not is
    /// taken for failed at the end of its lease.
    public mutating func admit(now: Instant) -> Admission {
        if let refusal = refusal(now: now) { return .refused(refusal) }
        switch state {
        case .closed, .forcedClosed, .forcedOpen: return .passed(Ticket(era: era, kind: .call))
        case .open, .halfOpen:
            move(to: .halfOpen(lease: latest.advanced(by: policy.probeLease)), .probeDue)
            return .probe(Ticket(era: era, kind: .probe))
        }
    }

    /// Why a call would be refused; `nil` when it would be admitted. Takes no probe.
    public mutating func refusal(now: Instant) -> CallRefusal? {
        settle(now)
        switch state {
        case .closed, .forcedClosed, .halfOpen(nil): return nil
        case .open(let until):
            if latest >= until { return nil }
            return CallRefusal(reason: .open, wait: until.since(latest), lastError: lastError)
        case .halfOpen(let end?):
            let wait = min(end.since(latest), Breaker.probeHint)
            return CallRefusal(reason: .probing, wait: wait, lastError: lastError)
        case .forcedOpen: return CallRefusal(reason: .forcedOpen, wait: nil, lastError: lastError)
        }
    }

    /// Tells that a call has begun to answer, `after` so long. A probe closes the breaker with that, and the ticket to
    /// go on with is another one: should the answer break off, that opens the breaker again at once. Of other calls
    /// only their end counts.
    public mutating func begin(_ ticket: Ticket, after: Duration, now: Instant) -> Ticket {
        settle(now)
        guard ticket.era == era, ticket.kind == .probe else { return ticket }
        if after > policy.slowAfter {
            reopen(from: latest, .probeSlow)
            return ticket
        }
        close(.probeSucceeded)
        isConfirmed = false
        return Ticket(era: era, kind: .trial)
    }

    /// Counts what came of a call. Once a ticket; what a ticket of an earlier era brings is ignored.
    public mutating func record(_ ticket: Ticket, _ outcome: Outcome, now: Instant) {
        settle(now)
        guard ticket.era == era else { return }
        if case .failure(let code) = outcome { lastError = code }
        switch state {
        case .closed: count(outcome, isTrial: ticket.kind == .trial)
        case .halfOpen: decide(outcome)
        case .open, .forcedOpen, .forcedClosed: break
        }
    }

    /// Takes the decision out of the breaker's hands, or gives it back: closed, and with nothing counted. The mode that
    /// it has already changes nothing.
    public mutating func force(_ mode: BreakerMode, now: Instant) {
        settle(now)
        guard mode != policy.mode else { return }
        policy.mode = mode
        restart(.forced)
    }

    /// Begins anew under a policy, in its mode: nothing counted, no re-openings, no last error. The history stays.
    public mutating func reset(_ policy: BreakerPolicy, now: Instant) {
        settle(now)
        self.policy = policy.sane
        window = CallWindow(self.policy.window)
        lastError = nil
        restart(.reset)
    }

    /// Goes on under another policy: what is open stays so for the time that it was given, and what was counted stays
    /// counted unless the window's length is another. Another mode begins anew. Tickets stay good unless that happens.
    public mutating func adopt(_ policy: BreakerPolicy, now: Instant) {
        settle(now)
        let (last, next) = (self.policy, policy.sane)
        self.policy = next
        if next.window != last.window { window = CallWindow(next.window) }
        if next.mode != last.mode { restart(.forced) }
    }

    private mutating func restart(_ cause: Cause) {
        reopenings = 0
        isConfirmed = true
        clear()
        move(to: Breaker.start(in: policy.mode), cause)
    }
}

extension Breaker {
    /// Moves the time on, and takes a lease that is over from its probe. The reset then counts from the lease's end,
    /// whenever somebody looks.
    private mutating func settle(_ now: Instant) {
        latest = max(latest, now)
        if case .halfOpen(let end?) = state, latest >= end { reopen(from: end, .probeHung) }
    }

    private mutating func count(_ outcome: Outcome, isTrial: Bool) {
        switch outcome {
        case .ignored: return
        case .success(let duration):
            row = 0
            reopenings = 0
            isConfirmed = true
            window.add(failed: false, slow: duration > policy.slowAfter, now: latest)
        case .failure:
            if isTrial, !isConfirmed { return reopen(from: latest, .probeFailed) }
            row += 1
            window.add(failed: true, slow: false, now: latest)
        }
        if row >= policy.failures { return open(.consecutiveFailures) }
        guard window.calls >= policy.minimum else { return }
        if window.failureRate >= policy.failureRate {
            open(.failureRate)
        } else if window.slowRate >= policy.slowRate {
            open(.slowRate)
        }
    }

    private mutating func decide(_ outcome: Outcome) {
        switch outcome {
        case .success(let duration) where duration > policy.slowAfter: reopen(from: latest, .probeSlow)
        case .success:
            reopenings = 0
            isConfirmed = true
            close(.probeSucceeded)
        case .failure: reopen(from: latest, .probeFailed)
        case .ignored:
            undecided += 1
            if undecided < Breaker.undecidedLimit {
                move(to: .halfOpen(lease: nil), .probeDue)
            } else {
                // Not a word about the provider, so it is no step towards longer resets.
                undecided = 0
                move(to: .open(until: latest.advanced(by: policy.reset)), .probesUndecided)
            }
        }
    }

    /// Out of the closed state.
    private mutating func open(_ cause: Cause) {
        if isConfirmed {
            clear()
            move(to: .open(until: latest.advanced(by: policy.reset)), cause)
        } else {
            reopen(from: latest, cause)
        }
    }

    private mutating func reopen(from start: Instant, _ cause: Cause) {
        reopenings = min(reopenings + 1, 64)
        clear()
        move(to: .open(until: start.advanced(by: lengthOfReset)), cause)
    }

    /// The opening and its first two re-openings are alike, every further one lasts twice as long.
    private var lengthOfReset: Duration {
        let reset = policy.reset.saturatingNanoseconds
        let doublings = max(0, reopenings - 2)
        let longest = policy.maxReset.saturatingNanoseconds
        return reset > longest >> doublings ? policy.maxReset : .nanoseconds(reset << doublings)
    }

    private mutating func close(_ cause: Cause) {
        clear()
        move(to: .closed, cause)
    }

    private mutating func clear() {
        row = 0
        undecided = 0
        window.clear()
    }

    /// Every move begins an era. Those within the half-open state are not worth telling.
    private mutating func move(to next: State, _ cause: Cause) {
        era &+= 1
        let last = state
        state = next
        guard next.name != last.name || cause == .reset else { return }
        transitionCount += 1
        if history.count == Breaker.historyLimit { history.removeFirst() }
        history.append(
            Transition(number: transitionCount, from: last, to: next, cause: cause, at: latest, error: lastError))
    }
}
