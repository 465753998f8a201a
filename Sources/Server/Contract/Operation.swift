internal import Base
internal import JSON

/// What one route promises: what it is for, takes and answers. The contract (`GET /openapi.json`) is made of these.
struct Operation: Sendable {
    /// The parts that the contract is read in.
    enum Tag: String, Sendable, CaseIterable {
        case openAI = "OpenAI"
        case anthropic = "Anthropic"
        case orchestrator = "Orchestrator"
        case process = "Process"

        var meaning: String {
            switch self {
            case .openAI: "OpenAI's dialect, to any model."
            case .anthropic: "Anthropic's dialect, to any model."
            case .orchestrator: "Tutti's own shapes."
            case .process: "How the server is, and what it can do."
            }
        }
    }

    /// A part of the path, a header or a query field.
    struct Parameter: Sendable {
        enum Place: String, Sendable { case path, header, query }

        let name: String
        let place: Place
        let meaning: String
        let schema: JSON
    }

    /// The name of the operation, for generated clients. Unique.
    let id: String
    /// One short sentence.
    let summary: String
    /// Markdown.
    var details: String?
    let tag: Tag
    var parameters: [Parameter] = []
    /// The component that a body must follow; `nil` for a route without one.
    var body: String?
    /// What it takes, as a media type.
    var bodyType = "application/json"
    /// What it answers when all is well, and what else is no error.
    let answers: [ContractAnswer]
    /// The errors of its own; those that every route may give are added to them.
    var errors: [ErrorCode] = []
    /// Whether the answer may end with any error of a provider.
    var asksProviders = false
}

/// One status of an operation, and what comes with it.
struct ContractAnswer: Sendable {
    var status = 200
    let meaning: String
    /// By media type. None for an answer without a body; no schema for a stream, since what would be checked by it is
    /// an event for some and the whole text for others.
    let content: [(type: String, schema: JSON?)]
    /// Beyond those that every answer has.
    var headers: [(name: String, meaning: String)] = []
    /// By name, the data of the events of a stream.
    var events: [(name: String, schema: JSON)] = []

    /// A JSON answer of the shape of this component.
    static func json(
        _ component: String, _ meaning: String, status: Int = 200, headers: [(name: String, meaning: String)] = []
    ) -> ContractAnswer {
        ContractAnswer(
            status: status, meaning: meaning, content: [("application/json", Schema.ref(component))], headers: headers)
    }

    /// The answer to a turn: whole, of the shape of this component, or as a stream.
    /// - Parameter headers: Beyond those that every turn has.
    static func turn(
        _ component: String, _ meaning: String, headers: [(name: String, meaning: String)] = [],
        events: [(name: String, schema: JSON)] = []
    ) -> ContractAnswer {
        ContractAnswer(
            meaning: meaning, content: [("application/json", Schema.ref(component)), ("text/event-stream", nil)],
            headers: headers + [
                ("x-tutti-degraded", "What stands in for an answer: `local`, `stale` or `text`."),
                ("x-tutti-chaos", "`true` when faults were put into the call on purpose."),
            ], events: events)
    }
}
