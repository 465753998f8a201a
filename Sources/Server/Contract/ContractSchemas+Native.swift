internal import Base
internal import JSON
internal import Models

/// Tutti's own shapes: complete, with no members beside those that are named.
extension ContractSchemas {
    static let native: [(name: String, schema: JSON)] = [
        ("OrchestratorChatRequest", chatRequest), ("OrchestratorOptions", options),
        ("OrchestratorAnswer", Schema.object(head + result + [.must("metrics", Schema.ref("Phases"))], isClosed: true)),
        (
            "BulkAnswer",
            Schema.closed(
                .must("index", Schema.integer(1), "The number of its line, from 1."),
                .must("requestId", Schema.identifier), .sometimes("answer", Schema.ref("OrchestratorAnswer")),
                .sometimes("error", Schema.ref("Problem")))
        ),
        ("OrchestratorUsage", usage), ("Phases", phases),
        (
            "CancelRequest",
            Schema.closed(.must("requestId", Schema.identifier, "The id of the running request."))
        ),
        ("Cancelled", Schema.closed(.must("cancelled", ["type": "boolean", "const": true]))),
        (
            "CancelAllRequest",
            Schema.object(CancelRoute.allFields.map { .may($0.name, $0.schema, $0.meaning) }, isClosed: true)
        ),
        ("CancelledAll", Schema.closed(.must("cancelled", Schema.count, "How many turns."))),
    ]

    private static let chatRequest: JSON = {
        var schema = Schema.object(
            NativeTurn.fields.map { .may($0.name, $0.schema, $0.meaning) }, isClosed: true)
        // One of the two, and not both: `null` is as if it were not there.
        schema["oneOf"] = [
            ["required": ["message"], "properties": ["message": Schema.text, "messages": Schema.null]],
            ["required": ["messages"], "properties": ["messages": ["type": "array"], "message": Schema.null]],
        ]
        schema["anyOf"] = [["properties": ["plan": Schema.null]], ["properties": ["model": Schema.null]]]
        return schema
    }()

    private static let options = Schema.object(
        NativeTurn.options.map { .may($0.name, $0.schema) }, isClosed: true)

    private static let head: [Schema.Member] = [
        .must("requestId", Schema.identifier), .must("runId", Schema.identifier),
        .must("conversationId", Schema.orNull(Schema.identifier), "`null` in bulk where a line names none."),
    ]

    /// What `COMPLETE` says, too.
    static let result: [Schema.Member] = [
        .must("content", Schema.text), .must("model", Schema.text, "The `provider/model` that answered."),
        .must("personaId", Schema.orNull(Schema.identifier)),
        .must("usage", Schema.any(Schema.ref("OrchestratorUsage"), Schema.null)),
        .must("cost", Schema.orNull(["type": "number", "minimum": 0]), "In dollars; `null` where it is not known."),
        .must("cached", Schema.flag),
        .sometimes(
            "degraded", Schema.one(of: Degradation.allCases.map(\.rawValue)), "What stands in for an answer."),
        .sometimes("chaos", Schema.flag, "Faults were put into the call on purpose."),
        .must("finishReason", Schema.orNull(Schema.text)),
    ]

    private static let usage = Schema.closed(
        .must("promptTokens", Schema.count), .must("completionTokens", Schema.count),
        .must("totalTokens", Schema.count), .sometimes("cachedTokens", Schema.count),
        .sometimes("cacheWriteTokens", Schema.count), .sometimes("reasoningTokens", Schema.count))

    private static let phases = Schema.object(
        (["total"] + RunPhase.allCases.map(\.rawValue))
            .map { .must($0, Schema.milliseconds) } + [
                .must("ttft", Schema.orNull(Schema.milliseconds), "The time to the first token of a stream."),
                .sometimes("experts", Schema.anyObject, "By name, the time of each expert of the plan."),
                .sometimes(
                    "outcomes", Schema.anyObject,
                    "By name, how each expert ended: `phase`, and the `code` of what it failed with."),
                .must(
                    "bottlenecks", Schema.list(Schema.text),
                    "Phases that took more than `phases.share` of `total`, or longer than they may; "
                        + "`execution/NAME` for an expert."),
            ], isClosed: true
    ).meaning("Durations in milliseconds.")

    /// The data of each run event, by the event's name.
    static let runEvents: [(name: String, schema: JSON)] = runEventData.map { ("RunEvent.\($0.name)", $0.schema) }

    static let runEventData: [(name: String, schema: JSON)] = [
        (
            "START_EXECUTION",
            Schema.open(
                .must("runId", Schema.identifier), .must("requestId", Schema.identifier),
                .must("planId", Schema.orNull(Schema.text)), .must("conversationId", Schema.identifier))
        ),
        ("STATUS", Schema.open(.must("message", Schema.text))),
        (
            "NODE",
            Schema.open(
                .must("name", Schema.text, "A node of the chat graph; `execute/NAME` for an expert."),
                .must(
                    "phase",
                    Schema.one(of: "started", "finished", "failed", "left_out", "fallback", "cached"),
                    "The last four are an expert's."),
                .sometimes("ms", Schema.milliseconds),
                .sometimes("model", Schema.text, "The `provider/model` that answered an expert."),
                .sometimes("code", Schema.text, "Why an expert failed."))
        ),
        (
            "PROGRESS",
            Schema.open(
                .must("percent", Schema.number(0...100)),
                .must("layer", Schema.orNull(Schema.text), "The part of the plan that is at work."))
        ),
        (
            "TOKEN",
            Schema.open(
                .must("token", Schema.text),
                .sometimes("expert", Schema.text, "Whose text it is; it is provisional."))
        ),
        (
            "REPLACE",
            Schema.open(
                .must("from", Schema.count, "The UTF-8 offset of the text so far from which it is another one."),
                .must("reason", Schema.text))
        ),
        (
            "TOOL",
            Schema.open(
                .must("index", Schema.count), .sometimes("id", Schema.text), .sometimes("name", Schema.text),
                .must("arguments", Schema.text))
        ),
        (
            "RETRY",
            Schema.open(
                .must("attempt", Schema.count), .must("max", Schema.count), .must("delayMs", Schema.milliseconds))
        ),
        (
            "RESTART",
            Schema.open(
                .must("reason", Schema.text, "The code of the failure."),
                .must("model", Schema.text, "The one that is asked instead."))
        ),
        ("PIPELINE_METRICS", Schema.ref("Phases")), ("COMPLETE", Schema.object(result, isClosed: false)),
        (
            "ERROR",
            Schema.open(
                .must("user", Schema.flag, "Whether it is the caller's to mend."), .must("code", Schema.text),
                .must("kind", Schema.one(of: ErrorKind.allCases.map(\.rawValue))), .must("message", Schema.text),
                .must("requestId", Schema.identifier), .must("retryable", Schema.flag),
                .sometimes("retryAfterMs", Schema.count))
        ),
        ("CANCELLED", Schema.open(.must("requestId", Schema.identifier))),
    ]
}
