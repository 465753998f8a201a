internal import Base

/// What a live run decides: who reads, who waits, when it was left alone for too long. Inputs with *now* in, whom to
/// resume out; the driver is ``LiveRun``.
struct RunMachine: Sendable {
    typealias ReaderID = RunLog.ReaderID

    /// What the driver is to do.
    struct Effects: Sendable, Equatable {
        /// Whoever waits to log goes on.
        var resumesRun = false
        /// These find something.
        var resumed: [ReaderID] = []
        var cancelsRun = false
    }

    enum Read: Sendable, Equatable {
        case events(ArraySlice<LoggedEvent>)
        /// Nothing yet; ``Effects/resumed`` will name the reader.
        case wait
        /// All was read, and nothing will come.
        case over
        /// This reader was left behind, or has gone.
        case left
    }

    private(set) var log: RunLog
    private let grace: Duration
    private(set) var isOver = false
    /// Since when nobody is attached; `nil` while somebody is, and after the end.
    private var aloneSince: Instant?
    /// Since when the run waits for room.
    private var waitsSince: Instant?
    private var waiting: [ReaderID] = []

    init(bounds: RunLog.Bounds, grace: Duration, now: Instant) {
        log = RunLog(bounds: bounds)
        self.grace = grace
        aloneSince = now
    }

    /// When ``tick(_:)`` is due.
    var deadline: Instant? {
        guard !isOver else { return nil }
        if let aloneSince { return aloneSince.advanced(by: grace) }
        return waitsSince?.advanced(by: grace)
    }

    // MARK: The run

    /// Whether the run may log now. If not, it counts as waiting.
    mutating func hasRoom(underPressure: Bool, now: Instant) -> Bool {
        guard !isOver, log.isFull(underPressure: underPressure) else {
            waitsSince = nil
            return true
        }
        if waitsSince == nil { waitsSince = now }
        return false
    }

    /// Logs what the run says; nothing after its end.
    mutating func append(_ events: [(name: String, data: [UInt8])]) -> Effects {
        guard !isOver else { return Effects() }
        for event in events { log.append(event.name, event.data) }
        return events.isEmpty ? Effects() : wakeReaders()
    }

    /// Logs the run's last events, for which there is always room.
    mutating func end(with events: [(name: String, data: [UInt8])]) -> Effects {
        guard !isOver else { return Effects() }
        for event in events { log.append(event.name, event.data) }
        isOver = true
        aloneSince = nil
        waitsSince = nil
        var effects = wakeReaders()
        effects.resumesRun = true
        return effects
    }

    private mutating func wakeReaders() -> Effects {
        defer { waiting.removeAll(keepingCapacity: true) }
        return Effects(resumed: waiting)
    }

    // MARK: Readers

    mutating func attach(after sequence: Int?, now: Instant) throws(CodedError) -> (ReaderID, Effects) {
        let reader = try log.attach(after: sequence)
        aloneSince = nil
        guard waitsSince != nil else { return (reader, Effects()) }
        // The time for which nobody read is not held against whoever reads now. What comes before its cursor may give
        // way, if nobody else needs it.
        waitsSince = now
        return (reader, Effects(resumesRun: true))
    }

    mutating func read(_ reader: ReaderID, limit: Int, now: Instant) -> (Read, Effects) {
        if waitsSince != nil, log.slowest.contains(reader) { waitsSince = now }
        guard let events = log.read(reader, limit: limit) else { return (.left, Effects()) }
        // What it had before may give way now.
        let effects = Effects(resumesRun: waitsSince != nil)
        guard events.isEmpty else { return (.events(events), effects) }
        if isOver { return (.over, effects) }
        if !waiting.contains(reader) { waiting.append(reader) }
        return (.wait, effects)
    }

    /// Whether a reader that was told to wait still has to.
    func isWaiting(_ reader: ReaderID) -> Bool { waiting.contains(reader) }

    mutating func detach(_ reader: ReaderID, now: Instant) -> Effects {
        guard log.detach(reader) else { return Effects() }
        var effects = Effects(resumesRun: waitsSince != nil)
        if let index = waiting.firstIndex(of: reader) {
            waiting.remove(at: index)
            effects.resumed = [reader]
        }
        if !log.hasReaders, !isOver { aloneSince = now }
        return effects
    }

    // MARK: Time

    /// Ends what has taken too long: a run that nobody has attached to, readers for which it waits.
    mutating func tick(_ now: Instant) -> Effects {
        guard let deadline, deadline <= now else { return Effects() }
        guard aloneSince == nil else { return Effects(cancelsRun: true) }
        var effects = Effects(resumesRun: true)
        waitsSince = now
        for reader in log.slowest { effects.resumed += detach(reader, now: now).resumed }
        return effects
    }
}
