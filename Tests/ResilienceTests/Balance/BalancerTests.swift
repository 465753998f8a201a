import Base
import Resilience
import TestKit
import Testing

@Suite("Balancers") struct BalancerTests {
    private let clock = TestClock()
    private let targets = (0..<3).map { BalanceTarget("t\($0)") }

    @Test("a call is counted from its choice on, so that the next one sees it") func counts() {
        let balancer = Balancer(BalancePolicy(.leastBusy), targets: targets, seed: 1, time: clock)
        guard let a = balancer.begin(from: balancer.all), let b = balancer.begin(from: balancer.all),
            let c = balancer.begin(from: balancer.all)
        else {
            Issue.record("Nothing was chosen.")
            return
        }
        #expect(Set([a.place, b.place, c.place]) == [0, 1, 2])
        let place = b.place
        b.end(failed: false)
        #expect(balancer.load(at: place)?.inFlight == 0)
        a.end(failed: false)
        c.end(failed: false)
        #expect((0..<3).allSatisfy { balancer.load(at: $0)?.inFlight == 0 })
        #expect(balancer.load(at: 3) == nil && balancer.load(at: -1) == nil)
    }

    @Test("a call that goes without an end leaves nothing taken") func dropped() {
        let balancer = Balancer(BalancePolicy(.order), targets: targets, seed: 1, time: clock)
        func drop() { if let call = balancer.begin(from: [1]) { call.begin(after: .seconds(1)) } }
        for _ in 0..<10 { drop() }
        #expect(balancer.load(at: 1)?.inFlight == 0)
        #expect(balancer.load(at: 1)?.latency(now: clock.now()) == 1e9)
    }

    @Test("nothing available is no call") func nothing() {
        let balancer = Balancer(BalancePolicy(.order), targets: targets, seed: 1, time: clock)
        let isCall = balancer.begin(from: [5]) != nil
        #expect(!isCall)
    }

    @Test("pools that share a target see each other's calls") func shared() {
        let meters = targets.map { _ in TargetMeter(time: clock) }
        let one = Balancer(BalancePolicy(.leastBusy), targets: targets, meters: meters, seed: 1, time: clock)
        let other = Balancer(BalancePolicy(.leastBusy), targets: targets, meters: meters, seed: 2, time: clock)
        guard let a = one.begin(from: [0, 1]), let b = other.begin(from: [0, 1]) else { return }
        #expect(Set([a.place, b.place]) == [0, 1])
        a.end(failed: false)
        b.end(failed: false)
    }

    @Test("callers on many threads are spread evenly, and none is counted for ever") func threads() async {
        let balancer = Balancer(BalancePolicy(.weighted), targets: targets, seed: 1, time: clock)
        let places = await withTaskGroup(of: [Int].self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var places: [Int] = []
                    for number in 0..<300 {
                        guard let call = balancer.begin(from: balancer.all) else { continue }
                        places.append(call.place)
                        call.begin(after: .milliseconds(number))
                        call.end(failed: number % 2 == 0)
                    }
                    return places
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect((0..<3).allSatisfy { place in places.count { $0 == place } == 800 })
        #expect((0..<3).allSatisfy { balancer.load(at: $0)?.inFlight == 0 })
    }
}
