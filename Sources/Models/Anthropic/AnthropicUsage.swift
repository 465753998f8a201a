internal import JSON

extension Anthropic {
    /// The counts of an answer. A stream tells them twice, at its start and at its end, and each time only some of
    /// them: what was told last is right, field by field.
    struct Counts {
        private var input: Int?
        private var output: Int?
        private var cacheRead: Int?
        private var cacheWrite: Int?
        private var cacheWriteHour: Int?
        private var thinking: Int?

        mutating func merge(_ node: JSONNode?) {
            guard let node, node.kind == .object else { return }
            let fields = node.fields
            input = Self.count(fields["input_tokens"]) ?? input
            output = Self.count(fields["output_tokens"]) ?? output
            cacheRead = Self.count(fields["cache_read_input_tokens"]) ?? cacheRead
            cacheWrite = Self.count(fields["cache_creation_input_tokens"]) ?? cacheWrite
            cacheWriteHour = Self.count(fields["cache_creation"]?["ephemeral_1h_input_tokens"]) ?? cacheWriteHour
            thinking = Self.count(fields["output_tokens_details"]?["thinking_tokens"]) ?? thinking
        }

        /// `nil` where no tokens were told of.
        var usage: Usage? {
            guard input != nil || output != nil else { return nil }
            // This dialect counts the prompt without what the cache had or took.
            let prompt = [input, cacheRead, cacheWrite].reduce(0) { sum, count in
                let (next, overflow) = sum.addingReportingOverflow(count ?? 0)
                return overflow ? .max : next
            }
            return Usage(
                promptTokens: prompt, completionTokens: output ?? 0, cachedTokens: cacheRead,
                cacheWriteTokens: cacheWrite, cacheWriteHourTokens: cacheWriteHour, reasoningTokens: thinking)
        }

        private static func count(_ node: JSONNode?) -> Int? {
            node?.int.flatMap { Int(exactly: $0) }.map { max(0, $0) }
        }
    }

    static func finishReason(_ name: String) -> FinishReason {
        switch name {
        case "end_turn", "stop_sequence": .stop
        case "max_tokens", "model_context_window_exceeded": .length
        case "tool_use": .toolCalls
        case "refusal": .contentFilter
        default: .other(name)
        }
    }
}
