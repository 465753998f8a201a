import Base
import Resilience
import Testing

@Suite("Clock of an attempt") struct AttemptClockTests {
    private let start = Instant(nanoseconds: 1_000_000_000_000)
    private let timeouts = Timeouts(
        connect: .seconds(2), firstByte: .seconds(6), firstToken: .seconds(10), betweenTokens: .seconds(4),
        total: .seconds(60), minimum: .seconds(1))

    private func at(_ seconds: Double) -> Instant { start.advanced(by: .nanoseconds(Int64((seconds * 1e9).rounded()))) }

    private func clock(deadline: Double? = nil, isLast: Bool = false, isStream: Bool = true) throws -> AttemptClock {
        try AttemptClock(
            timeouts, now: start, deadline: deadline.map(at), isLast: isLast, isStream: isStream)
    }

    private func expect(_ clock: AttemptClock, _ limit: TimeLimit?, _ seconds: Double = 0) {
        #expect(clock.next?.limit == limit)
        if limit != nil { #expect(clock.next?.at == at(seconds)) }
    }

    @Test("each phase has its limit, counted from where it begins") func phases() throws {
        var clock = try clock()
        expect(clock, .connect, 2)
        clock.record(.connected, now: at(1))
        expect(clock, .firstByte, 6)
        clock.record(.byte, now: at(5))
        expect(clock, .firstToken, 10)
        clock.record(.token, now: at(9))
        expect(clock, .betweenTokens, 13)
        clock.record(.token, now: at(12))
        expect(clock, .betweenTokens, 16)
        // Signs of life are no tokens.
        clock.record(.byte, now: at(15))
        clock.record(.connected, now: at(15))
        expect(clock, .betweenTokens, 16)
        clock.record(.token, now: at(58))
        expect(clock, .total, 60)
        clock.record(.done, now: at(59))
        expect(clock, nil)
        #expect(clock.expired(now: at(1000)) == nil)
        clock.record(.token, now: at(1000))
        expect(clock, nil)
    }

    @Test("a later phase contains the earlier ones") func skipping() throws {
        var reused = try clock()
        reused.record(.byte, now: at(0.1))
        expect(reused, .firstToken, 10)
        var quick = try clock()
        quick.record(.token, now: at(0.1))
        expect(quick, .betweenTokens, 4.1)
    }

    @Test("the first-token limit does not hold for the last target, the others do") func last() throws {
        var clock = try clock(isLast: true)
        expect(clock, .connect, 2)
        clock.record(.connected, now: at(1))
        expect(clock, .firstByte, 6)
        clock.record(.byte, now: at(3))
        expect(clock, .total, 60)
        clock.record(.token, now: at(40))
        expect(clock, .betweenTokens, 44)
    }

    @Test("an answer that comes whole has a limit for the connection and for all of it") func whole() throws {
        var clock = try clock(isStream: false)
        expect(clock, .connect, 2)
        clock.record(.connected, now: at(1))
        expect(clock, .total, 60)
        clock.record(.token, now: at(50))
        expect(clock, .total, 60)
    }

    @Test("a reader who pauses takes its own time, not the provider's") func reading() throws {
        var clock = try clock()
        clock.record(.token, now: at(1))
        clock.record(.reading, now: at(30))
        expect(clock, .betweenTokens, 34)
        clock.record(.token, now: at(31))
        expect(clock, .betweenTokens, 35)
        // Before the first token it changes nothing.
        var early = try self.clock()
        early.record(.reading, now: at(9))
        expect(early, .connect, 2)
    }

    @Test("signs of life win no time, however often the reader takes them") func signsOfLife() throws {
        var clock = try clock()
        clock.record(.token, now: at(1))
        // A ping every second, each looked at for half a second.
        for second in 2...4 {
            clock.record(.paused, now: at(Double(second)))
            clock.record(.reading, now: at(Double(second) + 0.5))
        }
        expect(clock, .betweenTokens, 6.5)
        #expect(clock.expired(now: at(6.5)) == .betweenTokens)
        // A pause that a token ends, by whoever tells it, is not counted twice, and one without an end not at all.
        var other = try self.clock()
        other.record(.token, now: at(1))
        other.record(.paused, now: at(2))
        other.record(.token, now: at(8))
        other.record(.reading, now: at(9))
        expect(other, .betweenTokens, 13)
        other.record(.paused, now: at(10))
        other.record(.reading, now: at(9))
        expect(other, .betweenTokens, 13)
    }

    @Test("what the client keeps ends with the first limit that it is in") func ends() throws {
        let open = try clock()
        #expect(open.connectionEnd == at(2) && open.headEnd == at(6) && open.end == (.total, at(60)))
        let short = try clock(deadline: 1.5)
        #expect(short.connectionEnd == at(1.5) && short.headEnd == at(1.5) && short.end == (.deadline, at(1.5)))
        let whole = try clock(isStream: false)
        #expect(whole.connectionEnd == at(2) && whole.headEnd == at(60))
        let hasty = try AttemptClock(
            Timeouts(connect: .seconds(5), firstToken: .seconds(1)), now: start)
        #expect(hasty.connectionEnd == at(1) && hasty.headEnd == at(1))
        #expect(try AttemptClock(Timeouts(firstToken: .seconds(1)), now: start, isLast: true).headEnd == at(30))
    }

    @Test("the run's deadline caps every phase") func deadline() throws {
        var clock = try clock(deadline: 5)
        expect(clock, .connect, 2)
        clock.record(.connected, now: at(1))
        expect(clock, .deadline, 5)
        clock.record(.token, now: at(2))
        expect(clock, .deadline, 5)
        #expect(clock.expired(now: at(5)) == .deadline)
        // Of two that end together the provider's says more.
        var both = try self.clock(deadline: 60)
        both.record(.token, now: at(59))
        expect(both, .total, 60)
    }

    @Test("no attempt begins with less than its minimum left") func minimum() throws {
        #expect(try clock(deadline: 1).next != nil)
        for seconds in [0.999_999_999, 0.5, 0, -1, -500] {
            #expect(throws: CodedError.self) { try clock(deadline: seconds) }
        }
        do {
            _ = try clock(deadline: 0.5)
        } catch {
            #expect((error as? CodedError)?.code == .deadlineExceeded)
        }
        // None at all is too little also without a minimum.
        #expect(throws: CodedError.self) { try AttemptClock(Timeouts(minimum: .zero), now: start, deadline: start) }
    }

    @Test("a limit runs out exactly at its end, stays run out, and what comes later changes nothing")
    func expiry() throws {
        var clock = try clock()
        #expect(clock.expired(now: at(1.999_999_999)) == nil)
        #expect(clock.expired(now: at(2)) == .connect)
        clock.record(.token, now: at(2))
        #expect(clock.expired(now: at(0)) == .connect && clock.next == nil)
        // Nobody has asked in time: the answer that is there counts.
        var late = try self.clock()
        late.record(.token, now: at(11))
        #expect(late.expired(now: at(14.9)) == nil)
        #expect(late.expired(now: at(15)) == .betweenTokens)
        // Asked very late, it tells the limit that was the first.
        var asleep = try self.clock()
        #expect(asleep.expired(now: at(1e6)) == .connect)
    }

    /// The limits as they follow from everything that has happened so far.
    private func expected(
        _ log: [(event: AttemptClock.Event, now: Instant)], deadline: Instant?, isLast: Bool, isStream: Bool
    ) -> (TimeLimit, Instant)? {
        let events = log.map(\.event)
        if events.contains(.done) { return nil }
        let hasToken = events.contains(.token)
        let hasByte = hasToken || events.contains(.byte)
        let hasConnection = hasByte || events.contains(.connected)
        var limits: [(TimeLimit, Instant)] = []
        if !hasConnection { limits.append((.connect, start.advanced(by: timeouts.connect))) }
        if !hasByte, isStream { limits.append((.firstByte, start.advanced(by: timeouts.firstByte))) }
        if !hasToken, isStream, !isLast { limits.append((.firstToken, start.advanced(by: timeouts.firstToken))) }
        if hasToken, isStream {
            limits.append((.betweenTokens, silenceBegan(log).advanced(by: timeouts.betweenTokens)))
        }
        limits.append((.total, start.advanced(by: timeouts.total)))
        if let deadline { limits.append((.deadline, deadline)) }
        let first = limits.map(\.1).min() ?? start
        return limits.first { $0.1 == first }
    }

    /// The last token, and as much later as the reader was away since; a return without a pause is as a token.
    private func silenceBegan(_ log: [(event: AttemptClock.Event, now: Instant)]) -> Instant {
        var last = start
        var pause: Instant?
        for (event, now) in log {
            if event == .token { last = max(last, now) }
            if event == .paused { pause = now }
            guard event == .reading else { continue }
            let away = now.since(max(last, pause ?? last))
            last = pause == nil ? max(last, now) : last.advanced(by: max(.zero, away))
            pause = nil
        }
        return last
    }

    @Test("20,000 random attempts have the limits that follow from what has happened") func histories() throws {
        var seen: Set<TimeLimit> = []
        for seed: UInt64 in 0..<20_000 {
            var generator = SeededGenerator(seed: seed)
            let isLast = Bool.random(using: &generator)
            let isStream = Int.random(in: 0...3, using: &generator) > 0
            let deadline = Bool.random(using: &generator) ? nil : at(Double(Int.random(in: 1...70, using: &generator)))
            var clock = try AttemptClock(timeouts, now: start, deadline: deadline, isLast: isLast, isStream: isStream)
            var log: [(event: AttemptClock.Event, now: Instant)] = []
            var time = 0.0
            while true {
                let limit = expected(log, deadline: deadline, isLast: isLast, isStream: isStream)
                if clock.next?.limit != limit?.0 || clock.next?.at != limit?.1 {
                    Issue.record("seed \(seed): \(String(describing: clock.next)) for \(String(describing: limit))")
                    return
                }
                guard let limit else { break }
                time += Double(Int.random(in: 0...12, using: &generator)) / 4
                let now = at(time)
                let hasExpired = clock.expired(now: now)
                #expect(hasExpired == (now >= limit.1 ? limit.0 : nil))
                if let hasExpired {
                    seen.insert(hasExpired)
                    break
                }
                let draw = Int.random(in: 0...19, using: &generator)
                let event: AttemptClock.Event =
                    switch draw {
                    case 0...4: .connected
                    case 5...9: .byte
                    case 10...15: .token
                    case 16, 17: .reading
                    case 18: .paused
                    default: .done
                    }
                // Threads read the clock before they tell.
                let told = draw == 12 ? at(max(0, time - 1)) : now
                clock.record(event, now: told)
                log.append((event, told))
            }
        }
        #expect(seen == Set(TimeLimit.allCases))
    }
}
