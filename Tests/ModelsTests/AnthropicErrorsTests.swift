import Base
import HTTP
import HTTPClient
import JSON
import Models
import Testing

@Suite("Calling Anthropic, and what its errors mean")
struct AnthropicErrorsTests {
    static let key = "sk-ant-canary0123456789abcdef"

    static func body(_ type: String, _ message: String) -> String {
        #"{"type":"error","error":{"type":"\#(type)","message":"\#(message)"},"request_id":"req_011"}"#
    }

    static func decode(_ status: Int, _ body: String, _ headers: HTTPHeaders = [:]) -> CodedError {
        Anthropic.decodeError(
            status: status, headers: headers, body: Array(body.utf8), secrets: Secrets([Secret(key)]),
            wall: ErrorsTests.wall)
    }

    @Test(
        "by status and type",
        arguments: [
            (400, body("invalid_request_error", "max_tokens: required"), .providerRefused),
            (400, "", .providerRefused), (400, "<html>", .providerRefused), (422, "{}", .providerRefused),
            (413, body("request_too_large", "Request exceeds the maximum size"), .providerRefused),
            (
                400, body("invalid_request_error", "prompt is too long: 215000 tokens > 200000 maximum"),
                .contextLengthExceeded
            ),
            (
                400,
                body(
                    "invalid_request_error",
                    "input length and `max_tokens` exceed context limit: 199000 + 4096 > 200000, decrease input length"),
                .contextLengthExceeded
            ),
            (
                400, body("invalid_request_error", "Your credit balance is too low to access the API."),
                .providerRejectedKey
            ),
            (400, body("overloaded_error", "Overloaded"), .providerOverloaded),
            (400, body("rate_limit_error", "slow"), .providerRateLimited),
            (401, body("authentication_error", "invalid x-api-key"), .providerRejectedKey),
            (402, body("billing_error", "pay"), .providerRejectedKey),
            (403, body("permission_error", "no"), .providerRejectedKey),
            (404, body("not_found_error", "model: claude-9"), .modelUnavailable),
            (408, "", .providerTimeout), (409, "", .providerRefused),
            (429, body("rate_limit_error", "prompt is too long"), .providerRateLimited),
            (500, body("api_error", "Internal server error"), .providerFailed),
            (504, body("timeout_error", "late"), .providerTimeout), (524, "", .providerTimeout),
            (529, body("overloaded_error", "Overloaded"), .providerOverloaded), (503, "null", .providerOverloaded),
            (301, "", .providerInvalidAnswer), (204, "", .providerInvalidAnswer), (0, "", .providerInvalidAnswer),
        ] as [(Int, String, ErrorCode)])
    func table(status: Int, body: String, expected: ErrorCode) {
        let error = Self.decode(status, body)
        #expect(error.code == expected)
        #expect(error.detail?.hasPrefix("status \(status)") == true)
        #expect(error.detail?.contains("req_011") == body.contains("req_011"))
    }

