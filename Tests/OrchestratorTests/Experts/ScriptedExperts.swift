import Base
import HTTP
import Models
import Resilience
import Synchronization
import TestKit

@testable import Orchestrator

/// Models on the test's clock, each of which says what was written for it beforehand.
final class ScriptedExperts: ChatModel {
    struct Script: Sendable {
        var pieces: [String]
        /// After its pieces, in a stream.
        var rest: [ModelEvent.Kind] = []
        /// Before its first piece.
        var first: Duration = .zero
        /// Before each further one.
        var between: Duration = .zero
        var end = End.proper
        var usage: Usage? = Usage(promptTokens: 3, completionTokens: 2)
        var finish: FinishReason? = .stop

        init(_ pieces: String..., first: Duration = .zero, between: Duration = .zero, end: End = .proper) {
            self.pieces = pieces
            self.first = first
            self.between = between
            self.end = end
        }

        var text: String { pieces.joined() }
    }

    enum End: Sendable {
        case proper
        /// Never begins.
        case refusal(CodedError)
        /// After all its pieces.
        case failure(CodedError)
        case silence
    }

    private struct State {
        var scripts: [String: Script]
        var calls: [ModelCall] = []
        var open = 0
    }

    private let clock: TestClock
    private let state: Mutex<State>

    init(_ scripts: [String: Script], clock: TestClock) {
        self.clock = clock
        state = Mutex(State(scripts: scripts))
    }

    var calls: [ModelCall] { state.withLock(\.calls) }
    /// How many answers somebody still reads or waits for.
    var open: Int { state.withLock(\.open) }
    func calls(of model: String) -> [ModelCall] { calls.filter { $0.model == model } }

    func start(_ call: ModelCall, context: RunContext) async throws(CodedError) -> any ModelStream {
        let script = state.withLock { state in
            state.calls.append(call)
            return state.scripts[call.model] ?? Script("\(call.model) says so.")
        }
        let seat = Seat(self)
        if case .refusal(let error) = script.end {
            try await pause(script.first)
            throw error
        }
        if call.streaming { return ScriptedAnswer(script, clock: clock, seat: seat) }
        try await pause(script.first, until: context.deadline)
        for _ in script.pieces.dropFirst() { try await pause(script.between, until: context.deadline) }
        switch script.end {
        case .failure(let error): throw error
        case .silence: try await pause(.seconds(1_000_000), until: context.deadline)
        case .proper, .refusal: break
        }
        let choice = ChatCompletion.Choice(text: script.text, finishReason: script.finish)
        return WholeAnswer(ChatCompletion(choices: [choice], usage: script.usage))
    }

    /// As providers, a whole answer ends with its request's deadline.
    private func pause(_ duration: Duration, until deadline: Instant? = nil) async throws(CodedError) {
        let end = clock.now().advanced(by: duration)
        do { try await clock.sleep(until: deadline.map { min($0, end) } ?? end) } catch {
            throw CodedError(.cancelled, "The request was cancelled.")
        }
        if let deadline, deadline < end { throw TimeLimit.deadline.error }
    }

    /// Taken for as long as anybody holds it.
    final class Seat: Sendable {
        private let experts: ScriptedExperts
        init(_ experts: ScriptedExperts) {
            self.experts = experts
            experts.state.withLock { $0.open += 1 }
        }
        deinit { experts.state.withLock { $0.open -= 1 } }
    }
}

private final class ScriptedAnswer: ModelStream {
    private struct State {
        var pieces: ArraySlice<ModelEvent>
        var isFirst = true
        var isCancelled = false
    }

    private let script: ScriptedExperts.Script
    private let clock: TestClock
    private let seat: ScriptedExperts.Seat
    private let state: Mutex<State>

    init(_ script: ScriptedExperts.Script, clock: TestClock, seat: ScriptedExperts.Seat) {
        self.script = script
        self.clock = clock
        self.seat = seat
        var events = script.pieces.map { ModelEvent(.text($0)) } + script.rest.map { ModelEvent($0) }
        if case .proper = script.end {
            if let finish = script.finish { events.append(ModelEvent(.finish(finish))) }
            if let usage = script.usage { events.append(ModelEvent(.usage(usage))) }
        }
        state = Mutex(State(pieces: events[...]))
    }

    func ready() throws(CodedError) -> ModelSupply {
        state.withLock { state in
            guard !state.isFirst, script.between == .zero, let event = state.pieces.popFirst() else { return .later }
            return .event(event)
        }
    }

    func next() async throws(CodedError) -> ModelEvent? {
        let (event, isFirst) = state.withLock { state in
            defer { state.isFirst = false }
            return (state.pieces.popFirst(), state.isFirst)
        }
        if let event {
            // A finish comes with the last piece.
            if case .text = event.kind { try await pause(isFirst ? script.first : script.between) }
            return event
        }
        switch script.end {
        case .failure(let error): throw error
        case .silence:
            try await pause(.seconds(1_000_000))
            return nil
        case .proper, .refusal: return nil
        }
    }

    private func pause(_ duration: Duration) async throws(CodedError) {
        guard duration > .zero else { return }
        do { try await clock.sleep(until: clock.now().advanced(by: duration)) } catch {
            throw CodedError(.cancelled, "The request was cancelled.")
        }
    }

    func cancel() {
        state.withLock { state in
            state.isCancelled = true
            state.pieces = []
        }
    }
}
