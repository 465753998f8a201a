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

    static let webSocket = Operation(
        id: "webSocket", summary: "Open a socket for several turns at once.",
        details:
            "A WebSocket (RFC 6455), version 13, with `tutti` as the subprotocol of who offers any; a page puts its "
            + "key beside it: `tutti, bearer.KEY`. Messages are JSON objects, as text, of at most 1 MB. The client says "
            + "`{type: chat, …}` with the members of `OrchestratorChatRequest`, `{type: cancel, requestId}`, "
            + "`{type: resume, runId, after}` or `{type: ping}`; the server says `{event, id, requestId, data}` with the "
            + "run events of `POST /api/orchestrator/chat`, `{event: PONG}`, and `{event: ERROR, requestId, data}` for a "
            + "message that it cannot take. At most 32 runs at once on one socket.",
        tag: .orchestrator,
        answers: [ContractAnswer(status: 101, meaning: "The connection is a socket from here on.", content: [])],
        errors: [.invalidValue, .upgradeRequired, .internalError])

    static let cancel = Operation(
        id: "cancel", summary: "End a running turn of the caller's own.", tag: .orchestrator, body: "CancelRequest",
        answers: [.json("Cancelled", "It is ended.")], errors: [.notFound])

    static let cancelAll = Operation(
        id: "cancelAll", summary: "End all running turns of the caller's own, or everybody's.", tag: .orchestrator,
        body: "CancelAllRequest", answers: [.json("CancelledAll", "They are ended.")])

    static let runEvents = Operation(
        id: "runEvents", summary: "Go on with the events of a resumable run.",
        details:
            "Every event after the cursor, once and in order: while the run goes on, and for as long as it is kept "
            + "afterwards. `Last-Event-ID` wins over `after`; without either, from the first event on.",
        tag: .orchestrator,
        parameters: [
            Parameter(
                name: "id", place: .path, meaning: "The `runId` of `START_EXECUTION`, or the id of the request.",
                schema: Schema.identifier),
            Parameter(
                name: "after", place: .query, meaning: "The sequence of the last event that was received.",
                schema: Schema.count),
            Parameter(
                name: "last-event-id", place: .header,
                meaning: "The `id` of the last event that was received, as `EventSource` sends it. Empty is none.",
                schema: Schema.eventID),
        ],
        answers: [
            ContractAnswer(
                meaning: "Run events.", content: [("text/event-stream", nil)],
                events: ContractSchemas.runEventData.map { ($0.name, Schema.ref("RunEvent.\($0.name)")) }),
            ContractAnswer(
                status: 204, meaning: "The run is over, and there was nothing after the cursor.", content: []),
        ],
        errors: [.invalidValue, .runNotFound, .eventsGone, .overloaded])

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

    static let bulk = Operation(
        id: "bulk", summary: "Answer many turns, a line of JSON each.",
        details: "Each line of the body is what `POST /api/orchestrator/chat` takes, without `stream` and `resumable`, "
            + "and at most 1 MB; blank lines are left out and not counted. Answers come as lines in the same order, "
            + "while questions are still read: a client that reads nothing until it has sent all may be held up. An "
            + "error stands in its line. A blank line between answers means that work goes on. Where the connection "
            + "breaks, send the same body with `after`, the index of the last answer. Cancelled by its own request id, it "
            + "ends whole, with fewer answers than lines.",
        tag: .orchestrator,
        parameters: [
            Parameter(
                name: "after", place: .query, meaning: "How many lines have their answers already.",
                schema: Schema.integer(0)),
            Parameter(
                name: "parallel", place: .query, meaning: "How many turns may run at once; 8 by default.",
                schema: Schema.integer(1, Int64(BulkQuery.mostParallel))),
        ],
        body: "OrchestratorChatRequest", bodyType: "application/jsonl",
        answers: [ContractAnswer(meaning: "JSON Lines.", content: [("application/jsonl", Schema.ref("BulkAnswer"))])],
        errors: [.invalidValue, .requestInFlight], asksProviders: true)

    static let statistics = Operation(
        id: "statistics", summary: "Give what the server has done since its start, in a few numbers.",
        details: "Durations are milliseconds. `null` where nothing was counted yet.", tag: .orchestrator,
        answers: [.json("Statistics", "What it has done.")])

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
