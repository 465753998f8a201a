internal import JSON

extension OpenAI {
    /// The counts of an answer, in any of the spellings that providers have. `root` is the chunk or body that holds
    /// them, `tier` the class of service that the answer has named. `nil` where no tokens are told of.
    static func usage(_ node: JSONNode?, in root: JSONNode? = nil, tier: String? = nil) -> Usage? {
        guard let node, node.kind == .object else { return nil }
        let fields = node.fields
        let (prompt, completion) = (count(fields["prompt_tokens"]), count(fields["completion_tokens"]))
        guard prompt != nil || completion != nil else { return nil }
        let promptDetails = fields["prompt_tokens_details"]
        let completionDetails = fields["completion_tokens_details"]
        var usage = Usage(
            promptTokens: prompt ?? 0, completionTokens: completion ?? 0,
            // DeepSeek counts its cache beside the details.
            cachedTokens: count(promptDetails?["cached_tokens"]) ?? count(fields["prompt_cache_hit_tokens"]),
            cacheWriteTokens: count(promptDetails?["cache_write_tokens"]),
            reasoningTokens: count(completionDetails?["reasoning_tokens"]))
        addHiddenReasoning(to: &usage, total: count(fields["total_tokens"]), in: root)
        usage.unpriced = Usage.Unpriced(tier: tier) ?? unpriced(node, in: root)
        return usage
    }

    /// Some providers leave the reasoning out of the answer's tokens, so that only the total has it: xAI, which counts
    /// it beside them, and Google, which does not count it at all. Any other total that is not the sum of its parts is
    /// not believed.
    private static func addHiddenReasoning(to usage: inout Usage, total: Int?, in root: JSONNode?) {
        // The sum that the parts make.
        guard let total, total > usage.totalTokens else { return }
        let hidden = total - usage.totalTokens
        if let reasoning = usage.reasoningTokens, reasoning > 0 {
            guard reasoning == hidden else { return }
        } else if root?["model"]?.string?.contains("gemini") != true {
            return
        }
        usage.reasoningTokens = hidden
        usage.completionTokens += hidden
        usage.totalTokens = total
    }

    private static func unpriced(_ usage: JSONNode, in root: JSONNode?) -> Usage.Unpriced? {
        let sound = [usage["prompt_tokens_details"], usage["completion_tokens_details"]].contains { details in
            (count(details?["audio_tokens"]) ?? 0) > 0
        }
        if sound || (count(usage["completion_tokens_details"]?["image_tokens"]) ?? 0) > 0 { return .media }
        // OpenRouter's searches, and its advisors, which are models.
        if let tools = usage["server_tool_use_details"],
            tools.members.contains(where: { !$0.key.isString("tool_calls_requested") && (count($0.value) ?? 0) > 0 })
        {
            return .serverTools
        }
        // Groq's compound models are several at work.
        return (root?["usage_breakdown"]?["models"]?.count ?? 0) > 0 ? .otherModels : nil
    }

    private static func count(_ node: JSONNode?) -> Int? {
        node?.int.flatMap { Int(exactly: $0) }.map { max(0, $0) }
    }
}
