internal import Base
internal import HTTPServer
internal import Models
internal import Orchestrator
internal import Resilience
internal import Synchronization
internal import Telemetry

/// Every metric of the server, made in one place. Label values come from the route table, the code table and the
/// configuration alone.
final class ServerMetrics: Sendable {
    let registry = Metrics()
    private let requests: MetricFamily<Counter>
    private let requestSeconds: MetricFamily<Histogram>
    private let calls: CallMeter
    private let events: EventMeter
    private let gauges: GatewayGauges
    private let passed: Counter
    private let incomplete: Counter
    let running: Gauge
    let auth: AuthMeter
    let sockets: SocketMeter
    private let repairs: MetricFamily<Counter>
    private let formats: MetricFamily<Counter>
    private let circuits: MetricFamily<Counter>
    private let runs: RunMeter
    private let known: KnownTargets

    /// Without a `time` no rates of the last minute are kept.
    init(knownTargets: Set<Target>, time: (any TimeSource)? = nil) {
        registry.showOverflows(
            "tutti_metric_series_overflow_total",
            "Counted as `other`, or left out, because a metric has as many series as it may have.")
        requests = registry.counter(
            "tutti_http_requests_total", "Requests answered.", labels: ["route", "method", "status"])
        requestSeconds = registry.histogram(
            "tutti_http_request_duration_seconds", "From a request's first byte to the end of its answer.",
            labels: ["route"], bounds: Buckets.requestSeconds)
        calls = CallMeter(registry: registry, knownTargets: knownTargets, time: time)
        known = KnownTargets(knownTargets)
        events = EventMeter(registry: registry, known: known)
        let turns = registry.counter(
            "tutti_turns_total", "Turns answered, by the output guard's verdict.", labels: ["verdict"])
        passed = turns.with(GuardVerdict.passed.rawValue)
        incomplete = turns.with(GuardVerdict.incomplete.rawValue)
        repairs = registry.counter(
            "tutti_answer_repairs_total", "What had to be mended in providers' answers.", labels: ["kind"])
        for kind in Repairs.Kind.allCases { _ = repairs.with(kind.rawValue) }
        formats = registry.counter(
            "tutti_structured_answers_total", "Answers whose form was asked for, by what came of the check.",
            labels: ["outcome"])
        for outcome in FormatOutcome.allCases { _ = formats.with(outcome.rawValue) }
        circuits = registry.counter(
            "tutti_circuit_transitions_total",
            "Circuits of providers' models that changed their state, by the new one, why, and the last error by then.",
            labels: ["provider", "model", "state", "cause", "code"])
        runs = RunMeter(registry: registry)
        running = registry.gauge("tutti_turns_running", "Turns that are running.").with()
        gauges = GatewayGauges(registry: registry)
        auth = AuthMeter(registry: registry)
        sockets = SocketMeter(registry: registry)
    }

    static func known(method: String) -> String {
        switch method {
        case "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH": method
        default: "other"
        }
    }

    func repaired(_ mended: Repairs) {
        for kind in Repairs.Kind.allCases where mended[kind] > 0 {
            repairs.with(kind.rawValue).add(UInt64(mended[kind]))
        }
    }

    func circuitChanged(_ keyed: KeyedTarget, _ event: CircuitEvent) {
        guard case .transition(let transition) = event else { return }
        circuits.with(
            keyed.target.provider, model(of: keyed.target), transition.to.name, transition.cause.rawValue,
            transition.error?.name ?? ""
        ).add()
    }

    /// The model's name as a label: a client's own becomes `other`.
    func model(of target: Target) -> String { known.model(of: target) }

    /// The configuration names other targets from now on: their series are made, and those of targets that it names no
    /// longer are dropped, so that no number of configurations fills the memory.
    func follow(_ targets: Set<Target>) {
        known.replace(with: targets)
        let providers = Set(targets.map(\.provider))
        let isKept = { (labels: [String]) in
            let target = Target(provider: labels[0], model: labels[1])
            return targets.contains(target)
                || target.model == RateBoard.otherModel && providers.contains(target.provider)
        }
        registry.drop("provider", "model", unless: isKept)
        registry.drop("gen_ai_provider_name", "gen_ai_request_model", unless: isKept)
        calls.follow(targets)
    }

