internal import Base
internal import JSON
internal import Models

/// Every field of a turn in Tutti's own shape, in the order of the documentation: the contract lists them, and a body
/// with another one is refused.
extension NativeTurn {
    struct Field: Sendable {
        let name: String
        let schema: JSON
        var meaning: String?
    }

    static let fields = [
        Field(name: "message", schema: Schema.text, meaning: "A conversation of one user message."),
        Field(
            name: "messages", schema: Schema.list(Schema.ref("ChatMessage"), least: 1, most: 10_000),
            meaning: "Instead of `message`, a conversation as OpenAI writes it."),
        Field(name: "model", schema: Schema.filled(), meaning: "A name of `GET /v1/models`; by default `auto`."),
        Field(name: "stream", schema: Schema.flag, meaning: "Run events instead of one answer."),
        Field(name: "requestId", schema: Schema.identifier, meaning: "As `x-request-id`, which it wins over."),
        Field(name: "conversationId", schema: Schema.identifier, meaning: "By default a new one."),
        Field(name: "options", schema: Schema.ref("OrchestratorOptions")),
        Field(name: "metadata", schema: Schema.anything, meaning: "Ignored for now."),
        Field(
            name: "resumable", schema: Schema.flag,
            meaning: "The run goes on when the connection ends; go on with `GET /api/orchestrator/runs/{id}/events`."),
        Field(name: "personaId", schema: Schema.identifier, meaning: "There are no personas yet: 404."),
        Field(name: "plan", schema: Schema.text, meaning: "The plan of this name; short for the model `plan/NAME`."),
    ]

    static let options = [
        Field(name: "temperature", schema: Schema.number(0...2)), Field(name: "maxTokens", schema: Schema.integer(1)),
        Field(name: "topP", schema: Schema.number(0...1)), Field(name: "stop", schema: ContractSchemas.stop),
        Field(name: "seed", schema: Schema.integer(.min)),
    ]
}

extension JSONNode {
    /// Throws for a member that is none of `fields`, with the names that were probably meant.
    /// - Parameter place: What stands before the member's name in `param`.
    func refuseOthers(than fields: [NativeTurn.Field], in place: String = "") throws(CodedError) {
        let known = fields.map(\.name)
        for member in members {
            guard let name = member.key.string, !known.contains(name) else { continue }
            let shown = place + name.prefix(64)
            let near = NearestNames.of(name, in: known)
            let hint = near.isEmpty ? "Leave it out." : "Did you mean \(near.joined(separator: " or "))?"
            throw CodedError(.invalidValue, "There is no field '\(shown)'. \(hint)", param: shown)
        }
    }
}
