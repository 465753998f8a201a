public import Base
public import HTTP
internal import JSON

extension Anthropic {
    /// What an answer with another status than 200 means. The provider's own words are passed on, bounded and without
    /// keys, where they can help the caller; never those about keys.
    /// - Parameter wall: The present time, for a date in `Retry-After`.
    public static func decodeError(
        status: Int, headers: HTTPHeaders, body: [UInt8], secrets: Secrets = Secrets(), wall: WallTime
    ) -> CodedError {
        let root = try? JSONDocument(body).root
        let object = root.flatMap { errorObject(in: $0) }
        let type = object.flatMap { errorType($0, secrets: secrets) }
        // Gateways before a provider say 400 for anything; the type then tells more.
        let judged = status == 400 ? type.flatMap(statusOfType) ?? status : status
        var error = meaning(ofStatus: judged, words: message(of: object), said: "status \(status)")
        complete(&error, with: object, secrets: secrets)
        error.providerStatus = status
        error.readWait(from: headers, wall: wall)
        error.detail = detail("status \(status)", type: type, root: root)
        return error
    }

    /// The error of a stream or a body that began as a success.
    static func streamError(_ object: JSONNode, in root: JSONNode, secrets: Secrets) -> CodedError {
        let type = errorType(object, secrets: secrets)
        let status = type.flatMap(statusOfType) ?? 500
        var error = meaning(ofStatus: status, words: message(of: object), said: type ?? "an error in its answer")
        if error.code == .providerFailed { error.message = "The provider broke its answer off with an error." }
        complete(&error, with: object, secrets: secrets)
        error.detail = detail(nil, type: type, root: root)
        return error
    }

    /// The object that tells of an error: `{"type":"error","error":{…}}`, with text there, or without the type.
    static func errorObject(in root: JSONNode) -> JSONNode? {
        if let error = root["error"], !error.isNull { return error }
        return root["type"]?.isString("error") == true ? root : nil
    }

    /// The status with which the provider gives an error of this type; `nil` for types that we do not know.
    private static func statusOfType(_ type: String) -> Int? {
        switch type {
        case "invalid_request_error": 400
        case "authentication_error": 401
        case "billing_error": 402
        case "permission_error": 403
        case "not_found_error": 404
        case "request_too_large": 413
        case "rate_limit_error": 429
        case "api_error": 500
        case "timeout_error": 504
        case "overloaded_error": 529
        default: nil
        }
    }

    private static func meaning(ofStatus status: Int, words: String, said: String) -> CodedError {
        switch status {
        case 400, 413, 422:
            if isTooLong(words) {
                return CodedError(
                    .contextLengthExceeded, "The conversation does not fit into the model's window. Shorten it.",
                    param: "messages")
            }
            // An account without money is told of as a bad request.
            if words.contains("credit balance is too low") { return rejectedKey(said) }
            return CodedError(.providerRefused, "The provider refused the request (\(said)).")
        case 401, 402, 403: return rejectedKey(said)
        case 404:
            return CodedError(
                .modelUnavailable, "The provider does not know the configured model or address (\(said)).")
        case 408, 504, 524:
            return CodedError(.providerTimeout, "The provider did not answer in time (\(said)).")
        case 429: return CodedError(.providerRateLimited, "The provider's rate limit is reached. Try again later.")
        case 503, 529:
            return CodedError(.providerOverloaded, "The provider is overloaded (\(said)). Try again later.")
        case 400..<500: return CodedError(.providerRefused, "The provider refused the request (\(said)).")
        case 500...: return CodedError(.providerFailed, "The provider failed (\(said)).")
        default:
            return CodedError(
                .providerInvalidAnswer, "The provider answered with \(said), which is no answer to a chat.")
        }
    }

    private static func rejectedKey(_ said: String) -> CodedError {
        CodedError(
            .providerRejectedKey,
            "The provider does not accept the configured key (\(said)). Check the key and its account.")
    }

    /// There is no type for this: only the words tell.
    private static func isTooLong(_ words: String) -> Bool {
        words.contains("prompt is too long") || words.contains("input is too long")
            || (words.contains("exceed") && words.contains("context"))
    }

    private static func complete(_ error: inout CodedError, with object: JSONNode?, secrets: Secrets) {
        guard error.code.fault == .caller || OpenAI.isTold(error.code),
            let words = object.flatMap({ $0.string ?? $0["message"]?.string }), !words.isEmpty
        else { return }
        error.message += " It says: \(secrets.cleaned(words))"
    }

    /// The first words of the message, to look for what they are about.
    private static func message(of object: JSONNode?) -> String {
        let text = object.flatMap { $0.string ?? $0["message"]?.string } ?? ""
        return text.prefix(512).lowercased()
    }

    /// The provider's type, if it looks like one: short, letters, digits and `._-` alone, and no key.
    private static func errorType(_ object: JSONNode, secrets: Secrets) -> String? {
        guard let type = object["type"]?.string, Identifier.isAcceptable(type) else { return nil }
        return secrets.cleaned(type)
    }

    /// The types as the log may have them: whatever a provider makes up may hold what it was sent.
    private static let knownTypes: Set = [
        "invalid_request_error", "authentication_error", "billing_error", "permission_error", "not_found_error",
        "request_too_large", "rate_limit_error", "timeout_error", "api_error", "overloaded_error",
    ]

    /// For the log. The provider's people ask for the id of the request.
    private static func detail(_ status: String?, type: String?, root: JSONNode?) -> String? {
        let request = root?["request_id"]?.string.flatMap { Identifier.isAcceptable($0) ? "request \($0)" : nil }
        let known = type.map { "type \(knownTypes.contains($0) ? $0 : "unknown")" }
        let parts = [status, known, request].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
}
