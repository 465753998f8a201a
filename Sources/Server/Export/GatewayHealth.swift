internal import Base
internal import Models
internal import Resilience

/// How providers, their models and their circuits stand at one moment. Holds names from the configuration, figures and
/// codes; no keys and no addresses.
struct GatewayHealth: Sendable, Equatable {
    struct Provider: Sendable, Equatable {
        var name: String
        /// By name; what the configuration does not name stands together as `other`.
        var models: [Model] = []
        /// `nil` before its first call.
        var load: Load?

        var isWell: Bool { models.allSatisfy(\.isWell) }
    }

    struct Model: Sendable, Equatable {
        var name: String
        /// One for each key that it was asked with, in their order; none before its first call.
        var circuits: [Circuit] = []
        var recent = CallRates.Sum()

        var isWell: Bool { circuits.allSatisfy(\.isWell) }
    }

    struct Circuit: Sendable, Equatable {
        /// The key's place in the configuration, never the key.
        var key: Int
        var state: Breaker.State
        /// What a call would be told now.
        var refusal: CallRefusal?
        var isKeyRejected: Bool
        var lastError: ErrorCode?
        /// The last ones, the latest at the end; at most ``historyLimit``.
        var transitions: [Transition]

        static let historyLimit = 10

        var isWell: Bool { (state == .closed || state == .forcedClosed) && refusal == nil && !isKeyRejected }
    }

    struct Transition: Sendable, Equatable {
        var from: Breaker.State
        var to: Breaker.State
        var cause: Breaker.Cause
        var ago: Duration
    }

    /// Calls under way and those who wait.
    struct Load: Sendable, Equatable {
        var running: Int
        var limit: Int
        var waitingInteractive: Int
        var waitingBulk: Int
    }

    /// In the order of the configuration.
    var providers: [Provider] = []
    /// Of all providers together.
    var load: Load?

    /// Whether every provider can be asked.
    var isWell: Bool { providers.allSatisfy(\.isWell) }
}

extension GatewayHealth {
    /// Puts together what the gateway's parts tell of themselves. O(n log n).
    /// - Parameters:
    ///   - providers: Their names, in the order in which they are to be shown.
    ///   - knownTargets: Those that the configuration names; all other models of a provider are one, `other`.
    ///   - limits: By provider.
    ///   - total: The limit of all providers together.
    init(
        providers: [String], knownTargets: Set<Target>, circuits: [(key: KeyedTarget, circuit: CircuitSnapshot)],
        limits: [String: LimitSnapshot] = [:], total: LimitSnapshot? = nil, rates: [Target: CallRates.Sum] = [:]
    ) {
        var found: [Target: [Int: Circuit]] = Dictionary(uniqueKeysWithValues: knownTargets.map { ($0, [:]) })
        for target in rates.keys { found[target, default: [:]] = found[target] ?? [:] }
        for (key, snapshot) in circuits {
            let isKnown = knownTargets.contains(key.target)
            let target =
                isKnown ? key.target : Target(provider: key.target.provider, model: RateBoard.otherModel)
            let circuit = Circuit(snapshot, key: key.key)
            guard let same = found[target]?[key.key] else {
                found[target, default: [:]][key.key] = circuit
                continue
            }
            // Of those that stand together, the worst is shown.
            if circuit.severity > same.severity { found[target]?[key.key] = circuit }
        }
        var models: [String: [Model]] = [:]
        for (target, circuits) in found {
            models[target.provider, default: []].append(
                Model(
                    name: target.model, circuits: circuits.values.sorted { $0.key < $1.key },
                    recent: rates[target] ?? CallRates.Sum()))
        }
        let others = Set(models.keys).union(limits.keys).subtracting(providers).sorted()
        self.providers = (providers + others).map { name in
            Provider(
                name: name, models: (models[name] ?? []).sorted { $0.name < $1.name }, load: limits[name].map(Load.init)
            )
        }
        load = total.map(Load.init)
    }
}

extension GatewayHealth.Circuit {
    fileprivate init(_ snapshot: CircuitSnapshot, key: Int) {
        self.init(
            key: key, state: snapshot.state, refusal: snapshot.refusal, isKeyRejected: snapshot.isKeyRejected,
            lastError: snapshot.lastError,
            transitions: snapshot.history.suffix(Self.historyLimit).map { transition in
                GatewayHealth.Transition(
                    from: transition.from, to: transition.to, cause: transition.cause,
                    ago: max(.zero, snapshot.at.since(transition.at)))
            })
    }

    /// The order in which one hides another: the state first, then how long it lasts.
    fileprivate var severity: (Int, Int, Duration) {
        let rank =
            switch state {
            case .forcedOpen: 4
            case .open: 3
            case .halfOpen: 2
            case .closed, .forcedClosed: refusal == nil ? 0 : 1
            }
        return (isKeyRejected ? 1 : 0, rank, refusal?.wait ?? .zero)
    }
}

extension GatewayHealth.Load {
    fileprivate init(_ snapshot: LimitSnapshot) {
        self.init(
            running: snapshot.inFlight, limit: snapshot.limit, waitingInteractive: snapshot.waitingInteractive,
            waitingBulk: snapshot.waitingBulk)
    }
}
