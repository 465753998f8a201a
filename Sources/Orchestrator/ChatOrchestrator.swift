public import Base
internal import Graph
public import Models
internal import Synchronization
public import Telemetry

/// Answers chat turns by running the chat graph.
public final class ChatOrchestrator: Sendable {
    public let directory: ModelDirectory
    private let runner: Runner<ChatState, ChatEvent>
    private let spans: any SpanSink
    private let time: any TimeSource
    private let generator: Mutex<SeededGenerator>

    /// - Parameter plans: `nil` for none but one for each model of the directory.
    public init(
        directory: ModelDirectory, plans: PlanBook? = nil, gateway: Gateway, recorder: any RunRecorder,
        onViolation: ViolationPolicy = .repair, spans: any SpanSink, time: any TimeSource, generator: SeededGenerator
    ) throws(CodedError) {
        self.directory = directory
        self.spans = spans
        self.time = time
        self.generator = Mutex(generator)
        do throws(GraphBuildError) {
            let graph = try ChatGraph.make(
                plans: plans ?? PlanBook(directory: directory), gateway: gateway, recorder: recorder,
                onViolation: onViolation)
            // The server cancels a turn at its deadline by itself.
            runner = Runner(graph, time: time, limits: RunLimits(deadline: .startsNoMore))
        } catch {
            throw CodedError(.internalError, "The chat graph is not valid: \(error)")
        }
    }

    /// Runs one turn to its end and gives the whole answer; `sink` hears it while it comes about. Cancelling the task
    /// cancels whatever works for the turn.
    /// - Throws: what ended the turn, as a code of the table.
    public func answer(
        _ request: ChatRequest, streaming: Bool, sink: (any ChatSink)?, context: RunContext
    ) async throws(CodedError) -> ChatAnswer {
        let listener = ChatListener(
            sink: sink, spans: spans, trace: context.trace, time: time,
            generator: generator.withLock { $0.split() })
        do {
            let state = try await runner.run(
                ChatState(request: request, streaming: streaming), context: context, events: listener)
            guard let answer = state.answer else { throw CodedError(.internalError, "The turn has no answer.") }
            return answer.value
        } catch {
            throw CodedError(any: error)
        }
    }
}
