import Base
import Resilience
import Testing

@Suite("A breaker under another policy")
struct BreakerAdoptTests {
    private func at(_ seconds: Int) -> Instant { Instant(nanoseconds: UInt64(seconds) * 1_000_000_000) }

    private func fail(_ breaker: inout Breaker, _ count: Int, at second: Int) {
        for _ in 0..<count {
            guard case .passed(let ticket) = breaker.admit(now: at(second)) else { return }
            breaker.record(ticket, .failure(.providerFailed), now: at(second))
        }
    }

    @Test("what is open stays open for the time that it was given, and opens the next time for the new one")
    func open() {
        var breaker = Breaker(BreakerPolicy(failures: 2, reset: .seconds(30)))
        fail(&breaker, 2, at: 1)
        #expect(breaker.state == .open(until: at(31)))
        breaker.adopt(BreakerPolicy(failures: 2, reset: .seconds(5)), now: at(2))
        #expect(breaker.state == .open(until: at(31)) && breaker.lastError == .providerFailed)
        guard case .probe(let probe) = breaker.admit(now: at(31)) else {
            Issue.record("no probe")
            return
        }
        breaker.record(probe, .failure(.providerFailed), now: at(31))
        #expect(breaker.state == .open(until: at(36)))
    }

    @Test("failures in a row are counted on, and the new number of them opens it")
    func row() {
        var breaker = Breaker(BreakerPolicy(failures: 5))
        fail(&breaker, 3, at: 1)
        breaker.adopt(BreakerPolicy(failures: 4), now: at(1))
        #expect(breaker.state == .closed)
        fail(&breaker, 1, at: 1)
        #expect(breaker.state.name == "open")
    }

    @Test("a call that was admitted before counts, unless the mode is another")
    func tickets() throws {
        for (mode, expected) in [(BreakerMode.automatic, "open"), (.forcedClosed, "forced_closed")] {
            var breaker = Breaker(BreakerPolicy(failures: 1))
            guard case .passed(let ticket) = breaker.admit(now: at(1)) else { continue }
            breaker.adopt(BreakerPolicy(failures: 1, window: .seconds(3), mode: mode), now: at(2))
            breaker.record(ticket, .failure(.providerFailed), now: at(3))
            #expect(breaker.state.name == expected)
        }
    }

    @Test("another mode begins anew, the same policy changes nothing, and a wrong one is taken as the nearest")
    func modes() {
        var breaker = Breaker(BreakerPolicy(failures: 1))
        fail(&breaker, 1, at: 1)
        let before = breaker
        breaker.adopt(BreakerPolicy(failures: 1), now: at(1))
        #expect(breaker.state == before.state && breaker.transitionCount == before.transitionCount)
        breaker.adopt(BreakerPolicy(failures: 1, mode: .forcedClosed), now: at(1))
        #expect(breaker.state == .forcedClosed)
        breaker.adopt(BreakerPolicy(failures: -7), now: at(1))
        #expect(breaker.state == .closed)
        fail(&breaker, 1, at: 1)
        #expect(breaker.state.name == "open")
    }
}
