public import Base
internal import HTTPClient

extension Provider: EmbeddingModel where Wire: EmbeddingDialect {
    public func embed(
        _ request: EmbeddingRequest, model: String, context: RunContext
    ) async throws(CodedError) -> EmbeddingAnswer {
        let deadline = deadline(of: context)
        let response = try await send(
            Wire.encodeEmbeddingRequest(request, model: model), to: Wire.embeddingURL(base: base), streaming: false,
            deadline: deadline)
        let body = try await whole(response, deadline: deadline)
        var answer = try Wire.decodeEmbeddings(body, count: request.count, secrets: secrets)
        answer.headers = Self.forwarded(response.headers)
        return answer
    }
}
