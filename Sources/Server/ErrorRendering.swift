internal import Base
internal import HTTP
internal import HTTPServer
internal import JSON
internal import Models

/// The outside forms of an error. One error type, rendered by the dialect of the path that was asked.
enum ErrorRendering {
    /// Anthropic's envelope on `/v1/messages` and below, OpenAI's on the rest of `/v1/*`, problem details (RFC 9457)
    /// elsewhere.
    /// - Parameters:
    ///   - errors: Of problem details, everything that is wrong.
    ///   - kept: Of problem details, the events that can still be had.
    static func response(
        _ error: CodedError, path: String, requestID: String?, errors: JSON? = nil, kept: JSON? = nil
    ) -> Response {
        let error = error.shown(requestID: requestID)
        var headers = HTTPHeaders()
        if error.code.status == 401 { headers.add("www-authenticate", "Bearer") }
        if let seconds = retryAfterSeconds(error) { headers.add("retry-after", String(seconds)) }
        if isAnthropic(path) {
            headers.add("content-type", "application/json")
            return Response(
                status: error.code.status, headers: headers,
                body: Anthropic.encodeError(error, requestID: requestID))
        }
        if path.hasPrefix("/v1/") {
            headers.add("content-type", "application/json")
            return Response(status: error.code.status, headers: headers, body: OpenAI.encodeError(error))
        }
        headers.add("content-type", "application/problem+json")
        return Response(
            status: error.code.status, headers: headers,
            body: problem(error, requestID: requestID, errors: errors, kept: kept))
    }

    /// Whether Anthropic's clients ask there.
    static func isAnthropic(_ path: String) -> Bool { path == "/v1/messages" || path.hasPrefix("/v1/messages/") }

    /// Answers what is not a request, whose path is unknown: the envelope that most clients read.
    static func protocolError(_ error: CodedError) -> Response {
        Response(
            status: error.code.status, headers: ["content-type": "application/json"], body: OpenAI.encodeError(error))
    }

    /// Problem details, as they stand in an answer of their own.
    static func problem(
        _ error: CodedError, requestID: String?, errors: JSON? = nil, kept: JSON? = nil
    ) -> [UInt8] {
        var writer = JSONWriter(reserving: 320)
        writer.beginObject()
        writer.member("type", "urn:tutti:error:\(error.code.name)")
        writer.member("title", error.code.meaning)
        writer.member("status", error.code.status)
        writer.member("detail", error.message)
        writer.member("code", error.code.name)
        writer.member("param", ifPresent: error.param)
        writer.member("requestId", ifPresent: requestID)
        writer.member("retryable", error.code.retryable)
        writer.member("retryAfterMs", ifPresent: retryAfterMilliseconds(error))
        if let errors { writer.member("errors", errors) }
        if let kept { writer.member("kept", kept) }
        writer.endObject()
        return writer.bytes
    }

    static func retryAfterMilliseconds(_ error: CodedError) -> Int64? {
        error.retryAfter.map { max(0, $0.saturatingNanoseconds / 1_000_000) }
    }

    /// Whole seconds, rounded up: never earlier than what is meant.
    private static func retryAfterSeconds(_ error: CodedError) -> Int64? {
        error.retryAfter.map { duration in
            let nanoseconds = max(0, duration.saturatingNanoseconds)
            return nanoseconds / 1_000_000_000 + (nanoseconds % 1_000_000_000 > 0 ? 1 : 0)
        }
    }
}
