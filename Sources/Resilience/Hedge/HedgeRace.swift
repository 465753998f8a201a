public import Base

/// One call that may be hedged: the first target is asked, after a delay a second one as well, and the first valid token
/// wins. Pure: events and *now* go in, what is to be done comes out. Every call that it lets run comes to an end in
/// it, with ``failed(_:_:isFinal:now:)`` or ``ended(_:now:)``; events that cannot be, or come too late, change
/// nothing. O(1), without allocation but for errors.
public struct HedgeRace: Sendable {
    public enum Side: Hashable, Sendable, CaseIterable {
        /// The target that is asked at once.
        case primary
        /// The one that is asked while the first is silent.
        case hedge

        public var other: Side { self == .primary ? .hedge : .primary }
    }

    public enum Action: Equatable, Sendable {
        case nothing
        /// Come back with ``wake(hasTarget:budget:now:)`` at this time.
        case wait(until: Instant)
        /// Ask the second target.
        case hedge(after: Duration)
        /// Nobody else will be asked.
        case skip(Skip)
        /// This side's token is the answer's first; the other one is to be cancelled where it runs.
        case deliver(Side, cancel: Side?)
        /// The call has failed.
        indirect case fail(CodedError, cancel: Side?)
        /// The caller has gone: whatever runs is to be cancelled.
        case cancel(primary: Bool, hedge: Bool)
    }

    /// Why a call that was slow enough is not hedged.
    public enum Skip: String, CaseIterable, Sendable {
        case budget
        case noTarget = "no_target"
    }

    /// A call that was cancelled, whose cost is to be booked: its provider has worked for nothing.
    public struct Loss: Hashable, Sendable {
        public let side: Side
        /// From its start to its end.
        public let ran: Duration
        /// How long it went on after it had been told to stop.
        public let stoppedAfter: Duration
    }

    /// So often the budget is asked, half a delay apart. Who still waits by then is too late to gain much, and would take
    /// it from those who come.
    public static let asks = 2

    /// An error is kept elsewhere: most races have none, and it is ten times as large as the rest of one.
    private enum Lane: Sendable {
        case idle
        case running(since: Instant)
        indirect case failed(CodedError, isFinal: Bool)
        case cancelled(since: Instant, at: Instant)
        case over

        var isRunning: Bool { if case .running = self { true } else { false } }
    }

    /// Whether nothing can change the outcome any more.
    public private(set) var isDecided = false
    private var primary: Lane
    private var hedge = Lane.idle
    private let start: Instant
    private let delay: Duration
    private var due: Instant?
    private var asked = 0

    /// The first target is being asked from now on.
    /// - Parameters:
    ///   - delay: How long to wait for its first token; `nil` for a call that is not to be hedged.
    ///   - hasEffects: Whether the call runs tools that change something. It is made once, whatever it takes.
    public init(delay: Duration?, hasEffects: Bool, now: Instant) {
        primary = .running(since: now)
        start = now
        self.delay = delay ?? .zero
        if let delay, !hasEffects { due = max(now, now.advanced(by: delay)) }
    }

    /// When ``wake(hasTarget:budget:now:)`` is to be called; `nil` for never.
    public var wakeAt: Instant? { due }

    /// Looks whether it is time to ask the second target.
    /// - Parameter hasTarget: Whether there is a second target that can be asked now.
    public mutating func wake(hasTarget: Bool, budget: inout HedgeBudget, now: Instant) -> Action {
        guard !isDecided, let due else { return .nothing }
        if now < due { return .wait(until: due) }
        guard hasTarget else {
            self.due = nil
            return .skip(.noTarget)
        }
        guard budget.take() else {
            asked += 1
            guard asked < HedgeRace.asks else {
                self.due = nil
                return .skip(.budget)
            }
            let next = now.advanced(by: max(delay / 2, .milliseconds(1)))
            self.due = next
            return .wait(until: next)
        }
        self.due = nil
        hedge = .running(since: now)
        return .hedge(after: now.since(start))
    }

    /// A side's first valid token is here; an error in its place is a failure.
    public mutating func firstToken(_ side: Side, now: Instant) -> Action {
        guard !isDecided, self[side].isRunning else { return .nothing }
        decide()
        self[side] = .over
        return .deliver(side, cancel: cancel(side.other, now))
    }

    /// A side has failed. While the other one runs, it decides; but a final failure of the first target is the
    /// answer: what it has refused is not for another one to grant.
    /// - Parameter isFinal: Whether no other target could mend it: see ``HedgeRace/isFinal(_:)``.
    public mutating func failed(_ side: Side, _ error: CodedError, isFinal: Bool, now: Instant) -> Action {
        guard !isDecided, self[side].isRunning else { return .nothing }
        self[side] = .failed(error, isFinal: isFinal)
        if self[side.other].isRunning, !(isFinal && side == .primary) { return .nothing }
        decide()
        let cancelled = cancel(side.other, now)
        guard case .failed(let second, let isSecondFinal) = self[side.other] else {
            return .fail(error, cancel: cancelled)
        }
        if isFinal != isSecondFinal { return .fail(isFinal ? error : second, cancel: nil) }
        let (first, last) = side == .primary ? (error, second) : (second, error)
        return .fail(HedgeRace.moreTelling(first, last), cancel: nil)
    }

    /// The caller does not want an answer any more.
    public mutating func cancel(now: Instant) -> Action {
        guard !isDecided else { return .nothing }
        decide()
        return .cancel(primary: cancel(.primary, now) != nil, hedge: cancel(.hedge, now) != nil)
    }

    /// A cancelled side has come to its end. Answers once with what is to be booked.
    public mutating func ended(_ side: Side, now: Instant) -> Loss? {
        guard case .cancelled(let start, let end) = self[side] else { return nil }
        self[side] = .over
        return Loss(
            side: side, ran: max(.zero, now.since(start)), stoppedAfter: max(.zero, now.since(end)))
    }

    private mutating func decide() {
        isDecided = true
        due = nil
    }

    private mutating func cancel(_ side: Side, _ now: Instant) -> Side? {
        guard case .running(let start) = self[side] else { return nil }
        self[side] = .cancelled(since: start, at: now)
        return side
    }

    private subscript(side: Side) -> Lane {
        get { side == .primary ? primary : hedge }
        set { if side == .primary { primary = newValue } else { hedge = newValue } }
    }
}
