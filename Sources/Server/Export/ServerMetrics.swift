internal import Base
internal import HTTPServer
internal import Models
internal import Orchestrator
internal import Synchronization
internal import Telemetry

/// Every metric of the server, made in one place. Label values come from the route table, the code table and the
/// configuration alone.
final class ServerMetrics: Sendable {
    let registry = Metrics()
    private let requests: MetricFamily<Counter>
    private let requestSeconds: MetricFamily<Histogram>
    private let attempts: MetricFamily<Counter>
    private let operationSeconds: MetricFamily<Histogram>
    private let firstChunkSeconds: MetricFamily<Histogram>
    private let tokenUsage: MetricFamily<Histogram>
    private let turns: MetricFamily<Counter>
    let running: Gauge
    private let knownTargets: Set<Target>
    private let requestSeries = Mutex<[RequestKind: RequestSeries]>([:])
    private let callSeries = Mutex<[Target: CallSeries]>([:])

    init(knownTargets: Set<Target>) {
        self.knownTargets = knownTargets
        requests = registry.counter(
            "tutti_http_requests_total", "Requests answered.", labels: ["route", "method", "status"])
        requestSeconds = registry.histogram(
            "tutti_http_request_duration_seconds", "From a request's first byte to the end of its answer.",
            labels: ["route"], bounds: Buckets.requestSeconds)
        attempts = registry.counter(
            "tutti_gateway_attempts_total", "Targets tried, by how they ended.",
            labels: ["provider", "model", "code"])
        let model = ["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model"]
        operationSeconds = registry.histogram(
            "gen_ai_client_operation_duration_seconds", "Duration of a model call.", labels: model + ["error_type"],
            bounds: Buckets.modelSeconds)
        firstChunkSeconds = registry.histogram(
            "gen_ai_client_operation_time_to_first_chunk_seconds", "Time to the first event of a model call.",
            labels: model, bounds: Buckets.firstTokenSeconds)
        tokenUsage = registry.histogram(
            "gen_ai_client_token_usage", "Tokens of a model call.", labels: model + ["gen_ai_token_type"],
            bounds: Buckets.tokens)
        turns = registry.counter(
            "tutti_turns_total", "Turns answered, by the output guard's verdict.", labels: ["verdict"])
        running = registry.gauge("tutti_turns_running", "Turns that are running.").with()
    }

    static func known(method: String) -> String {
        ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"].contains(method) ? method : "other"
    }

    /// The instruments of one kind of request, looked up once by one hash instead of once for each family.
    private struct RequestSeries: Sendable {
        let count: Counter
        let seconds: Histogram
    }

    private struct RequestKind: Hashable {
        let route: String
        let method: String
        let status: Int
    }

    /// What is counted of every call of one target, however it ends.
    private struct CallSeries: Sendable {
        let firstChunk: Histogram
        let inputTokens: Histogram
        let outputTokens: Histogram
    }

    func requestEnded(route: String, method: String, status: Int, duration: Duration) {
        let kind = RequestKind(route: route, method: method, status: status)
        let series = requestSeries.withLock { known in
            if let series = known[kind] { return series }
            // Routes, methods and statuses are few: the table is bounded by them.
            let series = RequestSeries(
                count: requests.with(route, method, String(status)), seconds: requestSeconds.with(route))
            known[kind] = series
            return series
        }
        series.count.add()
        series.seconds.record(duration.seconds)
    }

    private func calls(_ provider: String, _ model: String) -> CallSeries {
        callSeries.withLock { known in
            let target = Target(provider: provider, model: model)
            if let series = known[target] { return series }
            let series = CallSeries(
                firstChunk: firstChunkSeconds.with("chat", provider, model),
                inputTokens: tokenUsage.with("chat", provider, model, "input"),
                outputTokens: tokenUsage.with("chat", provider, model, "output"))
            known[target] = series
            return series
        }
    }

    /// A client may name any model of a provider that allows it; such names must not become labels.
    private func label(_ target: Target) -> String { knownTargets.contains(target) ? target.model : "other" }
}

extension ServerMetrics: GatewayObserver {
    func attemptEnded(_ attempt: Attempt, context: RunContext) {
        attempts.with(attempt.target.provider, label(attempt.target), attempt.error?.code.name ?? "ok").add()
    }

    func answerEnded(_ report: AnswerReport, context: RunContext) {
        let (provider, model) = (report.target.provider, label(report.target))
        operationSeconds.with("chat", provider, model, report.error?.name ?? "").record(report.duration.seconds)
        let calls = self.calls(provider, model)
        calls.firstChunk.record(report.timeToFirstEvent.seconds)
        guard let usage = report.usage else { return }
        calls.inputTokens.record(Double(usage.promptTokens))
        calls.outputTokens.record(Double(usage.completionTokens))
    }
}

extension ServerMetrics: RunRecorder {
    func remember(_ record: RunRecord, context: RunContext) { turns.with(record.verdict.rawValue).add() }
}
