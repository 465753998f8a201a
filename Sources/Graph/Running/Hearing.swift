/// A run's listeners as closures rather than existentials, so that they are specialised for a single one. A class: each
/// event takes it in hand, and of a struct that would be all of its closures.
@usableFromInline
final class Hearing<Payload: Sendable>: Sendable {
    @usableFromInline
    enum Offered {
        case taken
        /// These listeners, by their places, have to be waited for with the same event.
        case full([Int])
        case closed
    }

    /// What at least one of them wants to hear.
    @usableFromInline let kinds: EventKinds
    @usableFromInline let offer: @Sendable (RunEvent<Payload>) -> Offered
    /// Whether somebody who holds the run has gone.
    @usableFromInline let isClosed: @Sendable () -> Bool
    @usableFromInline let receive: @Sendable (RunEvent<Payload>, [Int]) async throws(CancellationError) -> Void

    @inlinable
    init(
        kinds: EventKinds, offer: @escaping @Sendable (RunEvent<Payload>) -> Offered,
        isClosed: @escaping @Sendable () -> Bool,
        receive: @escaping @Sendable (RunEvent<Payload>, [Int]) async throws(CancellationError) -> Void
    ) {
        self.kinds = kinds
        self.offer = offer
        self.isClosed = isClosed
        self.receive = receive
    }

    @inlinable
    convenience init(_ listener: some RunListener<Payload>) {
        let kinds = listener.kinds
        self.init(
            kinds: kinds,
            // What a single listener does not want to hear is not made.
            offer: { event in
                switch listener.offer(event) {
                case .taken: .taken
                case .full: .full([])
                case .closed: .closed
                }
            },
            isClosed: { listener.isClosed },
            receive: { (event, _) throws(CancellationError) in try await listener.receive(event) })
    }

    /// `nil` for none. Whoever can take an event at once has it before the slower ones are waited for.
    @usableFromInline
    convenience init?(_ listeners: [any RunListener<Payload>]) {
        if listeners.isEmpty { return nil }
        if listeners.count == 1 {
            self.init(listeners[0])
            return
        }
        let wanted = listeners.map { (listener: $0, kinds: $0.kinds) }
        self.init(
            kinds: wanted.reduce(into: []) { $0.formUnion($1.kinds) },
            offer: { Hearing.offer($0, to: wanted) }, isClosed: { wanted.contains { $0.listener.isClosed } },
            receive: { (event, waiting) throws(CancellationError) in
                for place in waiting { try await listeners[place].receive(event) }
            })
    }

    private static func offer(
        _ event: RunEvent<Payload>, to listeners: [(listener: any RunListener<Payload>, kinds: EventKinds)]
    ) -> Offered {
        var waiting: [Int] = []
        var isClosed = false
        for (place, entry) in listeners.enumerated() where event.isWanted(in: entry.kinds) {
            switch entry.listener.offer(event) {
            case .taken: break
            case .full: waiting.append(place)
            case .closed: isClosed = true
            }
        }
        return isClosed ? .closed : waiting.isEmpty ? .taken : .full(waiting)
    }

    /// Whether somebody wants to hear what steps write.
    @usableFromInline var hearsSteps: Bool { !kinds.isDisjoint(with: [.updates, .values]) }
}
