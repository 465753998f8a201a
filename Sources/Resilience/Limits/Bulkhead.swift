public import Base

/// A limit on calls at once, with a bounded queue before it. Pure: time is an input, and the same inputs lead to the
/// same decisions. Times may go back a little, as they do between threads: the latest one counts.
///
/// After each change, ask ``next(now:)`` until it answers `nil`; at ``wake`` at the latest, ``expire(now:)``. All but
/// `expire` are O(1); nothing allocates but the queue, while it grows.
public struct Bulkhead: Sendable {
    /// Of those who wait, every tenth to go is of lower priority if there is one.
    static let interactiveTurns = 9
    /// When the queue has not been empty for longer than a call takes, an interactive call waits for at most this part
    /// of it.
    static let standingPart = 0.75
    /// Those who wait are looked through so often.
    static let sweep = Duration.milliseconds(250)
    static let shortestHint = Duration.milliseconds(100)
    static let longestHint = Duration.seconds(60)

    public private(set) var bounds: Bounds
    /// What holds now; see ``setLimit(_:)``.
    public private(set) var limit: Int
    public private(set) var inFlight = 0
    /// When ``expire(now:)`` is due; `nil` while nobody waits.
    public private(set) var wake: Instant?

    /// The bounds' wait, in nanoseconds: a duration's division costs as much as all the rest of an arrival.
    private var wait: UInt64
    private var line = WaitingLine()
    private var hold = HoldTime()
    private var latest = Instant(nanoseconds: 0)
    /// Interactive calls in a row that went before a bulk one that waits.
    private var turns = 0
    /// Since when interactive calls have been waiting without a break.
    private var standingSince: Instant?

    /// Bounds out of range are taken as the nearest sane ones.
    public init(_ bounds: Bounds) {
        self.bounds = bounds.sane
        limit = self.bounds.limit
        wait = UInt64(max(0, self.bounds.wait.saturatingNanoseconds))
    }

    public var waiting: Int { line.count }

    public func waiting(_ priority: RunContext.Priority) -> Int { line.count(priority) }

    /// Changes how many may go at once, up to what the bounds allow. Calls under way stay.
    public mutating func setLimit(_ limit: Int) { self.limit = min(max(limit, 1), bounds.limit) }

    /// Takes other bounds. Calls under way stay, and so do those who wait, with the ends that they have.
    public mutating func setBounds(_ bounds: Bounds) {
        self.bounds = bounds.sane
        limit = self.bounds.limit
        wait = UInt64(max(0, self.bounds.wait.saturatingNanoseconds))
    }

    /// When a call that comes at `now` has waited for too long.
    func end(_ deadline: Instant?, now: Instant) -> Instant {
        let (end, isOver) = now.nanoseconds.addingReportingOverflow(wait)
        return min(deadline ?? Instant(nanoseconds: .max), Instant(nanoseconds: isOver ? .max : end))
    }

    /// A call comes: it goes, or waits, or is refused at once. It waits only if it is expected to be served in time:
    /// before its deadline, and within the bounds' wait.
    public mutating func arrive(_ priority: RunContext.Priority, deadline: Instant?, now: Instant) -> Arrival {
        latest = max(latest, now)
        if let deadline, deadline <= latest { return .refused(LimitRefusal(reason: .overdue, wait: nil)) }
        if inFlight < limit, line.count == 0 { return .admitted(admit()) }
        let time = expectedWait(services: services(before: line.count(priority), priority))
        let end = end(deadline, now: latest)
        if time > patience(of: priority, until: end) { return .refused(refusal(.late)) }
        var displaced: Shed?
        if line.count >= bounds.queue {
            guard priority == .interactive, let last = displaceable() else { return .refused(refusal(.full)) }
            displaced = shed(last, .displaced)
        }
        if priority == .interactive, standingSince == nil { standingSince = latest }
        let place = line.append(priority, end: end)
        wake = min(wake ?? latest.advanced(by: Bulkhead.sweep), end)
        return .queued(place, displaced: displaced)
    }

    /// A call has left.
    public mutating func leave(_ ticket: Ticket, now: Instant) {
        latest = max(latest, now)
        guard inFlight > 0 else { return }
        inFlight -= 1
        hold.end(ticket.admitted, now: latest)
    }

    /// Somebody waits no more, of their own will. Whether they did until now: otherwise it has been decided already.
    public mutating func cancel(_ place: Place) -> Bool {
        guard line.remove(place) else { return false }
        settle()
        return true
    }

