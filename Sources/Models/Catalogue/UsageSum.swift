extension Usage {
    /// Of two calls together. What only one of them tells is its own; sums end at the largest number.
    public func adding(_ other: Usage) -> Usage {
        var sum = self
        sum.promptTokens = Self.sum(promptTokens, other.promptTokens)
        sum.completionTokens = Self.sum(completionTokens, other.completionTokens)
        sum.totalTokens = Self.sum(totalTokens, other.totalTokens)
        sum.cachedTokens = Self.sum(cachedTokens, other.cachedTokens)
        sum.cacheWriteTokens = Self.sum(cacheWriteTokens, other.cacheWriteTokens)
        sum.cacheWriteHourTokens = Self.sum(cacheWriteHourTokens, other.cacheWriteHourTokens)
        sum.reasoningTokens = Self.sum(reasoningTokens, other.reasoningTokens)
        sum.unpriced = unpriced ?? other.unpriced
        return sum
    }

    private static func sum(_ left: Int?, _ right: Int?) -> Int? {
        guard let left, let right else { return left ?? right }
        return sum(left, right)
    }

    fileprivate static func sum(_ left: Int, _ right: Int) -> Int {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }
}

extension UsageRecord {
    /// The row for two calls that made one answer, under the name of the later one's model. Its cost is known where
    /// both are.
    public func adding(_ later: UsageRecord) -> UsageRecord {
        UsageRecord(
            provider: later.provider, model: later.model, tokens: tokens.adding(later.tokens),
            cost: cost.flatMap { cost in later.cost.flatMap { cost.adding($0) } })
    }

    private init(provider: String, model: String, tokens: TokenCounts, cost: Money?) {
        self.provider = provider
        self.model = model
        self.tokens = tokens
        self.cost = cost
    }
}

extension TokenCounts {
    fileprivate func adding(_ other: TokenCounts) -> TokenCounts {
        TokenCounts(
            input: Usage.sum(input, other.input), cached: Usage.sum(cached, other.cached),
            written: Usage.sum(written, other.written), writtenHour: Usage.sum(writtenHour, other.writtenHour),
            output: Usage.sum(output, other.output), reasoning: Usage.sum(reasoning, other.reasoning))
    }

    private init(input: Int, cached: Int, written: Int, writtenHour: Int, output: Int, reasoning: Int) {
        self.input = input
        self.cached = cached
        self.written = written
        self.writtenHour = writtenHour
        self.output = output
        self.reasoning = reasoning
    }
}
