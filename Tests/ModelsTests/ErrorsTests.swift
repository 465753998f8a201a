import Base
import HTTP
import Models
import Testing

@Suite("What a provider's errors mean")
struct ErrorsTests {
    static let key = "gsk_canary0123456789abcdef"
    static let secrets = Secrets([Secret(key)])
    /// 2026-11-22T12:00:00Z.
    static let wall = WallTime(milliseconds: 1_795_348_800_000)

    static func decode(_ status: Int, _ body: String, _ headers: HTTPHeaders = [:]) -> CodedError {
        OpenAI.decodeError(status: status, headers: headers, body: Array(body.utf8), secrets: secrets, wall: wall)
    }

    @Test(
        "by status and code",
        arguments: [
            (400, "{}", .providerRefused), (400, "<html>", .providerRefused), (413, "", .providerRefused),
            (422, "", .providerRefused),
            (400, #"{"error":{"code":"context_length_exceeded","message":"too long"}}"#, .contextLengthExceeded),
            (413, #"{"error":{"code":"rate_limit_exceeded"}}"#, .providerRateLimited),
            (401, "", .providerRejectedKey), (402, "", .providerRejectedKey), (403, "", .providerRejectedKey),
            (404, #"{"error":{"code":"model_not_found"}}"#, .modelUnavailable),
            (400, #"{"error":{"code":"model_decommissioned"}}"#, .modelUnavailable), (408, "", .providerTimeout),
            (429, "", .providerRateLimited), (498, "", .providerRateLimited), (500, "", .providerFailed),
            (503, "null", .providerFailed),
            (529, "", .providerOverloaded), (504, "", .providerTimeout), (301, "", .providerInvalidAnswer),
            (302, "", .providerInvalidAnswer),
            (204, "", .providerInvalidAnswer), (100, "", .providerInvalidAnswer), (0, "", .providerInvalidAnswer),
        ] as [(Int, String, ErrorCode)])
    func table(status: Int, body: String, expected: ErrorCode) {
        #expect(Self.decode(status, body).code == expected)
    }

    @Test("the provider's words and its param reach the caller, keys never", arguments: [400, 401, 403, 404, 429, 500])
    func words(status: Int) {
        let error = Self.decode(
            status,
            #"{"error":{"message":"bad 'foo' \n for key gsk_canary0123456789abcdef and sk-proj-AAAABBBBCCCC, Bearer abcdefghijkl","param":"foo","code":"gsk_canary0123456789abcdef"}}"#
        )
        let shown = "\(error) \(error.message) \(error.detail ?? "") \(error.param ?? "")"
        for secret in ["canary", "AAAABBBB", "abcdefghijkl"] { #expect(!shown.contains(secret)) }
        #expect(!shown.contains("\n"))
        #expect(error.message.contains("bad 'foo'") == [400, 429, 500].contains(status))
        if status == 400 { #expect(error.param == "foo") }
    }

    @Test("a message is bounded, and no key is cut in halves at the bound")
    func bounded() {
        for length in 990...1040 {
            let message =
                String(repeating: "é", count: length / 2) + " " + Self.key + String(repeating: "x", count: 5000)
            let error = Self.decode(400, #"{"error":{"message":"\#(message)"}}"#)
            #expect(error.message.utf8.count < 1200)
            #expect(!error.message.contains("gsk_"))
        }
    }

    @Test(
        "when to try again",
        arguments: [
            (["retry-after": "2"], 2000), (["retry-after": "0.25"], 250),
            (["retry-after-ms": "1500", "retry-after": "9"], 1500),
            (["retry-after": "1e300"], 86_400_000), (["retry-after": "999999999999"], 86_400_000),
            (["retry-after": "-1"], nil),
            (["retry-after": "nan"], nil), (["retry-after": "inf"], nil), (["retry-after": "soon"], nil), ([:], nil),
            (["retry-after": "0x1p1023"], nil), (["retry-after": "1e308"], 86_400_000),
            (["retry-after": "Sun, 22 Nov 2026 12:00:30 GMT"], 30_000),
            (["retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"], 0),
            (["retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"], 86_400_000),
            (["x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1m2s"], 62_000),
            (["x-ratelimit-reset-requests": "250ms", "retry-after": "7"], 7000),
            (["x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "9s"], nil),
        ] as [([String: String], Int?)])
    func retryAfter(headers: [String: String], milliseconds: Int?) {
        let error = Self.decode(429, "", HTTPHeaders(headers.map { ($0.key, $0.value) }))
        #expect(error.retryAfter == milliseconds.map { .milliseconds($0) })
    }

    @Test(
        "resets of counts are a word after a rate limit alone, what is asked for after every fault that may pass",
        arguments: [
            (429, 5000, 9000), (503, 5000, nil), (529, 5000, nil), (403, 5000, nil), (401, nil, nil), (400, nil, nil),
        ]
            as [(Int, Int?, Int?)])
    func words(status: Int, asked: Int?, reset: Int?) {
        let first = Self.decode(status, "", ["Retry-After": "5", "x-ratelimit-reset-requests": "9s"])
        #expect(first.retryAfter == asked.map { .milliseconds($0) })
        let second = Self.decode(
            status, "", ["x-ratelimit-remaining-requests": "0", "X-RateLimit-Reset-Requests": "9s"])
        #expect(second.retryAfter == reset.map { .milliseconds($0) })
    }

    @Test("five hundred headers are read within bounds")
    func many() {
        var headers = HTTPHeaders()
        for number in 0..<500 {
            headers.add("x-noise-\(number)", String(repeating: "9", count: 300))
            headers.add("retry-after", number < 64 ? "\(number)" : "5000")
        }
        headers.add("retry-after", String(repeating: "1", count: 100_000))
        #expect(Self.decode(429, "", headers).retryAfter == .seconds(63))
    }
}
