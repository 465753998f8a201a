import Base
import JSON
import Testing

@testable import Models

@Suite("The headers of Anthropic's clients and providers")
struct AnthropicHeadersTests {
    @Test(
        "betas go on as they came",
        arguments: [
            (nil, nil), ("", nil), ("   ", nil), ("a-2025-01-01", "a-2025-01-01"), ("a, b_c.d", "a, b_c.d"),
            (String(repeating: "a", count: 1024), String(repeating: "a", count: 1024)),
        ] as [(String?, String?)])
    func betas(header: String?, passed: String?) throws { #expect(try Anthropic.betas(header) == passed) }

    @Test(
        "betas that are none are refused by the header's name",
        arguments: ["a;b", "a\u{7f}", "ä", "a\r\nx: y", "{}", "a\tb", String(repeating: "a", count: 1025)])
    func oddBetas(header: String) {
        let error = codedError { _ = try Anthropic.betas(header) }
        #expect(error?.code == .invalidValue && error?.param == "anthropic-beta")
        #expect(error?.message.contains("anthropic-beta") == true && error?.message.contains(header) == false)
    }

    @Test(
        "a version is a day, ours or later",
        arguments: [(nil, nil), ("2023-06-01", "2023-06-01"), ("2026-10-21", "2026-10-21")] as [(String?, String?)])
    func version(header: String?, passed: String?) throws { #expect(try Anthropic.version(header) == passed) }

    @Test(
        "any other version is refused by the header's name",
        arguments: [
            "", "2023-01-01", "latest", "2026-1-21", "2026-10-21 ", "2026-10-2x", "２０２６-10-21", "2026-10-21-01",
        ])
    func oddVersion(header: String) {
        let error = codedError { _ = try Anthropic.version(header) }
        #expect(error?.code == .invalidValue && error?.param == "anthropic-version")
    }

    @Test("a provider is told the client's version and betas with the client's own bytes alone")
    func passedOn() throws {
        func sent(_ request: ChatRequest) -> [String: String] {
            Dictionary(Anthropic.headers(of: request).map { ($0.name, $0.value) }) { first, second in first + second }
        }
        var request = try AnthropicRequestDecoderTests.decode(AnthropicRequestDecoderTests.body(#""top_k":1"#))
        #expect(sent(request) == ["anthropic-version": "2023-06-01"])
        (request.version, request.betas) = ("2026-10-21", "a,b")
        #expect(sent(request) == ["anthropic-version": "2026-10-21", "anthropic-beta": "a,b"])
        request.original = nil
        #expect(sent(request) == ["anthropic-version": "2023-06-01"])
        request.original = ChatRequest.Original(dialect: .openai, bytes: [])
        #expect(sent(request) == ["anthropic-version": "2023-06-01"])
        #expect(Anthropic.headers(key: Secret("k")).map(\.name) == ["x-api-key"])
    }
}
