import Base
import HTTP
import Models
import Synchronization

/// A stream whose events are written beforehand. `ready` says `later` before every event that `waits` names.
final class ScriptedEvents: ModelStream {
    enum End: Sendable {
        case proper
        case failing(CodedError)
    }

    private struct State {
        var events: ArraySlice<ModelEvent>
        var end: End
        var taken = 0
        var asked = 0
        var isCancelled = false
    }

    private let state: Mutex<State>
    private let waits: Set<Int>
    let forwardedHeaders: HTTPHeaders
    let rateCount: RateCount?
    let marks: AnswerMarks

    init(
        _ events: [ModelEvent], then end: End = .proper, waits: Set<Int> = [], headers: HTTPHeaders = HTTPHeaders(),
        rateCount: RateCount? = nil, marks: AnswerMarks = AnswerMarks()
    ) {
        state = Mutex(State(events: events[...], end: end))
        self.waits = waits
        forwardedHeaders = headers
        self.rateCount = rateCount
        self.marks = marks
    }

    static let broken = CodedError(.providerStreamBroken, "The provider's stream ended before its answer did.")

    /// How many events have been read.
    var taken: Int { state.withLock { $0.taken } }
    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    func ready() throws(CodedError) -> ModelSupply {
        if state.withLock({ waits.contains($0.taken) && !$0.isCancelled }) { return .later }
        return try step()
    }

    func next() async throws(CodedError) -> ModelEvent? {
        guard case .event(let event) = try step() else { return nil }
        return event
    }

    func cancel() { state.withLock { $0.isCancelled = true } }

    private func step() throws(CodedError) -> ModelSupply {
        let result = state.withLock { state -> Result<ModelSupply, CodedError> in
            if state.isCancelled { return .failure(CodedError(.cancelled, "The request was cancelled.")) }
            if let event = state.events.popFirst() {
                state.taken += 1
                return .success(.event(event))
            }
            guard case .failing(let error) = state.end else { return .success(.end) }
            return .failure(error)
        }
        return try result.get()
    }
}

/// All events of a stream, in the way that the server reads one, and what it ended with.
func drained(_ stream: any ModelStream) async -> (events: [ModelEvent], error: CodedError?) {
    var events: [ModelEvent] = []
    do throws(CodedError) {
        while true {
            var supply = try stream.ready()
            if case .later = supply { supply = try await stream.next().map { .event($0) } ?? .end }
            guard case .event(let event) = supply else { return (events, nil) }
            events.append(event)
        }
    } catch {
        return (events, error)
    }
}
