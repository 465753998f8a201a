internal import Base
internal import HTTP
internal import Synchronization

/// A stream of which the beginning was read before anything of it may be shown: gives that, and then goes on.
final class HeldStream: ModelStream {
    private struct Buffer {
        var events: [ModelEvent]
        /// The next of `events`.
        var position = 0
    }

    private let stream: any ModelStream
    private let buffer: Mutex<Buffer>
    /// Set once the buffer is given away: from then on nothing but this is looked at. A stale look costs a lock.
    private let isDrained: Atomic<Bool>

    private init(_ stream: any ModelStream, _ events: [ModelEvent]) {
        self.stream = stream
        buffer = Mutex(Buffer(events: events))
        isDrained = Atomic(events.isEmpty)
    }

    /// Reads as much of the answer as is to be held back. Afterwards an event costs one look more than without.
    /// - Parameter token: Cancels the stream while that is waited for.
    /// - Throws: What the stream throws before that, so that another attempt can take its place unseen;
    ///   `provider_invalid_answer` for a stream that ends and holds no answer, and for one that is to be held whole and
    ///   is too long for that.
    // Out of line: inlined, its frame and that of the stream would lie in its caller's while a provider is waited for.
    @inline(never)
    static func held(
        _ stream: any ModelStream, _ hold: Hold, limits: HoldGate.Limits = HoldGate.Limits(),
        token: CancellationToken? = nil
    ) async throws(CodedError) -> any ModelStream {
        var gate = HoldGate(hold, limits: limits)
        var events: [ModelEvent] = []
        while true {
            var supply = try stream.ready()
            if case .later = supply {
                token?.onCancel { stream.cancel() }
                supply = try await stream.next().map { .event($0) } ?? .end
            }
            guard case .event(let event) = supply else { break }
            events.append(event)
            switch gate.take(event) {
            case .hold: continue
            case .release: return HeldStream(stream, events)
            case .overflow:
                stream.cancel()
                throw CodedError(
                    .providerInvalidAnswer, "The provider's answer is too long to be held back until it is whole.")
            }
        }
        guard gate.hasAnswer else {
            throw CodedError(.providerInvalidAnswer, "The provider's stream holds no answer.")
        }
        return HeldStream(stream, events)
    }

    var forwardedHeaders: HTTPHeaders { stream.forwardedHeaders }
    var rateCount: RateCount? { stream.rateCount }
    var marks: AnswerMarks { stream.marks }

    func ready() throws(CodedError) -> ModelSupply {
        if let event = takeHeld() { return .event(event) }
        return try stream.ready()
    }

    func ready(_ count: Int, into events: inout [ModelEvent]) throws(CodedError) -> ModelRest {
        let first = events.count
        while events.count - first < count, let event = takeHeld() { events.append(event) }
        return try stream.ready(count - (events.count - first), into: &events)
    }

    func next() async throws(CodedError) -> ModelEvent? {
        if let event = takeHeld() { return event }
        return try await stream.next()
    }

    /// What is held is gone at once; the stream then says what has become of it.
    func cancel() {
        buffer.withLock { $0 = Buffer(events: []) }
        isDrained.store(true, ordering: .relaxed)
        stream.cancel()
    }

    private func takeHeld() -> ModelEvent? {
        if isDrained.load(ordering: .relaxed) { return nil }
        return buffer.withLock { buffer in
            guard buffer.position < buffer.events.count else {
                buffer = Buffer(events: [])
                isDrained.store(true, ordering: .relaxed)
                return nil
            }
            defer { buffer.position += 1 }
            return buffer.events[buffer.position]
        }
    }
}
