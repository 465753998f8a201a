import Base
import Models
import Testing

@Suite("Money and what answers cost")
struct CostTests {
    static func rates(
        _ input: String? = nil, cached: String? = nil, write: String? = nil, writeHour: String? = nil,
        _ output: String? = nil, reasoning: String? = nil
    ) -> Prices.Rates {
        func price(_ text: String?) -> TokenPrice? { text.flatMap { TokenPrice(perMillion: $0) } }
        return Prices.Rates(
            input: price(input), cached: price(cached), write: price(write), writeHour: price(writeHour),
            output: price(output), reasoning: price(reasoning))
    }

    static func usage(
        _ prompt: Int, _ completion: Int, cached: Int? = nil, written: Int? = nil, hour: Int? = nil,
        reasoning: Int? = nil
    ) -> Usage {
        Usage(
            promptTokens: prompt, completionTokens: completion, cachedTokens: cached, cacheWriteTokens: written,
            cacheWriteHourTokens: hour, reasoningTokens: reasoning)
    }

    // MARK: Money

    @Test(
        "amounts are read and written without loss",
        arguments: [
            ("0", "0"), ("0.000123", "0.000123"), ("12", "12"), ("2.50", "2.5"), ("007.10", "7.1"),
            ("0.000000000001", "0.000000000001"), ("0.0000000000010", "0.000000000001"), ("1.000000000000", "1"),
            ("100000000000000000000.5", "100000000000000000000.5"),
            ("340282366920938463463374607.431768211455", "340282366920938463463374607.431768211455"),
        ])
    func amounts(text: String, written: String) throws {
        let money = try #require(Money(text))
        #expect(money.description == written)
        #expect(Money(written) == money)
    }

    @Test(
        "what is no amount",
        arguments: [
            "", ".", "1.", ".5", "-1", "+1", "1e3", "1e-6", "1,5", " 1", "1 ", "1.2.3", "0x1", "١", "1_000", "nan",
            "0.0000000000001", "340282366920938463463374607.431768211456", "999999999999999999999999999999999999",
            String(repeating: "0", count: 65), "1.\u{0}",
        ])
    func noAmounts(text: String) {
        #expect(Money(text) == nil)
    }

    @Test("sums and products are exact, and nil where they are too large")
    func arithmetic() {
        let most = Money(picodollars: .max)
        #expect(Money("0.1").flatMap { $0.adding(Money("0.2") ?? .zero) } == Money("0.3"))
        #expect(Money("0.000001")?.times(3) == Money("0.000003"))
        #expect(most.adding(.zero) == most)
        #expect(most.adding(Money(picodollars: 1)) == nil)
        #expect(most.times(1) == most)
        #expect(most.times(2) == nil)
        #expect(Money.zero.times(.max) == .zero)
        #expect(Money.zero.times(-1) == nil)
        #expect(Money.zero < most)
    }

    @Test(
        "prices for a million tokens",
        arguments: [
            ("2.50", 2_500_000), ("0", 0), ("0.000001", 1), ("1000000", 1_000_000_000_000), ("0.0375", 37_500),
            ("1000000.000001", nil), ("0.0000001", nil), ("-1", nil), ("", nil),
        ] as [(String, UInt128?)])
    func prices(text: String, picodollars: UInt128?) {
        #expect(TokenPrice(perMillion: text)?.perToken.picodollars == picodollars)
    }

    // MARK: Cost

    /// Model, usage, and the dollars worked out by hand.
    static let bills: [(String, String, Usage, String?)] = [
        ("openai", "gpt-4o", usage(1000, 200, cached: 400), "0.004"),
        ("openai", "gpt-4o", usage(1, 0), "0.0000025"), ("openai", "gpt-4o", usage(0, 0), "0"),
        // Without a price of their own, cached tokens cost as others do.
        ("openai", "gpt-4o-2024-05-13", usage(1000, 0, cached: 400), "0.005"),
        ("openai", "o3-mini", usage(1, 1, reasoning: 1), "0.0000055"),
        ("anthropic", "claude-sonnet-4-5", usage(10_000, 500, cached: 6000, written: 3000, hour: 1000), "0.0258"),
        ("anthropic", "claude-sonnet-4-5", usage(10_000, 500, cached: 6000, written: 3000), "0.02355"),
        ("openai", "gpt-6.2-sol", usage(272_000, 1000), "0.554"),
        ("openai", "gpt-6.2-sol", usage(272_001, 1000), "1.103004"),
        ("openai", "gpt-6.2-sol", usage(272_001, 1000, cached: 272_000), "0.069404"),
        ("deepseek", "deepseek-chat", usage(976, 1, cached: 896), "0.0000139888"),
        ("google", "gemini-1.5-flash-8b", usage(1, 0), "0.0000000375"),
        ("openai", "text-embedding-3-small", usage(8, 0), "0.00000016"),
        // The price of what an embedding model would answer is not known.
        ("openai", "text-embedding-3-small", usage(8, 1), nil), ("groq", "groq/compound", usage(1, 1), nil),
        ("local", "smollm2", usage(123, 456), "0"),
    ]

    @Test("bills to the last digit", arguments: bills)
    func bill(provider: String, model: String, usage: Usage, dollars: String?) throws {
        let target = Target(provider: provider, model: model)
        let entry = try #require(Catalogue.builtIn.entry(of: target))
        #expect(UsageRecord(target: target, usage: usage, prices: entry.prices).cost?.description == dollars)
    }

