internal import Base
internal import Graph
internal import JSON
internal import Models
internal import Orchestrator
internal import Resilience

/// Makes Tutti's own run events of a turn's signals: a name and one JSON object each, whatever carries them to the
/// client. A pure state machine.
struct NativeEvents: Sendable {
    /// Takes one event.
    typealias Output = (_ name: String, _ data: [UInt8]) -> Void

    /// By `REPLACE`.
    static let takesBack = true

    private let report: TurnReport
    private let time: any TimeSource
    private(set) var phases: RunPhases
    private var hasStarted = false
    private var planID: String?
    /// What was heard before the plan was known, which the first event names: the first nodes of the graph, which end
    /// with a plan or with the turn.
    private var early: [ChatSignal] = []

    init(report: TurnReport, time: any TimeSource) {
        self.report = report
        self.time = time
        phases = RunPhases(report.bottlenecks)
    }

    /// Once the turn is valid and planned: from here on there is progress to tell.
    static func opens(with signal: ChatSignal) -> Bool {
        if case .nodeStarted("execute") = signal { true } else { false }
    }

    mutating func signal(_ signal: ChatSignal, into output: Output) {
        phases.note(signal, since: report.started, now: time.now())
        if hasStarted { return render(signal, into: output) }
        early.append(signal)
        guard case .said(let event) = signal else { return }
        // The identity of a pinned plan is worked out here, for who is told of it.
        if case .planned(let plan) = event { planID = plan.identity.description }
        start(into: output)
    }

    mutating func finish(_ answer: ChatAnswer, into output: Output) {
        start(into: output)
        let total = time.now().since(report.started)
        var phases = phases
        phases.note(answer)
        var writer = JSONWriter(reserving: 256)
        phases.write(total: total, to: &writer)
        output("PIPELINE_METRICS", writer.bytes)
        let personaID = report.personaID
        event("COMPLETE", into: output) { TurnReport.result(answer, personaID: personaID, to: &$0) }
    }

    mutating func fail(_ error: CodedError, into output: Output) {
        start(into: output)
        let requestID = report.requestID
        let error = error.shown(requestID: requestID)
        if error.code.kind == .cancelled {
            return event("CANCELLED", into: output) { $0.member("requestId", requestID) }
        }
        event("ERROR", into: output) {
            $0.member("user", error.code.fault == .caller)
            $0.member("code", error.code.name)
            $0.member("kind", error.code.kind.rawValue)
            $0.member("message", error.message)
            $0.member("requestId", requestID)
            $0.member("retryable", error.code.retryable)
            $0.member("retryAfterMs", ifPresent: ErrorRendering.retryAfterMilliseconds(error))
        }
    }

    private mutating func start(into output: Output) {
        guard !hasStarted else { return }
        hasStarted = true
        let (report, planID) = (report, planID)
        event("START_EXECUTION", into: output) {
            $0.member("runId", report.runID)
            $0.member("requestId", report.requestID)
            $0.member("planId", orNull: planID)
            $0.member("conversationId", orNull: report.conversationID)
        }
        for signal in early { render(signal, into: output) }
        early = []
    }

    private func render(_ signal: ChatSignal, into output: Output) {
        switch signal {
        case .nodeStarted(let node): self.node(node, "started", into: output)
        case .nodeFinished(let node, let duration):
            self.node(node, "finished", into: output) { $0.member("ms", duration.milliseconds) }
        case .said(let event): said(event, into: output)
        }
    }

    private func said(_ event: ChatEvent, into output: Output) {
        switch event {
        case .model(let said): model(said, into: output)
        case .provisional(let text, let expert):
            self.event("TOKEN", into: output) {
                $0.member("token", text)
                $0.member("expert", expert)
            }
        case .answering(let target, _, _): status("\(target.name) answers", into: output)
        case .continuing(let target):
            status("The model broke off; \(target.name) goes on with its answer.", into: output)
        case .status(let message): status(message, into: output)
        case .stepped(.next(let target, let code)):
            self.event("RESTART", into: output) {
                $0.member("reason", code.name)
                $0.member("model", target.name)
            }
        case .stepped(.retry(_, let retry)):
            self.event("RETRY", into: output) {
                $0.member("attempt", retry.attempt)
                $0.member("max", retry.max)
                $0.member("delayMs", retry.delay.milliseconds)
            }
            status(retry.status, into: output)
        case .progress(let percent, let layer):
            self.event("PROGRESS", into: output) {
                $0.member("percent", percent)
                $0.member("layer", orNull: layer)
            }
        case .expert(let name, let phase): expert(name, phase, into: output)
        case .replaced(let from, let reason):
            self.event("REPLACE", into: output) {
                $0.member("from", from)
                $0.member("reason", reason)
            }
        case .noticed(let findings): noticed(findings, into: output)
        case .guarded(let findings): guarded(findings, into: output)
        case .planned: break
        }
    }

    private func model(_ said: ModelEvent, into output: Output) {
        guard said.choice == 0 else { return }
        switch said.kind {
        case .text(let text): event("TOKEN", into: output) { $0.member("token", text) }
        case .toolCall(let delta):
            event("TOOL", into: output) {
                $0.member("index", delta.index)
                $0.member("id", ifPresent: delta.id)
                $0.member("name", ifPresent: delta.name)
                $0.member("arguments", delta.arguments)
            }
        case .whole(let completion):
            for piece in completion.events { model(piece, into: output) }
        default: break
        }
    }

    /// An expert is a node of the plan, below `execute`.
    private func expert(_ name: String, _ phase: ExpertPhase, into output: Output) {
        let node = "execute/\(name)"
        switch phase {
        case .started: self.node(node, "started", into: output)
        case .finished(let duration, let target):
            self.node(node, "finished", into: output) {
                $0.member("ms", duration.milliseconds)
                $0.member("model", target.name)
            }
        case .failed(let code): self.node(node, "failed", into: output) { $0.member("code", code.name) }
        case .leftOut: self.node(node, "left_out", into: output)
        case .fallback: self.node(node, "fallback", into: output)
        case .cached: self.node(node, "cached", into: output)
        }
    }

    /// Names alone; never what it was.
    private func noticed(_ findings: InputFindings, into output: Output) {
        guard !findings.isEmpty else { return }
        status("The input guard has noticed: \(findings.names.joined(separator: ", ")).", into: output)
    }

    /// Counts alone; never what it was.
    private func guarded(_ findings: GuardFindings, into output: Output) {
        guard !findings.isEmpty else { return }
        let found = findings.sorted.map { "\($0.count) × \($0.kind.name)" }.joined(separator: ", ")
        status(
            findings.isRedacted
                ? "The output guard has taken out: \(found)." : "The output guard has found: \(found).", into: output)
    }

    private func status(_ message: String, into output: Output) {
        event("STATUS", into: output) { $0.member("message", message) }
    }

    private func node(
        _ name: String, _ phase: String, into output: Output, _ more: (inout JSONWriter) -> Void = { _ in }
    ) {
        event("NODE", into: output) {
            $0.member("name", name)
            $0.member("phase", phase)
            more(&$0)
        }
    }

    private func event(_ name: String, into output: Output, _ members: (inout JSONWriter) -> Void) {
        var writer = JSONWriter(reserving: 128)
        writer.beginObject()
        members(&writer)
        writer.endObject()
        output(name, writer.bytes)
    }
}
