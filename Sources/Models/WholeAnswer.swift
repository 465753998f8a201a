public import Base
public import HTTP
internal import Synchronization

/// An answer that came whole, as a stream of one event.
public final class WholeAnswer: ModelStream {
    public let forwardedHeaders: HTTPHeaders
    public let rateCount: RateCount?
    private enum State {
        case waiting(ChatCompletion)
        case taken, cancelled
    }

    private let state: Mutex<State>

    public init(
        _ completion: ChatCompletion, headers: HTTPHeaders = HTTPHeaders(), rateCount: RateCount? = nil
    ) {
        self.rateCount = rateCount
        state = Mutex(.waiting(completion))
        forwardedHeaders = headers
    }

    public func next() async throws(CodedError) -> ModelEvent? {
        guard case .event(let event) = try ready() else { return nil }
        return event
    }

    public func ready() throws(CodedError) -> ModelSupply {
        let now = state.withLock { state in
            defer { if case .waiting = state { state = .taken } }
            return state
        }
        switch now {
        case .waiting(let completion):
            let source: ModelEvent.Source = completion.frame.map { .frame($0) } ?? .built
            return .event(ModelEvent(.whole(completion), source: source))
        case .taken: return .end
        case .cancelled: throw CodedError(.cancelled, "The request was cancelled.")
        }
    }

    public func cancel() {
        state.withLock { $0 = .cancelled }
    }
}
