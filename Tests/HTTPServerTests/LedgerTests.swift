import Base
import Testing

@testable import HTTPServer

/// What is counted over all connections.
@Suite struct LedgerTests {
    private func limits(total: Int = 100, perAddress: Int = 2) -> ServerLimits {
        var limits = ServerLimits()
        limits.maxConnections = total
        limits.maxConnectionsPerAddress = perAddress
        limits.trustedProxies = [AddressBlock("10.0.0.0/8")].compactMap { $0 }
        return limits
    }

    @Test func `one client has its own limit, and room that comes free is used`() {
        var ledger = ConnectionLedger(limits: limits())
        let client = IPAddress("192.0.2.1")
        let first = (0..<3).map { _ in ledger.begin(client) }
        #expect(first == [true, true, false])
        let hasRoomForAnother = ledger.begin(IPAddress("192.0.2.2"))
        ledger.end(client)
        let after = (0..<2).map { _ in ledger.begin(client) }
        #expect(hasRoomForAnother)
        #expect(after == [true, false])
    }

    @Test(arguments: [
        ("2001:db8::1", "2001:db8::ffff:1", true), ("2001:db8::1", "2001:db8:0:1::1", false),
        ("192.0.2.1", "::ffff:192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false),
    ])
    func `addresses of one subscriber are one client`(_ one: String, _ other: String, _ isSame: Bool) {
        var ledger = ConnectionLedger(limits: limits(perAddress: 1))
        let begun = [one, other].map { ledger.begin(IPAddress($0)) }
        #expect(begun == [true, !isSame])
    }

    @Test func `proxies and peers without an address count in all only, and 0 is no limit`() {
        var ledger = ConnectionLedger(limits: limits(total: 5))
        let open = ["10.1.1.1", "10.1.1.1", "10.1.1.1", "", "", ""].map { ledger.begin(IPAddress($0)) }
        #expect(open == [true, true, true, true, true, false])
        var unlimited = ConnectionLedger(limits: limits(total: 5, perAddress: 0))
        let begun = (0..<6).map { _ in unlimited.begin(IPAddress("192.0.2.1")) }
        #expect(begun == [true, true, true, true, true, false])
        #expect(unlimited.clients == 0)
    }

    @Test func `other proxies hold for who is connected, too, and nobody's count is off afterwards`() {
        var ledger = ConnectionLedger(limits: limits(perAddress: 1))
        let (proxy, client) = (IPAddress("10.1.1.1"), IPAddress("192.0.2.1"))
        let open = [proxy, proxy, client]
        let before = open.map { ledger.begin($0) } + [ledger.begin(client)]
        #expect(before == [true, true, true, false])
        ledger.exempt([AddressBlock("192.0.2.0/24")].compactMap { $0 }, open: open)
        let after = [client, proxy].map { ledger.begin($0) }
        #expect(after == [true, false], "the one has become a proxy, the other is none any more")
        for address in open + [client] { ledger.end(address) }
        #expect(ledger.clients == 0)
        let again = [proxy, proxy].map { ledger.begin($0) }
        #expect(again == [true, false])
    }

    @Test func `a budget can be made larger and smaller while it is used`() {
        let budget = BodyBudget(limit: 100, share: 50)
        let client = IPAddress("192.0.2.1")
        #expect(budget.take(60, of: client) == .own)
        budget.resize(limit: 1000, share: 500)
        #expect(budget.take(60, of: client) == nil)
        budget.resize(limit: 50, share: 50)
        #expect(budget.take(1, of: nil) == .all)
        budget.giveBack(60, of: client)
        #expect(budget.take(50, of: client) == nil && budget.used == 50)
    }

    @Test func `whoever comes and goes, the counts are those of who is there`() {
        var random = SeededGenerator(seed: 21)
        var ledger = ConnectionLedger(limits: limits(total: 30, perAddress: 4))
        var open: [String] = []
        for _ in 0..<20_000 {
            if Bool.random(using: &random), let index = open.indices.randomElement(using: &random) {
                ledger.end(IPAddress(open.remove(at: index)))
            } else {
                let address = "192.0.2.\(Int.random(in: 0..<12, using: &random))"
                let fits = open.count < 30 && open.count { $0 == address } < 4
                let hasBegun = ledger.begin(IPAddress(address))
                #expect(hasBegun == fits)
                if fits { open.append(address) }
            }
            #expect(ledger.clients == Set(open).count)
        }
        for address in open { ledger.end(IPAddress(address)) }
        #expect(ledger.clients == 0)
    }

    @Test func `bodies take no more memory than there is, from many threads at once`() async {
        let budget = BodyBudget(limit: 1000)
        await withTaskGroup(of: Void.self) { group in
            for seed in 0..<8 {
                group.addTask {
                    var random = SeededGenerator(seed: UInt64(seed))
                    var mine: [Int] = []
                    for _ in 0..<5000 {
                        let count = Int.random(in: 1...400, using: &random)
                        if budget.take(count, of: nil) == nil { mine.append(count) }
                        #expect(mine.reduce(0, +) <= 1000)
                        if mine.count > 2 { budget.giveBack(mine.removeFirst(), of: nil) }
                    }
                    for count in mine { budget.giveBack(count, of: nil) }
                }
            }
        }
        #expect(budget.used == 0)
        #expect(budget.take(1000, of: nil) == nil)
        #expect(budget.take(1, of: nil) == .all)
        #expect(BodyBudget(limit: 0, share: 10).take(.max, of: IPAddress("192.0.2.1")) == nil)
    }

    @Test func `one client has its part of the memory, whoever else comes, and gets it back to the byte`() {
        let budget = BodyBudget(limit: 1000, share: 250)
        let one = IPAddress("2001:db8::1")
        #expect(budget.take(200, of: one) == nil)
        #expect(budget.take(51, of: IPAddress("2001:db8::2")) == .own, "the same 64 bits")
        #expect(budget.take(50, of: IPAddress("2001:db8::2")) == nil)
        #expect(budget.take(1, of: one) == .own)
        #expect(budget.take(250, of: IPAddress("192.0.2.1")) == nil)
        #expect(budget.take(1, of: IPAddress("::ffff:192.0.2.1")) == .own)
        // Nobody's address, and this machine's, have no part of their own.
        #expect(budget.take(300, of: IPAddress("127.0.0.1")) == nil)
        #expect(budget.take(200, of: nil) == nil)
        #expect(budget.take(1, of: IPAddress("192.0.2.2")) == .all)
        #expect(budget.clients == 2 && budget.used == 1000)
        budget.giveBack(250, of: one)
        #expect(budget.take(250, of: one) == nil)
        for (count, client) in [(250, "2001:db8::9"), (250, "192.0.2.1"), (300, "127.0.0.1"), (200, "")] {
            budget.giveBack(count, of: IPAddress(client))
        }
        #expect(budget.clients == 0 && budget.used == 0)
        #expect(BodyBudget(limit: 1000).take(1000, of: one) == nil, "without a part of its own")
    }

    @Test func `a body must go on, come at its rate, and end`() {
        var limits = ServerLimits()
        limits.bodyTimeout = .seconds(30)
        limits.bodyTotal = .seconds(300)
        limits.minRate = 1000
        limits.rateGrace = .seconds(10)
        func seconds(_ value: Double) -> Instant { Instant(nanoseconds: UInt64((value + 1000) * 1e9)) }
        func deadline(_ pace: ArrivalPace, _ now: Double, isGathered: Bool = true) -> Instant {
            pace.deadline(at: seconds(now), limits, isGathered: isGathered)
        }
        var pace = ArrivalPace()
        // Silence, rate and total: whichever is first.
        #expect(deadline(pace, 0) == seconds(10))
        pace.note(5000, after: .seconds(1))
        #expect(deadline(pace, 1) == seconds(15))
        pace.note(95_000, after: .seconds(1))
        #expect(deadline(pace, 2) == seconds(32))
        pace.note(0, after: .seconds(98))
        #expect(deadline(pace, 100) == seconds(110))
        pace.note(10 << 20, after: .seconds(190))
        #expect(deadline(pace, 290) == seconds(300))
        #expect(deadline(pace, 290, isGathered: false) == seconds(320), "what is not gathered has no end")
        // An hour in which nobody waited for anything changes nothing.
        #expect(deadline(pace, 3890, isGathered: false) == seconds(3920))
        #expect(deadline(pace, 3890) == seconds(3900))
        pace.note(.max, after: .zero)
        #expect(deadline(pace, 3890) == seconds(3900))
        limits.minRate = 0
        #expect(deadline(ArrivalPace(), 0) == seconds(30))
    }
}