    /// What becomes of the next one, if that can be said now.
    public mutating func next(now: Instant) -> Decision? {
        latest = max(latest, now)
        guard inFlight < limit, line.count > 0 else { return nil }
        let bulk = line.first(.bulk)
        let interactive = line.first(.interactive)
        let isBulk = interactive == nil || (bulk != nil && turns >= Bulkhead.interactiveTurns)
        guard let first = isBulk ? bulk : interactive else { return nil }
        if first.end <= latest { return .shed(shed(first.place, .expired)) }
        _ = line.remove(first.place)
        turns = isBulk || bulk == nil ? 0 : turns + 1
        settle()
        return .admitted(first.place, admit())
    }

    /// Sheds those whose time is over, and those who have no chance left: not even if calls took half as long as they
    /// seem to. O(those who wait).
    public mutating func expire(now: Instant) -> [Shed] {
        latest = max(latest, now)
        var lost: [Place] = []
        var earliest = latest.advanced(by: Bulkhead.sweep)
        for priority in [RunContext.Priority.interactive, .bulk] {
            var kept = 0
            line.forEach(priority) { place, end in
                let time = expectedWait(services: services(before: kept, priority)) / 2
                if end <= latest || time > nanoseconds(until: end) {
                    lost.append(place)
                } else {
                    kept += 1
                    earliest = min(earliest, end)
                }
            }
        }
        wake = line.count > 0 ? earliest : nil
        return lost.map { shed($0, .expired) }
    }

    /// How long a call of this priority would wait if it came now; zero when it would go at once.
    public mutating func expectedWait(_ priority: RunContext.Priority, now: Instant) -> Duration {
        latest = max(latest, now)
        if inFlight < limit, line.count == 0 { return .zero }
        return duration(expectedWait(services: services(before: line.count(priority), priority)))
    }

    private mutating func admit() -> Ticket {
        inFlight += 1
        hold.begin(latest)
        return Ticket(admitted: latest)
    }

    private mutating func shed(_ place: Place, _ reason: LimitRefusal.Reason) -> Shed {
        _ = line.remove(place)
        settle()
        return Shed(place: place, refusal: refusal(reason))
    }

    /// Somebody has left the queue.
    private mutating func settle() {
        if line.count == 0 { wake = nil }
        if line.count(.interactive) == 0 { standingSince = nil }
        if line.count(.bulk) == 0 { turns = 0 }
    }

    /// The newest bulk call, unless no more than a tenth of the queue is left to its like: they would starve otherwise.
    private func displaceable() -> Place? {
        line.count(.bulk) > bounds.queue / (Bulkhead.interactiveTurns + 1) ? line.last(.bulk)?.place : nil
    }

    /// How many have to go until somebody has gone who has so many of their priority before them.
    private func services(before: Int, _ priority: RunContext.Priority) -> Int {
        let (bulk, interactive) = (line.count(.bulk), line.count(.interactive))
        switch priority {
        case .interactive: return before + 1 + min(bulk, (turns + before) / Bulkhead.interactiveTurns)
        case .bulk: return before + 1 + min(interactive, max(0, (before + 1) * Bulkhead.interactiveTurns - turns))
        }
    }

    /// In nanoseconds.
    private func expectedWait(services: Int) -> Double {
        let tooMany = max(0, inFlight - limit)
        return Double(services + tooMany) * hold.expected(inFlight: inFlight, now: latest) / Double(limit)
    }

    /// How long a call that comes now may wait, in nanoseconds. A burst may use the whole queue. A queue that does not
    /// drain is no burst but too much load, and waiting in it would help nobody: all would be late instead of some
    /// refused. Bulk calls have time.
    private func patience(of priority: RunContext.Priority, until end: Instant) -> Double {
        let time = nanoseconds(until: end)
        guard priority == .interactive, let standingSince else { return time }
        let call = hold.expected(inFlight: inFlight, now: latest)
        let standing = Double(latest.nanoseconds &- standingSince.nanoseconds)
        return standing > call ? min(time, call * Bulkhead.standingPart) : time
    }

    private func nanoseconds(until end: Instant) -> Double {
        end > latest ? Double(end.nanoseconds &- latest.nanoseconds) : 0
    }

    private func refusal(_ reason: LimitRefusal.Reason) -> LimitRefusal {
        let time = duration(expectedWait(services: line.count + 1))
        return LimitRefusal(reason: reason, wait: min(max(time, Bulkhead.shortestHint), Bulkhead.longestHint))
    }

    private func duration(_ nanoseconds: Double) -> Duration {
        // Compared before it is converted: a conversion of what is too large traps.
        nanoseconds < 3.6e12 ? .nanoseconds(Int64(nanoseconds)) : LimitsPolicy.longest
    }
}
