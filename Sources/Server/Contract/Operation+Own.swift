internal import Base
internal import JSON

/// The operations of Tutti's own routes.
extension Operation {
    static let orchestratorChat = Operation(
        id: "orchestratorChat", summary: "Answer a chat turn in Tutti's own shape.",
        details: "With `stream`, run events: server-sent events whose `event` names one, whose `data` is one JSON "
            + "object and whose `id` is `run:sequence`. Ignore names that you do not know; members are only added.",
        tag: .orchestrator, body: "OrchestratorChatRequest",
        answers: [
            .turn(
                "OrchestratorAnswer", "The answer; with `stream`, run events.",
                events: ContractSchemas.runEventData.map { ($0.name, Schema.ref("RunEvent.\($0.name)")) })
        ],
        errors: turnErrors + [.notFound], asksProviders: true)

    static let cancel = Operation(
        id: "cancel", summary: "End a running turn of the caller's own.", tag: .orchestrator, body: "CancelRequest",
        answers: [.json("Cancelled", "It is ended.")], errors: [.notFound])

    static let reload = Operation(
        id: "reload", summary: "Load the configuration again, from where it was read at the start.", tag: .process,
        answers: [.json("Reloaded", "It is in force.")],
        errors: [.invalidValue, .requestTooLarge, .invalidConfiguration])

    static let logLevel = Operation(
        id: "log-level", summary: "Set what is logged, until the configuration is loaded again.", tag: .process,
        body: "LogLevel", answers: [.json("LogLevel", "It is set.")])

    static let configurationSchema = Operation(
        id: "configuration-schema", summary: "Give the JSON Schema of the configuration.", tag: .process,
        answers: [
            ContractAnswer(
                meaning: "A JSON Schema, draft 2020-12.",
                content: [("application/schema+json", ["type": "object"])])
        ])

    static let healthz = Operation(
        id: "healthz", summary: "Say that the process lives.", tag: .process, answers: [.json("Liveness", "It lives.")])

    static let readyz = Operation(
        id: "readyz", summary: "Say whether the server takes work.",
        details: "Cheap: no provider is called. A provider that is down makes a check `degraded`, not the server "
            + "unready: another instance would fare no better.",
        tag: .process,
        answers: [
            .json("Readiness", "It takes work."),
            .json("Readiness", "It stops, or lacks what it needs.", status: 503),
        ])

    static let health = Operation(
        id: "health", summary: "Say how providers, models and circuits stand.", tag: .process,
        answers: [.json("Health", "How they stand; 200 also when a provider is down.")])

    static let metrics = Operation(
        id: "metrics", summary: "Give the metrics.", tag: .process,
        answers: [
            ContractAnswer(
                meaning: "Prometheus' text format, version 0.0.4.", content: [("text/plain", Schema.text)])
        ])

    static let openAPI = Operation(
        id: "openapi", summary: "Give this contract.", tag: .process,
        answers: [
            ContractAnswer(
                meaning: "OpenAPI 3.1.",
                content: [("application/json", Schema.open(.must("openapi", Schema.constant("3.1.0"))))])
        ])

    static let docs = Operation(
        id: "docs", summary: "Show the operations to people.", tag: .process,
        answers: [ContractAnswer(meaning: "A page.", content: [("text/html", Schema.text)])])
}
