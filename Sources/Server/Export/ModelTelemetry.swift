internal import Base
internal import Models
internal import Orchestrator
internal import Resilience
internal import Synchronization
internal import Telemetry

/// Tells metrics, spans and the log of model calls and of remembered turns.
final class ModelTelemetry: GatewayObserver, RunRecorder {
    private let metrics: ServerMetrics
    private let spans: any SpanSink
    private let logger: Logger
    private let time: any TimeSource
    private let generator: Mutex<SeededGenerator>

    init(
        metrics: ServerMetrics, spans: any SpanSink, logger: Logger, time: any TimeSource, generator: SeededGenerator
    ) {
        self.metrics = metrics
        self.spans = spans
        self.logger = logger
        self.time = time
        self.generator = Mutex(generator)
    }

    func attemptEnded(_ attempt: Attempt, context: RunContext) {
        metrics.attemptEnded(attempt, context: context)
        guard let error = attempt.error, error.code.fault != .caller else { return }
        logger.log(
            .warning, "model attempt failed", .string("request_id", context.requestID),
            .string("provider", attempt.target.provider), .string("model", attempt.target.model),
            .string("code", error.code.name), .string("detail", error.detail),
            .double("duration_ms", attempt.duration.milliseconds))
    }

    func happened(_ event: GatewayEvent, context: RunContext) { metrics.happened(event, context: context) }

    func circuitChanged(_ target: Target, _ event: CircuitEvent) {
        metrics.circuitChanged(target, event)
        switch event {
        case .transition(let transition):
            logger.log(
                .warning, "circuit changed", .string("provider", target.provider), .string("model", target.model),
                .string("from", transition.from.name), .string("to", transition.to.name),
                .string("cause", transition.cause.rawValue), .string("code", transition.error?.name))
        case .cooling(let reason, let rest):
            logger.log(
                .warning, "provider rests", .string("provider", target.provider), .string("model", target.model),
                .string("cause", reason.rawValue), .double("duration_ms", rest.milliseconds))
        case .keyRejected:
            logger.log(
                .error, "provider rejects its key; it is tried again every five minutes",
                .string("provider", target.provider))
        case .keyAccepted: logger.log(.info, "provider accepts its key again", .string("provider", target.provider))
        }
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

    func remember(_ record: RunRecord, context: RunContext) {
        metrics.remember(record, context: context)
        logger.log(
            .debug, "turn remembered", .string("request_id", context.requestID),
            .string("target", record.target.name), .int("attempts", record.attempts),
            .int("messages", record.input.messages), .string("verdict", record.verdict.rawValue))
    }
}
