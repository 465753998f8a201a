import Base
import HTTP
import Models
import Resilience
import Synchronization

/// A model that answers with a list of events, at once, and notes how it was asked. It has vectors too.
final class ListedModel: ChatModel, EmbeddingModel {
    private let events: [ModelEvent]
    private let seen = Mutex<(calls: [ModelCall], cancelled: Int)>(([], 0))

    init(_ events: [ModelEvent]) { self.events = events }

    /// So many pieces of text, then the finish and the usage.
    static func pieces(_ count: Int) -> ListedModel {
        ListedModel(
            (0..<count).map { ModelEvent(.text("\($0) ")) } + [
                ModelEvent(.finish(.stop)), ModelEvent(.usage(Usage(promptTokens: 1, completionTokens: count))),
            ])
    }

    var calls: [ModelCall] { seen.withLock { $0.calls } }
    var cancelled: Int { seen.withLock { $0.cancelled } }

    func start(_ call: ModelCall, context: RunContext) async throws(CodedError) -> any ModelStream {
        seen.withLock { $0.calls.append(call) }
        return ListedStream(events) { [self] in seen.withLock { $0.cancelled += 1 } }
    }

    func embed(
        _ request: EmbeddingRequest, model: String, key: Int, timeouts: Timeouts?, context: RunContext
    ) async throws(CodedError) -> EmbeddingAnswer {
        EmbeddingAnswer(body: Array(model.utf8), usage: nil)
    }
}

/// The same without vectors.
struct SpeechlessModel: ChatModel {
    func start(_ call: ModelCall, context: RunContext) async throws(CodedError) -> any ModelStream {
        ListedStream([]) {}
    }
}

final class ListedStream: ModelStream {
    private let events: Mutex<ArraySlice<ModelEvent>>
    private let onCancel: @Sendable () -> Void
    let forwardedHeaders: HTTPHeaders = ["x-ratelimit-limit": "7"]
    let rateCount: RateCount? = RateCount(remaining: 3, reset: 4)

    init(_ events: [ModelEvent], onCancel: @escaping @Sendable () -> Void) {
        self.events = Mutex(events[...])
        self.onCancel = onCancel
    }

    func ready() throws(CodedError) -> ModelSupply { events.withLock { $0.popFirst().map { .event($0) } ?? .end } }

    func next() async throws(CodedError) -> ModelEvent? { events.withLock { $0.popFirst() } }

    func cancel() { onCancel() }
}
