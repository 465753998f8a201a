import Base
import Testing

@testable import Resilience

@Suite("Policies of limits") struct LimitsPolicyTests {
    @Test("the defaults are those of the configuration, and have no faults") func defaults() {
        let policy = LimitsPolicy()
        #expect(policy.perProvider == 64 && policy.total == 512)
        #expect(policy.queue == 256 && policy.queueWait == .seconds(10))
        #expect(policy.faults == [])
        #expect(LimitsPolicy(perProvider: 1, total: 1, queue: 0, queueWait: .milliseconds(1)).faults == [])
    }

    @Test(
        "every setting that makes no sense is named",
        arguments: [
            (LimitsPolicy(perProvider: 0), ["per_provider"]), (LimitsPolicy(perProvider: 513), ["per_provider"]),
            (LimitsPolicy(total: 0), ["per_provider", "total"]), (LimitsPolicy(total: 100_001), ["total"]),
            (LimitsPolicy(queue: -1), ["queue"]), (LimitsPolicy(queue: .max), ["queue"]),
            (LimitsPolicy(queueWait: .zero), ["queue_wait"]), (LimitsPolicy(queueWait: .seconds(-1)), ["queue_wait"]),
            (LimitsPolicy(queueWait: .seconds(3601)), ["queue_wait"]),
            (
                LimitsPolicy(perProvider: .min, total: .min, queue: .min, queueWait: .seconds(Int64.min)),
                ["per_provider", "total", "queue", "queue_wait"]
            ),
        ])
    func faults(_ policy: LimitsPolicy, _ keys: [String]) {
        #expect(policy.faults.map(\.key) == keys)
        #expect(policy.faults.allSatisfy { $0.sentence.hasPrefix("It is ") && $0.sentence.hasSuffix(".") })
    }

    @Test("a bulkhead that is given a wrong policy works with the nearest sane one") func sane() {
        let low = Bulkhead(.init(limit: .min, queue: .min, wait: .seconds(Int64.min))).bounds
        #expect(low == .init(limit: 1, queue: 0, wait: .milliseconds(1)))
        let high = Bulkhead(.init(limit: .max, queue: .max, wait: .seconds(Int64.max))).bounds
        #expect(high == .init(limit: 100_000, queue: 100_000, wait: .seconds(3600)))
    }
}
