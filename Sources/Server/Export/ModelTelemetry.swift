internal import Base
internal import Models
internal import Orchestrator
internal import Resilience
internal import Synchronization
internal import Telemetry

/// Tells metrics, spans and the log of model calls, of what was done about failures, and of remembered turns; and people
/// of what they should look at.
final class ModelTelemetry: GatewayObserver, RunRecorder {
    let metrics: ServerMetrics
    private let spans: any SpanSink
    let logger: Logger
    let time: any TimeSource
    let alerts: any AlertSink
    let throttle = Mutex(AlertThrottle())
    private let generator: Mutex<SeededGenerator>

    /// - Parameter alerts: By default lines of the log.
    init(
        metrics: ServerMetrics, spans: any SpanSink, logger: Logger, time: any TimeSource, generator: SeededGenerator,
        alerts: (any AlertSink)? = nil
    ) {
        self.metrics = metrics
        self.spans = spans
        self.logger = logger
        self.time = time
        self.alerts = alerts ?? LogAlerts(logger: logger)
        self.generator = Mutex(generator)
    }

    func attemptEnded(_ attempt: Attempt, context: RunContext) {
        metrics.attemptEnded(attempt, context: context)
        guard let error = attempt.error, error.code.fault != .caller else { return }
        // What a breaker or a limit of ours refused is no news: it would fill the log for as long as an outage lasts.
        logger.log(
            attempt.isFailedCall ? .warning : .debug, "model attempt failed", .string("request_id", context.requestID),
            .string("provider", attempt.target.provider), .string("model", attempt.target.model),
            .string("code", error.code.name), .string("detail", error.detail),
            .double("duration_ms", attempt.duration.milliseconds))
    }

    func answerEnded(_ report: AnswerReport, context: RunContext) {
        metrics.answerEnded(report, context: context)
        var attributes: [(key: StaticString, value: Span.Value)] = []
        attributes.reserveCapacity(6)
        attributes.append(("gen_ai.operation.name", .string(report.operation.rawValue)))
        attributes.append(("gen_ai.provider.name", .string(report.target.provider)))
        attributes.append(("gen_ai.request.model", .string(report.target.model)))
        if let usage = report.usage {
            attributes.append(("gen_ai.usage.input_tokens", .int(usage.promptTokens)))
            attributes.append(("gen_ai.usage.output_tokens", .int(usage.completionTokens)))
        }
        if let reason = report.finishReason {
            attributes.append(("gen_ai.response.finish_reasons", .string(reason.name)))
        }
        spans.record(
            Span(
                report.operation == .chat ? "chat" : "embeddings", report.target.model, trace: context.trace,
                spanID: generator.withLock { $0.next() } | 1, parentID: context.trace.spanID,
                start: time.now().advanced(by: .zero - report.duration), duration: report.duration,
                attributes: attributes, errorType: report.error?.name))
    }

    func checked(_ outcome: FormatOutcome, context: RunContext) {
        metrics.checked(outcome, context: context)
        if outcome == .conforms { return }
        logger.log(
            .info, "answer has not the form that was asked for", .string("request_id", context.requestID),
            .string("outcome", outcome.rawValue))
    }

    /// Names, counts and the score; never what was written.
    func noticed(_ findings: InputFindings, context: RunContext) {
        metrics.noticed(findings, context: context)
        logger.log(
            .info, "input guard noticed something", .string("request_id", context.requestID),
            .double("score", findings.score), .string("reasons", findings.reasons.joined(separator: ",")),
            .int("control_characters", findings.controlCharacters))
    }

    func nodeEnded(_ node: String, after duration: Duration) { metrics.nodeEnded(node, after: duration) }

    func failed(_ error: CodedError, context: RunContext) {
        metrics.failed(error, context: context)
        guard error.code.isTechnical else { return }
        alert(
            Alert(
                kind: .technicalError, code: error.code,
                message: "The request \(context.requestID) failed by a fault of the server: \(error.message)"))
    }

    func remember(_ record: RunRecord, context: RunContext) {
        metrics.remember(record, context: context)
        guard logger.writes(.debug) else { return }
        logger.log(
            .debug, "turn remembered", .string("request_id", context.requestID),
            .string("target", record.target.name), .int("attempts", record.attempts),
            .int("messages", record.input.messages), .string("verdict", record.verdict.rawValue))
    }
}
