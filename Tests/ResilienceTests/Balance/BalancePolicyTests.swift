import Base
import Resilience
import Testing

@Suite("Balance policies") struct BalancePolicyTests {
    static let wrong: [(policy: BalancePolicy, targets: [BalanceTarget], keys: [String])] = [
        (BalancePolicy(), [BalanceTarget("a")], []),
        (BalancePolicy(.lowestCost), [BalanceTarget("a"), BalanceTarget("b", price: 0)], []),
        (BalancePolicy(), [], ["targets"]),
        (BalancePolicy(), (0..<65).map { BalanceTarget("\($0)") }, ["targets"]),
        (BalancePolicy(), [BalanceTarget("a"), BalanceTarget("a")], ["targets"]),
        (BalancePolicy(halfLife: .zero), [BalanceTarget("a")], ["half_life"]),
        (BalancePolicy(halfLife: .seconds(Int64.max)), [BalanceTarget("a", weight: 0)], ["half_life", "weight"]),
        (
            BalancePolicy(.weighted), [BalanceTarget("a", weight: .nan), BalanceTarget("b", weight: -1)],
            ["weight", "weight"]
        ),
        (BalancePolicy(.weighted), [BalanceTarget("a", weight: .infinity)], ["weight"]),
        (BalancePolicy(.lowestCost), [BalanceTarget("a"), BalanceTarget("b")], ["strategy"]),
        (
            BalancePolicy(.lowestCost), [BalanceTarget("a", price: .nan), BalanceTarget("b", price: -1)],
            ["price", "price"]
        ),
        (
            BalancePolicy(.sticky, halfLife: .seconds(Int64.min)), [BalanceTarget("", price: .infinity)],
            ["half_life", "price"]
        ),
    ]

    @Test("every fault is told, and no policy makes a choice trap or leave what is available", arguments: wrong)
    func faults(_ row: (policy: BalancePolicy, targets: [BalanceTarget], keys: [String])) {
        #expect(row.policy.faults(of: row.targets).map(\.key) == row.keys)
        for strategy in BalanceStrategy.allCases {
            var balance = Balance(BalancePolicy(strategy, halfLife: row.policy.halfLife), targets: row.targets)
            var load = TargetLoad(halfLife: row.policy.halfLife)
            for time in [0, 1, 1 << 40, UInt64.max, 0] {
                let now = Instant(nanoseconds: time)
                load.begin()
                load.note(firstToken: [.seconds(Int64.max), .seconds(-1), .zero][Int(time % 3)], now: now)
                for randomness in [0, 1, UInt64.max] {
                    let place = balance.pick(
                        from: TargetSet(first: 64), conversation: randomness, now: now, randomness: randomness
                    ) { _ in load }
                    #expect(place.map { (0..<min(64, row.targets.count)).contains($0) } ?? row.targets.isEmpty)
                }
                load.end(failed: true, now: now)
                load.end(failed: true, now: now)
            }
        }
    }
}
