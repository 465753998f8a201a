import Base
import Models
import Synchronization

/// A model that answers at once, so that what is measured is the gateway alone.
final class QuickModel: ChatModel {
    static let usage = Usage(promptTokens: 5, completionTokens: 1)
    static let pieces: [ModelEvent] = [
        ModelEvent(.text("Hello")), ModelEvent(.finish(.stop)), ModelEvent(.usage(usage)),
    ]
    static let whole: [ModelEvent] = [
        ModelEvent(
            .whole(
                ChatCompletion(
                    choices: [ChatCompletion.Choice(index: 0, text: "Hello", finishReason: .stop)], usage: usage)))
    ]

    func start(_ call: ModelCall, context: RunContext) async throws(CodedError) -> any ModelStream {
        QuickStream(call.streaming ? QuickModel.pieces : QuickModel.whole)
    }

    /// As providers do: nothing here waits, so there is nothing to end.
    func start(
        _ call: ModelCall, context: RunContext, token: CancellationToken
    ) async throws(CodedError) -> any ModelStream {
        try await start(call, context: context)
    }
}

final class QuickStream: ModelStream {
    private let rest: Mutex<ArraySlice<ModelEvent>>

    init(_ events: [ModelEvent]) { rest = Mutex(events[...]) }

    func ready() throws(CodedError) -> ModelSupply { rest.withLock { $0.popFirst() }.map { .event($0) } ?? .end }

    func next() async throws(CodedError) -> ModelEvent? { rest.withLock { $0.popFirst() } }

    func cancel() { rest.withLock { $0 = [] } }
}

/// Hears everything and does nothing.
struct DeafObserver: GatewayObserver {
    func attemptEnded(_ attempt: Attempt, context: RunContext) {}
    func answerEnded(_ report: AnswerReport, context: RunContext) {}
    func happened(_ event: GatewayEvent, context: RunContext) {}
}
