internal import Base
internal import JSON

/// How an answer ended and what it took.
extension Responses {
    /// - Parameter status: of the answer; a background answer may not have begun.
    static func finishReason(of response: JSONNode?, status: String, hasCalls: Bool) -> FinishReason {
        switch status {
        // The second is not OpenAI's spelling, but it occurs.
        case "completed", "complete": return hasCalls ? .toolCalls : .stop
        case "incomplete": break
        default: return .other(status)
        }
        switch response?["incomplete_details"]?["reason"]?.string {
        case "max_output_tokens": return .length
        case "content_filter": return .contentFilter
        case let reason: return .other(reason ?? status)
        }
    }

    /// Of an answer; `nil` where it tells of no tokens. What was cached is in the prompt's count, and reasoning in the
    /// answer's.
    static func usage(of response: JSONNode?) -> Usage? {
        guard let response, let node = response["usage"], node.kind == .object else { return nil }
        func count(_ node: JSONNode?) -> Int? { node?.int.flatMap { Int(exactly: $0) }.map { max(0, $0) } }
        let input = count(node["input_tokens"])
        let output = count(node["output_tokens"])
        guard input != nil || output != nil else { return nil }
        let details = node["input_tokens_details"]
        return Usage(
            promptTokens: input ?? 0, completionTokens: output ?? 0, totalTokens: count(node["total_tokens"]),
            cachedTokens: count(details?["cached_tokens"]), cacheWriteTokens: count(details?["cache_write_tokens"]),
            reasoningTokens: count(node["output_tokens_details"]?["reasoning_tokens"]),
            unpriced: Usage.Unpriced(tier: response["service_tier"]?.string) ?? serverTools(in: response))
    }

    /// Searches, code and pictures are paid for by the use. What a call asks of the client is not.
    private static func serverTools(in response: JSONNode) -> Usage.Unpriced? {
        let clients: Set = ["function_call", "custom_tool_call", "computer_call", "local_shell_call"]
        let isUsed = response["output"]?.elements.contains { item in
            guard let type = item["type"]?.string else { return false }
            return type.hasSuffix("_call") && !clients.contains(type)
        }
        return isUsed == true ? .serverTools : nil
    }

    /// What tells of the failure of this answer: its error, or the answer itself if it failed without one; `nil` for an
    /// answer that did not fail.
    static func failure(of response: JSONNode) -> JSONNode? {
        OpenAI.errorObject(in: response) ?? (response["status"]?.isString("failed") == true ? response : nil)
    }

    /// The error of a stream or a body that began as a success.
    static func streamError(_ object: JSONNode, secrets: Secrets) -> CodedError {
        var error = OpenAI.streamError(object, secrets: secrets)
        guard error.code.fault != .caller, let code = callersFault(object) else { return error }
        error.code = code
        error.param = object["param"]?.string.map { secrets.cleaned($0, limit: 128) }
        return error
    }

    /// This dialect begins its answer before the request is looked at closely, so that the caller's faults come late.
    private static func callersFault(_ object: JSONNode) -> ErrorCode? {
        let code = object["code"]?.string ?? ""
        // invalid_prompt, invalid_image_url, image_too_large, failed_to_download_image…
        let isRefusal = code.hasPrefix("invalid_") || code.contains("image")
        return isRefusal || object["type"]?.isString("invalid_request_error") == true ? .providerRefused : nil
    }
}
