internal import HTTP
internal import JSON

/// What whole and streamed answers of this dialect have in common.
extension Anthropic {
    /// Why the answer ended, in this dialect's words. Clients run tools for `tool_use` alone, so that the reason
    /// follows from the calls where the two contradict each other.
    static func stopReason(_ reason: FinishReason?, hasCalls: Bool, repairs: inout Repairs) -> String {
        // A reason of its own, and more than OpenAI's word for it says.
        if case .other("model_context_window_exceeded") = reason { return "model_context_window_exceeded" }
        switch reason {
        case .functionCall? where hasCalls: return "tool_use"
        // Whole answers of some servers have none.
        case nil: return hasCalls ? "tool_use" : "end_turn"
        default: break
        }
        switch FinishReason.settled(reason, hasCalls: hasCalls, repairs: &repairs) {
        case .length: return "max_tokens"
        case .contentFilter: return "refusal"
        case .toolCalls: return "tool_use"
        case .other: return "pause_turn"
        case .stop: return "end_turn"
        case .functionCall:
            repairs.note(.finishReason)
            return "end_turn"
        }
    }

    /// The dialect's prompt tokens leave out what was read from a cache and written to it. Zero for what is not known:
    /// its clients count on the fields.
    static func write(_ usage: Usage?, outputTokens: Int? = nil, to writer: inout JSONWriter) {
        let read = max(0, usage?.cachedTokens ?? 0)
        let written = max(0, usage?.cacheWriteTokens ?? 0)
        // Differences of numbers that are not negative do not overflow.
        let input = max(0, max(0, max(0, usage?.promptTokens ?? 0) - read) - written)
        writer.beginObject()
        writer.member("input_tokens", input)
        writer.member("cache_creation_input_tokens", written)
        writer.member("cache_read_input_tokens", read)
        if usage?.cacheWriteTokens != nil {
            let hour = min(written, max(0, usage?.cacheWriteHourTokens ?? 0))
            writer.key("cache_creation")
            writer.beginObject()
            writer.member("ephemeral_5m_input_tokens", written - hour)
            writer.member("ephemeral_1h_input_tokens", hour)
            writer.endObject()
        }
        writer.member("output_tokens", outputTokens ?? max(0, usage?.completionTokens ?? 0))
        if outputTokens == nil, let thinking = usage?.reasoningTokens {
            writer.key("output_tokens_details")
            writer.beginObject()
            writer.member("thinking_tokens", max(0, thinking))
            writer.endObject()
        }
        writer.endObject()
    }

    /// Appends an event whose data is an object of this type. For what comes a few times an answer.
    static func appendEvent(
        _ type: StaticString, to output: inout [UInt8], members: (inout JSONWriter) -> Void
    ) {
        var writer = JSONWriter(Array("event: \(type)\ndata: ".utf8))
        writer.beginObject()
        writer.member("type", type.description)
        members(&writer)
        writer.endObject()
        output += writer.bytes
        output += [0x0a, 0x0a]
    }
}
