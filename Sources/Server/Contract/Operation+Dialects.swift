internal import Base
internal import JSON

/// The operations of the providers' dialects.
extension Operation {
    /// Of a turn, whatever its words.
    static let turnErrors: [ErrorCode] = [
        .unsupportedByModel, .contextLengthExceeded, .modelNotFound, .requestInFlight, .cancelled, .modelUnavailable,
        .overloaded, .deadlineExceeded, .nodeTimeout, .noExpertAnswered, .planLimit, .internalError,
    ]

    private static let cost = (name: "x-tutti-cost", meaning: "What the answer cost, in dollars, where that is known.")

    private static func turn(_ component: String) -> ContractAnswer {
        .turn(component, "The answer; with `stream`, its events.", headers: [cost])
    }

    static let chatCompletions = Operation(
        id: "createChatCompletion", summary: "Answer a chat turn.",
        details: "With `stream` as server-sent events, the last of them `data: [DONE]`.", tag: .openAI,
        body: "ChatCompletionRequest", answers: [turn("ChatCompletion")], errors: turnErrors, asksProviders: true)

    static let responses = Operation(
        id: "createResponse", summary: "Answer a turn in the words of Responses.",
        details: "Nothing is stored: send the whole conversation in `input`.", tag: .openAI, body: "ResponsesRequest",
        answers: [turn("Response")], errors: turnErrors, asksProviders: true)

    static let messages = Operation(
        id: "createMessage", summary: "Answer a message.", tag: .anthropic, body: "MessagesRequest",
        answers: [turn("Message")], errors: turnErrors, asksProviders: true)

    static let countTokens = Operation(
        id: "countTokens", summary: "Count the tokens of a message.", tag: .anthropic, body: "CountTokensRequest",
        answers: [
            .json(
                "TokenCount", "How many input tokens the message would have.",
                headers: [("x-tutti-estimate", "`true` where no provider counted.")])
        ], errors: turnErrors, asksProviders: true)

    static let embeddings = Operation(
        id: "createEmbeddings", summary: "Make vectors of texts.", tag: .openAI, body: "EmbeddingRequest",
        answers: [
            .json("Embeddings", "A vector for each input.", headers: [cost])
        ], errors: turnErrors, asksProviders: true)

    static let models = Operation(
        id: "listModels", summary: "List the names that resolve.", tag: .openAI,
        answers: [.json("Models", "The names, in stable order.")])

    static let model = Operation(
        id: "getModel", summary: "Look one name up.", tag: .openAI,
        parameters: [
            Parameter(
                name: "model", place: .path, meaning: "A name; its slashes as they are or as `%2F`.",
                schema: Schema.filled())
        ], answers: [.json("Model", "The model.")], errors: [.modelNotFound])
}
