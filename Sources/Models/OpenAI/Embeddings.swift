public import Base
internal import JSON

extension OpenAI: EmbeddingDialect {
    /// The most texts of one request; OpenAI itself takes 2,048.
    private static let maxInputs = 10_000

    /// Reads and checks the body of `POST /v1/embeddings`.
    /// - Throws: an error of the caller's with the offending `param`.
    public static func decodeEmbeddingRequest(_ body: [UInt8]) throws(CodedError) -> EmbeddingRequest {
        let fields = FieldReader(try RequestBody.object(body, like: #"{"model": …, "input": …}"#))
        guard let model = try fields.string("model") else { throw fields.missing("model", "the name of a model") }
        let count = try inputs(of: fields)
        _ = try fields.integer("dimensions", in: 1...1_000_000)
        if let format = try fields.string("encoding_format"), format != "float", format != "base64" {
            throw CodedError(
                .invalidValue, "'encoding_format' must be float or base64.", param: "encoding_format")
        }
        return EmbeddingRequest(model: model, count: count, original: body)
    }

    private static func inputs(of fields: FieldReader) throws(CodedError) -> Int {
        let wanted = "a text, a list of texts, a list of tokens or a list of such lists"
        guard let input = fields.present("input") else { throw fields.missing("input", wanted) }
        if input.kind == .string { return 1 }
        guard input.kind == .array, let first = input.elements.first(where: { _ in true }) else {
            throw fields.wrongType("input", is: input, expected: wanted)
        }
        if first.int != nil {
            for (index, token) in input.elements.enumerated() where (token.int ?? -1) < 0 {
                throw fields.wrongType("input[\(index)]", is: token, expected: "a token's number")
            }
            return 1
        }
        guard input.count <= maxInputs else {
            throw CodedError(
                .invalidValue, "'input' holds \(input.count) texts; at most \(maxInputs) are allowed.", param: "input")
        }
        for (index, element) in input.elements.enumerated() where element.kind != first.kind || !isInput(element) {
            throw fields.wrongType(
                "input[\(index)]", is: element, expected: "a text or a list of tokens, like the first")
        }
        return input.count
    }

    private static func isInput(_ node: JSONNode) -> Bool {
        node.kind == .string
            || node.kind == .array && node.count > 0 && node.elements.allSatisfy { ($0.int ?? -1) >= 0 }
    }

    public static func embeddingURL(base: String) -> String { base + "/embeddings" }

    public static func encodeEmbeddingRequest(_ request: EmbeddingRequest, model: String) -> [UInt8] {
        JSONMembers.setting("model", to: JSON.string(model).bytes, in: request.original)
    }

    public static func decodeEmbeddings(
        _ body: [UInt8], count: Int, secrets: Secrets
    ) throws(CodedError) -> EmbeddingAnswer {
        let root: JSONNode
        do { root = try JSONDocument(body).root } catch {
            throw CodedError(.providerInvalidAnswer, "The provider's answer is \(error.message).")
        }
        if let error = errorObject(in: root) { throw streamError(error, secrets: secrets) }
        guard let data = root["data"], data.kind == .array, data.count == count else {
            throw CodedError(
                .providerInvalidAnswer,
                "The provider's answer has \(root["data"]?.count ?? 0) vectors where \(count) were asked for.")
        }
        return EmbeddingAnswer(body: body, usage: usage(root["usage"]))
    }

    /// The body for a client: the provider's own with only `model` changed.
    public static func encodeEmbeddings(_ answer: EmbeddingAnswer, model: String) -> [UInt8] {
        JSONMembers.setting("model", to: JSON.string(model).bytes, in: answer.body)
    }
}
