import Base
import Resilience
import Testing

@Suite("What headers say of waiting") struct RetryAfterTests {
    /// 2026-11-22T12:00:00Z.
    private let wall = WallTime(milliseconds: 1_795_348_800_000)

    private func read(_ headers: (String, String)...) -> RetryAfter {
        RetryAfter(headers.map { (name: $0.0, value: $0.1) }, wall: wall)
    }

    static let waits: [(value: String, wait: Duration?)] = [
        ("0", .zero), ("2", .seconds(2)), ("007", .seconds(7)), ("0.25", .milliseconds(250)), ("1.", nil),
        ("1e3", .seconds(1000)), ("25e-1", .milliseconds(2500)), ("86400", .seconds(86_400)),
        // Cut to a day.
        ("86401", .seconds(86_400)), ("1e308", .seconds(86_400)), ("1e999999999999999999999", .seconds(86_400)),
        ("99999999999999999999999999999999", .seconds(86_400)), ("1e-400", .zero), ("0e999", .zero),
        // Dates: the form of today, the two older ones, and those that have passed.
        ("Sun, 22 Nov 2026 12:00:30 GMT", .seconds(30)), ("Sunday, 22-Nov-26 12:01:00 GMT", .seconds(60)),
        ("Sun Nov 22 12:00:05 2026", .seconds(5)), ("Tue Dec  1 00:00:00 2026", .seconds(86_400)),
        ("Sun, 22 Nov 2026 12:00:00 GMT", .zero), ("Sun, 06 Nov 1994 08:49:37 GMT", .zero),
        ("Sunday, 06-Nov-94 08:49:37 GMT", .zero), ("Fri, 31 Dec 9999 23:59:60 GMT", .seconds(86_400)),
        ("Thu, 01 Jan 0000 00:00:00 GMT", .zero),
        // Nothing that says how long.
        ("", nil), (" ", nil), ("-1", nil), ("-0", nil), ("+5", nil), ("nan", nil), ("inf", nil), ("infinity", nil),
        ("0x10", nil), ("1e", nil), ("1e+", nil), (".5", nil), ("1,5", nil), ("2, 5", nil), ("5 s", nil), ("5s", nil),
        ("soon", nil), ("٣", nil), ("１", nil), ("\u{0}", nil), ("Sun, 31 Feb 2026 12:00:00 GMT", nil),
        ("Sun, 22 Nov 2026 24:00:00 GMT", nil), ("Sun, 22 Nov 2026 12:60:00 GMT", nil),
        ("Sun, 22 Nov 2026 12:00:00", nil), ("Sun, 22 Nov 2026 12:00:00 GMT+1", nil),
        ("Sun, 22 Foo 2026 12:00:00 GMT", nil),
        ("Mon, 29 Feb 2100 12:00:00 GMT", nil), ("Tue, 29 Feb 2028 12:00:00 GMT", .seconds(86_400)),
        ("Sun, 00 Nov 2026 12:00:00 GMT", nil), ("Sun,", nil), ("Sun", nil), ("Sun Nov 22", nil),
        (String(repeating: "9", count: 65), nil), (String(repeating: "1", count: 1_000_000), nil),
    ]

    @Test("Retry-After in every form, and nothing that is none of them", arguments: waits)
    func asked(_ row: (value: String, wait: Duration?)) {
        #expect(read(("Retry-After", row.value)).asked == row.wait)
        #expect(read(("Retry-After", row.value)).wait == row.wait)
        #expect(read(("RETRY-AFTER", row.value)).asked == row.wait)
        #expect(read(("retry-after-", row.value), ("retry-afte", row.value), ("xretry-after", row.value)).asked == nil)
    }

    @Test("milliseconds are more exact than seconds, and of several words the longest holds") func milliseconds() {
        #expect(read(("retry-after-ms", "1500")).asked == .milliseconds(1500))
        #expect(read(("retry-after", "2"), ("retry-after-ms", "1500")).asked == .milliseconds(1500))
        #expect(read(("retry-after-ms", "junk"), ("retry-after", "2")).asked == .seconds(2))
        #expect(read(("retry-after-ms", "-3"), ("retry-after", "2")).asked == .seconds(2))
        #expect(read(("retry-after-ms", "1e308")).asked == .seconds(86_400))
        #expect(read(("retry-after", "2"), ("retry-after", "9"), ("retry-after", "3")).asked == .seconds(9))
        #expect(read(("retry-after", "9"), ("retry-after", "junk")).asked == .seconds(9))
    }

