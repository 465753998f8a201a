import Base
import HTTP
import Models
import Telemetry
import TestKit
import Testing

@testable import Orchestrator
@testable import Server

@Suite("A turn through the chat graph", .timeLimit(.minutes(1)))
struct ChatOrchestratorTests {
    /// Two providers behind the model `auto`, and who listens.
    struct World {
        let first: ScriptedModel
        let second: ScriptedModel
        let recorder = ListRecorder()
        let spans = MemorySpans()
        let metrics = ServerMetrics(knownTargets: [])
        let clock = TestClock()
        let orchestrator: ChatOrchestrator

        init(_ first: ScriptedModel, _ second: ScriptedModel = .saying("second")) throws {
            self.first = first
            self.second = second
            let targets = [Target(provider: "a", model: "m"), Target(provider: "b", model: "m")]
            let directory = ModelDirectory(
                aliases: [.init(name: "auto", chain: targets)], providers: [.init(name: "a"), .init(name: "b")])
            let gateway = Gateway(models: ["a": first, "b": second], observer: metrics, clock: clock)
            orchestrator = try ChatOrchestrator(
                directory: directory, gateway: gateway, recorder: recorder, spans: spans, time: clock,
                generator: SeededGenerator(seed: 1))
        }

        static let trace = TraceContext(traceHigh: 1, traceLow: 2, spanID: 3)

        func answer(
            _ model: String = "auto", messages: [ChatMessage] = [ChatMessage(.user, "Hi")], streaming: Bool = true,
            sink: ListeningSink? = nil, deadline: Instant? = nil
        ) async throws(CodedError) -> ChatAnswer {
            let context = RunContext(
                requestID: "req_1", runID: "run_1", scope: .local, deadline: deadline, trace: World.trace)
            return try await orchestrator.answer(
                ChatRequest(model: model, messages: messages), streaming: streaming, sink: sink, context: context)
        }

        /// The nodes that ran, with what ended them.
        var nodes: [String] {
            spans.ofTrace(World.trace).map { span in span.name + (span.errorType.map { " (\($0))" } ?? "") }
        }
    }

    private func failure(_ turn: () async throws(CodedError) -> ChatAnswer) async -> CodedError? {
        do throws(CodedError) { _ = try await turn() } catch { return error }
        return nil
    }