    @Test("each kind of token has its own price, and the next best where that is not listed")
    func kinds() {
        let all = Prices(Self.rates("1", cached: "0.1", write: "1.25", writeHour: "2", "10", reasoning: "5"))
        let few = Prices(Self.rates("1", "10"))
        let usage = Self.usage(100, 50, cached: 10, written: 50, hour: 20, reasoning: 30)
        // 40 plain, 10 cached, 30 and 20 written; 20 plain, 30 reasoning.
        #expect(all.cost(of: usage) == Money("0.0004685"))
        #expect(few.cost(of: usage) == Money("0.0006"))
        let noHour = Prices(Self.rates("1", write: "1.25", "10"))
        #expect(noHour.cost(of: Self.usage(10, 0, written: 10, hour: 10)) == Money("0.0000125"))
        let noPrice = Prices(Self.rates(cached: "0.1", reasoning: "5"))
        #expect(noPrice.cost(of: Self.usage(5, 5, cached: 5, reasoning: 5)) == Money("0.0000255"))
        #expect(noPrice.cost(of: Self.usage(6, 5, cached: 5, reasoning: 5)) == nil)
        #expect(noPrice.cost(of: Self.usage(5, 6, cached: 5, reasoning: 5)) == nil)
        #expect(noPrice.cost(of: Self.usage(5, 5, cached: 5, written: 1, reasoning: 5)) == nil)
    }

    @Test("a tier prices the whole request, begins above its bound, and stands alone")
    func tiers() {
        let prices = Prices(
            Self.rates("1", cached: "0.1", "2"),
            tiers: [.init(above: 20, rates: Self.rates("100", "200")), .init(above: 10, rates: Self.rates("10", "20"))])
        #expect(prices.cost(of: Self.usage(10, 1)) == Money("0.000012"))
        #expect(prices.cost(of: Self.usage(11, 1)) == Money("0.00013"))
        #expect(prices.cost(of: Self.usage(11, 1, cached: 11)) == Money("0.00013"))
        #expect(prices.cost(of: Self.usage(21, 0)) == Money("0.0021"))
    }

    @Test(
        "counts that do not add up are never less than nothing",
        arguments: [
            (usage(2168, 0, cached: 2161, written: 2161), [0, 2161, 2161, 0, 0, 0]),
            (usage(17, 10, reasoning: 11), [17, 0, 0, 0, 0, 11]), (usage(5, 0, cached: 2000), [0, 2000, 0, 0, 0, 0]),
            (usage(10, 0, hour: 4), [6, 0, 0, 4, 0, 0]), (usage(10, 0, written: 3, hour: 4), [6, 0, 0, 4, 0, 0]),
            (usage(-5, -5, cached: -1, written: -2, hour: -3, reasoning: -4), [0, 0, 0, 0, 0, 0]),
            (usage(.min, .min, cached: .min, written: .min, hour: .min, reasoning: .min), [0, 0, 0, 0, 0, 0]),
            (
                usage(.max, .max, cached: .max, written: .max, hour: .max, reasoning: .max),
                [0, .max, 0, .max, 0, .max]
            ),
            (usage(0, 0, cached: .max, written: .max, reasoning: .max), [0, .max, .max, 0, 0, .max]),
        ])
    func absurd(usage: Usage, expected: [Int]) throws {
        let tokens = TokenCounts(usage)
        #expect(
            [tokens.input, tokens.cached, tokens.written, tokens.writtenHour, tokens.output, tokens.reasoning]
                == expected)
        let dearest = try #require(TokenPrice(perMillion: "1000000"))
        let prices = Prices(.init(input: dearest, output: dearest))
        // The dearest price is a dollar a token.
        let total = expected.reduce(UInt128(0)) { $0 + UInt128($1) }
        #expect(prices.cost(of: usage) == Money(picodollars: total * 1_000_000_000_000))
    }

    @Test("without tiers, costs add up and grow with prompt and answer", arguments: 0..<20 as Range<UInt64>)
    func properties(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        func price() -> String { "\(Int.random(in: 0...99, using: &generator)).\(generator.next() % 1_000_000)" }
        func sane() -> Usage {
            let prompt = Int.random(in: 0...1_000_000, using: &generator)
            let cached = Int.random(in: 0...prompt, using: &generator)
            let written = Int.random(in: 0...(prompt - cached), using: &generator)
            let completion = Int.random(in: 0...100_000, using: &generator)
            return Self.usage(
                prompt, completion, cached: cached, written: written,
                hour: Int.random(in: 0...written, using: &generator),
                reasoning: Int.random(in: 0...completion, using: &generator))
        }
        for _ in 0..<200 {
            let prices = Prices(
                Self.rates(
                    price(), cached: price(), write: price(), writeHour: price(), price(), reasoning: price()))
            let (left, right) = (sane(), sane())
            let both = Self.usage(
                left.promptTokens + right.promptTokens, left.completionTokens + right.completionTokens,
                cached: (left.cachedTokens ?? 0) + (right.cachedTokens ?? 0),
                written: (left.cacheWriteTokens ?? 0) + (right.cacheWriteTokens ?? 0),
                hour: (left.cacheWriteHourTokens ?? 0) + (right.cacheWriteHourTokens ?? 0),
                reasoning: (left.reasoningTokens ?? 0) + (right.reasoningTokens ?? 0))
            let cost = try #require(prices.cost(of: left))
            #expect(try prices.cost(of: both) == cost.adding(#require(prices.cost(of: right))))
            var longer = left
            longer.promptTokens += 1
            #expect(try prices.cost(of: longer) == cost.adding(#require(prices.standard.input).perToken))
            longer = left
            longer.completionTokens += 1
            #expect(try prices.cost(of: longer) == cost.adding(#require(prices.standard.output).perToken))
        }
    }
}
