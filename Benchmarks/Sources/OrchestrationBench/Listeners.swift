import Base
import Graph
import Models
import Orchestrator
import Synchronization
import Telemetry

/// Takes whatever it hears at once, as a caller's connection that is never full.
final class QuickSink: ChatSink {
    private let count = Atomic(0)

    /// How many bytes of text it has heard.
    var heard: Int { count.load(ordering: .relaxed) }

    func offer(_ signal: ChatSignal) -> EventIntake {
        switch signal {
        case .said(.provisional(let text, _)): count.add(text.utf8.count, ordering: .relaxed)
        case .said(.model(let event)):
            if case .text(let text) = event.kind { count.add(text.utf8.count, ordering: .relaxed) }
        default: break
        }
        return .taken
    }

    func receive(_ signal: ChatSignal) async throws(CancellationError) {}
}

/// Hears everything and does nothing.
struct DeafListener: GatewayObserver, RunRecorder, SpanSink {
    func attemptEnded(_ attempt: Attempt, context: RunContext) {}
    func answerEnded(_ report: AnswerReport, context: RunContext) {}
    func happened(_ event: GatewayEvent, context: RunContext) {}
    func remember(_ record: RunRecord, context: RunContext) {}
    func checked(_ outcome: FormatOutcome, context: RunContext) {}
    func record(_ span: consuming Span) {}
}
