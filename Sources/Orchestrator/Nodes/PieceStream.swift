internal import Base
internal import Models

/// A model's events, of which pieces of one text that are there at once may come as one: a model that is ahead of its
/// reader then costs it little, whose work goes by events. Nobody waits for a piece.
struct PieceStream: Sendable {
    /// How many pieces come as one at most.
    static let most = 32

    private let stream: any ModelStream
    private let joins: Bool
    /// Taken from the stream, and not yet given out from `position` on.
    private var taken: [ModelEvent] = []
    private var position = 0
    /// What comes behind `taken`; `more` where nobody knows.
    private var rest = Result<ModelRest, CodedError>.success(.more)
    /// Whether the frame of the event before was given up: what else was in it has none then.
    private var hasLostFrame = false

    init(_ stream: any ModelStream, joins: Bool) {
        self.stream = stream
        self.joins = joins
    }

    /// What is there without waiting.
    @inline(never)
    mutating func ready() throws(CodedError) -> ModelSupply {
        guard joins else { return try stream.ready() }
        if taken.isEmpty, case .success(.more) = rest { take(Self.most) }
        if !taken.isEmpty { return .event(joined(pop())) }
        let rest = rest
        self.rest = .success(.more)
        switch try rest.get() {
        case .end: return .end
        case .later, .more: return .later
        }
    }

    /// Waits for the next event.
    mutating func next() async throws(CodedError) -> ModelSupply {
        guard joins else { return try await stream.next().map { .event($0) } ?? .end }
        if let supply = try known() { return supply }
        guard let event = try await stream.next() else { return .end }
        return .event(withMore(event))
    }

    @inline(never)
    private mutating func known() throws(CodedError) -> ModelSupply? {
        if case .success(.later) = rest, taken.isEmpty { rest = .success(.more) }
        if case .success(.more) = rest, taken.isEmpty { return nil }
        return try ready()
    }

    @inline(never)
    private mutating func withMore(_ event: ModelEvent) -> ModelEvent {
        take(Self.most - 1)
        return joined(event)
    }

    private mutating func take(_ count: Int) {
        do throws(CodedError) { rest = .success(try stream.ready(count, into: &taken)) } catch {
            rest = .failure(error)
        }
    }

    private mutating func pop() -> ModelEvent {
        let event = taken[position]
        drop(until: position + 1)
        return event
    }

    /// What is given out is not kept: it has the bytes of its frame.
    private mutating func drop(until end: Int) {
        position = end
        if end < taken.count { return }
        taken = []
        position = 0
    }

    /// The event, with the pieces of the same text that are behind it.
    private mutating func joined(_ first: ModelEvent) -> ModelEvent {
        var event = first
        if case .sameFrame = event.source {
            if hasLostFrame { event.source = .built }
        } else {
            hasLostFrame = false
        }
        guard case .text(let begin) = event.kind, event.logprobs.isEmpty else { return event }
        var (end, length) = (position, begin.utf8.count)
        while end < taken.count, case .text(let more) = taken[end].kind, taken[end].choice == event.choice,
            taken[end].logprobs.isEmpty
        {
            length += more.utf8.count
            end += 1
        }
        guard end > position else { return event }
        var text: [UInt8] = []
        text.reserveCapacity(length)
        text.append(contentsOf: begin.utf8)
        for place in position..<end {
            if case .text(let more) = taken[place].kind { text.append(contentsOf: more.utf8) }
        }
        drop(until: end)
        hasLostFrame = true
        return ModelEvent(.text(String(decoding: text, as: UTF8.self)), choice: event.choice)
    }
}