    @Test("the answer is whole, names who answered, and is told as it comes about")
    func answer() async throws {
        let world = try World(.saying("Hello"))
        let sink = ListeningSink()
        let answer = try await world.answer(sink: sink)
        #expect(answer.target == Target(provider: "a", model: "m"))
        #expect(answer.attempts == 1)
        #expect(answer.completion.text == "Hello")
        #expect(answer.completion.usage?.totalTokens == 3)
        #expect(answer.headers["x-ratelimit-limit"] == "7")
        #expect(
            sink.lines == [
                "validate starts", "validate ends", "plan starts", "plan ends", "execute starts", "a/m answers",
                "text Hello", "finish stop", "usage", "execute ends", "guard starts", "guard ends", "remember starts",
                "remember ends",
            ])
        #expect(world.second.calls.isEmpty)
    }

    @Test("a provider that fails before its first event is followed by the next of the chain, which the answer names")
    func failOver() async throws {
        let world = try World(ScriptedModel(refusing: CodedError(.providerFailed, "Failed.")))
        let answer = try await world.answer(streaming: false)
        #expect(answer.target.name == "b/m")
        #expect(answer.attempts == 2)
        #expect(answer.completion.text == "second")
        #expect(world.second.calls.map(\.model) == ["m"])
        #expect(world.second.calls.map(\.streaming) == [false])
        #expect(world.recorder.records.map(\.target.name) == ["b/m"])
    }

    @Test("a concrete model pins the plan: nothing else is tried")
    func pinned() async throws {
        let world = try World(ScriptedModel(refusing: CodedError(.providerTimeout, "Late.")))
        #expect(await failure { () throws(CodedError) in try await world.answer("a/m") }?.code == .providerTimeout)
        #expect(world.second.calls.isEmpty)
    }

    @Test("a provider that fails within its answer ends the turn: what was shown cannot be taken back")
    func brokenStream() async throws {
        let broken = ScriptedModel(
            [ModelEvent(.text("Hel"))], then: .failure(CodedError(.providerStreamBroken, "It broke.")))
        let world = try World(broken)
        let sink = ListeningSink()
        let error = await failure { () throws(CodedError) in try await world.answer(sink: sink) }
        #expect(error?.code == .providerStreamBroken)
        #expect(sink.lines.last == "text Hel")
        #expect(world.second.calls.isEmpty)
        #expect(world.recorder.records.isEmpty)
    }

    @Test("the caller's faults keep their code, their field, and reach no model")
    func callersFaults() async throws {
        let world = try World(.saying("x"))
        let unknown = await failure { () throws(CodedError) in try await world.answer("autp") }
        #expect(unknown?.code == .modelNotFound)
        #expect(unknown?.param == "model")
        #expect(unknown?.message.contains("'auto'") == true)
        let empty = await failure { () throws(CodedError) in try await world.answer(messages: []) }
        #expect(empty?.code == .invalidValue)
        #expect(empty?.param == "messages")
        #expect(world.first.calls.isEmpty)
        #expect(
            world.nodes == ["node validate", "node plan (model_not_found)", "node validate (invalid_value)"])
    }

    @Test("every node becomes a span of the request's trace, below the request's span")
    func spans() async throws {
        let world = try World(.saying("x"))
        _ = try await world.answer()
        #expect(
            world.nodes == ["node validate", "node plan", "node execute", "node guard", "node remember"])
        let spans = world.spans.ofTrace(World.trace)
        #expect(spans.allSatisfy { $0.parentID == World.trace.spanID })
        #expect(Set(spans.map(\.spanID)).count == spans.count)
    }

    @Test("what is remembered holds sizes and names, and says whether the answer is whole")
    func remembered() async throws {
        let world = try World(.saying("x"))
        _ = try await world.answer(messages: [ChatMessage(.system, "äb"), ChatMessage(.user, "cd")])
        let record = try #require(world.recorder.records.first)
        #expect(record.input == InputSummary(messages: 2, textBytes: 5))
        #expect(record.plan.route.chain.map(\.name) == ["a/m", "b/m"])
        #expect(record.usage?.completionTokens == 1)
        #expect(record.finishReason == .stop)
        #expect(record.verdict == .passed)
        #expect(record.streaming)

        let unfinished = try World(ScriptedModel([ModelEvent(.text("x"))]))
        _ = try await unfinished.answer()
        #expect(unfinished.recorder.records.map(\.verdict) == [.incomplete])
    }

    @Test("cancelling the task ends the model's answer at once, with the code `cancelled`")
    func cancel() async throws {
        let silent = ScriptedModel([ModelEvent(.text("x"))], then: .silence)
        let world = try World(silent)
        let turn = Task { await failure { () throws(CodedError) in try await world.answer() } }
        try await silent.log.first { $0 == "silent" }
        turn.cancel()
        #expect(await turn.value?.code == .cancelled)
        #expect(silent.log.events.contains("cancelled"))
        #expect(!world.nodes.contains("node guard"))
        #expect(world.recorder.records.isEmpty)
    }

    @Test("a listener that has gone cancels the turn, wherever it is", arguments: [1, 3, 6, 7])
    func gone(_ limit: Int) async throws {
        let world = try World(.saying("x"))
        let error = await failure { () throws(CodedError) in
            try await world.answer(sink: ListeningSink(limit: limit))
        }
        #expect(error?.code == .cancelled)
        #expect(world.recorder.records.isEmpty)
        #expect(world.second.calls.isEmpty)
    }

    @Test("a turn whose time is over starts nothing")
    func deadline() async throws {
        let world = try World(.saying("x"))
        let now = world.clock.now()
        let error = await failure { () throws(CodedError) in try await world.answer(deadline: now) }
        #expect(error?.code == .deadlineExceeded)
        #expect(world.first.calls.isEmpty)
    }
}
