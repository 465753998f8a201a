import Base
import Identity
import Testing

@Suite("The throttle of wrong keys")
struct WrongKeyThrottleTests {
    private static let start = Instant(nanoseconds: 1_000_000_000)

    private static func network(_ number: Int) -> IPAddress? {
        IPAddress("2001:db8:\(String(number >> 16, radix: 16)):\(String(number & 0xffff, radix: 16))::1")
    }

    private static func settings(networks: Int = 4096, all: Int = 1000) -> WrongKeyThrottle.Settings {
        var settings = WrongKeyThrottle.Settings()
        settings.network = .init(burst: 3, every: .seconds(6))
        settings.all = .init(burst: all, every: .milliseconds(10))
        settings.networks = networks
        return settings
    }

    @Test("a network has its burst, then one in each interval, and hears exactly how long to wait")
    func ofOneNetwork() {
        var throttle = WrongKeyThrottle(Self.settings())
        let network = Self.network(1)
        var now = Self.start
        for _ in 0..<3 { #expect(throttle.wait(for: network, now: now) == nil) }
        #expect(throttle.wait(for: network, now: now) == .seconds(6))
        now = now.advanced(by: .seconds(2))
        #expect(throttle.wait(for: network, now: now) == .seconds(4))
        now = now.advanced(by: .seconds(4) - .nanoseconds(1))
        #expect(throttle.wait(for: network, now: now) == .nanoseconds(1))
        now = now.advanced(by: .nanoseconds(1))
        #expect(throttle.wait(for: network, now: now) == nil)
        #expect(throttle.wait(for: network, now: now) == .seconds(6))
        now = now.advanced(by: .seconds(3600))
        for _ in 0..<3 { #expect(throttle.wait(for: network, now: now) == nil) }
        #expect(throttle.wait(for: network, now: now) != nil, "a long silence gives no more than the burst")
    }

    @Test("one network's wrong keys cost another one nothing, however many they are")
    func ofOthers() {
        var throttle = WrongKeyThrottle(Self.settings())
        for _ in 0..<100_000 { _ = throttle.wait(for: Self.network(1), now: Self.start) }
        #expect(throttle.count == 1)
        for number in 2..<500 { #expect(throttle.wait(for: Self.network(number), now: Self.start) == nil) }
    }

    @Test("an IPv4 address, the first 64 bits of an IPv6 address, and all that are not known are one each")
    func networks() {
        let groups = [
            ["192.0.2.1", "::ffff:192.0.2.1", "::FFFF:c000:201"], ["192.0.2.2"], ["2001:db8::1", "2001:db8::7:7:7:7"],
            ["2001:db8:0:1::1"], ["fe80::1"], ["::1"], ["0.0.0.0"], ["", "unix:", "1.2.3", "_hidden", "[]", "%"],
        ]
        var throttle = WrongKeyThrottle(Self.settings())
        for (number, group) in groups.enumerated() {
            for round in 0..<4 {
                let wait = throttle.wait(for: IPAddress(group[round % group.count]), now: Self.start)
                #expect((wait == nil) == (round < 3), "\(group), \(round)")
            }
            #expect(throttle.count == number + 1)
        }
    }

    @Test("who comes from very many networks meets the limit of all; the table keeps its bound")
    func ofAll() {
        var throttle = WrongKeyThrottle(Self.settings(networks: 64, all: 100))
        let admitted = (0..<100_000).count { throttle.wait(for: Self.network($0), now: Self.start) == nil }
        #expect(admitted == 100)
        #expect(throttle.count == 64)
        let later = Self.start.advanced(by: .milliseconds(10))
        #expect(throttle.wait(for: Self.network(200_000), now: later) == nil)
        #expect(throttle.wait(for: Self.network(200_001), now: later) == .milliseconds(10))
    }

    @Test("of a full table the network that was silent for longest is forgotten")
    func forgetting() {
        var throttle = WrongKeyThrottle(Self.settings(networks: 3))
        for number in 0..<3 {
            for _ in 0..<3 { _ = throttle.wait(for: Self.network(number), now: Self.start) }
        }
        // 0 speaks again, so 1 has been silent for longest when 3 comes.
        #expect(throttle.wait(for: Self.network(0), now: Self.start) != nil)
        #expect(throttle.wait(for: Self.network(3), now: Self.start) == nil)
        #expect(throttle.count == 3)
        #expect(throttle.wait(for: Self.network(0), now: Self.start) != nil)
        #expect(throttle.wait(for: Self.network(2), now: Self.start) != nil)
        #expect(throttle.wait(for: Self.network(1), now: Self.start) == nil, "it was forgotten")
    }

    @Test("against a table that forgets nothing, it never admits more, over seeded schedules")
    func properties() {
        for seed in 0..<30 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            var throttle = WrongKeyThrottle(Self.settings(networks: 100, all: 1_000_000))
            var admitted: [Int: [Instant]] = [:]
            var now = Self.start
            for _ in 0..<2000 {
                now = now.advanced(by: .milliseconds(Int.random(in: 0..<400, using: &generator)))
                let number = Int.random(in: 0..<20, using: &generator)
                if throttle.wait(for: Self.network(number), now: now) == nil {
                    admitted[number, default: []].append(now)
                }
            }
            for times in admitted.values {
                // In no stretch of time more than the burst and what came back meanwhile.
                for (first, begin) in times.enumerated() {
                    for last in first..<min(times.count, first + 20) {
                        let seconds = times[last].since(begin).seconds
                        #expect(Double(last - first + 1) <= 3 + seconds / 6 + 0.000_001)
                    }
                }
            }
            #expect(admitted.values.map(\.count).min() ?? 0 > 20, "nobody is locked out for good")
        }
    }

    @Test("nonsense in the settings and a clock at its end trap nothing")
    func extremes() {
        var settings = WrongKeyThrottle.Settings()
        settings.network = .init(burst: -1, every: .seconds(-5))
        settings.all = .init(burst: .max, every: .seconds(Int64.max / 1_000_000_000_000))
        settings.networks = -3
        var throttle = WrongKeyThrottle(settings)
        for now in [Instant(nanoseconds: 0), Instant(nanoseconds: .max), Instant(nanoseconds: 5)] {
            _ = throttle.wait(for: Self.network(1), now: now)
            _ = throttle.wait(for: Self.network(2), now: now)
        }
        #expect(throttle.count == 1)
    }
}