    @Test("the provider's words reach the caller, keys never", arguments: [400, 401, 403, 404, 429, 500, 529])
    func words(status: Int) {
        let error = Self.decode(status, Self.body(Self.key, "bad 'foo' \\n for \(Self.key), sk-other-AAAABBBBCCCC"))
        let shown = "\(error) \(error.message) \(error.detail ?? "") \(error.param ?? "")"
        for secret in ["canary", "AAAABBBB", "\n"] { #expect(!shown.contains(secret)) }
        #expect(error.message.contains("bad 'foo'") == [400, 429, 500, 529].contains(status))
        #expect(error.message.utf8.count < 1200)
    }

    @Test(
        "when to try again", arguments: [(429, "25", 25_000), (529, "1", 1000), (400, "25", nil), (429, "soon", nil)])
    func retryAfter(status: Int, header: String, milliseconds: Int?) {
        let error = Self.decode(status, "", ["retry-after": header])
        #expect(error.retryAfter == milliseconds.map { .milliseconds($0) })
    }

    @Test("the time when a used-up count begins anew is when to try again after a rate limit")
    func reset() {
        let headers: HTTPHeaders = [
            "anthropic-ratelimit-requests-remaining": "9", "anthropic-ratelimit-requests-reset": "2026-11-22T12:59:00Z",
            "anthropic-ratelimit-input-tokens-remaining": "0",
            "anthropic-ratelimit-input-tokens-reset": "2026-11-22T12:00:20Z",
        ]
        #expect(Self.decode(429, "", headers).retryAfter == .seconds(20))
        #expect(Self.decode(529, "", headers).retryAfter == nil)
    }

    @Test(
        "the address, whatever the end of the base URL",
        arguments: [
            "https://api.anthropic.com", "https://api.anthropic.com/", "https://api.anthropic.com/v1",
            "https://api.anthropic.com/v1//",
        ])
    func address(base: String) async throws {
        let client = ScriptedClient([.json(#"{"content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn"}"#)])
        let configuration = ProviderConfiguration(name: "anthropic", baseURL: base, key: Secret(Self.key))
        let provider = Provider<Anthropic>(configuration, client: client, clock: TickingClock())
        let call = ModelCall(
            request: ChatRequest(model: "x", messages: [ChatMessage(.user, "hi")]), model: "claude-haiku-4-5",
            streaming: false)
        let events = try await allEvents(of: provider.start(call, context: testContext()))
        guard case .whole(let completion)? = events.first?.kind else { return #expect(Bool(false), "no answer") }
        #expect(completion.text == "hi")
        let sent = try #require(client.requests.first)
        #expect(sent.url == "https://api.anthropic.com/v1/messages")
        #expect(sent.headers["x-api-key"] == Self.key)
        #expect(sent.headers["anthropic-version"] == "2023-06-01")
        #expect(sent.headers["authorization"] == nil)
        #expect(try JSON(sent.body)["model"] == "claude-haiku-4-5")
    }

    @Test("OpenAI's address is its base and its path, with any ending")
    func otherAddress() {
        #expect(OpenAI.url(base: "https://x/v1") == "https://x/v1/chat/completions")
    }

    @Test("a stream's headers that may reach the caller, and no key where there is none")
    func stream() async throws {
        var answer = ScriptedClient.Answer.events(
            AnthropicStreamTests.hello + AnthropicStreamTests.end("end_turn"), cutEvery: 11)
        for (name, value) in [
            ("request-id", "req_1"), ("retry-after", "25"), ("anthropic-ratelimit-tokens-remaining", "9"),
            ("anthropic-organization-id", "secret"), ("set-cookie", "secret"),
        ] { answer.headers.add(name, value) }
        let client = ScriptedClient([answer])
        let provider = Provider<Anthropic>(
            ProviderConfiguration(name: "a", baseURL: "http://x"), client: client, clock: TickingClock())
        let call = ModelCall(
            request: ChatRequest(model: "x", messages: [ChatMessage(.user, "hi")]), model: "m", streaming: true)
        let stream = try await provider.start(call, context: testContext())
        var assembler = Assembler()
        for event in try await allEvents(of: stream) { assembler.add(event) }
        #expect(assembler.completion.text == "hel")
        #expect(assembler.completion.usage == Usage(promptTokens: 3, completionTokens: 5))
        let forwarded = stream.forwardedHeaders
        #expect(forwarded.count == 3)
        #expect(forwarded["request-id"] == "req_1")
        #expect(forwarded["retry-after"] == "25")
        #expect(forwarded["anthropic-ratelimit-tokens-remaining"] == "9")
        #expect(client.requests.first?.headers["x-api-key"] == nil)
        #expect(client.requests.first?.headers["accept"] == "text/event-stream")
        #expect(try JSON(client.requests.first?.body ?? [])["stream"] == true)
    }
}
