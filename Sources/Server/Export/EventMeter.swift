internal import Base
internal import Models
internal import Resilience
internal import Telemetry

/// Counts what the gateway does about failures, and to be faster than one.
struct EventMeter: Sendable {
    private let retries: MetricFamily<Counter>
    private let failovers: MetricFamily<Counter>
    private let timeouts: MetricFamily<Counter>
    private let restarts: MetricFamily<Counter>
    private let continuations: MetricFamily<Counter>
    private let hedges: MetricFamily<Counter>
    private let hedgesWon: MetricFamily<Counter>
    private let hedgesLost: MetricFamily<Counter>
    private let hedgesSkipped: MetricFamily<Counter>
    private let refusals: MetricFamily<Counter>
    private let degraded: MetricFamily<Counter>
    private let chaos: MetricFamily<Counter>
    private let known: KnownTargets

    init(registry: Metrics, known: KnownTargets) {
        let target = ["provider", "model"]
        func counter(_ name: String, _ help: String, _ more: String...) -> MetricFamily<Counter> {
            registry.counter(name, help, labels: target + more)
        }
        retries = counter(
            "tutti_gateway_retries_total", "Targets asked again, by the error of the attempt before.", "code")
        failovers = counter(
            "tutti_gateway_failovers_total", "Targets given up for another one or another key, by their error.",
            "to", "code")
        timeouts = counter("tutti_gateway_timeouts_total", "Attempts that a time limit ended.", "limit")
        restarts = counter(
            "tutti_gateway_restarts_total", "Broken streams that began anew elsewhere, unseen.", "code")
        continuations = counter(
            "tutti_gateway_continuations_total", "Broken streams whose text another target went on with.", "code")
        hedges = counter(
            "tutti_gateway_hedges_total", "Extra calls: this target was asked because another was slow.")
        hedgesWon = counter("tutti_gateway_hedges_won_total", "Of two asked at once, the first to answer.", "side")
        hedgesLost = counter(
            "tutti_gateway_hedges_lost_total", "Of two asked at once, the one that was stopped.", "side")
        hedgesSkipped = counter(
            "tutti_gateway_hedges_skipped_total", "Slow calls to this target that were not hedged.", "reason")
        refusals = counter(
            "tutti_gateway_refusals_total", "Calls that a limit of ours kept from a provider.", "code")
        degraded = registry.counter(
            "tutti_degraded_answers_total", "Answers that something else took the place of, by the error.",
            labels: ["substitute", "code"])
        chaos = counter("tutti_chaos_calls_total", "Calls that faults were put into on purpose.")
        self.known = known
    }

    /// What was counted, together. O(series).
    var totals: (timeouts: UInt64, retries: UInt64, failovers: UInt64) {
        (timeouts.total(), retries.total(), failovers.total())
    }

    func happened(_ event: GatewayEvent) {
        switch event {
        case .retried(let target, let code, _): add(retries, target, code.name)
        case .failedOver(let from, let to, let code):
            add(failovers, from.target, from.target == to.target ? "key" : "target", code.name)
        case .timedOut(let target, let limit): add(timeouts, target, limit.rawValue)
        case .restarted(let target, let code): add(restarts, target, code.name)
        case .continued(let target, _, let code): add(continuations, target, code.name)
        case .hedge(let target, let event): happened(event, at: target)
        case .limited(let target, let code): add(refusals, target, code.name)
        case .exhausted: break
        case .degraded(let substitute, let code): degraded.with(substitute.rawValue, code.name).add()
        case .chaos(let target): add(chaos, target)
        }
    }

    private func happened(_ event: HedgeEvent, at target: Target) {
        switch event {
        case .hedged: add(hedges, target)
        case .won(let side, _): add(hedgesWon, target, side.name)
        case .lost(let loss): add(hedgesLost, target, loss.side.name)
        case .skipped(let reason): add(hedgesSkipped, target, reason.rawValue)
        }
    }

    private func add(_ family: MetricFamily<Counter>, _ target: Target, _ values: String...) {
        family.with([target.provider, known.model(of: target)] + values).add()
    }
}

extension HedgeRace.Side {
    /// For metrics and the log.
    var name: String {
        switch self {
        case .primary: "primary"
        case .hedge: "hedge"
        }
    }
}
