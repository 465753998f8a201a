import Base
import HTTP
import Models
import Orchestrator
import Resilience
import Synchronization
import TestKit

/// A model that does what a test wrote beforehand.
final class ScriptedModel: ChatModel {
    enum End: Sendable {
        case proper
        case failure(CodedError)
        /// Says nothing more until it is cancelled.
        case silence
    }

    private let refusal: CodedError?
    private let events: [ModelEvent]
    private let end: End
    private let received = Mutex<[(call: ModelCall, context: RunContext)]>([])
    /// `cancelled` once a reader's task was.
    let log = EventLog<String>()

    init(_ events: [ModelEvent] = [], then end: End = .proper) {
        refusal = nil
        self.events = events
        self.end = end
    }

    /// One that never begins to answer.
    init(refusing error: CodedError) {
        refusal = error
        events = []
        end = .proper
    }

    /// One that says a text and ends as it should.
    static func saying(_ text: String) -> ScriptedModel {
        ScriptedModel([
            ModelEvent(.text(text)), ModelEvent(.finish(.stop)),
            ModelEvent(.usage(Usage(promptTokens: 2, completionTokens: 1))),
        ])
    }

    var calls: [ModelCall] { received.withLock { $0.map(\.call) } }
    var priorities: [RunContext.Priority] { received.withLock { $0.map(\.context.priority) } }

    func start(_ call: ModelCall, context: RunContext) async throws(CodedError) -> any ModelStream {
        received.withLock { $0.append((call, context)) }
        if let refusal { throw refusal }
        return ScriptedStream(events, then: end, log: log)
    }
}

private final class ScriptedStream: ModelStream {
    private let events: Mutex<ArraySlice<ModelEvent>>
    private let end: ScriptedModel.End
    private let log: EventLog<String>
    let forwardedHeaders: HTTPHeaders = ["x-ratelimit-limit": "7"]

    init(_ events: [ModelEvent], then end: ScriptedModel.End, log: EventLog<String>) {
        self.events = Mutex(events[...])
        self.end = end
        self.log = log
    }

    func next() async throws(CodedError) -> ModelEvent? {
        if let event = events.withLock({ $0.popFirst() }) { return event }
        switch end {
        case .proper: return nil
        case .failure(let error): throw error
        case .silence:
            log.append("silent")
            let (never, continuation) = AsyncStream.makeStream(of: Void.self)
            for await _ in never {}
            continuation.finish()
            log.append("cancelled")
            throw CodedError(.cancelled, "The request was cancelled.")
        }
    }

    func cancel() { log.append("cancelled") }
}

/// Hears a turn; throws from the `limit`th signal on, as a client that has gone does.
final class ListeningSink: ChatSink {
    private let heard = Mutex<[ChatSignal]>([])
    private let limit: Int

    init(limit: Int = .max) { self.limit = limit }

    func receive(_ signal: ChatSignal) async throws(CancellationError) {
        let count = heard.withLock { heard in
            heard.append(signal)
            return heard.count
        }
        if count >= limit { throw CancellationError() }
    }

    /// The signals in a line each.
    var lines: [String] {
        heard.withLock { heard in
            heard.compactMap { signal in
                switch signal {
                case .nodeStarted(let node): "\(node) starts"
                case .nodeFinished(let node, _): "\(node) ends"
                case .said(.answering(let target, _, _)): "\(target) answers"
                case .said(.continuing(let target)): "\(target) goes on"
                case .said(.stepped(.retry(let target, let retry))): "\(target) is asked again, \(retry.status)"
                case .said(.stepped(.next(let target, let code))): "\(target) is asked after \(code)"
                case .said(.planned): nil
                case .said(.provisional(let text, let expert)): "\(expert) says \(text)"
                case .said(.replaced(let from, _)): "replaced from \(from)"
                case .said(.expert(let name, let phase)): "\(name) \(phase)"
                case .said(.progress(let percent, _)): "\(percent)%"
                case .said(.status(let text)): "status \(text)"
                case .said(.noticed(let findings)): "noticed \(findings.names)"
                case .said(.guarded(let findings)): "guarded \(findings.total)"
                case .said(.model(let event)):
                    switch event.kind {
                    case .text(let text): "text \(text)"
                    case .finish(let reason): "finish \(reason.name)"
                    case .usage: "usage"
                    default: "other"
                    }
                }
            }
        }
    }
}

/// Remembers what it is told to.
final class ListRecorder: RunRecorder {
    private let list = Mutex<[RunRecord]>([])
    private let outcomes = Mutex<[FormatOutcome]>([])
    var checks: [FormatOutcome] { outcomes.withLock { $0 } }
    func checked(_ outcome: FormatOutcome, context: RunContext) { outcomes.withLock { $0.append(outcome) } }
    var records: [RunRecord] { list.withLock { $0 } }
    func remember(_ record: RunRecord, context: RunContext) { list.withLock { $0.append(record) } }
}
