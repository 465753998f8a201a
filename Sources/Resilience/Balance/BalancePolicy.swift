internal import Base

/// How one of several targets is chosen for a call.
public enum BalanceStrategy: String, CaseIterable, Sendable {
    /// The first one that is available.
    case order
    /// In turn, as often as the weights say, spread evenly (smooth weighted round robin).
    case weighted
    /// The one with the fewest calls under way for its weight.
    case leastBusy = "least_busy"
    /// Of two at random the one with the shorter time to the first token, times the calls under way.
    case lowestLatency = "lowest_latency"
    /// The cheapest one; of equally cheap ones the least busy. Unknown prices come last.
    case lowestCost = "lowest_cost"
    /// The same one for all of a conversation, which finds its prompt in the provider's cache; calls without a
    /// conversation go to the least busy.
    case sticky
}

/// A target as a pool knows it.
public struct BalanceTarget: Hashable, Sendable {
    /// Its name in the configuration; what sticky choices go by.
    public var name: String
    /// Its share, in proportion to those of the others; over 0, at most 1000.
    public var weight: Double
    /// What a call costs, in the same unit for all targets; `nil` where nobody knows.
    public var price: Double?

    public init(_ name: String, weight: Double = 1, price: Double? = nil) {
        self.name = name
        self.weight = weight
        self.price = price
    }
}

/// How calls are spread over the targets of a pool. A plain value: ``faults(of:)`` says what is wrong with it.
public struct BalancePolicy: Hashable, Sendable {
    public var strategy: BalanceStrategy
    /// So fast what was seen of a target loses half of its worth, and with it a slow target comes to be tried again.
    public var halfLife: Duration

    public init(_ strategy: BalanceStrategy = .order, halfLife: Duration = .seconds(5)) {
        self.strategy = strategy
        self.halfLife = halfLife
    }

    static let halfLives = Duration.milliseconds(10)...Duration.seconds(3600)
    static let weights = 0.001...1000.0

    /// Everything that is wrong with it for these targets; empty where it can be used.
    public func faults(of targets: [BalanceTarget]) -> [PolicyFault] {
        var faults: [PolicyFault] = []
        func check(_ isRight: Bool, _ key: String, _ sentence: @autoclosure () -> String) {
            if !isRight { faults.append(PolicyFault(key: key, sentence: sentence())) }
        }
        check(
            Self.halfLives.contains(halfLife), "half_life", "It is \(halfLife): let it be from 10ms to 1h.")
        check(
            (1...TargetSet.limit).contains(targets.count), "targets",
            "There are \(targets.count): let there be from 1 to \(TargetSet.limit).")
        var names: Set<String> = []
        for target in targets {
            check(names.insert(target.name).inserted, "targets", "'\(target.name)' is there twice.")
            check(
                Self.weights.contains(target.weight), "weight",
                "That of '\(target.name)' is \(target.weight): let it be from 0.001 to 1000.")
            check(
                target.price.map { $0 >= 0 && $0 < .infinity } ?? true, "price",
                "That of '\(target.name)' is \(target.price ?? 0): let it be 0 or more.")
        }
        if strategy == .lowestCost {
            check(
                targets.contains { $0.price != nil }, "strategy",
                "No target has a price that 'lowest_cost' could go by.")
        }
        return faults
    }
}
