internal import JSON

/// OpenAI's dialect: what Tutti reads of it. Other members pass to an upstream of the same dialect.
extension ContractSchemas {
    static let openAI: [(name: String, schema: JSON)] = [
        ("ChatCompletionRequest", chatRequest), ("ChatMessage", message), ("ContentPart", part),
        ("ToolCall", toolCall), ("ChatCompletion", chatCompletion), ("EmbeddingRequest", embeddingRequest),
        ("Embeddings", embeddings), ("Model", model),
        (
            "Models",
            Schema.open(.must("object", Schema.constant("list")), .must("data", Schema.list(Schema.ref("Model"))))
        ),
    ]

    private static let chatRequest = Schema.object(
        [
            .must("model", Schema.filled("A name of `GET /v1/models`.")),
            .must("messages", Schema.list(Schema.ref("ChatMessage"), least: 1, most: 10_000)),
            .may("stream", Schema.flag),
            .may("stream_options", Schema.open(.may("include_usage", Schema.flag))),
            .may("response_format", responseFormat), .may("user", Schema.text),
            .may("metadata", Schema.anyObject), .may("reasoning_effort", Schema.text),
            .may("reasoning", Schema.open(.may("effort", Schema.text)), "OpenRouter's form of `reasoning_effort`."),
        ] + sampling + tools, isClosed: false
    ).meaning("Other members pass to an upstream of the same dialect. `top_logprobs` needs `logprobs` to be `true`.")

    private static let sampling: [Schema.Member] = [
        .may("temperature", Schema.number(0...2)), .may("top_p", Schema.number(0...1)),
        .may("frequency_penalty", Schema.number(-2...2)), .may("presence_penalty", Schema.number(-2...2)),
        .may("seed", Schema.integer(.min)), .may("n", Schema.integer(1, 8)), .may("stop", stop),
        .may("max_tokens", Schema.integer(1)), .may("max_completion_tokens", Schema.integer(1)),
        .may("logprobs", Schema.flag), .may("top_logprobs", Schema.integer(0, 20), "Needs `logprobs`."),
        .may("logit_bias", Schema.anyObject),
    ]

    static let stop = Schema.any(Schema.text, Schema.list(Schema.text, most: 4))

    private static let tools: [Schema.Member] = [
        .may(
            "tools",
            Schema.list(
                Schema.any(
                    Schema.open(
                        .may("type", Schema.constant("function")),
                        .must(
                            "function",
                            Schema.open(
                                .must("name", Schema.name), .may("description", Schema.text),
                                .may("parameters", Schema.anyObject, "A JSON schema."),
                                .may("strict", Schema.flag)))),
                    Schema.open(.must("type", other(than: "function"), "What only the provider knows."))),
                most: 128)),
        .may("tool_choice", Schema.any(Schema.one(of: "none", "auto", "required"), Schema.anyObject)),
        .may("parallel_tool_calls", Schema.flag),
        .may("functions", Schema.list(Schema.anything, most: 128), "The form before `tools`."),
    ]

    private static let responseFormat = Schema.open(
        .must("type", Schema.one(of: "text", "json_object", "json_schema")),
        .may(
            "json_schema",
            Schema.open(
                .must("name", Schema.text), .may("schema", Schema.anyObject), .may("strict", Schema.flag))))

    private static let content = Schema.any(Schema.text, Schema.list(Schema.ref("ContentPart")))

    private static let message = Schema.any(
        message(Schema.one(of: "system", "developer", "user"), .must("content", content)),
        message(
            Schema.constant("assistant"), .may("content", content), .may("reasoning_content", Schema.text)),
        message(Schema.constant("tool"), .must("content", content), .must("tool_call_id", Schema.text)),
        message(Schema.constant("function"), .may("content", content)))

    /// With the fields that are read whatever the role.
    private static func message(_ role: JSON, _ own: Schema.Member...) -> JSON {
        let common: [Schema.Member] = [
            .may("name", Schema.name), .may("refusal", Schema.text),
            .may("tool_calls", Schema.list(Schema.ref("ToolCall"))), .may("tool_call_id", Schema.text),
        ]
        let others = common.filter { field in !own.contains { $0.name == field.name } }
        return Schema.object([.must("role", role)] + own + others, isClosed: false)
    }

