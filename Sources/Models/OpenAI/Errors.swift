public import Base
public import HTTP
internal import JSON

extension OpenAI {
    /// The error as this dialect shows it: `{"error":{"message","type","param","code"}}`, all four always there.
    public static func encodeError(_ error: CodedError) -> [UInt8] {
        var writer = JSONWriter(reserving: 256)
        writer.beginObject()
        writer.key("error")
        writer.beginObject()
        writer.member("message", error.message)
        writer.member("type", error.code.openAIType)
        writer.member("param", orNull: error.param)
        writer.member("code", error.code.name)
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    /// What an answer with another status than 200 means. The provider's own words are passed on, bounded and without
    /// keys, where they can help the caller; never those about keys.
    /// - Parameter wall: The present time, for a date in `Retry-After`.
    public static func decodeError(
        status: Int, headers: HTTPHeaders, body: [UInt8], secrets: Secrets = Secrets(), wall: WallTime
    ) -> CodedError {
        let root = try? JSONDocument(body).root
        let object = root.flatMap { errorObject(in: $0) }
        let code = object.flatMap(errorCode)
        let known = object.flatMap { fault(of: $0, code: code, status: status, said: "status \(status)") }
        var error = known ?? meaning(ofStatus: status, code: code)
        if let object,
            error.code.fault == .caller || isTold(error.code),
            let words = words(of: object, secrets: secrets)
        {
            error.message += " It says: \(words)"
        }
        if error.code.fault == .caller {
            error.param = object?["param"]?.string.map { secrets.cleaned($0, limit: 128) }
        }
        error.providerStatus = status
        error.readWait(from: headers, wall: wall)
        error.detail = "status \(status)" + (code.map { ", code \(logged($0))" } ?? "")
        return error
    }

    /// A code as the log may have it: whatever a provider makes up may hold what it was sent.
    private static func logged(_ code: String) -> String { knownCodes.contains(code) ? code : "unknown" }

    private static let knownCodes: Set = [
        "rate_limit_exceeded", "insufficient_quota", "billing_hard_limit_reached", "context_length_exceeded",
        "string_above_max_length", "model_not_found", "model_decommissioned", "invalid_api_key",
        "invalid_request_error",
        "invalid_value", "unsupported_value", "unsupported_parameter", "missing_required_parameter", "content_filter",
        "content_policy_violation", "server_error", "internal_server_error", "service_unavailable", "overloaded",
        "timeout",
        "tool_use_failed", "json_validate_failed", "400", "401", "402", "403", "404", "408", "413", "422", "429", "498",
        "500", "502", "503", "504", "524", "529",
    ]

    /// Whether the provider's own words help the caller, although the fault is not the caller's.
    static func isTold(_ code: ErrorCode) -> Bool {
        code == .providerRateLimited || code == .providerFailed || code == .providerOverloaded
    }

    private static func meaning(ofStatus status: Int, code: String?) -> CodedError {
        switch (status, code) {
        case (400..<500, "rate_limit_exceeded"), (429, _), (498, _):
            CodedError(.providerRateLimited, "The provider's rate limit is reached. Try again later.")
        case (401, _), (402, _), (403, _):
            CodedError(
                .providerRejectedKey,
                "The provider does not accept the configured key (status \(status)). Check the key and its account.")
        case (404, _), (400..<500, "model_not_found"), (400..<500, "model_decommissioned"):
            CodedError(
                .modelUnavailable, "The provider does not know the configured model or address (status \(status)).")
        case (408, _), (504, _), (524, _):
            CodedError(.providerTimeout, "The provider did not answer in time (status \(status)).")
        case (400..<500, _):
            CodedError(.providerRefused, "The provider refused the request (status \(status)).")
        case (503, _), (529, _):
            CodedError(.providerOverloaded, "The provider is overloaded (status \(status)). Try again later.")
        case (500..., _):
            CodedError(.providerFailed, "The provider failed (status \(status)).")
        default:
            CodedError(
                .providerInvalidAnswer, "The provider answered with status \(status), which is no answer to a chat.")
        }
    }

    /// The error of a stream or a body that began as a success.
    static func streamError(_ object: JSONNode, secrets: Secrets) -> CodedError {
        let code = errorCode(object)
        let status = (object["status_code"] ?? object["code"])?.int
        if let known = fault(of: object, code: code, status: status.map { Int($0) }, said: "an error in its answer") {
            return told(known, object, code, secrets: secrets)
        }
        let isRateLimit = status == 429 || code == "429" || code == "rate_limit_exceeded"
        let isOverload = status == 503 || status == 529
        return told(
            isRateLimit
                ? CodedError(.providerRateLimited, "The provider's rate limit is reached. Try again later.")
                : isOverload
                    ? CodedError(.providerOverloaded, "The provider is overloaded. Try again later.")
                    : CodedError(.providerFailed, "The provider broke its answer off with an error."),
            object, code, secrets: secrets)
    }

    private static func told(_ error: CodedError, _ object: JSONNode, _ code: String?, secrets: Secrets) -> CodedError {
        var error = error
        if error.code.fault == .caller {
            error.param = object["param"]?.string.map { secrets.cleaned($0, limit: 128) }
        }
        if let words = words(of: object, secrets: secrets) { error.message += " It says: \(words)" }
        error.detail = code.map { "code \(logged($0))" }
        return error
    }

    /// The object that tells of an error: `{"error": {…}}`, with text in its place, or vLLM's `{"object": "error", …}`.
    static func errorObject(in root: JSONNode) -> JSONNode? {
        if let error = root["error"], !error.isNull { return error }
        return root["object"]?.isString("error") == true ? root : nil
    }

    /// The provider's code, if it looks like one: short, and letters, digits and `._-` alone.
    private static func errorCode(_ object: JSONNode) -> String? {
        guard let node = object["code"] else { return nil }
        if let number = node.int { return "\(number)" }
        guard let text = node.string, Identifier.isAcceptable(text) else { return nil }
        return text
    }

    private static func words(of object: JSONNode, secrets: Secrets) -> String? {
        let text = object.string ?? object["message"]?.string
        guard let text, !text.isEmpty else { return nil }
        return secrets.cleaned(text)
    }
}
