import Base
import Testing

@testable import Transport

@Suite struct AcceptBackoffTests {
    private func at(_ milliseconds: UInt64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    @Test func `connections wait for a second before they are turned away, and anew after a success`() {
        var backoff = AcceptBackoff()
        for round in 0..<3 {
            for number in 1..<AcceptBackoff.patience {
                #expect(!backoff.failed(at: at(UInt64(number) * 100)).turnsAway, "\(round) \(number)")
            }
            #expect(backoff.failed(at: at(1000)).turnsAway)
            #expect(backoff.failed(at: at(1100)).turnsAway)
            backoff.succeeded()
        }
    }

    @Test func `somebody is told once a minute, however it flickers`() {
        var backoff = AcceptBackoff()
        var told: [UInt64] = []
        for time in stride(from: UInt64(0), through: 200_000, by: 100) {
            if backoff.failed(at: at(time)).tells { told.append(time) }
            if time % 300 == 0 { backoff.succeeded() }
        }
        #expect(told == [0, 60_000, 120_000, 180_000])
    }
}
