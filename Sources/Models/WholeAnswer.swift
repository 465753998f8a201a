public import Base
public import HTTP
internal import Synchronization

/// An answer that came whole, as a stream of one event.
public final class WholeAnswer: ModelStream {
    public let forwardedHeaders: HTTPHeaders
    private let completion: Mutex<Result<ChatCompletion?, CodedError>>

    public init(_ completion: ChatCompletion, headers: HTTPHeaders = HTTPHeaders()) {
        self.completion = Mutex(.success(completion))
        forwardedHeaders = headers
    }

    public func next() async throws(CodedError) -> ModelEvent? {
        let taken = completion.withLock { state in
            let taken = state
            if case .success = state { state = .success(nil) }
            return taken
        }
        guard let completion = try taken.get() else { return nil }
        let source: ModelEvent.Source = completion.frame.map { .frame($0) } ?? .built
        return ModelEvent(.whole(completion), source: source)
    }

    public func cancel() {
        completion.withLock { $0 = .failure(CodedError(.cancelled, "The request was cancelled.")) }
    }
}
