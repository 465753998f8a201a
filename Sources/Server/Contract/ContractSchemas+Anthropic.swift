internal import JSON

/// Anthropic's dialect, and the words of OpenAI's Responses: what Tutti reads of them.
extension ContractSchemas {
    static let anthropic: [(name: String, schema: JSON)] = [
        (
            "MessagesRequest",
            Schema.object(
                prompt + [
                    .must("max_tokens", Schema.integer(0)), .may("stream", Schema.flag),
                    .may("temperature", Schema.number(0...1)), .may("top_p", Schema.number(0...1)),
                    .may("top_k", Schema.integer(0)), .may("stop_sequences", Schema.list(Schema.text, most: 64)),
                    .may("metadata", Schema.open(.may("user_id", Schema.text))),
                ], isClosed: false)
        ),
        ("CountTokensRequest", Schema.object(prompt, isClosed: false)),
        ("TokenCount", Schema.open(.must("input_tokens", Schema.count))),
        ("MessageParam", messageParam), ("ContentBlock", Schema.open(.must("type", Schema.text))),
        (
            "Message",
            Schema.open(
                .must("id", Schema.text), .must("type", Schema.constant("message")),
                .must("role", Schema.constant("assistant")), .must("model", Schema.text),
                .must("content", Schema.list(Schema.ref("ContentBlock"))),
                .must("stop_reason", Schema.orNull(Schema.text)),
                .must("stop_sequence", Schema.orNull(Schema.text)),
                .must(
                    "usage",
                    Schema.open(.must("input_tokens", Schema.count), .must("output_tokens", Schema.count))))
        ),
    ]

    private static let blocks = Schema.any(Schema.text, Schema.list(Schema.ref("ContentBlock")))

    private static let messageParam = Schema.open(
        .must("role", Schema.one(of: "user", "assistant")), .must("content", blocks))

    private static let prompt: [Schema.Member] = [
        .must("model", Schema.filled("A name of `GET /v1/models`.")),
        .must("messages", Schema.list(Schema.ref("MessageParam"), least: 1, most: 100_000)),
        .may(
            "system",
            Schema.any(
                Schema.text,
                Schema.list(Schema.open(.must("type", Schema.constant("text")), .must("text", Schema.text))))),
        .may(
            "tools",
            Schema.list(Schema.any(tool, foreignTool), most: 512)),
        .may(
            "tool_choice",
            Schema.open(
                .must("type", Schema.text, "`auto`, `any`, `tool` (with a `name`) or `none`."),
                .may("name", Schema.name), .may("disable_parallel_tool_use", Schema.flag))),
        .may(
            "thinking",
            Schema.open(
                .must("type", Schema.text, "`enabled` (with `budget_tokens`), `adaptive` or `disabled`."),
                .may("budget_tokens", Schema.integer(1)))),
        .may(
            "output_config",
            Schema.open(.may("effort", Schema.text), .may("format", format))),
        .may("output_format", format, "The older name of `output_config.format`."),
        .may("cache_control", Schema.anyObject),
    ]

    private static let tool = Schema.open(
        .may("type", Schema.constant("custom")), .must("name", Schema.name), .may("description", Schema.text),
        .must("input_schema", Schema.anyObject, "A JSON schema."), .may("strict", Schema.flag))

    private static let foreignTool = Schema.open(
        .must(
            "type", ["type": "string", "not": ["const": "custom"]], "A tool that the provider defines."))

    private static let textFormat = Schema.any(
        Schema.open(.must("type", Schema.one(of: "text", "json_object"))),
        Schema.open(
            .must("type", Schema.constant("json_schema")), .must("name", Schema.text),
            .must("schema", Schema.anyObject), .may("strict", Schema.flag)))

    private static let format = Schema.open(
        .must("type", Schema.constant("json_schema")), .must("schema", Schema.anyObject))

    static let responses: [(name: String, schema: JSON)] = [
        ("ResponsesRequest", responsesRequest),
        (
            "Response",
            Schema.open(
                .must("id", Schema.text), .must("object", Schema.constant("response")), .must("model", Schema.text),
                .must("status", Schema.text), .must("output", Schema.list(Schema.anyObject)))
        ),
    ]

    private static let responsesRequest = Schema.open(
        .must("model", Schema.filled("A name of `GET /v1/models`.")),
        .must("input", Schema.any(Schema.text, Schema.list(Schema.anyObject, least: 1, most: 100_000))),
        .may("instructions", Schema.text), .may("stream", Schema.flag), .may("stream_options", Schema.anyObject),
        .may("temperature", Schema.number(0...2)), .may("top_p", Schema.number(0...1)),
        .may("max_output_tokens", Schema.integer(1)), .may("top_logprobs", Schema.integer(0, 20)),
        .may("tools", Schema.list(Schema.anyObject, most: 512)),
        .may("tool_choice", Schema.any(Schema.text, Schema.anyObject)), .may("parallel_tool_calls", Schema.flag),
        .may("reasoning", Schema.open(.may("effort", Schema.text), .may("summary", Schema.text))),
        .may("text", Schema.open(.may("verbosity", Schema.text), .may("format", textFormat))),
        .may("store", Schema.flag), .may("metadata", Schema.anyObject), .may("user", Schema.text),
        .may("truncation", Schema.text), .may("max_tool_calls", Schema.integer(1)),
        .may("include", Schema.list(Schema.text)),
        .may("background", ["type": "boolean", "const": false], "Answers are not kept for later."),
        .may("previous_response_id", Schema.null, "Nothing is stored."),
        .may("conversation", Schema.null, "Nothing is stored."), .may("prompt", Schema.null, "Nothing is stored."))
}
