public import Base
internal import Graph
public import Models
internal import Synchronization
public import Telemetry

/// Decides who answers a request, and as whom. Called once a turn, on its task; must not block.
typealias Planner = @Sendable (ChatRequest, Persona?) throws(CodedError) -> Plan

/// Answers chat turns by running the chat graph.
public final class ChatOrchestrator: Sendable {
    public let directory: ModelDirectory
    private let runner: Runner<ChatState, ChatEvent>
    private let conversations: ConversationSettings?
    private let cache: (any ExpertCache)?
    private let recorder: any RunRecorder
    private let spans: any SpanSink
    private let time: any TimeSource
    private let generator: Mutex<SeededGenerator>

    /// - Parameters:
    ///   - plans: `nil` for none but one for each model of the directory.
    ///   - personas: By default there are none.
    ///   - guards: By default nothing is looked for.
    public convenience init(
        directory: ModelDirectory, plans: PlanBook? = nil, personas: any PersonaSource = NoPersonas(),
        gateway: Gateway, recorder: any RunRecorder, onViolation: ViolationPolicy = .repair,
        experts: ExpertSettings = ExpertSettings(),
        guards: GuardSettings = GuardSettings(input: .off, output: .off), conversations: ConversationSettings? = nil,
        spans: any SpanSink, time: any TimeSource, generator: SeededGenerator
    ) throws(CodedError) {
        try self.init(
            directory: directory, planner: Self.planner(plans ?? PlanBook(directory: directory)),
            personas: personas, gateway: gateway, recorder: recorder, onViolation: onViolation, experts: experts,
            guards: guards, conversations: conversations, spans: spans, time: time, generator: generator)
    }

    private static func planner(_ plans: PlanBook) -> Planner {
        { request, persona throws(CodedError) in try plans.plan(for: request, as: persona) }
    }

    init(
        directory: ModelDirectory, planner: @escaping Planner, personas: any PersonaSource = NoPersonas(),
        gateway: Gateway, recorder: any RunRecorder, onViolation: ViolationPolicy, experts: ExpertSettings,
        guards: GuardSettings, conversations: ConversationSettings? = nil, spans: any SpanSink,
        time: any TimeSource, generator: SeededGenerator
    ) throws(CodedError) {
        self.directory = directory
        self.conversations = conversations
        cache = experts.cache
        self.recorder = recorder
        self.spans = spans
        self.time = time
        self.generator = Mutex(generator)
        do throws(GraphBuildError) {
            let map = ChatGraph(
                planner: planner, personas: personas, gateway: gateway, recorder: recorder, policy: onViolation,
                guards: guards, experts: experts, conversations: conversations, time: time)
            let graph = try map.make()
            // The server cancels a turn at its deadline by itself.
            runner = Runner(graph, time: time, limits: RunLimits(deadline: .startsNoMore))
        } catch {
            throw CodedError(.internalError, "The chat graph is not valid: \(error)")
        }
    }

    /// Runs one turn to its end and gives the whole answer; `sink` hears it while it comes about. Cancelling the task
    /// cancels whatever works for the turn.
    /// - Parameter conversation: The one that the turn belongs to: it waits for those before it, is answered in the light
    ///   of what was said, and is remembered.
    /// - Throws: what ended the turn, as a code of the table.
    public func answer(
        _ request: Shared<ChatRequest>, conversation: String? = nil, streaming: Bool, sink: (any ChatSink)?,
        context: RunContext
    ) async throws(CodedError) -> Shared<ChatAnswer> {
        guard let conversation, let conversations else {
            return try await run(request, nil, streaming: streaming, sink: sink, context: context)
        }
        let place: ConversationPlace
        do throws(CodedError) {
            place = try await conversations.memory.line.enter(conversation, scope: context.scope)
        } catch {
            recorder.failed(error, context: context)
            throw error
        }
        let answer = try await run(request, conversation, streaming: streaming, sink: sink, context: context)
        place.end()
        return answer
    }

    /// The same for a request that nobody else holds.
    public func answer(
        _ request: ChatRequest, conversation: String? = nil, streaming: Bool, sink: (any ChatSink)?,
        context: RunContext
    ) async throws(CodedError) -> ChatAnswer {
        try await answer(
            Shared(request), conversation: conversation, streaming: streaming, sink: sink, context: context
        ).value
    }

    /// Not a part of ``answer(_:conversation:streaming:sink:context:)``, which would have its frame twice.
    @inline(never)
    private func run(
        _ request: Shared<ChatRequest>, _ conversation: String?, streaming: Bool, sink: (any ChatSink)?,
        context: RunContext
    ) async throws(CodedError) -> Shared<ChatAnswer> {
        let listener = ChatListener(
            sink: sink, recorder: recorder, spans: spans, trace: context.trace, time: time,
            generator: generator.withLock { $0.split() })
        do {
            let state = try await runner.run(
                ChatState(
                    request: request, conversation: conversation, streaming: streaming,
                    takesBack: sink?.takesBack ?? false),
                context: context, events: listener)
            guard case .whole(let answer)? = state.answer else {
                throw CodedError(.internalError, "The turn has no answer.")
            }
            await keep(answer, of: state, context)
            return answer
        } catch {
            let error = CodedError(any: error)
            recorder.failed(error, context: context)
            throw error
        }
    }

    /// For those that come after: in the graph a turn could still be cancelled behind it. What an expert has said, and a
    /// turn of a conversation whose answer is whole.
    private func keep(_ answer: Shared<ChatAnswer>, of state: ChatState, _ context: RunContext) async {
        for kept in answer.value.toKeep { await cache?.keep(kept.answer, for: kept.key, scope: context.scope) }
        guard let conversations, let conversation = state.conversation, state.verdict == .passed else { return }
        await conversations.memory.keep(
            state.given.value, answer.value.completion, conversation, context: context)
    }
}