    /// How the calls of the last minute went, by target.
    var recentCalls: [Target: CallRates.Sum] { calls.recent }

    /// Brings what is only looked up when somebody asks to where it stands now.
    func show(_ health: GatewayHealth) { gauges.show(health) }

    func requestMeter(route: String) -> RequestMeter {
        RequestMeter(route: route, requests: requests, seconds: requestSeconds.with(route))
    }
}

extension ServerMetrics {
    /// How the server has done. O(series).
    /// - Parameter uptime: Seconds since the start.
    func statistics(uptime: Int64) -> ServerStatistics {
        let (calls, events) = (self.calls.totals, self.events.totals)
        // Those that succeeded first: they are among all, also while more come.
        let succeeded = runs.answeredTurns
        let ended = runs.endedTurns
        return ServerStatistics(
            uptime: uptime, requests: ended?.count ?? 0, succeeded: succeeded, running: running.current,
            latency: ServerStatistics.Spread(ended),
            firstToken: ServerStatistics.Spread(calls.firstChunk), parallelExecutions: runs.parallelRuns,
            cacheHits: runs.cacheHits, cacheMisses: runs.cacheMisses,
            timeouts: events.timeouts, retries: events.retries, failovers: events.failovers,
            inputTokens: calls.inputTokens, outputTokens: calls.outputTokens)
    }
}

extension ServerMetrics: GatewayObserver {
    func attemptEnded(_ attempt: Attempt, context: RunContext) { calls.attemptEnded(attempt) }
    func answerEnded(_ report: AnswerReport, context: RunContext) { calls.answerEnded(report) }
    func happened(_ event: GatewayEvent, context: RunContext) { events.happened(event) }
}

extension ServerMetrics: RunRecorder {
    func remember(_ record: RunRecord, context: RunContext) {
        switch record.verdict {
        case .passed: passed.add()
        case .incomplete: incomplete.add()
        }
        runs.remember(record)
    }

    func noticed(_ findings: InputFindings, context: RunContext) { runs.noticed(findings) }
    func checked(_ outcome: FormatOutcome, context: RunContext) { formats.with(outcome.rawValue).add() }
    func nodeEnded(_ node: String, after duration: Duration) { runs.nodeEnded(node, after: duration) }
    func failed(_ error: CodedError, context: RunContext) { runs.failed(error) }
}

extension ServerMetrics {
    /// A turn, or embeddings, as the caller has seen it end. Apart from what a status says: that of a stream is sent
    /// before anybody knows, and many turns share the one of a bulk request or of a socket.
    func turnEnded(_ error: CodedError?, after duration: Duration) {
        runs.turnEnded(TurnOutcome(error), after: duration)
    }
}

/// Counts the requests of one route. Finds its counter among the few that the route has without making a key.
final class RequestMeter: Sendable {
    private let route: String
    private let requests: MetricFamily<Counter>
    private let seconds: Histogram
    private let counters = Mutex<[(method: String, status: Int, counter: Counter)]>([])

    fileprivate init(route: String, requests: MetricFamily<Counter>, seconds: Histogram) {
        self.route = route
        self.requests = requests
        self.seconds = seconds
    }

    /// `method` must be one that ``ServerMetrics/known(method:)`` gives: the table is bounded by them and the statuses.
    func requestEnded(method: String, status: Int, duration: Duration) {
        let counter = counters.withLock { counters in
            for known in counters where known.status == status && known.method == method { return known.counter }
            let counter = requests.with(route, method, String(status))
            counters.append((method, status, counter))
            return counter
        }
        counter.add()
        seconds.record(duration.seconds)
    }
}
