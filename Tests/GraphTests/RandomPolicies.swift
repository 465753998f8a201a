import Base

@testable import Graph

/// What stands around the nodes of a random graph and what bounds its runs: all drawn from its seed.
extension RandomGraph {
    /// What a node is in a graph that is kept.
    enum Content {
        case work, question, items, graph, graphs
    }

    enum Fallback {
        case none
        /// For a node that always fails.
        case needed
        /// For one that does not: what it writes would be seen.
        case spare
    }

    struct Policies {
        /// How many attempts of each activation fail before one succeeds; `nil` for a node without a retry.
        var failures: Int?
        var fallback = Fallback.none
        var hasTimeout = false
        var hasCache = false
    }

    func content(of node: Int, asks: Bool) -> Content {
        // Whoever chooses between going round and going on is to know its round.
        let isPlain = failing.contains(node) || !back.isEmpty && !targets(node, .choice).isEmpty
        return switch (kind(node), isPlain ? 0 : style(node)) {
        case (0, 1): .items
        case (0, 2): .graphs
        case (3, 1) where asks: .question
        case (3, 2): .graph
        default: .work
        }
    }

    /// Whether the graph inside a node asks.
    func innerAsks(_ node: Int) -> Bool { (seed >> UInt64(node % 40)) % 2 == 0 }

    /// How many attempts of a node inside this one fail before one succeeds.
    func innerFailures(_ node: Int) -> Int { Int((seed >> UInt64(node % 36)) % 3) }

    /// None for half of the nodes, and only such as the builder takes.
    func policies(of node: Int, asks: Bool) -> Policies {
        var generator = SeededGenerator(seed: seed &+ UInt64(node) &* 0x9e37_79b9_7f4a_7c15)
        let content = content(of: node, asks: asks)
        var policies = Policies()
        if generator.next() % 2 == 0 || content == .question { return policies }
        if generator.next() % 2 == 0, content == .work { policies.failures = Int(generator.next() % 3) }
        let draw = generator.next() % 6
        if draw < 3, !failing.contains(node) { policies.fallback = draw < 2 ? .needed : .spare }
        let asksInside = asks && innerAsks(node) && (content == .graph || content == .graphs)
        if generator.next() % 3 == 0, !asksInside { policies.hasTimeout = true }
        // In a loop what a node writes depends on its round.
        if generator.next() % 3 == 0, !asksInside, back.isEmpty { policies.hasCache = true }
        return policies
    }

    /// Of each node of half of the graphs.
    func priority(of node: Int) -> Int { (seed >> 5) % 2 == 0 ? Int((seed >> UInt64(node % 44)) % 5) - 2 : 0 }

    var limits: RunLimits {
        let places = [1, 2, 3, 4, .max, .max][Int((seed >> 9) % 6)]
        return RunLimits(concurrency: places, deadline: (seed >> 13) % 2 == 0 ? .interrupts : .startsNoMore)
    }

    /// One that never strikes, for some.
    var deadline: Instant? { (seed >> 14) % 3 == 0 ? Instant(nanoseconds: 3_600_000_000_000) : nil }
}

extension RandomGraph.Policies {
    /// Patient enough for two processes whose attempts alternate, so that each may have the failures of the other.
    var retry: ExponentialRetry? {
        guard let failures else { return nil }
        return .quick(attempts: fallback == .needed ? attemptsInVain : 2 * (failures + 1))
    }

    /// How often a node is tried that always fails.
    var attemptsInVain: Int { (failures ?? 0) + 1 }
}

extension ExponentialRetry {
    static func quick(attempts: Int) -> ExponentialRetry {
        ExponentialRetry(attempts: attempts, first: .milliseconds(10)) {
            ($0 as? CodedError)?.code.retryable ?? false
        }
    }
}
