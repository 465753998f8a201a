import Base
import Resilience
import Testing

@Suite("Time limits") struct TimeoutsTests {
    @Test("the defaults are those of the documentation, and have no faults") func defaults() {
        let timeouts = Timeouts()
        #expect(timeouts.connect == .seconds(5) && timeouts.firstByte == .seconds(30))
        #expect(timeouts.firstToken == .seconds(30) && timeouts.betweenTokens == .seconds(30))
        #expect(timeouts.total == .seconds(300) && timeouts.minimum == .milliseconds(200))
        #expect(timeouts.faults.isEmpty)
        // A first token is often wanted sooner than a provider that only began would be given up.
        #expect(Timeouts(firstToken: .seconds(3)).faults.isEmpty)
        #expect(Timeouts(total: .seconds(30), minimum: .zero).faults.isEmpty)
    }

    static let wrong: [(timeouts: Timeouts, keys: [String])] = [
        (Timeouts(total: .milliseconds(29_999)), ["total", "total", "total"]),
        (Timeouts(firstToken: .seconds(301)), ["total"]), (Timeouts(connect: .seconds(301)), ["total"]),
        (Timeouts(connect: .zero), ["connect"]), (Timeouts(firstByte: .seconds(-1)), ["first_byte"]),
        (Timeouts(firstToken: .nanoseconds(999_999)), ["first_token"]),
        (Timeouts(betweenTokens: .seconds(86_401), total: .seconds(86_400)), ["between_tokens", "total"]),
        (Timeouts(total: .seconds(Int64.max)), ["total"]), (Timeouts(minimum: .seconds(-1)), ["minimum"]),
        (Timeouts(minimum: .seconds(301)), ["minimum"]), (Timeouts(minimum: .seconds(300)), ["minimum"]),
        (Timeouts(minimum: .seconds(150)), ["minimum"]), (Timeouts(minimum: .milliseconds(149_999)), []),
        (Timeouts(total: .zero), ["total", "total", "total", "total", "total", "minimum"]),
    ]

    @Test("every fault is told by the name of its setting, and no limits make a clock trap", arguments: wrong)
    func faults(_ row: (timeouts: Timeouts, keys: [String])) throws {
        #expect(row.timeouts.faults.map(\.key) == row.keys)
        for start in [0, 1 << 40, UInt64.max - 1, .max] {
            var clock = try AttemptClock(row.timeouts, now: Instant(nanoseconds: start))
            for event in [AttemptClock.Event.reading, .connected, .byte, .token, .token] {
                #expect((clock.next?.at.nanoseconds ?? 0) >= start)
                clock.record(event, now: Instant(nanoseconds: .max))
            }
            #expect(clock.expired(now: Instant(nanoseconds: .max)) != nil)
        }
    }

    @Test("a fault says what would be right") func sentences() {
        let sentences = Timeouts(total: .seconds(10)).faults.map(\.sentence)
        #expect(sentences.count == 3)
        #expect(sentences.contains { $0.contains("10") && $0.contains("first_token") && $0.contains("30") })
    }

    static let codes: [(limit: TimeLimit, code: ErrorCode)] = [
        (.connect, .providerTimeout), (.firstByte, .providerTimeout), (.firstToken, .providerTimeout),
        (.betweenTokens, .providerTimeout), (.total, .providerTimeout), (.deadline, .deadlineExceeded),
    ]

    @Test("a limit is the provider's fault, but for the run's deadline", arguments: codes)
    func errors(_ row: (limit: TimeLimit, code: ErrorCode)) {
        #expect(row.limit.error.code == row.code)
        let words = row.limit.rawValue.split(separator: "_").joined(separator: " ")
        if row.limit != .deadline { #expect(row.limit.error.message.contains("(\(words))")) }
        #expect(TimeLimit(row.limit.error) == row.limit)
        var said = row.limit.error
        said.message = "Another sentence."
        #expect(TimeLimit(said) == row.limit)
        said.code = .providerFailed
        #expect(TimeLimit(said) == nil)
    }

    @Test(
        "a timeout that is not one of ours is no limit",
        arguments: [
            (.providerTimeout, nil), (.providerTimeout, "status 504"), (.providerTimeout, "limit"),
            (.providerTimeout, "limit "), (.providerTimeout, "limit first token"), (.providerTimeout, "first_token"),
            (.providerTimeout, "limit deadline"), (.deadlineExceeded, nil), (.deadlineExceeded, "limit total"),
        ] as [(ErrorCode, String?)])
    func others(code: ErrorCode, detail: String?) {
        #expect(TimeLimit(CodedError(code, "x", detail: detail)) == nil)
    }
}
