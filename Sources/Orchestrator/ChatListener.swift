internal import Base
internal import Graph
internal import Synchronization
internal import Telemetry

/// Hears a run: its nodes become spans, what it says goes to the caller's sink.
final class ChatListener: RunListener {
    typealias Payload = ChatEvent

    private let sink: (any ChatSink)?
    private let spans: any SpanSink
    private let trace: TraceContext
    private let time: any TimeSource
    private let generator: Mutex<SeededGenerator>

    init(
        sink: (any ChatSink)?, spans: any SpanSink, trace: TraceContext, time: any TimeSource,
        generator: SeededGenerator
    ) {
        self.sink = sink
        self.spans = spans
        self.trace = trace
        self.time = time
        self.generator = Mutex(generator)
    }

    func receive(_ event: RunEvent<ChatEvent>) async throws(CancellationError) {
        switch event {
        case .emitted(_, let payload): try await sink?.receive(.said(payload))
        case .nodeStarted(let node, _): try await sink?.receive(.nodeStarted(node))
        case .nodeFinished(let node, _, let duration):
            record(node, duration, error: nil)
            try await sink?.receive(.nodeFinished(node, duration))
        case .nodeFailed(let node, _, let duration, let error):
            record(node, duration, error: CodedError(any: error).code.name)
        default: break
        }
    }

    func end(with event: RunEvent<ChatEvent>) {}

    private func record(_ node: String, _ duration: Duration, error: String?) {
        spans.record(
            Span(
                name: "node \(node)", trace: trace, spanID: generator.withLock { $0.next() } | 1,
                parentID: trace.spanID, start: time.now().advanced(by: .zero - duration), duration: duration,
                errorType: error))
    }
}
