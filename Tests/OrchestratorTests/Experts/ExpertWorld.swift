import Base
import Graph
import HTTP
import Models
import Resilience
import Synchronization
import Telemetry
import TestKit

@testable import Orchestrator

/// An orchestrator with one plan for every request, whose models stand on the test's clock.
struct ExpertWorld {
    let clock = TestClock()
    let models: ScriptedExperts
    let recorder = RecordingRecorder()
    let spans = MemorySpans()
    let orchestrator: ChatOrchestrator

    init(
        _ plan: Plan, _ scripts: [String: ScriptedExperts.Script] = [:],
        cache: (TestClock) -> (any ExpertCache)? = { _ in nil }, fusions: [String: any Fusion] = [:],
        guards: GuardSettings = GuardSettings(input: .off, output: .off),
        conversations: (TestClock) -> ConversationSettings? = { _ in nil },
        personas: any PersonaSource = NoPersonas()
    ) throws {
        models = ScriptedExperts(scripts, clock: clock)
        let gateway = Gateway(models: ["p": models], observer: SilentObserver(), clock: clock)
        orchestrator = try ChatOrchestrator(
            directory: ModelDirectory(aliases: [], providers: [.init(name: "p")]),
            planner: { _, persona throws(CodedError) in plan.speaking(as: persona) }, personas: personas,
            gateway: gateway, recorder: recorder, onViolation: .repair,
            experts: ExpertSettings(cache: cache(clock), fusions: fusions), guards: guards,
            conversations: conversations(clock), spans: spans, time: clock, generator: SeededGenerator(seed: 1))
    }

    /// What came of a turn, and what was heard of it.
    struct Turn: Sendable {
        var result: Result<ChatAnswer, CodedError>
        var events: [ChatEvent]
        var nodes: [String]
        var duration: Duration
        /// How many signals came after its end.
        var late: Int

        var answer: ChatAnswer? { try? result.get() }
        var error: CodedError? { if case .failure(let error) = result { error } else { nil } }
        var text: String? { answer?.completion.text }
        /// What a client of `/v1` has read.
        var deltas: String {
            events.reduce(into: "") { text, event in
                guard case .model(let said) = event else { return }
                switch said.kind {
                case .text(let piece): text += piece
                case .whole(let completion): text += completion.text
                default: break
                }
            }
        }
        /// What a client of the native route has, who does what it is told to: only what is not an expert's is the answer.
        var followed: String {
            events.reduce(into: "") { text, event in
                switch event {
                case .replaced: text = ""
                case .model(let said): if case .text(let piece) = said.kind { text += piece }
                default: break
                }
            }
        }
        var statuses: [String] { events.compactMap { if case .status(let text) = $0 { text } else { nil } } }
        var percents: [Double] { events.compactMap { if case .progress(let percent, _) = $0 { percent } else { nil } } }
    }

    /// Runs one turn to its end. Time passes only while everybody waits; which of those that could go on does is drawn.
    func turn(
        _ request: ChatRequest = ChatRequest(model: "plan/x", messages: [ChatMessage(.user, "Why?")]),
        streaming: Bool = true, seed: UInt64 = 1, sink: RecordingSink? = RecordingSink(),
        cancelAt: Duration? = nil, scope: Scope = .local, conversation: String? = nil
    ) throws -> Turn {
        let begun = clock.now()
        let (clock, orchestrator) = (clock, orchestrator)
        let context = RunContext(
            requestID: "req_1", runID: "run_1", scope: scope,
            trace: TraceContext(traceHigh: 1, traceLow: 2, spanID: 3))
        let executor = SeededExecutor(seed: seed)
        let result = try executor.run(idle: { clock.advanceToNext() }) {
            let turn = Task(executorPreference: executor) { () async -> Result<ChatAnswer, CodedError> in
                do throws(CodedError) {
                    return .success(
                        try await orchestrator.answer(
                            request, conversation: conversation, streaming: streaming, sink: sink, context: context))
                } catch {
                    return .failure(error)
                }
            }
            if let cancelAt {
                try await clock.sleep(until: begun.advanced(by: cancelAt))
                turn.cancel()
            }
            let result = await turn.value
            let (end, count) = (clock.now(), sink?.count ?? 0)
            // Whoever was left behind would go on now.
            if cancelAt != nil { try await clock.sleep(until: clock.now().advanced(by: .seconds(100))) }
            return (result, end, (sink?.count ?? 0) - count)
        }
        return Turn(
            result: result.0, events: sink?.events ?? [], nodes: sink?.nodes ?? [],
            duration: result.1.since(begun), late: result.2)
    }
}

extension Plan.Expert {
    /// An expert whose model has its own name.
    init(_ name: String, after: [String] = [], _ change: (inout Plan.Expert) -> Void = { _ in }) {
        self.init(name: name, model: name, route: Route(chain: [Target(provider: "p", model: name)]))
        self.after = after
        change(&self)
    }
}

extension FusionModel {
    init(_ name: String) {
        self.init(model: name, route: Route(chain: [Target(provider: "p", model: name)]))
    }
}

/// Keeps what it hears, and now and then makes the turn wait.
final class RecordingSink: ChatSink {
    private let heard = Mutex<[ChatSignal]>([])
    private let generator: Mutex<SeededGenerator?>

    private let limit: Int
    let takesBack: Bool

    init(hesitating seed: UInt64? = nil, closingAfter limit: Int = .max, takesBack: Bool = false) {
        generator = Mutex(seed.map { SeededGenerator(seed: $0) })
        self.limit = limit
        self.takesBack = takesBack
    }

    func offer(_ signal: ChatSignal) -> EventIntake {
        if generator.withLock({ ($0?.next() ?? 1) % 3 == 0 }) { return .full }
        return heard.withLock { heard in
            guard heard.count < limit else { return .closed }
            heard.append(signal)
            return .taken
        }
    }

    func receive(_ signal: ChatSignal) async throws(CancellationError) {
        await Task.yield()
        if Task.isCancelled { throw CancellationError() }
        heard.withLock { $0.append(signal) }
    }

    var events: [ChatEvent] {
        heard.withLock { $0.compactMap { if case .said(let event) = $0 { event } else { nil } } }
    }
    var nodes: [String] {
        heard.withLock { $0.compactMap { if case .nodeFinished(let name, _) = $0 { name } else { nil } } }
    }
    var count: Int { heard.withLock(\.count) }
}

final class RecordingRecorder: RunRecorder {
    private let list = Mutex<[RunRecord]>([])
    var records: [RunRecord] { list.withLock { $0 } }
    private let inputs = Mutex<[InputFindings]>([])
    var noticed: [InputFindings] { inputs.withLock { $0 } }
    func remember(_ record: RunRecord, context: RunContext) { list.withLock { $0.append(record) } }
    func noticed(_ findings: InputFindings, context: RunContext) { inputs.withLock { $0.append(findings) } }
    func checked(_ outcome: FormatOutcome, context: RunContext) {}
}

struct SilentObserver: GatewayObserver {
    func attemptEnded(_ attempt: Attempt, context: RunContext) {}
    func answerEnded(_ report: AnswerReport, context: RunContext) {}
    func happened(_ event: GatewayEvent, context: RunContext) {}
}
