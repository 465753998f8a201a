/// How many calls may be under way, and how many may wait for that. A plain value: ``faults`` says what is wrong with
/// it, and a limiter that is given a wrong one works with the nearest sane figures.
public struct LimitsPolicy: Hashable, Sendable {
    /// So many calls at once to one provider; at least 1. What a provider really gets adapts to how fast it answers,
    /// and never exceeds this.
    public var perProvider: Int
    /// So many calls at once to all providers.
    public var total: Int
    /// So many calls may wait, at each provider and before the total; 0 refuses what cannot go at once.
    public var queue: Int
    /// Nobody waits longer, in both queues together.
    public var queueWait: Duration

    public init(perProvider: Int = 64, total: Int = 512, queue: Int = 256, queueWait: Duration = .seconds(10)) {
        self.perProvider = perProvider
        self.total = total
        self.queue = queue
        self.queueWait = queueWait
    }
}

extension LimitsPolicy {
    static let mostCalls = 100_000
    static let shortest = Duration.milliseconds(1)
    static let longest = Duration.seconds(3600)

    /// Everything that is wrong, in the order of the settings; empty for a policy that can be used.
    public var faults: [PolicyFault] {
        var faults: [PolicyFault] = []
        func check(_ isRight: Bool, _ key: String, _ sentence: @autoclosure () -> String) {
            if !isRight { faults.append(PolicyFault(key: key, sentence: sentence())) }
        }
        func checkCount(_ count: Int, from least: Int, _ key: String) {
            check(
                (least...Self.mostCalls).contains(count), key,
                "It is \(count): let it be from \(least) to \(Self.mostCalls).")
        }
        checkCount(perProvider, from: 1, "per_provider")
        check(perProvider <= total, "per_provider", "It is \(perProvider), more than the total of \(total).")
        checkCount(total, from: 1, "total")
        checkCount(queue, from: 0, "queue")
        check(
            queueWait >= Self.shortest && queueWait <= Self.longest, "queue_wait",
            "It is \(queueWait): let it be from 1ms to 1h.")
        return faults
    }

    /// What holds for one provider.
    var providerBounds: Bulkhead.Bounds { Bulkhead.Bounds(limit: perProvider, queue: queue, wait: queueWait) }
    /// What holds for all together.
    var totalBounds: Bulkhead.Bounds { Bulkhead.Bounds(limit: total, queue: queue, wait: queueWait) }
}
