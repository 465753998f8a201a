/// What a bounded channel between one consumer and many producers decides, without tasks and locks: values and
/// waiters in, whom to resume out. Every waiter is a token that the driver knows.
@usableFromInline
struct EventChannel<Value: Sendable, Producer: Sendable, Consumer: Sendable>: Sendable {
    @usableFromInline
    struct Waiting: Sendable {
        @usableFromInline let ticket: UInt64
        @usableFromInline let value: Value
        @usableFromInline let producer: Producer

        @inlinable
        init(ticket: UInt64, value: Value, producer: Producer) {
            self.ticket = ticket
            self.value = value
            self.producer = producer
        }
    }

    @usableFromInline
    enum Send: Sendable {
        case taken
        /// Hand the value to this consumer.
        case deliver(Consumer)
        /// Full: the producer must be parked with its value.
        case full
        case closed
    }

    @usableFromInline
    enum Receive: Sendable {
        /// A value, and the producer whose own value has moved into the buffer.
        case value(Value, resume: Producer?)
        /// Nothing yet: the consumer must be parked.
        case empty
        case over
    }

    @usableFromInline let capacity: Int
    /// Grows up to the capacity: who names a large one need not have so much memory.
    @usableFromInline var buffer: [Value?]
    @usableFromInline var head = 0
    @usableFromInline var count = 0
    @usableFromInline var waiting: [Waiting] = []
    @usableFromInline var firstWaiting = 0
    @usableFromInline var consumer: Consumer?
    /// Nothing more comes in.
    @usableFromInline var isFinished = false
    /// Nothing more goes out.
    @usableFromInline var isClosed = false
    /// Kept beside the buffer, so that it never has to wait for room.
    @usableFromInline var last: Value?

    @inlinable
    init(capacity: Int) {
        self.capacity = max(1, capacity)
        buffer = Array(repeating: nil, count: min(self.capacity, 16))
    }

    @inlinable
    mutating func send(_ value: Value) -> Send {
        if isFinished || isClosed { return .closed }
        if let consumer = consumer.take() { return .deliver(consumer) }
        if count == capacity { return .full }
        push(value)
        return .taken
    }

    /// Parks a producer after `send` said full. `false` when that is no longer true: send again.
    @inlinable
    mutating func park(_ value: Value, _ producer: Producer, ticket: UInt64) -> Bool {
        guard !isFinished, !isClosed, count == capacity else { return false }
        waiting.append(Waiting(ticket: ticket, value: value, producer: producer))
        return true
    }

    /// Takes a parked producer's value back, when its task was cancelled.
    @inlinable
    mutating func unpark(ticket: UInt64) -> Producer? {
        guard let index = waiting[firstWaiting...].firstIndex(where: { $0.ticket == ticket }) else { return nil }
        return waiting.remove(at: index).producer
    }

    @inlinable
    mutating func receive() -> Receive {
        if isClosed { return .over }
        if count == 0 {
            if let last = last.take() { return .value(last, resume: nil) }
            return isFinished ? .over : .empty
        }
        guard let value = buffer[head].take() else { return .over }
        head = head + 1 == buffer.count ? 0 : head + 1
        count -= 1
        return .value(value, resume: admit())
    }

    /// Parks the consumer after `receive` said empty. `false` when that is no longer true: receive again.
    @inlinable
    mutating func park(_ consumer: Consumer) -> Bool {
        guard !isFinished, !isClosed, count == 0 else { return false }
        self.consumer = consumer
        return true
    }

    /// Ends the channel; what is buffered and then `last` still goes out. Returns whom to resume: parked producers
    /// as refused, a parked consumer with the value or with the end.
    @inlinable
    mutating func finish(with value: Value?) -> (refused: [Producer], consumer: Consumer?, value: Value?) {
        guard !isFinished, !isClosed else { return ([], nil, nil) }
        isFinished = true
        let refused = refuseAll()
        if let consumer = consumer.take() { return (refused, consumer, value) }
        last = value
        return (refused, nil, nil)
    }

    /// The consumer has gone: everything is dropped, everybody is refused.
    @inlinable
    mutating func close() -> (refused: [Producer], consumer: Consumer?) {
        guard !isClosed else { return ([], nil) }
        isClosed = true
        for index in buffer.indices { buffer[index] = nil }
        count = 0
        last = nil
        return (refuseAll(), consumer.take())
    }

    /// Of a full buffer: drops the first such value and puts the new one last. `false` if there is none.
    @usableFromInline
    mutating func replaceOldest(with value: Value, where mayGo: (Value) -> Bool) -> Bool {
        let order = (0..<count).map { ($0 + head) % buffer.count }
        guard let dropped = order.firstIndex(where: { buffer[$0].map(mayGo) ?? false }) else { return false }
        for position in dropped..<(count - 1) { buffer[order[position]] = buffer[order[position + 1]] }
        buffer[order[count - 1]] = value
        return true
    }

    @inlinable
    mutating func push(_ value: Value) {
        if count == buffer.count { grow() }
        let tail = head + count
        buffer[tail < buffer.count ? tail : tail - buffer.count] = value
        count += 1
    }

    @usableFromInline
    mutating func grow() {
        let more = min(buffer.count, capacity - buffer.count)
        buffer = buffer[head...] + buffer[..<head] + Array(repeating: nil, count: more)
        head = 0
    }

    @inlinable
    mutating func admit() -> Producer? {
        guard firstWaiting < waiting.count else { return nil }
        let next = waiting[firstWaiting]
        firstWaiting += 1
        if firstWaiting == waiting.count || firstWaiting > 64 {
            waiting.removeFirst(firstWaiting)
            firstWaiting = 0
        }
        push(next.value)
        return next.producer
    }

    @inlinable
    mutating func refuseAll() -> [Producer] {
        defer {
            waiting = []
            firstWaiting = 0
        }
        return waiting[firstWaiting...].map(\.producer)
    }
}
