internal import Base
internal import JSON

/// What a request is refused for. Providers tell it by a code, by a type or in words alone, with many a status, and also
/// when their answer has begun as a success.
extension OpenAI {
    /// What only the object tells: that the request does not fit, or that its content is refused. `nil` where the status
    /// decides.
    /// - Parameter status: `nil` where none is known.
    static func fault(of object: JSONNode, code: String?, status: Int?, said: String) -> CodedError? {
        if let status, !(400..<500).contains(status) { return nil }
        let type = object["type"]?.string
        if isContentFault(object, code, type, status) {
            // A provider that says so with 403 accepts the key all the same.
            return CodedError(.providerRefused, "The provider refused the request on account of its content (\(said)).")
        }
        let isTooLong =
            code.map(tooLong.contains) == true || type.map(tooLong.contains) == true
            || code != "rate_limit_exceeded" && mayBeTooLong(status) && isTooLong(words: object)
        guard isTooLong else { return nil }
        return CodedError(
            .contextLengthExceeded, "The conversation does not fit into the model's window. Shorten it.",
            param: "messages")
    }

    private static let tooLong: Set = [
        "context_length_exceeded", "string_above_max_length", "exceed_context_size_error",
    ]

    private static let refusedContent: Set = [
        "content_filter", "content_policy_violation", "moderation", "moderation_blocked", "moderation_error",
    ]

    private static func isContentFault(_ object: JSONNode, _ code: String?, _ type: String?, _ status: Int?) -> Bool {
        if code.map(refusedContent.contains) == true || type.map(refusedContent.contains) == true { return true }
        // OpenRouter's moderation.
        guard status == 403, let details = object["metadata"] else { return false }
        return details["flagged_input"]?.string != nil || details["reasons"]?.kind == .array
    }

    private static func mayBeTooLong(_ status: Int?) -> Bool {
        guard let status else { return true }
        return status == 400 || status == 413 || status == 422
    }

    /// Many servers have no code for it. Only the first words are looked at.
    private static func isTooLong(words object: JSONNode) -> Bool {
        let words = (object.string ?? object["message"]?.string ?? "").prefix(512).lowercased()
        return phrases.contains { words.contains($0) }
            || words.contains("exceed") && (words.contains("context") || words.contains("input token"))
    }

    private static let phrases = [
        "maximum context length", "maximum prompt length", "context window", "prompt is too long", "input is too long",
        "too many tokens", "reduce the length",
    ]
}
