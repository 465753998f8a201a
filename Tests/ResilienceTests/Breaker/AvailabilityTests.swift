import Base
import Resilience
import Testing

@Suite("Breaker and cooldown together") struct AvailabilityTests {
    private let start = Instant(nanoseconds: 1_000_000_000_000)
    private func at(_ seconds: Int64) -> Instant { start.advanced(by: .seconds(seconds)) }

    private func end(_ availability: inout Availability, _ end: CallEnd, now: Instant) throws {
        switch availability.admit(now: now) {
        case .passed(let ticket), .probe(let ticket): availability.record(ticket, end, now: now)
        case .refused(let refusal): throw refusal
        }
    }

    @Test("a thousand 429s open no breaker, and five failures do") func rateLimits() throws {
        var availability = Availability()
        for second in 0..<1_000 { try end(&availability, .rateLimited(retryAfter: 1), now: at(Int64(second))) }
        #expect(availability.breaker.state == .closed)
        for _ in 0..<5 { try end(&availability, .failed(.providerFailed), now: at(2_000)) }
        #expect(availability.breaker.state.name == "open")
    }

    @Test("while it cools, no probe is spent; of two reasons the longer one is told") func both() throws {
        var availability = Availability()
        var tickets: [Breaker.Ticket] = []
        for _ in 0..<6 { if case .passed(let ticket) = availability.admit(now: start) { tickets.append(ticket) } }
        for ticket in tickets.prefix(5) { availability.record(ticket, .failed(.providerFailed), now: start) }
        // A late 429 still says what the provider wants.
        let cooling = availability.record(try #require(tickets.last), .rateLimited(retryAfter: 90), now: start)
        #expect(cooling?.wait == .seconds(90))
        #expect(
            availability.refusal(now: at(1))
                == CallRefusal(reason: .rateLimited, wait: .seconds(89), lastError: .providerFailed))
        for _ in 0..<9 {
            guard case .refused = availability.admit(now: at(60)) else { throw CancellationError() }
        }
        #expect(availability.breaker.transitionCount == 1, "nobody has probed")
        guard case .probe = availability.admit(now: at(90)) else { throw CancellationError() }
        availability.record(try #require(tickets.first), .rateLimited(retryAfter: 2), now: at(90))
        guard case .refused(let refusal) = availability.admit(now: at(90)) else { throw CancellationError() }
        #expect(refusal.reason == .rateLimited)
        availability.force(.forcedOpen, now: at(90))
        #expect(availability.refusal(now: at(90))?.reason == .forcedOpen)
        availability.force(.forcedClosed, now: at(90))
        #expect(
            availability.refusal(now: at(90))?.reason == .rateLimited, "what the provider asks for holds in every mode")
        availability.reset(BreakerPolicy(), cooldown: CooldownPolicy(), now: at(90))
        #expect(availability.refusal(now: at(90)) == nil)
    }

    @Test("a refused call takes nothing from what is left") func left() throws {
        var availability = Availability(BreakerPolicy(failures: 1))
        availability.note(remaining: 2, reset: 60, now: start)
        try end(&availability, .failed(.providerFailed), now: start)
        for _ in 0..<100 { _ = availability.admit(now: at(1)) }
        try end(&availability, .succeeded(after: .zero), now: at(30))
        #expect(availability.refusal(now: at(30))?.reason == .spent)
    }

    @Test("what an error counts as follows from whose fault it is, for every code of the table")
    func meanings() {
        let counting: Set<ErrorCode> = [
            .providerUnreachable, .providerFailed, .providerOverloaded, .providerInvalidAnswer, .providerStreamBroken,
            .providerTimeout,
        ]
        for code in ErrorCode.all {
            let end = CallEnd(CodedError(code, "", retryAfter: .milliseconds(1500)))
            switch code {
            case .providerRateLimited: #expect(end == .rateLimited(retryAfter: 1.5))
            case .providerRejectedKey: #expect(end == .rejectedKey)
            default: #expect(end == (counting.contains(code) ? .failed(code) : .neutral), "\(code)")
            }
        }
        #expect(CallEnd(CancellationError()) == .neutral)
        struct Unknown: Error {}
        #expect(CallEnd(Unknown()) == .failed(.providerFailed))
        #expect(CallEnd(CallRefusal(reason: .open, wait: nil)) == .neutral)
    }
}
