import Models
import Resilience
import Testing

@testable import Server

@Suite("Strategies and weights of chains")
struct ChainStrategyTests {
    private func file(_ rest: String) -> String {
        """
        providers: { p: { dialect: openai, base_url: "https://p.example/v1" }, local: { dialect: local, model: smollm2 } }
        models: { m: { \(rest) } }
        """
    }

    @Test("a chain's models may have weights, and reach the directory with its strategy")
    func weights() throws {
        let loaded = try load(
            file(
                "chain: [p/x, { target: p/y, weight: 3 }, { target: p/z }, { weight: 0.5, target: p/w }], strategy: weighted"
            ))
        let alias = try #require(loaded.configuration.aliases.first)
        #expect(alias.chain.map(\.description) == ["p/x", "p/y", "p/z", "p/w"])
        #expect(alias.weights == [1, 3, 1, 0.5] && alias.strategy == .weighted)
        #expect(alias.resilience.isEmpty)
        let route = try loaded.configuration.modelDirectory().resolve("m")
        #expect(route.weights == [1, 3, 1, 0.5] && route.strategy == .weighted)
        #expect(loaded.setting("models.m.strategy") == "weighted # tutti.yaml:2:115")
        #expect(loaded.notices.isEmpty)
    }

    @Test("the weights that are taken suit every strategy", arguments: BalanceStrategy.allCases)
    func weightsSuit(strategy: BalanceStrategy) throws {
        let loaded = try load(
            file(
                "chain: [{ target: p/x, weight: 0.001 }, { target: local/smollm2, weight: 1000 }], strategy: "
                    + strategy.rawValue))
        let alias = try #require(loaded.configuration.aliases.first)
        let targets = zip(alias.chain, alias.weights).map { BalanceTarget("\($0)", weight: $1, price: 0) }
        #expect(BalancePolicy(alias.strategy).faults(of: targets).isEmpty)
    }

    @Test("weights stay with their models when others drop out")
    func dropped() throws {
        let text = """
            models:
              m: { chain: [groq/x, { target: openai/y, weight: 3 }, { target: local/smollm2, weight: 2 }], strategy: sticky }
            """
        let alias = try #require(try load(text, environment: ["OPENAI_API_KEY": "o"]).configuration.aliases.first)
        #expect(alias.chain.map(\.description) == ["openai/y", "local/smollm2"])
        #expect(alias.weights == [3, 2] && alias.strategy == .sticky)
    }

    @Test("every strategy has its name", arguments: BalanceStrategy.allCases)
    func strategies(strategy: BalanceStrategy) throws {
        let loaded = try load(file("chain: [p/x, local/smollm2], strategy: \(strategy.rawValue)"))
        #expect(loaded.configuration.aliases.first?.strategy == strategy)
        #expect(loaded.notices.isEmpty)
    }

    @Test(
        "what is wrong is told at its place",
        arguments: [
            ("chain: [p/x], strategy: wieghted", "40: models.m.strategy must be one of order, weighted, least_busy"),
            ("chain: [p/x], strategy: [order]", "40: models.m.strategy must be one of order, weighted, least_busy"),
            ("chain: [{ target: p, weight: 1 }]", "34: models.m.chain must name each model as provider/model"),
            ("chain: [{ weight: 1 }]", "24: models.m.chain: a model with a weight needs a target, such as"),
            ("chain: [{}]", "24: models.m.chain: a model with a weight needs a target"),
            (
                "chain: [{ target: p/x, wieght: 2 }]",
                "39: Unknown key 'wieght' in models.m.chain. Did you mean 'weight'?"
            ),
            (
                "chain: [{ target: p/x, weight: 0 }]",
                "47: models.m.chain: a weight must be a number from 0.001 to 1000."
            ),
            ("chain: [{ target: p/x, weight: -1 }]", "47: models.m.chain: a weight must be a number"),
            ("chain: [{ target: p/x, weight: 1e300 }]", "47: models.m.chain: a weight must be a number"),
            ("chain: [{ target: p/x, weight: inf }]", "47: models.m.chain: a weight must be a number"),
            ("chain: [{ target: p/x, weight: [1] }]", "47: models.m.chain: a weight must be a number"),
            ("chain: [[p/x]]", "24: models.m.chain must name each model as provider/model"),
            ("chain: [{ target: { target: p/x } }]", "34: models.m.chain must name each model as provider/model"),
            ("chain: [{ target: q/x }]", "24: models.m.chain names a provider that is not configured."),
            ("chain: [p/x, p/x], strategy: weighted", "29: models.m.chain has this model twice; with a strategy"),
            (
                "chain: [p/x, p/y], strategy: lowest_cost",
                "45: models.m.strategy is lowest_cost, but no price of its chain is known; set prices in the section"
            ),
        ])
    func wrong(rest: String, start: String) {
        let found = problems(file(rest))
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("tutti.yaml:2:\(start)") == true, "\(found)")
    }

    @Test("one price in the chain is enough for the lowest cost, from the file as well")
    func prices() {
        let own = "\ncatalogue: { p/x: { prices: { input: 1 } } }"
        #expect(problems(file("chain: [p/x, p/y], strategy: lowest_cost") + own).isEmpty)
        #expect(problems(file("chain: [p/x, local/smollm2], strategy: lowest_cost")).isEmpty)
    }

    @Test("a weight without effect is told of, one with an effect is not")
    func idleWeights() throws {
        func notices(_ strategy: String) throws -> [String] {
            try load(file("chain: [p/x, { target: p/y, weight: 3 }], \(strategy)")).notices
        }
        #expect(
            try notices("window: 5") == [
                "tutti.yaml:2:29: models.m.chain has a weight, which has no effect with the strategy order."
            ])
        #expect(try notices("strategy: least_busy").isEmpty)
    }
}
