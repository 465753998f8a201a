/// The tokens of one answer by kind. No token is in two kinds, and none is negative.
public struct TokenCounts: Sendable, Hashable {
    /// Of the prompt, neither read from the provider's cache nor written to it.
    public let input: Int
    public let cached: Int
    /// Written to the cache for less than an hour.
    public let written: Int
    public let writtenHour: Int
    /// Of the answer, without reasoning.
    public let output: Int
    public let reasoning: Int

    /// Providers' counts need not add up: where the parts are more than their whole, the parts count, since some
    /// providers leave them out of it.
    public init(_ usage: Usage) {
        cached = max(0, usage.cachedTokens ?? 0)
        writtenHour = max(0, usage.cacheWriteHourTokens ?? 0)
        let allWritten = max(usage.cacheWriteTokens ?? 0, writtenHour)
        written = allWritten - writtenHour
        input = Self.rest(of: Self.rest(of: usage.promptTokens, without: cached), without: allWritten)
        reasoning = max(0, usage.reasoningTokens ?? 0)
        output = Self.rest(of: usage.completionTokens, without: reasoning)
    }

    /// Neither is below zero where they meet, so the difference cannot overflow.
    private static func rest(of whole: Int, without part: Int) -> Int {
        max(0, max(0, whole) - part)
    }
}

/// What one answer of one model used and cost: a row of the ledger.
public struct UsageRecord: Sendable, Hashable {
    public let provider: String
    /// The model's name at its provider.
    public let model: String
    public let tokens: TokenCounts
    /// `nil` when the price of a kind that has tokens is not known, or when tokens are not all that was paid for.
    public let cost: Money?

    public init(target: Target, usage: Usage, prices: Prices?) {
        provider = target.provider
        model = target.model
        tokens = TokenCounts(usage)
        cost = usage.unpriced == nil ? prices?.cost(of: usage) : nil
    }
}
