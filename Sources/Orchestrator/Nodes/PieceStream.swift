internal import Base
internal import Models

/// A model's events, of which pieces of one text that are there at once may come as one: a model that is ahead of its
/// reader then costs it little, whose work goes by events. Nobody waits for a piece.
struct PieceStream: Sendable {
    /// How many pieces come as one at most.
    static let most = 16

    private let stream: any ModelStream
    private let joins: Bool
    /// What came after the last piece that was joined.
    private var ahead: Result<ModelSupply, CodedError>?
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
        let supply: ModelSupply
        if let ahead = ahead.take() { supply = try ahead.get() } else { supply = try stream.ready() }
        guard case .event(let event) = supply else { return supply }
        return .event(joined(event))
    }

    /// Waits for the next event.
    mutating func next() async throws(CodedError) -> ModelSupply {
        guard joins else { return try await stream.next().map { .event($0) } ?? .end }
        if ahead != nil { return try ready() }
        guard let event = try await stream.next() else { return .end }
        return .event(joined(event))
    }

    /// The event, with the pieces of the same text that are there behind it.
    @inline(never)
    private mutating func joined(_ first: ModelEvent) -> ModelEvent {
        var event = first
        if event.source != .sameFrame { hasLostFrame = false } else if hasLostFrame { event.source = .built }
        guard case .text(var text) = event.kind, event.logprobs.isEmpty else { return event }
        var count = 1
        while count < Self.most {
            let supply: ModelSupply
            do throws(CodedError) { supply = try stream.ready() } catch {
                ahead = .failure(error)
                break
            }
            guard case .event(let next) = supply, case .text(let more) = next.kind, next.choice == event.choice,
                next.logprobs.isEmpty
            else {
                if case .later = supply {} else { ahead = .success(supply) }
                break
            }
            if count == 1 { text.reserveCapacity(128) }
            text += more
            count += 1
        }
        guard count > 1 else { return event }
        hasLostFrame = true
        return ModelEvent(.text(text), choice: event.choice)
    }
}
