internal import Base
internal import HTTP
internal import JSON
internal import Models
internal import Orchestrator
internal import Resilience

/// Tutti's own run events: `event:` names one, `data` is one JSON object, `id` is `run:sequence`.
struct NativeStreamFormat: EventStreamFormat {
    private let report: TurnReport
    private let time: any TimeSource
    private var stages = Stages()
    private var sequence = 0
    private var started = false
    /// None: the head is sent before anybody answers. What there is to say of the answer stands in `COMPLETE`.
    var headers: HTTPHeaders { HTTPHeaders() }

    init(report: TurnReport, time: any TimeSource) {
        self.report = report
        self.time = time
    }

    /// Once the turn is valid and planned: from here on there is progress to tell.
    func opens(with signal: ChatSignal) -> Bool {
        if case .nodeStarted("execute") = signal { true } else { false }
    }

    mutating func signal(_ signal: ChatSignal, into output: inout [UInt8]) {
        stages.note(signal, since: report.started, now: time.now())
        if !started {
            started = true
            start(into: &output)
        }
        switch signal {
        case .nodeStarted(let node):
            event("NODE", into: &output) {
                $0.member("name", node)
                $0.member("phase", "started")
            }
        case .nodeFinished(let node, let duration):
            event("NODE", into: &output) {
                $0.member("name", node)
                $0.member("phase", "finished")
                $0.member("ms", duration.milliseconds)
            }
        case .said(.answering(let target, _, _)):
            event("STATUS", into: &output) { $0.member("message", "\(target.name) answers") }
        case .said(.continuing(let target)):
            event("STATUS", into: &output) {
                $0.member("message", "The model broke off; \(target.name) goes on with its answer.")
            }
        case .said(.retrying(_, let retry)):
            event("RETRY", into: &output) {
                $0.member("attempt", retry.attempt)
                $0.member("max", retry.max)
                $0.member("delayMs", retry.delay.milliseconds)
            }
            event("STATUS", into: &output) { $0.member("message", retry.status) }
        case .said(.model(let said)): model(said, into: &output)
        case .said(.status(let message)): event("STATUS", into: &output) { $0.member("message", message) }
        case .said(.planned), .said(.provisional), .said(.replaced), .said(.expert), .said(.progress), .said(.guarded):
            break
        }
    }

    private mutating func start(into output: inout [UInt8]) {
        let report = report
        event("START_EXECUTION", into: &output) {
            $0.member("runId", report.runID)
            $0.member("requestId", report.requestID)
            $0.member("planId", JSON.null)
            $0.member("conversationId", report.conversationID)
        }
    }

    private mutating func model(_ said: ModelEvent, into output: inout [UInt8]) {
        guard said.choice == 0 else { return }
        switch said.kind {
        case .text(let text): event("TOKEN", into: &output) { $0.member("token", text) }
        case .toolCall(let delta):
            event("TOOL", into: &output) {
                $0.member("index", delta.index)
                $0.member("id", ifPresent: delta.id)
                $0.member("name", ifPresent: delta.name)
                $0.member("arguments", delta.arguments)
            }
        case .whole(let completion):
            for piece in completion.events { model(piece, into: &output) }
        default: break
        }
    }

    mutating func finish(_ answer: ChatAnswer, into output: inout [UInt8]) {
        let (stages, total) = (stages, time.now().since(report.started))
        append("PIPELINE_METRICS", into: &output) { stages.write(total: total, to: &$0) }
        let personaID = report.personaID
        event("COMPLETE", into: &output) { TurnReport.result(answer, personaID: personaID, to: &$0) }
    }

    mutating func fail(_ error: CodedError, into output: inout [UInt8]) {
        let requestID = report.requestID
        if error.code == .cancelled {
            return event("CANCELLED", into: &output) { $0.member("requestId", requestID) }
        }
        event("ERROR", into: &output) {
            $0.member("user", error.code.fault == .caller)
            $0.member("code", error.code.name)
            $0.member("message", error.message)
            $0.member("requestId", requestID)
            $0.member("retryable", error.code.retryable)
            $0.member("retryAfterMs", ifPresent: ErrorRendering.retryAfterMilliseconds(error))
        }
    }

    private mutating func event(
        _ name: String, into output: inout [UInt8], _ members: (inout JSONWriter) -> Void
    ) {
        append(name, into: &output) { writer in
            writer.beginObject()
            members(&writer)
            writer.endObject()
        }
    }

    private mutating func append(
        _ name: String, into output: inout [UInt8], object: (inout JSONWriter) -> Void
    ) {
        var writer = JSONWriter(reserving: 128)
        object(&writer)
        // Names and ids are ours and hold no line end, which is all that could be refused.
        try? SSEEncoder.append(event: name, id: "\(report.runID):\(sequence)", data: writer.bytes, to: &output)
        sequence += 1
    }
}
