public import Synchronization

/// A run's events for one consumer, through a bounded buffer: when it is full, the run waits.
///
///     let stream = RunEventStream<ChatEvent>(capacity: 64)
///     async let state = runner.run(initial, context: context, events: stream)
///     while let event = await stream.next() { … }
///
/// Ends by itself after the run's last event. A consumer that stops early calls `close()`, or is cancelled while it
/// waits in `next()`: either cancels the run, unless the stream only watches. An event that doesn't have to wait costs
/// one lock on each side.
public final class RunEventStream<Payload: Sendable>: RunListener, Sendable {
    @usableFromInline typealias Event = RunEvent<Payload>
    @usableFromInline typealias Producer = CheckedContinuation<Bool, Never>
    @usableFromInline typealias Consumer = CheckedContinuation<Event?, Never>

    @usableFromInline
    struct Shared {
        @usableFromInline var channel: EventChannel<Event, Producer, Consumer>
        @usableFromInline var tickets: UInt64 = 0
        @usableFromInline var droppedCount = 0

        @inlinable
        init(channel: EventChannel<Event, Producer, Consumer>) { self.channel = channel }
    }

    /// What the stream wants to hear.
    public let kinds: EventKinds
    @usableFromInline let dropped: EventKinds
    @usableFromInline let isWatching: Bool
    @usableFromInline let shared: Mutex<Shared>

    /// An empty stream. O(1); its buffer grows with what it has to hold.
    ///
    /// - Parameters:
    ///   - capacity: How many events it holds, at least one.
    ///   - kinds: What is wanted besides questions and ends.
    ///   - dropping: When the stream is full, events of these kinds give way: the oldest of its own kind to one of
    ///     them, which is itself dropped where the stream holds none, and the oldest of all to one of another kind or
    ///     to a question. The run waits only when the stream is full of events that must not be lost. ``droppedCount``
    ///     tells how many were.
    ///   - isWatching: Whether the run goes on when the stream is closed.
    @inlinable
    public init(
        capacity: Int, kinds: EventKinds = [.custom, .debug], dropping: EventKinds = [], isWatching: Bool = false
    ) {
        self.kinds = kinds
        dropped = dropping
        self.isWatching = isWatching
        shared = Mutex(Shared(channel: EventChannel(capacity: capacity)))
    }

    /// How many events were dropped because the stream was full. One lock.
    public var droppedCount: Int { shared.withLock { $0.droppedCount } }

    /// The next event, in the order of sending; `nil` after the last, after `close()` and when cancelled. For one
    /// consumer: calls must not overlap.
    @inlinable
    public func next() async -> RunEvent<Payload>? {
        switch take() {
        case .value(let event, let producer):
            producer?.resume(returning: true)
            return event
        case .over: return nil
        case .empty: return await waitForEvent()
        }
    }

    /// Whether ``close()`` was called, or the consumer cancelled, and the stream does not only watch. One lock.
    @inlinable public var isClosed: Bool { !isWatching && shared.withLock { $0.channel.isClosed } }

    /// Takes an event if there is room, or if an event may be dropped for it. Any thread; one lock, and O(capacity)
    /// where it drops.
    @inlinable
    public func offer(_ event: RunEvent<Payload>) -> EventIntake {
        switch shared.withLock({ $0.channel.send(event) }) {
        case .taken: return .taken
        case .deliver(let consumer):
            consumer.resume(returning: event)
            return .taken
        case .closed: return isWatching ? .taken : .closed
        case .full: return dropped.isEmpty ? .full : makeRoom(event)
        }
    }

