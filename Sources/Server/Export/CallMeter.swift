internal import Base
internal import Models
internal import Telemetry

/// Counts the calls of models. What is counted of a call that goes well is made beforehand for every configured
/// target, so that a call costs one look-up.
struct CallMeter: Sendable {
    /// The instruments of one target.
    private struct Series: Sendable {
        let began: Counter
        let seconds: Histogram
        let firstChunk: Histogram
        let inputTokens: Histogram
        let outputTokens: Histogram
    }

    private struct Families: Sendable {
        let attempts: MetricFamily<Counter>
        let seconds: MetricFamily<Histogram>
        let firstChunk: MetricFamily<Histogram>
        let tokens: MetricFamily<Histogram>

        func series(_ provider: String, _ model: String, _ operation: String = "chat") -> Series {
            Series(
                began: attempts.with(provider, model, "ok"), seconds: seconds.with(operation, provider, model, ""),
                firstChunk: firstChunk.with(operation, provider, model),
                inputTokens: tokens.with(operation, provider, model, "input"),
                outputTokens: tokens.with(operation, provider, model, "output"))
        }
    }

    private let families: Families
    /// A client may name any model of a provider that allows it; such names must not become labels.
    private let known: [Target: Series]

    init(registry: Metrics, knownTargets: Set<Target>) {
        let model = ["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model"]
        let families = Families(
            attempts: registry.counter(
                "tutti_gateway_attempts_total", "Targets tried, by how they ended.",
                labels: ["provider", "model", "code"]),
            seconds: registry.histogram(
                "gen_ai_client_operation_duration_seconds", "Duration of a model call.",
                labels: model + ["error_type"], bounds: Buckets.modelSeconds),
            firstChunk: registry.histogram(
                "gen_ai_client_operation_time_to_first_chunk_seconds", "Time to the first event of a model call.",
                labels: model, bounds: Buckets.firstTokenSeconds),
            tokens: registry.histogram(
                "gen_ai_client_token_usage", "Tokens of a model call.", labels: model + ["gen_ai_token_type"],
                bounds: Buckets.tokens))
        self.families = families
        known = Dictionary(
            uniqueKeysWithValues: knownTargets.map { ($0, families.series($0.provider, $0.model)) })
    }

    func attemptEnded(_ attempt: Attempt) {
        let target = attempt.target
        let series = known[target]
        if let series, attempt.error == nil { return series.began.add() }
        let model = series == nil ? "other" : target.model
        families.attempts.with(target.provider, model, attempt.error?.code.name ?? "ok").add()
    }

    func answerEnded(_ report: AnswerReport) {
        let target = report.target
        let operation = report.operation.rawValue
        let model = known[target] == nil ? "other" : target.model
        // Only what a chat costs is made beforehand.
        let made = report.operation == .chat ? known[target] : nil
        let series = made ?? families.series(target.provider, model, operation)
        if let error = report.error {
            families.seconds.with(operation, target.provider, model, error.name).record(report.duration.seconds)
        } else {
            series.seconds.record(report.duration.seconds)
        }
        series.firstChunk.record(report.timeToFirstEvent.seconds)
        guard let usage = report.usage else { return }
        series.inputTokens.record(Double(usage.promptTokens))
        series.outputTokens.record(Double(usage.completionTokens))
    }
}
