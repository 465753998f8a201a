internal import JSON
internal import Telemetry

/// How the server is.
extension ContractSchemas {
    static let process: [(name: String, schema: JSON)] = [
        (
            "Reloaded",
            Schema.closed(
                .must("reloaded", Schema.flag),
                .must("changed", Schema.list(Schema.text), "The settings that are others now."),
                .must("notices", Schema.list(Schema.text)))
        ),
        ("LogLevel", Schema.closed(.must("level", Schema.one(of: LogLevel.allCases.map(\.name))))),
        ("Liveness", Schema.closed(.must("status", Schema.constant("ok")))),
        (
            "Readiness",
            Schema.closed(
                .must("status", Schema.one(of: Readiness.Status.allCases.map(\.rawValue))),
                .sometimes(
                    "checks", Schema.list(Schema.ref("ReadinessCheck")),
                    "For callers who may see more than whether the server takes work."))
        ),
        (
            "ReadinessCheck",
            Schema.closed(
                .must("name", Schema.text),
                .must("state", Schema.one(of: Readiness.State.allCases.map(\.rawValue))),
                .sometimes("detail", Schema.text))
        ),
        (
            "Health",
            Schema.closed(
                .must("status", wellness), .must("providers", Schema.list(Schema.ref("ProviderHealth"))),
                .sometimes("load", Schema.ref("Load")))
        ),
        (
            "ProviderHealth",
            Schema.closed(
                .must("name", Schema.text), .must("status", wellness),
                .must("load", Schema.any(Schema.ref("Load"), Schema.null)),
                .must("models", Schema.list(Schema.ref("ModelHealth"))))
        ),
        (
            "ModelHealth",
            Schema.closed(
                .must("name", Schema.text), .must("status", wellness), .must("recentCalls", Schema.count),
                .must("successRate", Schema.orNull(Schema.number(0...1))),
                .must("circuits", Schema.list(Schema.ref("Circuit"))))
        ),
        ("Circuit", circuit),
        (
            "Statistics",
            Schema.closed(
                .must("uptimeSeconds", Schema.count),
                .must("requests", Schema.count, "Turns and embeddings that were answered or have failed."),
                .must("succeeded", Schema.count, "Those that have their whole answer."),
                .must("successRate", Schema.orNull(Schema.number(0...1))),
                .must("running", Schema.count), .must("latency", Schema.orNull(Schema.ref("Spread"))),
                .must("timeToFirstToken", Schema.orNull(Schema.ref("Spread"))),
                .must("parallelExecutions", Schema.count), .must("cacheHitRate", Schema.orNull(Schema.number(0...1))),
                .must("timeouts", Schema.count), .must("retries", Schema.count), .must("failovers", Schema.count),
                .must(
                    "tokens", Schema.closed(.must("input", Schema.milliseconds), .must("output", Schema.milliseconds))))
        ),
        (
            "Spread",
            Schema.closed(
                .must("average", Schema.milliseconds), .must("p50", Schema.milliseconds),
                .must("p95", Schema.milliseconds), .must("p99", Schema.milliseconds))
        ),
        (
            "Load",
            Schema.closed(
                .must("running", Schema.count), .must("limit", Schema.count),
                .must("waitingInteractive", Schema.count), .must("waitingBulk", Schema.count))
        ),
    ]

    private static let wellness = Schema.one(of: "ok", "degraded")

    private static let circuit = Schema.closed(
        .must("key", Schema.count, "The key's place in the configuration."), .must("state", Schema.text),
        .must("refusal", Schema.orNull(Schema.text)), .must("retryAfterMs", Schema.orNull(Schema.milliseconds)),
        .must("keyRejected", Schema.flag), .must("lastError", Schema.orNull(Schema.text)),
        .must(
            "transitions",
            Schema.list(
                Schema.closed(
                    .must("from", Schema.text), .must("to", Schema.text), .must("cause", Schema.text),
                    .must("agoMs", Schema.milliseconds)), most: 10)))
}
