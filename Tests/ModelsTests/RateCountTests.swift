import Base
import HTTP
import Models
import TestKit
import Testing

@Suite("What answers say of how many more calls are taken")
struct RateCountTests {
    private func count(_ headers: HTTPHeaders, streaming: Bool, anthropic: Bool = false) async throws -> RateCount? {
        var reply =
            streaming
            ? ScriptedClient.Answer.events(
                anthropic ? AnthropicStreamTests.hello + AnthropicStreamTests.end("end_turn") : GatewayTests.streamed)
            : .json(
                anthropic
                    ? #"{"type":"message","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn"}"#
                    : GatewayTests.whole)
        for (name, value) in headers { reply.headers.add(name, value) }
        let settings = ProviderConfiguration(name: "p", baseURL: "https://p.test")
        let client = ScriptedClient([reply])
        let clock = TestClock(wall: ErrorsTests.wall.milliseconds)
        let call = ModelCall(
            request: ChatRequest(model: "x", messages: [ChatMessage(.user, "hi")]), model: "m", streaming: streaming)
        let model: any ChatModel =
            anthropic
            ? Provider<Anthropic>(settings, client: client, clock: clock)
            : Provider<OpenAI>(settings, client: client, clock: clock)
        return try await model.start(call, context: testContext()).rateCount
    }

    static let rows: [(headers: HTTPHeaders, count: RateCount?)] = [
        ([:], nil), (["retry-after": "5"], nil), (["x-ratelimit-remaining-requests": "5"], nil),
        (
            ["X-RateLimit-Remaining-Requests": "5", "x-ratelimit-reset-requests": "6m0s"],
            RateCount(remaining: 5, reset: 360)
        ),
        (
            [
                "x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "60s",
                "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1.5s",
            ], RateCount(remaining: 0, reset: 1.5)
        ),
        (["x-ratelimit-remaining-requests": "-1", "x-ratelimit-reset-requests": "60s"], nil),
        (["x-ratelimit-remaining-requests": "nan", "x-ratelimit-reset-requests": "1e308"], nil),
        (
            ["x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "1e308h"],
            RateCount(remaining: 1, reset: 86_400)
        ),
    ]

    @Test("of streams and of whole answers", arguments: rows, [true, false])
    func openAI(row: (headers: HTTPHeaders, count: RateCount?), streaming: Bool) async throws {
        #expect(try await count(row.headers, streaming: streaming) == row.count)
    }

    @Test("a date counts from the present time", arguments: [true, false])
    func anthropic(streaming: Bool) async throws {
        let headers: HTTPHeaders = [
            "anthropic-ratelimit-requests-remaining": "7", "anthropic-ratelimit-requests-reset": "2026-11-22T12:01:00Z",
        ]
        #expect(
            try await count(headers, streaming: streaming, anthropic: true) == RateCount(remaining: 7, reset: 60))
    }
}
