internal import Base
internal import HTTP
internal import HTTPServer
internal import Models
internal import Orchestrator
internal import Synchronization
internal import Telemetry

/// What the routes that answer turns have in common: contexts, ids, the registry of what is running.
final class Turns: Sendable {
    private let orchestrator: ChatOrchestrator
    let drainState: DrainState
    let registry: RunRegistry
    let liveRuns: LiveRuns
    let time: any TimeSource
    let settings: Settings
    private let metrics: ServerMetrics
    private let generator: Mutex<SeededGenerator>

    struct Settings: Sendable {
        /// The most bytes of a request's body.
        var maxBody: Int
        /// The whole of a turn.
        var total: Duration
        /// The longest silence in an event stream.
        var heartbeat: Duration
        /// The bounds of runs that can be resumed.
        var runs = RunSettings()
        /// When a phase of a run is told as a bottleneck.
        var bottlenecks = BottleneckRule()
    }

    init(
        orchestrator: ChatOrchestrator, registry: RunRegistry, liveRuns: LiveRuns? = nil, drainState: DrainState,
        metrics: ServerMetrics, settings: Settings,
        time: any TimeSource, generator: SeededGenerator
    ) {
        self.drainState = drainState
        self.orchestrator = orchestrator
        self.registry = registry
        self.liveRuns = liveRuns ?? LiveRuns(time: time)
        self.metrics = metrics
        self.settings = settings
        self.time = time
        self.generator = Mutex(generator)
    }

    /// Whether the server is stopping: nothing new begins.
    var isDraining: Bool { drainState.isDraining }

    func identifier(_ prefix: Identifier.Prefix) -> String {
        let now = time.wallTime()
        return generator.withLock { Identifier.make(prefix, at: now, using: &$0) }
    }

    /// - Throws: `invalid_value` for a priority that there is not.
    func context(_ exchange: Exchange, requestID: String) throws(CodedError) -> RunContext {
        let priority = try Turns.priority(exchange.request.head.headers)
        return RunContext(
            requestID: requestID, runID: identifier(.run), scope: exchange.scope,
            deadline: time.now().advanced(by: settings.total), priority: priority, trace: exchange.trace)
    }

    /// Who is in no hurry says so, and waits for those who are where too many ask at once.
    private static func priority(_ headers: HTTPHeaders) throws(CodedError) -> RunContext.Priority {
        switch headers["x-tutti-priority"] {
        case nil, "interactive": return .interactive
        case "bulk": return .bulk
        default:
            throw CodedError(
                .invalidValue, "The header x-tutti-priority is `interactive` (the default) or `bulk`.",
                param: "x-tutti-priority")
        }
    }

    /// Enters a turn under its id; cancelling it by that id cancels the request's work.
    func enter(_ exchange: Exchange, requestID: String) throws(CodedError) -> RunTicket {
        let request = exchange.request
        return try enter(requestID, exchange.scope) { request.cancel() }
    }

    /// The same for a turn that belongs to no connection.
    func enter(
        _ requestID: String, _ scope: Scope, cancel: @escaping @Sendable () -> Void
    ) throws(CodedError) -> RunTicket {
        let ticket = try registry.enter(requestID, scope: scope, cancel: cancel)
        metrics.running.add(1)
        return ticket
    }

    func leave(_ ticket: consuming RunTicket) {
        ticket.leave()
        metrics.running.add(-1)
    }

    /// Answers a turn whole, and gives its place up before anybody is told: whoever has the answer may use the id again,
    /// and finds nothing to cancel.
    func whole(
        _ request: Shared<ChatRequest>, conversation: String? = nil, sink: (any ChatSink)?, context: RunContext,
        leaving ticket: consuming RunTicket
    ) async throws(CodedError) -> Shared<ChatAnswer> {
        let answer: Shared<ChatAnswer>
        do throws(CodedError) {
            answer = try await self.answer(
                request, conversation: conversation, streaming: false, sink: sink, context: context)
        } catch {
            leave(ticket)
            throw error
        }
        leave(ticket)
        return answer
    }

    /// Counts a turn by how its caller sees it end, and the time that it took.
    func ended(_ error: CodedError?, since started: Instant) {
        metrics.turnEnded(error, after: time.now().since(started))
    }

    /// Answers a turn; one that was cut off because the server stops says so.
    func answer(
        _ request: Shared<ChatRequest>, conversation: String? = nil, streaming: Bool, sink: (any ChatSink)?,
        context: RunContext
    ) async throws(CodedError) -> Shared<ChatAnswer> {
        let started = time.now()
        do throws(CodedError) {
            let answer = try await orchestrator.answer(
                request, conversation: conversation, streaming: streaming, sink: sink, context: context)
            ended(nil, since: started)
            return answer
        } catch {
            let isCut = error.code == .cancelled && drainState.isDraining
            let error =
                isCut ? CodedError(.shuttingDown, "The server stopped before the answer ended. Ask again.") : error
            ended(error, since: started)
            throw error
        }
    }
}
