internal import Base
internal import Synchronization

/// One provider's key, which the circuits of all its models share: a refusal of the key on one of them keeps calls from
/// all. From any thread; while the key is accepted, asking costs one atomic load.
public final class ProviderKey: Sendable {
    private let standing = Mutex(KeyStanding())
    private let rejected = Atomic(false)

    public init() {}

    public var isRejected: Bool { rejected.load(ordering: .acquiring) }

    /// How long a call would have to wait; `nil` when it may go.
    func wait(now: Instant) -> Duration? {
        isRejected ? standing.withLock { $0.wait(now: now) } : nil
    }

    func take(now: Instant) -> KeyStanding.Ticket? {
        isRejected ? standing.withLock { $0.take(now: now) } : KeyStanding.Ticket(probe: nil)
    }

    /// Whether it is news.
    func reject(now: Instant) -> Bool {
        standing.withLock { standing in
            defer { rejected.store(standing.isRejected, ordering: .releasing) }
            return standing.reject(now: now)
        }
    }

    /// Whether it brings the key back.
    func accept(_ ticket: KeyStanding.Ticket) -> Bool {
        guard ticket.probe != nil else { return false }
        return standing.withLock { standing in
            defer { rejected.store(standing.isRejected, ordering: .releasing) }
            return standing.accept(ticket)
        }
    }

    /// The key may be another one from now on.
    public func reset() {
        standing.withLock { standing in
            standing.reset()
            rejected.store(false, ordering: .releasing)
        }
    }
}
