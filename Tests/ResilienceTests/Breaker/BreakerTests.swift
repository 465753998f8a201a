import Base
import Resilience
import Testing

@Suite("Breaker") struct BreakerTests {
    /// A breaker and its clock; waits in seconds, to the millisecond.
    struct Bench {
        var breaker: Breaker
        var now = Instant(nanoseconds: 100_000_000_000)

        init(_ policy: BreakerPolicy = BreakerPolicy()) { breaker = Breaker(policy) }

        mutating func wait(_ seconds: Double) {
            now = now.advanced(by: .milliseconds(Int64((seconds * 1000).rounded())))
        }

        mutating func admit() -> Breaker.Admission { breaker.admit(now: now) }

        mutating func ticket() throws -> Breaker.Ticket {
            switch admit() {
            case .passed(let ticket), .probe(let ticket): return ticket
            case .refused(let refusal): throw refusal
            }
        }

        mutating func call(_ outcome: Breaker.Outcome) throws {
            breaker.record(try ticket(), outcome, now: now)
        }

        mutating func calls(_ count: Int, _ outcome: Breaker.Outcome) throws {
            for _ in 0..<count { try call(outcome) }
        }

        mutating func end(_ ticket: Breaker.Ticket, _ outcome: Breaker.Outcome) {
            breaker.record(ticket, outcome, now: now)
        }

        var isClosed: Bool { breaker.state == .closed }
        var cause: Breaker.Cause? { breaker.history.last?.cause }
    }

    static let failure = Breaker.Outcome.failure(.providerFailed)
    static let fast = Breaker.Outcome.success(after: .seconds(1))
    static let slow = Breaker.Outcome.success(after: .seconds(21))

    @Test("opens with the fifth failure in a row, not with the fourth, and says how long to wait") func row() throws {
        var bench = Bench()
        try bench.calls(4, Self.failure)
        #expect(bench.isClosed)
        try bench.call(Self.fast)
        try bench.calls(4, Self.failure)
        #expect(bench.isClosed)
        try bench.call(.failure(.providerTimeout))
        #expect(bench.breaker.state == .open(until: bench.now.advanced(by: .seconds(30))))
        #expect(bench.cause == .consecutiveFailures)
        bench.wait(12)
        guard case .refused(let refusal) = bench.admit() else { throw CancellationError() }
        #expect(refusal == CallRefusal(reason: .open, wait: .seconds(18), lastError: .providerTimeout))
        #expect(refusal.error(of: "a/b").retryAfter == .seconds(18))
    }

    @Test("opens at exactly the failure rate, at any rate with two decimals", arguments: 1...100)
    func failureRate(_ percent: Int) throws {
        var bench = Bench(BreakerPolicy(failures: 1_000, failureRate: Double(percent) / 100, minimum: 100))
        try bench.calls(percent - 1, Self.failure)
        try bench.calls(99 - (percent - 1), Self.fast)
        // 99 calls are too few, whatever they say; the hundredth brings the rate, or leaves it just below.
        #expect(bench.isClosed)
        var below = bench
        try below.call(Self.fast)
        #expect(below.isClosed)
        try bench.call(Self.failure)
        #expect(bench.cause == .failureRate)
    }

    @Test("opens on slow calls without a single error") func slowCalls() throws {
        var bench = Bench()
        try bench.calls(4, Self.fast)
        try bench.calls(15, Self.slow)
        #expect(bench.isClosed)
        var below = bench
        try below.call(.success(after: .seconds(20)))
        #expect(below.isClosed, "twenty seconds are not slow, more are")
        try bench.call(Self.slow)
        #expect(bench.cause == .slowRate)
        #expect(bench.breaker.lastError == nil)
    }

    @Test("forgets calls when they leave the window, a tenth at a time") func window() throws {
        var bench = Bench(BreakerPolicy(failures: 1_000, minimum: 20))
        try bench.calls(19, Self.failure)
        bench.wait(9.9)
        var inside = bench
        try inside.call(Self.failure)
        #expect(!inside.isClosed)
        bench.wait(0.1)
        try bench.calls(19, Self.failure)
        #expect(bench.isClosed)
        bench.wait(1e9)
        try bench.calls(19, Self.failure)
        #expect(bench.isClosed)
        try bench.call(Self.failure)
        #expect(!bench.isClosed)
    }

