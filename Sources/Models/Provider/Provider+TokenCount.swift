public import Base
internal import HTTPClient

/// Something that knows how many tokens a request has before it is answered.
public protocol TokenCounter: Sendable {
    /// The provider's answer as it came; `nil` for a request that it cannot be asked about. Cancelling the task ends
    /// the call at once.
    func countTokens(of request: ChatRequest, model: String, context: RunContext) async throws(CodedError) -> [UInt8]?
}

/// What a wire format says of asking for a count of tokens.
public protocol TokenCountingDialect: ProviderDialect {
    static func tokenCountURL(base: String) -> String
    /// `nil` for a request that came in another dialect.
    static func encodeTokenCountRequest(_ request: ChatRequest, model: String) -> [UInt8]?
    /// Throws for a body that holds no count.
    static func checkTokenCount(_ body: [UInt8]) throws(CodedError)
}

extension Provider: TokenCounter where Wire: TokenCountingDialect {
    public func countTokens(
        of request: ChatRequest, model: String, context: RunContext
    ) async throws(CodedError) -> [UInt8]? {
        guard let body = Wire.encodeTokenCountRequest(request, model: model) else { return nil }
        var limits = try limits(of: context)
        let response = try await send(
            body, to: Wire.tokenCountURL(base: base), more: Wire.headers(of: request), streaming: false,
            limits: &limits)
        let counted = try await whole(response, limits: limits)
        try Wire.checkTokenCount(counted)
        return counted
    }
}

extension Gateway {
    /// What the provider of the chain's first target counts, as it wrote it; `nil` where it doesn't. Throws the caller's
    /// faults; what a provider breaks leaves it to an estimate.
    public func countTokens(
        of request: ChatRequest, chain: [Target], context: RunContext
    ) async throws(CodedError) -> [UInt8]? {
        guard let target = chain.first, let counter = models[target.provider] as? any TokenCounter else { return nil }
        do throws(CodedError) {
            return try await counter.countTokens(of: request, model: target.model, context: context)
        } catch {
            if error.code.fault == .caller { throw error }
            return nil
        }
    }
}
