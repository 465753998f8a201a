internal import Base
internal import Resilience
internal import Telemetry

/// Shows in metrics how circuits, keys and limits stand, as they are when somebody asks.
struct GatewayGauges: Sendable {
    private let running: Gauge
    private let limit: Gauge
    private let waiting: MetricFamily<Gauge>
    private let providerRunning: MetricFamily<Gauge>
    private let providerLimit: MetricFamily<Gauge>
    private let providerWaiting: MetricFamily<Gauge>
    private let states: MetricFamily<Gauge>
    private let waits: MetricFamily<Gauge>
    private let keys: MetricFamily<Gauge>

    init(registry: Metrics) {
        running = registry.gauge("tutti_calls_running", "Calls to all providers that are under way.").with()
        limit = registry.gauge("tutti_calls_limit", "How many calls to all providers may be.").with()
        waiting = registry.gauge(
            "tutti_calls_waiting", "Calls that wait for the limit of all providers.", labels: ["priority"])
        providerRunning = registry.gauge(
            "tutti_provider_calls_running", "Calls to a provider that are under way.", labels: ["provider"])
        providerLimit = registry.gauge(
            "tutti_provider_calls_limit", "How many calls to a provider may be, for now.", labels: ["provider"])
        providerWaiting = registry.gauge(
            "tutti_provider_calls_waiting", "Calls that wait for a provider's limit.",
            labels: ["provider", "priority"])
        let circuit = ["provider", "model", "key"]
        states = registry.gauge(
            "tutti_circuit_state",
            "How a circuit stands: 0 closed, 1 half open, 2 open, 3 forced open, 4 forced closed.", labels: circuit)
        waits = registry.gauge(
            "tutti_circuit_wait_seconds", "How long until a circuit lets a call through; 0 for at once.",
            labels: circuit)
        keys = registry.gauge(
            "tutti_provider_key_rejected", "1 while a provider does not accept its key.", labels: ["provider", "key"])
    }

    func show(_ health: GatewayHealth) {
        running.set(Int64(clamping: health.load?.running ?? 0))
        limit.set(Int64(clamping: health.load?.limit ?? 0))
        if let load = health.load { waiting.replace(load.waiting()) }
        showLoads(health)
        showCircuits(health)
    }

    private func showLoads(_ health: GatewayHealth) {
        var running: [[String]: Int64] = [:]
        var limits: [[String]: Int64] = [:]
        var waiting: [[String]: Int64] = [:]
        for provider in health.providers {
            guard let load = provider.load else { continue }
            running[[provider.name]] = Int64(clamping: load.running)
            limits[[provider.name]] = Int64(clamping: load.limit)
            waiting.merge(load.waiting(at: [provider.name])) { first, _ in first }
        }
        providerRunning.replace(running)
        providerLimit.replace(limits)
        providerWaiting.replace(waiting)
    }

    private func showCircuits(_ health: GatewayHealth) {
        var states: [[String]: Int64] = [:]
        var waits: [[String]: Int64] = [:]
        var keys: [[String]: Int64] = [:]
        for provider in health.providers {
            for model in provider.models {
                for circuit in model.circuits {
                    let labels = [provider.name, model.name, String(circuit.key)]
                    states[labels] = circuit.state.number
                    // Rounded up: what is shown as 0 is over.
                    waits[labels] = Int64(clamping: Int((circuit.refusal?.wait ?? .zero).seconds.rounded(.up)))
                    keys[[provider.name, String(circuit.key)], default: 0] |= circuit.isKeyRejected ? 1 : 0
                }
            }
        }
        self.states.replace(states)
        self.waits.replace(waits)
        self.keys.replace(keys)
    }
}

extension GatewayHealth.Load {
    fileprivate func waiting(at place: [String] = []) -> [[String]: Int64] {
        [
            place + ["interactive"]: Int64(clamping: waitingInteractive),
            place + ["bulk"]: Int64(clamping: waitingBulk),
        ]
    }
}

extension Breaker.State {
    fileprivate var number: Int64 {
        switch self {
        case .closed: 0
        case .halfOpen: 1
        case .open: 2
        case .forcedOpen: 3
        case .forcedClosed: 4
        }
    }
}
