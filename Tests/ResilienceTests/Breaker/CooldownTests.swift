import Base
import Resilience
import Testing

@Suite("Cooldowns") struct CooldownTests {
    let start = Instant(nanoseconds: 1_000_000_000_000)

    func at(_ seconds: Int64) -> Instant { start.advanced(by: .seconds(seconds)) }

    /// What a provider may write, and how long a 429 and a 403 with it rest.
    static let spoken: [(seconds: Double?, limited: Duration, forbidden: Duration)] = [
        (2, .seconds(2), .seconds(2)), (0.25, .milliseconds(250), .milliseconds(250)),
        (3_600, .seconds(3600), .seconds(3600)), (3_601, .seconds(3600), .seconds(3600)),
        (1e308, .seconds(3600), .seconds(3600)), (.infinity, .seconds(3600), .seconds(3600)),
        (9.3e18, .seconds(3600), .seconds(3600)), (1e-300, .nanoseconds(1), .nanoseconds(1)),
        // Nothing that says how long: the policy's own times.
        (nil, .seconds(1), .seconds(60)), (0, .seconds(1), .seconds(60)), (-0.0, .seconds(1), .seconds(60)),
        (-1, .seconds(1), .seconds(60)), (-1e308, .seconds(1), .seconds(60)), (.nan, .seconds(1), .seconds(60)),
        (-.infinity, .seconds(1), .seconds(60)),
    ]

    @Test("a 429 and a 403 rest for as long as the header says, within bounds, whatever it says", arguments: spoken)
    func headers(_ row: (seconds: Double?, limited: Duration, forbidden: Duration)) {
        var limited = Cooldown()
        #expect(limited.limit(retryAfter: row.seconds, now: start)?.wait == row.limited)
        #expect(limited.refusal(now: start) == CallRefusal(reason: .rateLimited, wait: row.limited))
        let end = start.advanced(by: row.limited)
        #expect(limited.refusal(now: end.advanced(by: .nanoseconds(-1)))?.wait == .nanoseconds(1))
        #expect(limited.refusal(now: end) == nil)

        var forbidden = Cooldown()
        #expect(forbidden.forbid(retryAfter: row.seconds, now: start)?.reason == .forbidden)
        #expect(forbidden.refusal(now: start)?.wait == row.forbidden)
        // Nor at the end of time.
        _ = forbidden.limit(retryAfter: row.seconds, now: Instant(nanoseconds: .max))
        _ = forbidden.refusal(now: Instant(nanoseconds: 0))
    }

    @Test("rate limits in a row that do not say how long rest twice as long each time, up to a minute") func guesses() {
        var cooldown = Cooldown()
        var now = start
        for seconds: Int64 in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            #expect(cooldown.limit(retryAfter: nil, now: now)?.wait == .seconds(seconds))
            // Those that were under way with it make nothing longer.
            for _ in 0..<50 { #expect(cooldown.limit(retryAfter: nil, now: now) == nil) }
            cooldown.succeed(now: now)
            #expect(cooldown.refusal(now: now)?.wait == .seconds(seconds), "a late success ends no rest")
            now = now.advanced(by: .seconds(seconds))
        }
        cooldown.succeed(now: now)
        #expect(cooldown.limit(retryAfter: nil, now: now)?.wait == .seconds(1))
    }

    @Test("the longer of two rests holds") func longer() {
        var cooldown = Cooldown()
        cooldown.limit(retryAfter: 10, now: start)
        #expect(cooldown.limit(retryAfter: 5, now: at(1)) == nil)
        #expect(cooldown.refusal(now: at(1))?.wait == .seconds(9))
        cooldown.forbid(retryAfter: 30, now: at(1))
        #expect(cooldown.refusal(now: at(2)) == CallRefusal(reason: .forbidden, wait: .seconds(29)))
    }

    @Test("stops before the provider has to: no more calls than it has said, until its count begins anew")
    func remaining() {
        var cooldown = Cooldown()
        cooldown.note(remaining: 3, reset: 20, now: start)
        for _ in 0..<3 {
            #expect(cooldown.refusal(now: at(1)) == nil)
            cooldown.take()
            // An answer that was overtaken gives nothing back.
            cooldown.note(remaining: 3, reset: 20, now: at(1))
        }
        #expect(cooldown.refusal(now: at(5)) == CallRefusal(reason: .spent, wait: .seconds(15)))
        #expect(cooldown.refusal(now: at(20)) == nil)
        for _ in 0..<10 { cooldown.take() }
        #expect(cooldown.refusal(now: at(20)) == nil, "nothing is known of the next period")
        cooldown.note(remaining: 0, reset: 7, now: at(21))
        #expect(cooldown.refusal(now: at(21))?.wait == .seconds(7))
    }

    static let told: [(remaining: Double, reset: Double, wait: Duration?)] = [
        (0, 5, .seconds(5)), (0.9, 5, .seconds(5)), (1, 5, nil), (0, 1e308, .seconds(60)),
        (0, .infinity, .seconds(60)), (0, 0, nil), (0, -5, nil), (0, .nan, nil), (-1, 5, nil), (-1e308, 5, nil),
        (.nan, 5, nil), (.infinity, 5, nil), (1e308, 1e308, nil), (-0.0, 5, .seconds(5)), (1e18, 5, nil),
    ]

    @Test("counts that make no sense are ignored, and none makes it rest for more than a minute", arguments: told)
    func counts(_ row: (remaining: Double, reset: Double, wait: Duration?)) {
        var cooldown = Cooldown()
        cooldown.note(remaining: row.remaining, reset: row.reset, now: start)
        #expect(cooldown.refusal(now: start)?.wait == row.wait)
        cooldown.take()
        cooldown.note(remaining: row.remaining, reset: row.reset, now: Instant(nanoseconds: .max))
        _ = cooldown.refusal(now: Instant(nanoseconds: .max))
    }

    @Test("policies out of range rest for a sane time") func policies() {
        let wild = Duration.seconds(Int64.max)
        for time in [wild, .seconds(Int64.min), .zero] {
            var cooldown = Cooldown(
                CooldownPolicy(first: time, longestGuess: time, forbidden: time, longest: time, longestPause: time))
            for retryAfter in [nil, 1e308, 1.0] {
                for _ in 0..<70 {
                    cooldown.limit(retryAfter: retryAfter, now: start)
                    let wait = cooldown.refusal(now: start)?.wait
                    #expect(wait.map { $0 > .zero && $0 <= .seconds(86_400) } ?? false)
                }
            }
        }
    }

    @Test("a rejected key rests, but for one call every five minutes, whose success alone brings it back")
    func keys() throws {
        var key = KeyStanding()
        let early = key.take(now: start)
        let isNews = (key.reject(now: start), key.reject(now: at(200)))
        #expect(isNews == (true, false), "calls that were under way are no news and put nothing off")
        #expect(key.wait(now: at(299)) == .seconds(1))
        #expect(key.take(now: at(299)) == nil)
        let hung = key.take(now: at(300))
        #expect(hung != nil && key.take(now: at(300)) == nil, "one probe, and it need not come back")
        let probe = key.take(now: at(600))
        for late in [early, hung] {
            let hasCome = key.accept(try #require(late))
            #expect(!hasCome && key.isRejected)
        }
        let hasCome = key.accept(try #require(probe))
        #expect(hasCome && !key.isRejected)
        #expect(key.wait(now: at(600)) == nil)
        _ = key.reject(now: at(700))
        key.reset()
        #expect(key.wait(now: at(700)) == nil)
    }
}