    /// A reset as OpenAI, Groq, Azure and Anthropic write it, in seconds.
    static let resets: [(value: String, seconds: Double?)] = [
        ("1s", 1), ("6m0s", 360), ("12ms", 0.012), ("2m59.56s", 179.56), ("7.66s", 7.66), ("1h2m3s", 3723),
        ("1d", 86_400), ("1m", 60), ("250us", 0.000_25), ("250µs", 0.000_25), ("250μs", 0.000_25), ("55", 55),
        ("1.5", 1.5), ("500000000ns", 0.5), ("2d", 86_400), ("1e300h", 86_400), ("999999999999999999999h", 86_400),
        ("2026-11-22T12:01:00Z", 60), ("2026-11-22t12:01:00.250z", 60.25), ("2026-11-22 14:01:00+02:00", 60),
        ("2026-11-22T07:01:00-05:00", 60), ("2026-11-22T12:00:00.000000001Z", nil), ("2027-01-01T00:00:00Z", 86_400),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30),
        // Since 1970, in seconds and in milliseconds.
        ("1795348860", 60), ("1795348860000", 60), ("1795348800", nil), ("1000000000", nil),
        ("0", nil), ("0s", nil), ("-1", nil), ("", nil), ("s", nil), ("1x", nil), ("1s2", nil), ("1m-3s", nil),
        ("2020-01-01T00:00:00Z", nil), ("2026-02-29T00:00:00Z", nil), ("2026-13-01T00:00:00Z", nil),
        ("2026-11-22T12:00:60Z", 59), ("2026-11-22T12:01:00", nil), ("2026-11-22T12:01:00+2:00", nil),
        ("2026-11-22T12:01:00.Z", nil), ("2026-11-22T12:01:00Zz", nil), ("2026-1-22T12:01:00Z", nil),
    ]

    @Test("resets as times, dates and counts from 1970", arguments: resets)
    func counts(_ row: (value: String, seconds: Double?)) {
        for (remaining, reset) in [
            ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
            ("X-RateLimit-Remaining-Tokens", "X-RateLimit-Reset-Tokens"),
            ("x-rate-limit-remaining-tokens", "x-rate-limit-reset-tokens"),
            ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
            ("anthropic-ratelimit-requests-remaining", "Anthropic-Ratelimit-Requests-Reset"),
            ("x-ratelimit-remaining", "x-ratelimit-reset"), ("ratelimit-remaining", "ratelimit-reset"),
        ] {
            let said = read((remaining, "0"), (reset, row.value))
            #expect(said.count?.remaining == row.seconds.map { _ in 0 })
            #expect(isNear(said.count?.reset, row.seconds), "\(reset): \(String(describing: said.count))")
            #expect(isNear(said.wait?.seconds, row.seconds))
            #expect(said.asked == nil)
        }
    }

    private func isNear(_ value: Double?, _ expected: Double?) -> Bool {
        guard let value, let expected else { return value == nil && expected == nil }
        return abs(value - expected) < 1e-6
    }

    @Test("what is used up holds calls back, and comes back last of all that is") func spent() {
        let headers = [
            ("x-ratelimit-remaining-requests", "59"), ("x-ratelimit-reset-requests", "1s"),
            ("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "6m0s"),
        ]
        let said = RetryAfter(headers.map { (name: $0.0, value: $0.1) }, wall: wall)
        #expect(said.count ?? (-1, -1) == (0, 360))
        #expect(said.wait == .seconds(360))
        let three = read(
            ("anthropic-ratelimit-requests-remaining", "0"),
            ("anthropic-ratelimit-requests-reset", "2026-11-22T12:00:09Z"),
            ("anthropic-ratelimit-output-tokens-remaining", "0"),
            ("anthropic-ratelimit-output-tokens-reset", "2026-11-22T12:00:20Z"),
            ("anthropic-ratelimit-tokens-remaining", "7"), ("anthropic-ratelimit-tokens-reset", "2026-11-22T12:00:50Z"))
        #expect(three.count ?? (-1, -1) == (0, 20) && three.wait == .seconds(20))
        // The provider's word counts more than its counts.
        #expect(read(("retry-after", "3"), headers[2], headers[3]).wait == .seconds(3))
    }

    @Test("while something is left the count of requests is told, and no wait") func left() {
        let said = read(
            ("x-ratelimit-limit-requests", "14400"), ("x-ratelimit-remaining-requests", "14370"),
            ("x-ratelimit-reset-requests", "2m59.56s"), ("x-ratelimit-remaining-tokens", "17997"),
            ("x-ratelimit-reset-tokens", "7.66s"))
        #expect(said.count ?? (-1, -1) == (14_370, 179.56) && said.wait == nil)
        #expect(read(("x-ratelimit-remaining-tokens", "5"), ("x-ratelimit-reset-tokens", "7s")).count == nil)
        #expect(read(("x-ratelimit-remaining-requests", "5")).count == nil)
        #expect(read(("x-ratelimit-limit-requests", "0"), ("x-ratelimit-reset", "")).count == nil)
    }

    @Test("a reset without its count is waited for, and -1 is no count") func uncounted() {
        // Both as seen at Azure's: openai/openai-python#937, openai/openai-dotnet#838.
        let odd = read(("x-rate-limit-reset-tokens", "55"), ("x-ratelimit-remaining-requests", "99"))
        #expect(odd.wait == .seconds(55) && odd.count == nil)
        let unlimited = read(
            ("x-ratelimit-limit-tokens", "-1"), ("x-ratelimit-remaining-tokens", "-1"),
            ("x-ratelimit-reset-tokens", "0"))
        #expect(unlimited.wait == nil && unlimited.count == nil)
    }

    @Test("500 headers, random bytes and cuts of good ones do not trap, and stay within bounds") func garbage() {
        var generator = SeededGenerator(seed: 23)
        let names = [
            "retry-after", "retry-after-ms", "x-ratelimit-reset-requests", "x-ratelimit-remaining-tokens",
            "anthropic-ratelimit-tokens-reset", "ratelimit-reset", "x-ratelimit-", "anthropic-ratelimit-", "", "é", "x",
        ]
        let values = Self.waits.map(\.value) + Self.resets.map(\.value)
        var told = 0
        let walls = [Int64.min, .max, 0, wall.milliseconds]
        func pick<Element>(_ elements: [Element]) -> Element {
            elements[Int.random(in: elements.indices, using: &generator)]
        }
        for _ in 0..<300 {
            let headers = (0..<500).map { _ -> (name: String, value: String) in
                var value = Array(pick(values).utf8.prefix(70))
                for _ in 0..<pick([0, 1, 2]) where !value.isEmpty {
                    value[pick(Array(value.indices))] = UInt8.random(in: 0...255, using: &generator)
                }
                let cut = value.prefix(Int.random(in: 0...value.count, using: &generator))
                return (pick(names), String(decoding: pick([value[...], cut]), as: UTF8.self))
            }
            let wall = WallTime(milliseconds: pick(walls))
            let said = RetryAfter(headers, wall: wall)
            for time in [said.asked, said.wait].compactMap({ $0 }) {
                told += 1
                #expect(time >= .zero && time <= .seconds(86_400))
            }
            if let count = said.count { #expect(count.remaining >= 0 && count.reset > 0 && count.reset <= 86_400) }
        }
        #expect(told > 100)
    }

    @Test("every day of four hundred years is read as the calendar counts it") func calendar() {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        for day: Int64 in stride(from: 0, to: 146_097, by: 11) {
            let date = CivilDate(secondsSince1970: day * 86_400 + 45_296)
            let now = WallTime(milliseconds: (day * 86_400 + 45_295) * 1000)
            let dayOfMonth = "\(CivilDate.padded(date.day)) \(months[date.month - 1]) \(CivilDate.padded(date.year, 4))"
            let http = "Xxx, \(dayOfMonth) \(date.timeOfDay) GMT"
            #expect(RetryAfter([(name: "retry-after", value: http)], wall: now).asked == .seconds(1))
            let reset = RetryAfter([(name: "ratelimit-reset", value: date.iso8601 + "Z")], wall: now)
            #expect(reset.wait == .seconds(1))
        }
    }
}
