public import Base

/// Whether a provider accepts a key. A key that it has refused (401) rests until the configuration is loaded again, but
/// for one call every five minutes, which finds out whether the key has come back. Pure, O(1), without allocation; for
/// one provider and key, whatever the model.
public struct KeyStanding: Sendable {
    /// A rejected key is tried so often.
    public static let interval = Duration.seconds(300)

    /// What a call answers to: whether it is the one that may bring the key back.
    public struct Ticket: Hashable, Sendable {
        let probe: UInt64?
    }

    public private(set) var isRejected = false
    private var nextProbe = Instant(nanoseconds: 0)
    /// Counts probes; the last one alone brings the key back.
    private var probes: UInt64 = 0

    public init() {}

    /// How long a call would have to wait; `nil` when it may go. Takes no probe.
    public func wait(now: Instant) -> Duration? {
        isRejected && now < nextProbe ? nextProbe.since(now) : nil
    }

    /// A call goes; `nil` when it may not. The probe of a rejected key is spent with that: one that hangs, is cancelled
    /// or crashes needs no care, the next one goes five minutes later.
    public mutating func take(now: Instant) -> Ticket? {
        guard isRejected else { return Ticket(probe: nil) }
        guard now >= nextProbe else { return nil }
        probes &+= 1
        nextProbe = now.advanced(by: Self.interval)
        return Ticket(probe: probes)
    }

    /// The provider has refused the key; whether that is news. Calls that were under way at the time do not put the
    /// next probe off.
    public mutating func reject(now: Instant) -> Bool {
        if isRejected { return false }
        isRejected = true
        nextProbe = now.advanced(by: Self.interval)
        return true
    }

    /// A call has succeeded; whether that brings the key back. Calls from before the refusal do not.
    public mutating func accept(_ ticket: Ticket) -> Bool {
        guard isRejected, let probe = ticket.probe, probe == probes else { return false }
        isRejected = false
        return true
    }

    /// The configuration has been loaded again: the key may be another one.
    public mutating func reset() {
        isRejected = false
        // A probe of the old key says nothing of the new one.
        probes &+= 1
    }
}
