extension TranslationRule {
    static let answers: [TranslationRule] = [
        .init(
            .answer, "id of the answer", openAI: "id", anthropic: "id", toAnthropic: .changed, toOpenAI: .changed,
            "Ours; the provider's where its own bytes go through."),
        .init(.answer, "time of the answer", openAI: "created", toAnthropic: .dropped),
        .init(
            .answer, "model that answered", openAI: "model", anthropic: "model", toAnthropic: .changed,
            toOpenAI: .changed, "The target, as provider/model."),
        .init(
            .answer, "answer's text", openAI: "choices[].message.content", anthropic: "content[].type text",
            toAnthropic: .kept, toOpenAI: .kept,
            "Blocks of text are joined as they are. If the answer's tool is called, its arguments are the text, what "
                + "the model says besides is left out, and the end is stop unless the client's tools are called too."),
        .init(
            .answer, "sources", openAI: "choices[].message.annotations", anthropic: "content[].citations",
            toAnthropic: .dropped, toOpenAI: .dropped),
        .init(
            .answer, "answer's thoughts", openAI: "choices[].message.reasoning_content, reasoning",
            anthropic: "content[].type thinking", toAnthropic: .kept, toOpenAI: .kept),
        .init(
            .answer, "proof and seals of thoughts", openAI: "choices[].message.reasoning_details",
            anthropic: "content[].signature, redacted_thinking", toAnthropic: .dropped, toOpenAI: .dropped,
            "They mean nothing but to the provider that gave them."),
        .init(
            .answer, "answer's tool calls", openAI: "choices[].message.tool_calls",
            anthropic: "content[].type tool_use", toAnthropic: .changed, toOpenAI: .changed,
            "As in messages."),
        .init(
            .answer, "what the provider's own tools did", openAI: "choices[].message.executed_tools",
            anthropic: "content[].type server_tool_use, mcp_tool_use and their results", toAnthropic: .dropped,
            toOpenAI: .dropped),
        .init(
            .answer, "answer's refusal", openAI: "choices[].message.refusal", toAnthropic: .changed, "Text."),
        .init(
            .answer, "answer's log-probabilities", openAI: "choices[].logprobs", toAnthropic: .dropped),
        .init(
            .answer, "end: said everything", openAI: "finish_reason stop", anthropic: "stop_reason end_turn",
            toAnthropic: .kept, toOpenAI: .kept),
        .init(
            .answer, "end: a stop sequence", anthropic: "stop_reason stop_sequence, stop_sequence",
            toOpenAI: .changed, "stop."),
        .init(
            .answer, "end: too long", openAI: "finish_reason length", anthropic: "stop_reason max_tokens",
            toAnthropic: .kept, toOpenAI: .kept),
        .init(
            .answer, "end: the window is full", anthropic: "stop_reason model_context_window_exceeded",
            toOpenAI: .changed, "length."),
        .init(
            .answer, "end: tools are called", openAI: "finish_reason tool_calls, function_call",
            anthropic: "stop_reason tool_use", toAnthropic: .kept, toOpenAI: .kept),
        .init(
            .answer, "end: filtered", openAI: "finish_reason content_filter", anthropic: "stop_reason refusal",
            toAnthropic: .kept, toOpenAI: .kept),
        .init(
            .answer, "end: to be continued", anthropic: "stop_reason pause_turn", toOpenAI: .kept,
            "By its own name: only tools of the provider lead to it, which OpenAI's dialect cannot ask for."),
        .init(
            .answer, "tokens of the prompt", openAI: "usage.prompt_tokens", anthropic: "usage.input_tokens",
            toAnthropic: .changed, toOpenAI: .changed,
            "OpenAI's count includes what the cache had or took, Anthropic's does not."),
        .init(
            .answer, "tokens of the answer", openAI: "usage.completion_tokens", anthropic: "usage.output_tokens",
            toAnthropic: .kept, toOpenAI: .kept),
        .init(
            .answer, "tokens read from the cache", openAI: "usage.prompt_tokens_details.cached_tokens",
            anthropic: "usage.cache_read_input_tokens", toAnthropic: .kept, toOpenAI: .kept),
        .init(
            .answer, "tokens written to the cache", openAI: "usage.prompt_tokens_details.cache_write_tokens",
            anthropic: "usage.cache_creation_input_tokens", toAnthropic: .kept, toOpenAI: .dropped,
            "Counted in the prompt."),
        .init(
            .answer, "tokens written for an hour", anthropic: "usage.cache_creation.ephemeral_1h_input_tokens",
            toOpenAI: .dropped),
        .init(
            .answer, "tokens of thoughts", openAI: "usage.completion_tokens_details.reasoning_tokens",
            anthropic: "usage.output_tokens_details.thinking_tokens", toAnthropic: .kept, toOpenAI: .kept),
        .init(
            .answer, "other counts",
            openAI: "usage.total_tokens, audio_tokens, accepted_prediction_tokens, cost, times",
            anthropic: "usage.iterations, server_tool_use, service_tier, inference_geo", toAnthropic: .dropped,
            toOpenAI: .dropped, "The total is made anew for OpenAI's dialect."),
        .init(
            .answer, "fields of one provider's answers",
            openAI: "system_fingerprint, service_tier, x_groq, usage_breakdown, provider, time_info, moderation",
            anthropic: "container, stop_details", toAnthropic: .dropped, toOpenAI: .dropped),
        .init(
            .answer, "signs of life and padding", openAI: "comments, obfuscation, p", anthropic: "ping",
            toAnthropic: .dropped, toOpenAI: .dropped, "We send our own."),
        .init(
            .answer, "errors", openAI: "error", anthropic: "type error, error", toAnthropic: .changed,
            toOpenAI: .changed, "One of our codes, in the client's envelope."),
    ]
}
