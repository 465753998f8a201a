import Base
import HTTP
import HTTPServer
import JSON
import Testing

@testable import Server

@Suite("Errors as answers")
struct ErrorRenderingTests {
    private func render(_ error: CodedError, path: String) throws -> (response: Response, body: JSON) {
        let response = ErrorRendering.response(error, path: path, requestID: "req_7")
        return (response, try JSON(response.body))
    }

    @Test("below /v1 every code is OpenAI's envelope with its status and all four members", arguments: ErrorCode.all)
    func envelope(_ code: ErrorCode) throws {
        let error = CodedError(code, "What is wrong.", param: "messages[2].content", detail: "for the log")
        let shown = error.shown(requestID: "req_7")
        let (response, body) = try render(error, path: "/v1/chat/completions")
        #expect(response.status == code.status)
        #expect(response.headers["content-type"] == "application/json")
        #expect(
            body == [
                "error": [
                    "message": .string(shown.message), "type": .string(code.openAIType),
                    "param": shown.param.map { .string($0) } ?? .null, "code": .string(code.name),
                ]
            ])
    }

    @Test("a param that is not known is null in the envelope")
    func noParam() throws {
        let body = try render(CodedError(.invalidJSON, "x"), path: "/v1/models").body
        #expect(body["error"]?["param"] == JSON.null)
    }

    @Test("elsewhere every code is problem details", arguments: ErrorCode.all)
    func problem(_ code: ErrorCode) throws {
        let error = CodedError(code, "What is wrong.", param: "message", detail: "for the log")
        let shown = error.shown(requestID: "req_7")
        let (response, body) = try render(error, path: "/api/orchestrator/chat")
        #expect(response.status == code.status)
        #expect(response.headers["content-type"] == "application/problem+json")
        var expected: JSON = [
            "type": .string("urn:tutti:error:\(code.name)"), "title": .string(code.meaning),
            "status": .int(Int64(code.status)), "detail": .string(shown.message), "code": .string(code.name),
        ]
        if let param = shown.param { expected["param"] = .string(param) }
        expected["requestId"] = "req_7"
        expected["retryable"] = .bool(code.retryable)
        #expect(body == expected)
    }

    @Test(
        "what a technical error was is told in no dialect, but the id by which the log has it",
        arguments: ErrorCode.all.filter(\.isTechnical), ["/v1/chat/completions", "/v1/messages", "/api/x"])
    func technical(_ code: ErrorCode, path: String) throws {
        let response = try render(CodedError(code, "The step 'x' is odd.", param: "x", detail: "y"), path: path)
            .response
        let text = String(decoding: response.body, as: UTF8.self)
        #expect(text.contains("req_7") && !text.contains("odd") && !text.contains("'x'"))
    }

    @Test(
        "the path decides, not what it begins like", arguments: ["/v1", "/v10/x", "/api/v1/x", "/", "/V1/models", "*"])
    func otherPaths(_ path: String) throws {
        let response = try render(CodedError(.notFound, "x"), path: path).response
        #expect(response.headers["content-type"] == "application/problem+json")
    }

    @Test("what is no request gets the envelope")
    func protocolError() throws {
        let response = ErrorRendering.protocolError(CodedError(.headersTooLarge, "x"))
        #expect(response.status == 431)
        #expect(try JSON(response.body)["error"]?["code"] == "headers_too_large")
    }

    static let waits: [(wait: Duration, header: String, milliseconds: Int64)] = [
        (.zero, "0", 0), (.nanoseconds(1), "1", 0), (.milliseconds(1), "1", 1), (.milliseconds(999), "1", 999),
        (.seconds(1), "1", 1000), (.milliseconds(1001), "2", 1001), (.seconds(7), "7", 7000), (.seconds(-5), "0", 0),
        (.seconds(Int64.max), "9223372037", 9_223_372_036_854),
    ]

    @Test("retry-after is whole seconds, rounded up; retryAfterMs is exact; neither traps", arguments: waits)
    func retryAfter(_ row: (wait: Duration, header: String, milliseconds: Int64)) throws {
        let error = CodedError(.overloaded, "x", retryAfter: row.wait)
        let (response, body) = try render(error, path: "/api/orchestrator/chat")
        #expect(response.headers["retry-after"] == row.header)
        #expect(body["retryAfterMs"]?.int == row.milliseconds)
        #expect(try render(error, path: "/v1/models").response.headers["retry-after"] == row.header)
    }

    @Test("without a known wait nothing is said of one")
    func noRetryAfter() throws {
        let (response, body) = try render(CodedError(.overloaded, "x"), path: "/api/x")
        #expect(!response.headers.contains("retry-after"))
        #expect(body["retryAfterMs"] == nil)
    }

    @Test("a hostile message stays one JSON text")
    func hostile() throws {
        let message = "\"},{\"a\":1}\r\n\r\ndata: x\u{1}\u{1b}[31m"
        let (response, body) = try render(CodedError(.invalidValue, message), path: "/v1/x")
        #expect(body["error"]?["message"] == .string(message))
        #expect(!response.body.contains { $0 < 0x20 })
    }
}
