internal import Base
internal import Synchronization

/// An answer that is all there before it is asked for.
final class BuiltStream: ModelStream {
    private struct State {
        var events: ArraySlice<ModelEvent>
        var isCancelled = false
    }

    let marks: AnswerMarks
    private let state: Mutex<State>

    /// In pieces when streaming, else whole.
    init(_ completion: ChatCompletion, streaming: Bool, marks: AnswerMarks) {
        let events = streaming ? Self.pieces(of: completion) : [ModelEvent(.whole(completion))]
        state = Mutex(State(events: events[...]))
        self.marks = marks
    }

    func ready() throws(CodedError) -> ModelSupply {
        let supply = state.withLock { state -> ModelSupply? in
            if state.isCancelled { return nil }
            return state.events.popFirst().map { .event($0) } ?? .end
        }
        guard let supply else { throw CodedError(.cancelled, "The request was cancelled.") }
        return supply
    }

    func next() async throws(CodedError) -> ModelEvent? {
        guard case .event(let event) = try ready() else { return nil }
        return event
    }

    func cancel() {
        state.withLock { state in
            state.isCancelled = true
            state.events = []
        }
    }

    /// A text comes in so many pieces at most, so that a client that draws a stream draws one.
    static let mostPieces = 8
    private static let shortestPiece = 12

    private static func pieces(of completion: ChatCompletion) -> [ModelEvent] {
        completion.events.flatMap { event -> [ModelEvent] in
            // What was likely at each token belongs to the text as a whole.
            guard case .text(let text) = event.kind, event.logprobs.isEmpty else { return [event] }
            let length = max(shortestPiece, text.count / mostPieces + 1)
            var rest = text[...]
            var pieces: [ModelEvent] = []
            repeat {
                pieces.append(ModelEvent(.text(String(rest.prefix(length))), choice: event.choice))
                rest = rest.dropFirst(length)
            } while !rest.isEmpty
            return pieces
        }
    }
}
