internal import Base
internal import JSON

/// The named schemas of the contract, by subject.
enum ContractSchemas {
    /// Every one of them, in the order in which the contract shows them.
    static let all: [(name: String, schema: JSON)] =
        openAI + anthropic + responses + native + runEvents + process + errors

    /// The shapes of an error, one for each dialect.
    static let errors: [(name: String, schema: JSON)] = [
        (
            "Problem",
            Schema.closed(
                .must("type", ["type": "string", "format": "uri", "pattern": "^urn:tutti:error:[a-z_]+$"]),
                .must("title", Schema.text), .must("status", Schema.integer(400, 599)),
                .must("detail", Schema.text, "What is wrong, and what to do."), .must("code", code),
                .sometimes("param", Schema.text, "The offending field."),
                .sometimes("requestId", Schema.identifier),
                .must("retryable", Schema.flag), .sometimes("retryAfterMs", Schema.count),
                .sometimes(
                    "errors",
                    Schema.list(
                        Schema.closed(
                            .must("message", Schema.text), .sometimes("source", Schema.text),
                            .sometimes("file", Schema.text), .sometimes("line", Schema.count),
                            .sometimes("column", Schema.count))),
                    "Every fault of a configuration."),
                .sometimes(
                    "kept",
                    Schema.any(
                        Schema.closed(.must("first", Schema.count), .must("last", Schema.count)), Schema.null),
                    "The sequences of the events of a run that can still be had.")
            ).meaning("Problem details (RFC 9457).")
        ),
        (
            "OpenAIError",
            Schema.open(
                .must(
                    "error",
                    Schema.open(
                        .must("message", Schema.text), .must("type", Schema.text),
                        .must("param", Schema.orNull(Schema.text)), .must("code", Schema.orNull(Schema.text)))))
        ),
        (
            "AnthropicError",
            Schema.open(
                .must("type", Schema.constant("error")),
                .must("error", Schema.open(.must("type", Schema.text), .must("message", Schema.text))),
                .must("request_id", Schema.orNull(Schema.text)))
        ),
    ]

    /// Every code that an error may have.
    private static let code = Schema.one(of: ErrorCode.all.map(\.name))
}
