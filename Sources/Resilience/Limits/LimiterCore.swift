internal import Base

/// What becomes of a call that waits in a limiter's queue.
enum LimitFate: Sendable {
    case admitted(Bulkhead.Ticket)
    case refused(LimitRefusal)
    case cancelled
}

/// What a limiter's lock protects.
struct LimiterCore: Sendable {
    /// Timers for earlier times are not started for less than this.
    private static let timerGrain = Duration.milliseconds(1)

    var bulkhead: Bulkhead
    var adaptive: AdaptiveLimit?
    var admitted: UInt64 = 0
    var refused: UInt64 = 0
    /// Those whose fate is decided, until the lock is left.
    private(set) var decided: [(waiter: Waiter<LimitFate>, fate: LimitFate)] = []
    /// By the slots of their places.
    private var waiters: [Waiter<LimitFate>?] = []
    /// When the one timer that counts fires; others have another era and do nothing.
    private var timer: Instant?
    private var era: UInt64 = 0

    init(_ bounds: Bulkhead.Bounds, _ adaptive: AdaptiveLimit?) {
        bulkhead = Bulkhead(bounds)
        self.adaptive = adaptive
    }

    mutating func sample(_ latency: Duration, now: Instant) {
        guard adaptive != nil else { return }
        adaptive?.sample(latency, inFlight: bulkhead.inFlight, now: now)
        adapt()
    }

    mutating func succeed(_ ticket: Bulkhead.Ticket, now: Instant) {
        guard adaptive != nil else { return }
        adaptive?.succeed(began: ticket.admitted, inFlight: bulkhead.inFlight, now: now)
        adapt()
    }

    /// A call is about to arrive.
    mutating func expect(now: Instant) {
        guard adaptive != nil, bulkhead.inFlight == 0, bulkhead.waiting == 0 else { return }
        adaptive?.beginAlone(now: now)
        adapt()
    }

    mutating func drop(_ ticket: Bulkhead.Ticket, now: Instant) {
        adaptive?.drop(began: ticket.admitted, now: now)
        adapt()
    }

    private mutating func adapt() {
        if let limit = adaptive?.limit, limit != bulkhead.limit { bulkhead.setLimit(limit) }
    }

    mutating func seat(_ waiter: Waiter<LimitFate>, at place: Bulkhead.Place) {
        let slot = Int(place.slot)
        while waiters.count <= slot { waiters.append(nil) }
        waiters[slot] = waiter
    }

    mutating func unseat(_ place: Bulkhead.Place) -> Waiter<LimitFate>? {
        let slot = Int(place.slot)
        guard waiters.indices.contains(slot) else { return nil }
        defer { waiters[slot] = nil }
        return waiters[slot]
    }

    mutating func shed(_ shed: Bulkhead.Shed) {
        refused &+= 1
        if let waiter = unseat(shed.place) { decided.append((waiter, .refused(shed.refusal))) }
    }

    /// Admits whom there is room for, and says what is to be done without the lock.
    mutating func aftermath(_ now: Instant) -> Limiter.Aftermath {
        admitNext(now)
        var aftermath = Limiter.Aftermath(decided: takeDecided())
        if let wake = bulkhead.wake, timer.map({ wake.advanced(by: LimiterCore.timerGrain) < $0 }) ?? true {
            era &+= 1
            timer = wake
            aftermath.timer = (era, wake)
        }
        return aftermath
    }

    /// The timer of this era has fired: sheds whose time is over. Answers when it is to fire again; `nil` when nobody
    /// waits or another timer does it.
    mutating func tick(_ era: UInt64, now: Instant) -> (decided: Limiter.Aftermath, wake: Instant?) {
        guard era == self.era else { return (Limiter.Aftermath(), nil) }
        for lost in bulkhead.expire(now: now) { shed(lost) }
        admitNext(now)
        timer = bulkhead.wake.map { max($0, now.advanced(by: LimiterCore.timerGrain)) }
        return (Limiter.Aftermath(decided: takeDecided()), timer)
    }

    private mutating func admitNext(_ now: Instant) {
        while let decision = bulkhead.next(now: now) {
            switch decision {
            case .shed(let lost): shed(lost)
            case .admitted(let place, let ticket):
                admitted &+= 1
                if let waiter = unseat(place) { decided.append((waiter, .admitted(ticket))) }
            }
        }
    }

    private mutating func takeDecided() -> [(waiter: Waiter<LimitFate>, fate: LimitFate)] {
        defer { decided = [] }
        return decided
    }
}
