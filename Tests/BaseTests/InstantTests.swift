import Base
import Testing

@Suite("Instants and durations")
struct InstantTests {
    static let durations: [(duration: Duration, nanoseconds: Int64)] = [
        (.zero, 0), (.nanoseconds(1), 1), (.nanoseconds(-1), -1), (.milliseconds(1500), 1_500_000_000),
        (.seconds(Int64.max), .max), (.seconds(Int64.min), .min), (.seconds(9_223_372_036), 9_223_372_036_000_000_000),
        (.seconds(9_223_372_037), .max), (Duration(secondsComponent: 0, attosecondsComponent: 1_999_999_999), 1),
        (Duration(secondsComponent: 0, attosecondsComponent: -1_999_999_999), -1),
    ]

    @Test("a duration is nanoseconds, clamped to what 64 bits hold", arguments: durations)
    func nanoseconds(_ row: (duration: Duration, nanoseconds: Int64)) {
        #expect(row.duration.saturatingNanoseconds == row.nanoseconds)
    }

    @Test("every length of a duration is divided alike, towards zero")
    func division() {
        // 2⁷² attoseconds are 78 minutes, from where on another division is used.
        let turn = Int128(1) << 72
        var generator = SeededGenerator(seed: 5)
        var all = [turn - 1, turn, turn + 1, turn - 512, turn - 513, -turn, -turn - 1, -turn + 1]
        for shift in 0..<120 {
            all.append((Int128(generator.next() >> 1) << 56) >> Int128(shift))
            all.append(-((Int128(generator.next() >> 1) << 56) >> Int128(shift)))
        }
        for attoseconds in all {
            let expected = Int64(clamping: attoseconds / 1_000_000_000)
            #expect(Duration(attoseconds: attoseconds).saturatingNanoseconds == expected)
        }
    }

    @Test("going on by what lies between two instants leads from one to the other")
    func roundTrip() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<1000 {
            let (a, b) = (Instant(nanoseconds: generator.next() >> 2), Instant(nanoseconds: generator.next() >> 2))
            #expect(a.advanced(by: b.since(a)) == b)
        }
    }

    @Test("no duration leads beyond either end")
    func ends() {
        #expect(Instant(nanoseconds: 5).advanced(by: .seconds(-1)) == Instant(nanoseconds: 0))
        #expect(Instant(nanoseconds: .max - 5).advanced(by: .seconds(1)) == Instant(nanoseconds: .max))
        #expect(Instant(nanoseconds: .max).since(Instant(nanoseconds: 0)) == .nanoseconds(Int64.max))
        #expect(Instant(nanoseconds: 0).since(Instant(nanoseconds: .max)) == .nanoseconds(-Int64.max))
    }
}
