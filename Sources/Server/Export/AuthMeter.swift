internal import Telemetry

/// Counts what was decided of keys.
struct AuthMeter: Sendable {
    enum Decision: String, CaseIterable, Sendable {
        case accepted, missing, conflicting, unknown, revoked, expired, throttled, denied
    }

    private let counters: [Decision: Counter]

    init(registry: Metrics) {
        let decisions = registry.counter(
            "tutti_key_decisions_total", "Requests that bring a key or need one, by what was decided of it.",
            labels: ["decision"])
        counters = Dictionary(uniqueKeysWithValues: Decision.allCases.map { ($0, decisions.with($0.rawValue)) })
    }

    func decided(_ decision: Decision) { counters[decision]?.add() }
}
