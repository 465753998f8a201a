internal import Base
internal import Models
internal import Synchronization
internal import Telemetry

/// Counts the calls of models. What is counted of a call that goes well is made beforehand for every configured
/// target, so that a call costs one look-up.
final class CallMeter: Sendable {
    /// The instruments of one target. Behind one reference, because each call looks it up.
    private final class Series: Sendable {
        let began: Counter
        let seconds: Histogram
        let firstChunk: Histogram
        let inputTokens: Histogram
        let outputTokens: Histogram
        let rates: RateMeter

        init(_ families: Families, _ target: Target, _ operation: String, rates: RateMeter) {
            let (provider, model) = (target.provider, target.model)
            began = families.attempts.with(provider, model, "ok")
            seconds = families.seconds.with(operation, provider, model, "")
            firstChunk = families.firstChunk.with(operation, provider, model)
            inputTokens = families.tokens.with(operation, provider, model, "input")
            outputTokens = families.tokens.with(operation, provider, model, "output")
            self.rates = rates
        }
    }

    private struct Families: Sendable {
        let attempts: MetricFamily<Counter>
        let seconds: MetricFamily<Histogram>
        let firstChunk: MetricFamily<Histogram>
        let tokens: MetricFamily<Histogram>

        func series(_ target: Target, _ operation: String = "chat", rates: RateMeter) -> Series {
            Series(self, target, operation, rates: rates)
        }
    }

    /// What follows the configuration.
    private struct Table: Sendable {
        /// A client may name any model of a provider that allows it; such names must not become labels.
        let known: [Target: Series]
        let rates: RateBoard

        init(_ families: Families, knownTargets: Set<Target>, after earlier: Table? = nil) {
            let rates = RateBoard(knownTargets: knownTargets, after: earlier?.rates)
            self.rates = rates
            known = Dictionary(
                uniqueKeysWithValues: knownTargets.map {
                    ($0, earlier?.known[$0] ?? families.series($0, rates: rates.meter(of: $0)))
                })
        }
    }

    private let families: Families
    private let table: Mutex<Table>
    private let time: (any TimeSource)?

    /// Without a `time` no rates are kept.
    init(registry: Metrics, knownTargets: Set<Target>, time: (any TimeSource)?) {
        let model = ["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model"]
        let families = Families(
            attempts: registry.counter(
                "tutti_gateway_attempts_total",
                "Targets tried, by how they ended; `not_sent` where our own circuit or limit kept the call from going.",
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
        self.time = time
        table = Mutex(Table(families, knownTargets: knownTargets))
    }

    /// The configuration names other targets from now on.
    func follow(_ knownTargets: Set<Target>) {
        table.withLock { $0 = Table(families, knownTargets: knownTargets, after: $0) }
    }

    private func find(_ target: Target) -> (series: Series?, rates: RateMeter) {
        table.withLock { table in
            let series = table.known[target]
            return (series, series?.rates ?? table.rates.meter(of: target))
        }
    }

    /// How the calls of the last minute went, by target.
    var recent: [Target: CallRates.Sum] {
        let rates = table.withLock(\.rates)
        return time.map { rates.sums(now: $0.now()) } ?? [:]
    }

    /// What all calls were, together. O(series).
    var totals: (firstChunk: Distribution?, inputTokens: Double, outputTokens: Double) {
        let tokens = { (type: String) in self.families.tokens.distribution { $0.last == type }?.sum ?? 0 }
        return (families.firstChunk.distribution(), tokens("input"), tokens("output"))
    }

    func attemptEnded(_ attempt: Attempt) {
        let target = attempt.target
        let (series, rates) = find(target)
        if let series, attempt.error == nil { return series.began.add() }
        if attempt.isFailedCall { note(isSuccess: false, rates) }
        let model = series == nil ? RateBoard.otherModel : target.model
        let end = attempt.wasSent ? attempt.error?.code.name ?? "ok" : "not_sent"
        families.attempts.with(target.provider, model, end).add()
    }

    func answerEnded(_ report: AnswerReport) {
        let target = report.target
        let operation = report.operation.rawValue
        let (found, rates) = find(target)
        let model = found == nil ? RateBoard.otherModel : target.model
        // Only what a chat costs is made beforehand.
        let series =
            (report.operation == .chat ? found : nil)
            ?? families.series(
                Target(provider: target.provider, model: model), operation,
                rates: rates)
        // A cancelled answer says nothing of the provider.
        if report.error == nil || report.error?.fault == .provider {
            note(isSuccess: report.error == nil, series.rates)
        }
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

    private func note(isSuccess: Bool, _ meter: RateMeter) {
        if let time { meter.note(isSuccess: isSuccess, now: time.now()) }
    }
}

extension Attempt {
    /// Whether a provider was asked and failed, by its status or in the midst of an answer. Rate limits and rejected
    /// keys that are only remembered were never sent.
    var isFailedCall: Bool { wasSent && error?.code.fault == .provider }
}
