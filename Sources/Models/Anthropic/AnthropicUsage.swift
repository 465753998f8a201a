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
        private var unpriced: Usage.Unpriced?

        mutating func merge(_ node: JSONNode?) {
            guard let node, node.kind == .object else { return }
            let fields = node.fields
            input = Self.count(fields["input_tokens"]) ?? input
            output = Self.count(fields["output_tokens"]) ?? output
            cacheRead = Self.count(fields["cache_read_input_tokens"]) ?? cacheRead
            cacheWrite = Self.count(fields["cache_creation_input_tokens"]) ?? cacheWrite
            cacheWriteHour = Self.count(fields["cache_creation"]?["ephemeral_1h_input_tokens"]) ?? cacheWriteHour
            thinking = Self.count(fields["output_tokens_details"]?["thinking_tokens"]) ?? thinking
            unpriced = Self.unpriced(fields) ?? unpriced
        }

        /// The class of service and the place are told at a stream's start alone, what else took part at its end.
        private static func unpriced(_ fields: JSONFields) -> Usage.Unpriced? {
            if let tier = Usage.Unpriced(tier: fields["service_tier"]?.string) { return tier }
            // The fast mode.
            if let tier = Usage.Unpriced(tier: fields["speed"]?.string) { return tier }
            switch fields["inference_geo"]?.string {
            case nil, "", "global", "not_available": break
            default: return .region
            }
            // Fetching pages costs their tokens alone.
            if let tools = fields["server_tool_use"],
                tools.members.contains(where: { !$0.key.isString("web_fetch_requests") && (count($0.value) ?? 0) > 0 })
            {
                return .serverTools
            }
            let steps = fields["iterations"]?.elements
            return steps?.contains { $0["type"]?.isString("advisor_message") == true } == true ? .otherModels : nil
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
                cacheWriteTokens: cacheWrite, cacheWriteHourTokens: cacheWriteHour, reasoningTokens: thinking,
                unpriced: unpriced)
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
