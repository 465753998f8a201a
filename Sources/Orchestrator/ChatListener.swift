internal import Base
internal import Graph
internal import Synchronization
internal import Telemetry

/// Hears a run: its nodes become spans, what it says goes to the caller's sink.
final class ChatListener: RunListener {
    typealias Payload = ChatEvent

    private let sink: (any ChatSink)?
    private let recorder: any RunRecorder
    private let spans: any SpanSink
    private let trace: TraceContext
    private let time: any TimeSource
    private let generator: Mutex<SeededGenerator>
    /// When the experts began that are at work.
    private let begun = Mutex<[String: Instant]>([:])

    init(
        sink: (any ChatSink)?, recorder: any RunRecorder, spans: any SpanSink, trace: TraceContext,
        time: any TimeSource, generator: SeededGenerator
    ) {
        self.sink = sink
        self.recorder = recorder
        self.spans = spans
        self.trace = trace
        self.time = time
        self.generator = Mutex(generator)
    }

    /// What nodes say, and that they begin, is for the sink alone.
    var kinds: EventKinds { sink == nil ? .ends : [.custom, .debug] }

    /// One look at the event: each costs a copy of it.
    func offer(_ event: RunEvent<ChatEvent>) -> EventIntake {
        switch event {
        case .emitted(_, let payload):
            if case .expert(let name, let phase) = payload { record(name, phase) }
            return sink?.offer(.said(payload)) ?? .taken
        case .nodeStarted(let node, _): return sink?.offer(.nodeStarted(node)) ?? .taken
        case .nodeFinished(let node, _, let duration):
            recorder.nodeEnded(node, after: duration)
            record(node, duration, error: nil)
            return sink?.offer(.nodeFinished(node, duration)) ?? .taken
        case .nodeFailed(let node, _, let duration, let error):
            recorder.nodeEnded(node, after: duration)
            record(node, duration, error: CodedError(any: error).code.name)
            return .taken
        default: return .taken
        }
    }

    func receive(_ event: RunEvent<ChatEvent>) async throws(CancellationError) {
        if let sink, let signal = signal(of: event) { try await sink.receive(signal) }
    }

    /// What the sink hears of an event.
    private func signal(of event: RunEvent<ChatEvent>) -> ChatSignal? {
        switch event {
        case .emitted(_, let payload): .said(payload)
        case .nodeStarted(let node, _): .nodeStarted(node)
        case .nodeFinished(let node, _, let duration): .nodeFinished(node, duration)
        default: nil
        }
    }

    func end(with event: RunEvent<ChatEvent>) {}

    /// An expert's part is a span of its own, beside the calls that it made.
    private func record(_ name: String, _ phase: ExpertPhase) {
        let now = time.now()
        switch phase {
        case .started: begun.withLock { $0[name] = now }
        case .finished(let duration, _): record("execute/\(name)", duration, error: nil)
        case .failed(let code): record("execute/\(name)", elapsed(name, now), error: code.name)
        case .cached: record("execute/\(name)", elapsed(name, now), error: nil)
        // What becomes of one that has failed takes no time.
        case .leftOut, .fallback: break
        }
    }

    private func elapsed(_ name: String, _ now: Instant) -> Duration {
        begun.withLock { $0[name] }.map { now.since($0) } ?? .zero
    }

    private func record(_ node: String, _ duration: Duration, error: String?) {
        spans.record(
            Span(
                "node", node, trace: trace, spanID: generator.withLock { $0.next() } | 1,
                parentID: trace.spanID, start: time.now().advanced(by: .zero - duration), duration: duration,
                errorType: error))
    }
}
