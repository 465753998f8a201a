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
            (502, "", .providerFailed), (503, "null", .providerOverloaded),
            (529, "", .providerOverloaded), (504, "", .providerTimeout), (301, "", .providerInvalidAnswer),
            (302, "", .providerInvalidAnswer),
            (204, "", .providerInvalidAnswer), (100, "", .providerInvalidAnswer), (0, "", .providerInvalidAnswer),
        ] as [(Int, String, ErrorCode)])
    func table(status: Int, body: String, expected: ErrorCode) {
        #expect(Self.decode(status, body).code == expected)
    }

    @Test(
        "a window that is too small is found in codes, types and words, and a rate limit is none",
        arguments: [
            (400, "This model's maximum context length is 8192 tokens. However, you requested 9000.", true),
            (400, "Please reduce the length of the messages or completion.", true),
            (400, "the request exceeds the available context size, try increasing it", true),
            (413, "PROMPT IS TOO LONG: 210000 tokens", true), (422, "too many tokens: size limit exceeded", true),
            (400, "Your input exceeds the context window of this model.", true),
            (400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", true),
            (400, "This model's maximum prompt length is 131072", true),
            (400, String(repeating: "a", count: 600) + " prompt is too long", false),
            (400, "'temperature' exceeds 2", false), (400, "bad 'foo'", false),
        ] as [(Int, String, Bool)])
    func tooLong(status: Int, words: String, isTooLong: Bool) {
        for body in [#"{"error":{"message":"\#(words)"}}"#, #"{"error":"\#(words)"}"#] {
            let error = Self.decode(status, body)
            #expect(error.code == (isTooLong ? .contextLengthExceeded : .providerRefused))
        }
        let limited = Self.decode(413, #"{"error":{"code":"rate_limit_exceeded","message":"\#(words)"}}"#)
        #expect(limited.code == .providerRateLimited)
        #expect(Self.decode(500, #"{"error":{"message":"\#(words)"}}"#).code == .providerFailed)
    }

    @Test(
        "what is refused on account of its content is no rejected key, and a type says as much as a code",
        arguments: [
            (403, #"{"error":{"code":"content_filter"}}"#, .providerRefused),
            (403, #"{"error":{"code":"content_policy_violation","message":"prompt is too long"}}"#, .providerRefused),
            (403, #"{"error":{"code":403,"type":"moderation"}}"#, .providerRefused),
            (403, #"{"error":{"code":403,"metadata":{"reasons":["violence"],"flagged_input":"…"}}}"#, .providerRefused),
            (403, #"{"error":{"code":403,"metadata":{"provider_name":"x"}}}"#, .providerRejectedKey),
            (400, #"{"error":{"code":"content_filter"}}"#, .providerRefused),
            (400, #"{"error":{"code":400,"type":"exceed_context_size_error"}}"#, .contextLengthExceeded),
            (500, #"{"error":{"code":"content_filter"}}"#, .providerFailed),
        ] as [(Int, String, ErrorCode)])
    func content(status: Int, body: String, expected: ErrorCode) {
        #expect(Self.decode(status, body).code == expected)
    }

    @Test(
        "an error inside of an answer with 200 means what it means with a status of its own",
        arguments: [
            (#"{"code":"content_filter","message":"no"}"#, .providerRefused),
            (#"{"code":"content_policy_violation"}"#, .providerRefused),
            (#"{"code":403,"metadata":{"reasons":["hate"]}}"#, .providerRefused),
            (#"{"code":"context_length_exceeded","message":"too long"}"#, .contextLengthExceeded),
            (#"{"code":400,"message":"the maximum context length is 8"}"#, .contextLengthExceeded),
            (#"{"code":500,"message":"the maximum context length is 8"}"#, .providerFailed),
            (#"{"code":429,"message":"no"}"#, .providerRateLimited), (#"{"message":"no"}"#, .providerFailed),
            (#"{"code":503,"message":"no"}"#, .providerOverloaded), (#"{"code":502,"message":"no"}"#, .providerFailed),
        ] as [(String, ErrorCode)])
    func inside(object: String, expected: ErrorCode) async {
        for (streaming, reply) in [
            (true, ScriptedClient.Answer.events("data: {\"error\":\(object)}\n\n")),
            (false, .json(#"{"error":\#(object)}"#)),
        ] {
            let error = await BrokenAnswerTests.error(of: reply, streaming: streaming)
            #expect(error?.code == expected, "streaming: \(streaming)")
        }
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
