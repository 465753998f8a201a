extension FinishReason {
    /// The same reason in a word that clients know. Servers take words from other dialects and have some of their own;
    /// a reason for which an answer was cut short is ``length``, for what came is not all.
    var common: FinishReason {
        guard case .other(let name) = self else { return self }
        return switch name.lowercased() {
        case "end_turn", "eos", "eos_token", "end_of_text", "stop_sequence", "stop_token", "complete", "completed":
            .stop
        case "max_tokens", "max_output_tokens", "model_length", "model_context_window_exceeded", "abort", "error",
            "insufficient_system_resource":
            .length
        case "tool_call", "tool_use", "tool_calls": .toolCalls
        case "refusal", "safety", "content_filtered", "recitation", "blocklist", "prohibited_content", "spii":
            .contentFilter
        case "stop": .stop
        case "length": .length
        case "content_filter": .contentFilter
        default: self
        }
    }

    /// The reason that a client is shown: one that it knows and that agrees with what the answer holds, for clients run
    /// tools for `tool_calls` alone. `pause_turn` keeps its name.
    static func settled(_ said: FinishReason?, hasCalls: Bool, repairs: inout Repairs) -> FinishReason {
        let common = said?.common
        let settled: FinishReason =
            switch common {
            case .length, .contentFilter, .other("pause_turn"): common ?? .stop
            case .functionCall where !hasCalls: .functionCall
            case .stop, .toolCalls, .functionCall, .other, nil: hasCalls ? .toolCalls : .stop
            }
        if settled != said { repairs.note(.finishReason) }
        return settled
    }
}
