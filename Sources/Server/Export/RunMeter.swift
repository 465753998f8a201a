internal import Base
internal import Orchestrator
internal import Telemetry

/// How a turn has ended, as metrics tell it.
enum TurnOutcome: String, CaseIterable {
    case answered, failed
    /// Neither of the two: the caller has cancelled it, or is gone.
    case cancelled

    init(_ error: CodedError?) {
        self = error.map { $0.code == .cancelled ? .cancelled : .failed } ?? .answered
    }
}

/// Counts what runs of the chat graph spend their time with, how their experts fare, and how they end.
struct RunMeter: Sendable {
    /// By the node that they belong to: so few that looking along them is faster than hashing a name.
    private let phases: [(node: String, seconds: Histogram)]
    private let cacheTime: Histogram
    private let parallel: Counter
    private let experts: MetricFamily<Counter>
    private let hits: Counter
    private let misses: Counter
    private let noticed: MetricFamily<Counter>
    private let findings: MetricFamily<Counter>
    private let failures: MetricFamily<Counter>
    private let turnSeconds: MetricFamily<Histogram>
    private let answered: Histogram
    private let failed: Histogram
    private let cancelled: Histogram

    init(registry: Metrics) {
        let seconds = registry.histogram(
            "tutti_phase_duration_seconds", "What runs spend their time with.", labels: ["phase"],
            bounds: Buckets.requestSeconds)
        let nodes = ["validate", "plan", "execute", "repair", "fuse", "guard"]
        phases = nodes.compactMap { node in RunPhase(node: node).map { (node, seconds.with($0.rawValue)) } }
        cacheTime = seconds.with(RunPhase.cache.rawValue)
        parallel = registry.counter("tutti_parallel_runs_total", "Runs with several experts.").with()
        experts = registry.counter(
            "tutti_experts_total", "Experts of plans, by what became of their part.", labels: ["phase"])
        let looked = registry.counter(
            "tutti_cache_lookups_total", "Look-ups in caches of answers, by what they found.",
            labels: ["cache", "outcome"])
        (hits, misses) = (looked.with("expert", "hit"), looked.with("expert", "miss"))
        noticed = registry.counter(
            "tutti_guard_noticed_total", "Requests in which the input guard noticed this, and that went on.",
            labels: ["reason"])
        for name in InputFindings.names { _ = noticed.with(name) }
        findings = registry.counter(
            "tutti_guard_findings_total", "What the output guard found in answers.", labels: ["kind"])
        failures = registry.counter("tutti_failed_runs_total", "Runs without an answer.", labels: ["kind", "code"])
        turnSeconds = registry.histogram(
            "tutti_turn_duration_seconds", "From the beginning of a turn, or of embeddings, to the whole answer.",
            labels: ["outcome"], bounds: Buckets.requestSeconds)
        answered = turnSeconds.with(TurnOutcome.answered.rawValue)
        failed = turnSeconds.with(TurnOutcome.failed.rawValue)
        cancelled = turnSeconds.with(TurnOutcome.cancelled.rawValue)
    }

    var parallelRuns: UInt64 { parallel.current }
    var cacheHits: UInt64 { hits.current }
    var cacheMisses: UInt64 { misses.current }

    func nodeEnded(_ node: String, after duration: Duration) {
        phases.first { $0.node == node }?.seconds.record(duration.seconds)
    }

    func noticed(_ findings: InputFindings) { for name in findings.names { noticed.with(name).add() } }

    func remember(_ record: RunRecord) {
        if record.experts.count > 1 { parallel.add() }
        if record.times.cache > .zero { cacheTime.record(record.times.cache.seconds) }
        for outcome in record.experts {
            experts.with(outcome.phase.name).add()
            guard record.plan.experts.first(where: { $0.name == outcome.name })?.isCached == true else { continue }
            if outcome.phase == .cached { hits.add() } else { misses.add() }
        }
        for finding in record.findings.sorted { findings.with(finding.kind.name).add(UInt64(clamping: finding.count)) }
    }

    func turnEnded(_ outcome: TurnOutcome, after duration: Duration) {
        let seconds =
            switch outcome {
            case .answered: answered
            case .failed: failed
            case .cancelled: cancelled
            }
        seconds.record(duration.seconds)
    }

    var answeredTurns: UInt64 { answered.distribution.count }

    /// How long they took that were answered or have failed.
    var endedTurns: Distribution? { turnSeconds.distribution { $0[0] != TurnOutcome.cancelled.rawValue } }

    func failed(_ error: CodedError) { failures.with(error.code.kind.rawValue, error.code.name).add() }
}

extension ExpertPhase {
    /// As metrics and times of runs tell it.
    var name: String {
        switch self {
        case .started: "started"
        case .finished: "finished"
        case .failed: "failed"
        case .leftOut: "left_out"
        case .fallback: "fallback"
        case .cached: "cached"
        }
    }
}
