/// What a model's tokens cost. A price that is not known is `nil`, never zero.
public struct Prices: Sendable, Hashable {
    /// The price of each kind of token.
    public struct Rates: Sendable, Hashable {
        /// Of the prompt, what was neither read from a cache nor written to it.
        public var input: TokenPrice?
        /// Of the prompt, what was read from the provider's cache; where it is not listed, as `input`.
        public var cached: TokenPrice?
        /// Of the prompt, what was written to the cache for some minutes; where it is not listed, as `input`.
        public var write: TokenPrice?
        /// The same for an hour; where it is not listed, as `write`.
        public var writeHour: TokenPrice?
        /// Of the answer, what was not reasoning.
        public var output: TokenPrice?
        /// Where it is not listed, as `output`.
        public var reasoning: TokenPrice?

        public init(
            input: TokenPrice? = nil, cached: TokenPrice? = nil, write: TokenPrice? = nil,
            writeHour: TokenPrice? = nil, output: TokenPrice? = nil, reasoning: TokenPrice? = nil
        ) {
            self.input = input
            self.cached = cached
            self.write = write
            self.writeHour = writeHour
            self.output = output
            self.reasoning = reasoning
        }
    }

    /// Prices of requests with long prompts. They hold for the whole request, its answer too, and stand alone: what a
    /// tier does not list is not taken from below it.
    public struct Tier: Sendable, Hashable {
        /// The tier begins with the token after this one; cached and written tokens count.
        public var above: Int
        public var rates: Rates

        public init(above: Int, rates: Rates) {
            self.above = above
            self.rates = rates
        }
    }

    public let standard: Rates
    /// The one that begins first stands first.
    public let tiers: [Tier]

    public init(_ standard: Rates, tiers: [Tier] = []) {
        self.standard = standard
        self.tiers = tiers.sorted { $0.above < $1.above }
    }

    /// The prices of a request whose prompt has this many tokens.
    public func rates(forPrompt tokens: Int) -> Rates {
        tiers.last { tokens > $0.above }?.rates ?? standard
    }

    /// The exact cost of an answer; `nil` when it has tokens whose price is not known.
    public func cost(of usage: Usage) -> Money? {
        rates(forPrompt: usage.promptTokens).cost(of: TokenCounts(usage))
    }
}

extension Prices.Rates {
    /// The exact cost; `nil` when there are tokens whose price is not known.
    public func cost(of tokens: TokenCounts) -> Money? {
        var sum = Money.zero
        for (count, price) in [
            (tokens.input, input), (tokens.cached, cached ?? input), (tokens.written, write ?? input),
            (tokens.writtenHour, writeHour ?? write ?? input), (tokens.output, output),
            (tokens.reasoning, reasoning ?? output),
        ] where count > 0 {
            guard let part = price?.perToken.times(count), let next = sum.adding(part) else { return nil }
            sum = next
        }
        return sum
    }
}