    /// For an event that found no room, in a stream that drops events.
    @usableFromInline
    func makeRoom(_ event: RunEvent<Payload>) -> EventIntake {
        let sent = shared.withLock { shared in
            let sent = shared.channel.send(event)
            guard case .full = sent else { return sent }
            let givesWay = mayDrop(event)
            let hasRoom = shared.channel.replaceOldest(with: event) { givesWay ? $0.kind == event.kind : mayDrop($0) }
            guard hasRoom || givesWay else { return .full }
            shared.droppedCount += 1
            return .taken
        }
        switch sent {
        case .deliver(let consumer): consumer.resume(returning: event)
        case .closed where !isWatching: return .closed
        case .full: return .full
        case .taken, .closed: break
        }
        return .taken
    }

    private func mayDrop(_ event: RunEvent<Payload>) -> Bool {
        !event.kind.isEmpty && dropped.isSuperset(of: event.kind)
    }

    /// Takes an event as soon as there is room. Any thread; one lock. Throws `CancellationError` when the task is
    /// cancelled, and when the stream is closed unless it only watches.
    @inlinable
    public func receive(_ event: RunEvent<Payload>) async throws(CancellationError) {
        switch shared.withLock({ $0.channel.send(event) }) {
        case .taken: return
        case .deliver(let consumer): consumer.resume(returning: event)
        case .closed: if !isWatching { throw CancellationError() }
        case .full:
            if !dropped.isEmpty, case .taken = makeRoom(event) { return }
            try await waitForRoom(event)
        }
    }

    /// Ends the stream with the last event, for which there is always room. Any thread; one lock.
    @inlinable
    public func end(with event: RunEvent<Payload>) { finish(event) }

    /// Ends the stream without a last event; what it holds can still be read. Any thread, any number of times; one
    /// lock.
    @inlinable
    public func finish() { finish(nil) }

    /// The consumer wants no more: drops what is buffered, and cancels whoever sends unless the stream only watches.
    /// Any thread, any number of times; O(capacity + waiting senders).
    @inlinable
    public func close() {
        let (refused, consumer) = shared.withLock { $0.channel.close() }
        for producer in refused { producer.resume(returning: false) }
        consumer?.resume(returning: nil)
    }

    @inlinable
    func take() -> EventChannel<Event, Producer, Consumer>.Receive { shared.withLock { $0.channel.receive() } }

    @inlinable
    func finish(_ event: Event?) {
        let (refused, consumer, value) = shared.withLock { $0.channel.finish(with: event) }
        for producer in refused { producer.resume(returning: false) }
        consumer?.resume(returning: value)
    }

    @inlinable
    func waitForEvent() async -> Event? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (consumer: Consumer) in
                if Task.isCancelled { close() }
                if shared.withLock({ $0.channel.park(consumer) }) { return }
                switch take() {
                case .value(let event, let producer):
                    producer?.resume(returning: true)
                    consumer.resume(returning: event)
                case .over, .empty: consumer.resume(returning: nil)
                }
            }
        } onCancel: {
            close()
        }
    }

    @inlinable
    func waitForRoom(_ event: Event) async throws(CancellationError) {
        let ticket = shared.withLock { shared in
            shared.tickets += 1
            return shared.tickets
        }
        let isTaken = await withTaskCancellationHandler {
            await withCheckedContinuation { (producer: Producer) in
                park(producer, with: event, ticket: ticket)
                // A cancellation before the parking found nobody to wake.
                if Task.isCancelled { unpark(ticket) }
            }
        } onCancel: {
            unpark(ticket)
        }
        if !isTaken, !isWatching || Task.isCancelled { throw CancellationError() }
    }

    @inlinable
    func park(_ producer: Producer, with event: Event, ticket: UInt64) {
        let sent = shared.withLock { shared in
            shared.channel.park(event, producer, ticket: ticket) ? .full : shared.channel.send(event)
        }
        switch sent {
        case .full: break
        case .taken: producer.resume(returning: true)
        case .closed: producer.resume(returning: false)
        case .deliver(let consumer):
            consumer.resume(returning: event)
            producer.resume(returning: true)
        }
    }

    @inlinable
    func unpark(_ ticket: UInt64) {
        shared.withLock { $0.channel.unpark(ticket: ticket) }?.resume(returning: false)
    }
}