    private static let part = Schema.any(
        part("text", .must("text", Schema.text)), part("refusal", .must("refusal", Schema.text)),
        part(
            "image_url",
            .must(
                "image_url",
                Schema.any(imageURL, Schema.open(.must("url", imageURL), .may("detail", Schema.text))))),
        part(
            "input_audio",
            .must("input_audio", Schema.open(.must("data", media), .must("format", Schema.text)))),
        part(
            "file",
            .must(
                "file",
                Schema.any(
                    Schema.open(.must("file_id", Schema.text), .may("filename", Schema.text)),
                    Schema.open(
                        .may("file_id", Schema.null), .must("file_data", media), .may("filename", Schema.text))))),
        Schema.open(
            .must("type", other(than: "text", "refusal", "image_url", "input_audio", "file")))
    ).meaning("Kinds that are not named here pass to an upstream of the same dialect.")

    private static func part(_ type: String, _ content: Schema.Member) -> JSON {
        Schema.open(
            .must("type", Schema.constant(type)), content,
            .may("cache_control", Schema.open(.may("ttl", Schema.text)), "Anthropic's mark, for its models."))
    }

    private static func other(than known: String...) -> JSON {
        var schema = Schema.text
        schema["not"] = ["enum": .array(known.map { .string($0) })]
        return schema
    }

    private static let dataURL = "^data:[^,]*;base64,"

    /// Any URL; behind `;base64,` there must be base64.
    private static let imageURL: JSON = {
        var plain = Schema.text
        plain["not"] = ["pattern": .string(dataURL)]
        return Schema.any(plain, ["type": "string", "pattern": .string("\(dataURL)\(Schema.base64)$")])
    }()

    private static let media = Schema.any(
        ["type": "string", "pattern": .string("^(?:data:[^,]*;base64,)?\(Schema.base64)$")],
        ["type": "string", "pattern": "^https?://[^\\u0000]*$"]
    ).meaning("Base64, alone or in a `data:` URL, or the URL of a file.")

    private static let toolCall = Schema.any(
        Schema.open(
            .must("id", Schema.text), .may("type", Schema.constant("function")),
            .must("function", Schema.open(.must("name", Schema.text), .may("arguments", Schema.text)))),
        Schema.open(.must("id", Schema.text), .must("type", other(than: "function"))))

    private static let usage = Schema.open(
        .must("prompt_tokens", Schema.count), .must("completion_tokens", Schema.count),
        .must("total_tokens", Schema.count))

    private static let chatCompletion = Schema.open(
        .must("id", Schema.text), .must("object", Schema.constant("chat.completion")),
        .must("created", Schema.integer(0)),
        .must("model", Schema.text, "The `provider/model` that answered."),
        .must(
            "choices",
            Schema.list(
                Schema.open(
                    .must("index", Schema.count), .must("message", Schema.anyObject),
                    .must("finish_reason", Schema.orNull(Schema.text))))),
        .sometimes("usage", Schema.orNull(usage)))

    private static let token = Schema.integer(0)

    private static let embeddingRequest = Schema.open(
        .must("model", Schema.text),
        .must(
            "input",
            Schema.any(
                Schema.text, Schema.list(Schema.text, least: 1, most: 2048), Schema.list(token, least: 1),
                Schema.list(Schema.list(token, least: 1), least: 1, most: 2048))),
        .may("dimensions", Schema.integer(1, 1_000_000)),
        .may("encoding_format", Schema.one(of: "float", "base64")))

    private static let embeddings = Schema.open(
        .must("object", Schema.constant("list")), .must("model", Schema.text),
        .must(
            "data",
            Schema.list(Schema.open(.must("embedding", Schema.any(Schema.list(["type": "number"]), Schema.text))))))

    private static let model = Schema.open(
        .must("id", Schema.text), .must("object", Schema.constant("model")), .must("created", Schema.integer(0)),
        .must("owned_by", Schema.text),
        .sometimes("tutti", Schema.anyObject, "What the catalogue knows of the model."))
}
