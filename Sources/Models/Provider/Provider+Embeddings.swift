public import Base
internal import HTTPClient
public import Resilience

extension Provider: EmbeddingModel where Wire: EmbeddingDialect {
    public func embed(
        _ request: EmbeddingRequest, model: String, key: Int, timeouts: Timeouts?, context: RunContext
    ) async throws(CodedError) -> EmbeddingAnswer {
        var limits = try limits(timeouts, of: context)
        let response = try await send(
            Wire.encodeEmbeddingRequest(request, model: model), to: Wire.embeddingURL(base: base), key: key,
            streaming: false, limits: &limits)
        let body = try await whole(response, limits: limits)
        var answer = try Wire.decodeEmbeddings(body, count: request.count, secrets: secrets)
        answer.headers = Self.forwarded(response.headers)
        return answer
    }
}
