public import Base
internal import HTTPClient
public import Resilience

/// Something that knows how many tokens a request has before it is answered.
public protocol TokenCounter: Sendable {
    /// The provider's answer as it came; `nil` for a request that it cannot be asked about. Cancelling the task ends
    /// the call at once.
    /// - Parameters:
    ///   - key: Which of the provider's keys, by its place in the configuration.
    ///   - timeouts: How long each part of the call may take; `nil` leaves it to the provider's own limits.
    func countTokens(
        of request: ChatRequest, model: String, key: Int, timeouts: Timeouts?, context: RunContext
    ) async throws(CodedError) -> [UInt8]?
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
        of request: ChatRequest, model: String, key: Int, timeouts: Timeouts?, context: RunContext
    ) async throws(CodedError) -> [UInt8]? {
        guard let body = Wire.encodeTokenCountRequest(request, model: model) else { return nil }
        var limits = try limits(timeouts, of: context)
        let response = try await send(
            body, to: Wire.tokenCountURL(base: base), more: Wire.headers(of: request), key: key,
            streaming: false, limits: &limits)
        let counted = try await whole(response, limits: limits)
        try Wire.checkTokenCount(counted)
        return counted
    }
}