    @Test("cancellations and faults of callers neither open it nor mend a row of failures") func ignored() throws {
        var bench = Bench()
        try bench.calls(1_000, .ignored)
        try bench.calls(4, Self.failure)
        try bench.calls(1_000, .ignored)
        #expect(bench.isClosed)
        try bench.call(Self.failure)
        #expect(!bench.isClosed)
    }

    private func opened(_ policy: BreakerPolicy = BreakerPolicy()) throws -> Bench {
        var bench = Bench(policy)
        try bench.calls(5, Self.failure)
        return bench
    }

    @Test("of 1,000 callers at half-open one is the probe; its success lets all through") func oneProbe() throws {
        var bench = try opened()
        bench.wait(30)
        var probes: [Breaker.Ticket] = []
        for _ in 0..<1_000 {
            switch bench.admit() {
            case .probe(let ticket): probes.append(ticket)
            case .passed: Issue.record("nobody passes")
            case .refused(let refusal): #expect(refusal.reason == .probing && refusal.wait == .seconds(1))
            }
        }
        #expect(probes.count == 1)
        bench.end(try #require(probes.first), Self.fast)
        #expect(bench.isClosed)
        try bench.calls(1_000, Self.fast)
    }

    @Test("the first two re-openings last as long as the first opening, later ones double up to the limit")
    func reopenings() throws {
        var bench = try opened()
        for seconds in [30.0, 30, 30, 60, 120, 240, 300, 300, 300] {
            #expect(bench.breaker.state == .open(until: bench.now.advanced(by: .seconds(seconds))))
            bench.wait(seconds - 0.001)
            #expect(throws: CallRefusal.self) { _ = try bench.ticket() }
            bench.wait(0.001)
            try bench.call(Self.failure)
        }
        bench.wait(300)
        try bench.call(Self.fast)
        try bench.calls(5, Self.failure)
        #expect(bench.breaker.state == .open(until: bench.now.advanced(by: .seconds(30))), "a success starts it over")
    }

    @Test("a probe that hangs has failed at the end of its lease, whenever somebody looks") func hungProbe() throws {
        var bench = try opened()
        bench.wait(30)
        let hung = try bench.ticket()
        bench.wait(59.999)
        #expect(throws: CallRefusal.self) { _ = try bench.ticket() }
        bench.wait(20.001)
        // The lease ended 20 s ago: 10 of the 30 are left.
        guard case .refused(let refusal) = bench.admit() else { throw CancellationError() }
        #expect(refusal.reason == .open && refusal.wait == .seconds(10))
        #expect(bench.cause == .probeHung)
        bench.wait(10)
        let second = try bench.ticket()
        bench.end(hung, Self.fast)
        #expect(!bench.isClosed, "the late word of a probe that lost its lease moves nothing")
        bench.end(second, Self.fast)
        #expect(bench.isClosed)
    }

    @Test("after a cancelled probe the next caller probes at once; three in a row open it again, for no longer")
    func cancelledProbes() throws {
        var bench = try opened()
        for _ in 0..<9 {
            bench.wait(30)
            for _ in 0..<3 {
                guard case .probe(let ticket) = bench.admit() else { throw CancellationError() }
                bench.end(ticket, .ignored)
            }
            #expect(bench.cause == .probesUndecided)
            #expect(bench.breaker.state == .open(until: bench.now.advanced(by: .seconds(30))))
        }
        bench.wait(30)
        try bench.call(.ignored)
        try bench.call(Self.fast)
        #expect(bench.isClosed)
    }

    @Test("a slow probe has failed") func slowProbe() throws {
        var bench = try opened()
        bench.wait(30)
        try bench.call(Self.slow)
        #expect(bench.cause == .probeSlow)
        bench.wait(30)
        let ticket = try bench.ticket()
        _ = bench.breaker.begin(ticket, after: .seconds(21), now: bench.now)
        #expect(bench.cause == .probeSlow && !bench.isClosed)
    }

    @Test("late results of calls from before it opened move nothing") func lateResults() throws {
        var bench = Bench()
        let early = try (0..<100).map { _ in try bench.ticket() }
        try bench.calls(5, Self.failure)
        let state = bench.breaker.state
        for ticket in early.prefix(50) { bench.end(ticket, Self.fast) }
        for ticket in early.suffix(50).prefix(25) { bench.end(ticket, Self.failure) }
        #expect(bench.breaker.state == state)
        bench.wait(30)
        let probe = try bench.ticket()
        for ticket in early.suffix(25) { bench.end(ticket, Self.failure) }
        bench.end(probe, Self.fast)
        #expect(bench.isClosed)
        for ticket in early { bench.end(ticket, Self.failure) }
        #expect(bench.isClosed)
    }

    @Test(
        "a probe's first token closes it; should that answer break off, it opens again at once, for longer and longer")
    func trial() throws {
        var bench = try opened()
        for seconds in [30.0, 30, 30, 60, 120] {
            #expect(bench.breaker.state == .open(until: bench.now.advanced(by: .seconds(seconds))))
            bench.wait(seconds)
            let trial = bench.breaker.begin(try bench.ticket(), after: .seconds(1), now: bench.now)
            #expect(bench.isClosed)
            try bench.call(.ignored)
            bench.end(trial, .failure(.providerStreamBroken))
            #expect(bench.cause == .probeFailed)
        }
        bench.wait(240)
        let trial = bench.breaker.begin(try bench.ticket(), after: .seconds(1), now: bench.now)
        try bench.call(Self.fast)
        bench.end(trial, .failure(.providerStreamBroken))
        #expect(bench.isClosed, "somebody else's whole answer has confirmed it")
        bench.wait(500)
        #expect(bench.isClosed, "an answer of minutes holds no lease")
    }

    @Test("forced, it decides nothing; set free, it begins anew") func forced() throws {
        var bench = Bench()
        bench.breaker.force(.forcedOpen, now: bench.now)
        bench.wait(1e9)
        guard case .refused(let refusal) = bench.admit() else { throw CancellationError() }
        #expect(refusal.reason == .forcedOpen && refusal.wait == nil)
        bench.breaker.force(.forcedClosed, now: bench.now)
        try bench.calls(100, Self.failure)
        #expect(bench.breaker.state == .forcedClosed && bench.breaker.lastError == .providerFailed)
        let old = try bench.ticket()
        bench.breaker.force(.automatic, now: bench.now)
        try bench.calls(4, Self.failure)
        bench.end(old, Self.failure)
        #expect(bench.isClosed, "nothing counts from before")
        let before = bench.breaker
        bench.breaker.force(.automatic, now: bench.now)
        #expect(bench.breaker.transitionCount == before.transitionCount, "the mode that it has changes nothing")
        try bench.call(Self.failure)
        #expect(!bench.isClosed)
        #expect(Breaker(BreakerPolicy(mode: .forcedOpen)).state == .forcedOpen)
    }

    @Test("remembers the last 32 transitions with their numbers") func history() throws {
        var bench = Bench(BreakerPolicy(failures: 1))
        for _ in 0..<50 {
            try bench.call(Self.failure)
            bench.wait(30)
            try bench.call(Self.fast)
        }
        #expect(bench.breaker.transitionCount == 150)
        #expect(bench.breaker.history.map(\.number) == Array(119...150))
        #expect(bench.breaker.history.suffix(3).map(\.to.name) == ["open", "half_open", "closed"])
        #expect(bench.breaker.history.suffix(3).map(\.cause) == [.consecutiveFailures, .probeDue, .probeSucceeded])
        #expect(zip(bench.breaker.history, bench.breaker.history.dropFirst()).allSatisfy { $0.at <= $1.at })
    }
}
