import Base
import Models
import Resilience
import Testing

@Suite("What an answer costs that several models have given", .timeLimit(.minutes(1)))
struct GatewayContinuedUsageTests {
    private static func rows(_ cents: [String: String]) -> [CatalogueRow] {
        cents.map { provider, price in
            var row = CatalogueRow(provider: provider, model: "m")
            row.capabilities = provider == "a" ? [] : [.prefill]
            row.prices = Prices(
                .init(input: TokenPrice(perMillion: price), output: TokenPrice(perMillion: price + "0")))
            return row
        }
    }

    private static func ask(
        _ plays: [String: [PlayedModel.Play]]
    ) async throws -> (usage: Usage?, record: UsageRecord?) {
        var settings = ResilienceSettings()
        settings.midstream = .continue
        let world = GatewayWorld(plays, settings, rows: rows(["a": "1", "b": "3", "c": "5"]))
        let answer = try await world.gateway.answer(
            GatewayWorld.request(), route: GatewayWorld.route(["a/m", "b/m", "c/m"]), streaming: true,
            context: testContext())
        var usage: Usage?
        while let event = try await answer.stream.next() {
            if case .usage(let told) = event.kind { usage = told }
        }
        return (usage, world.gateway.record(answer, usage))
    }

    private static func told(_ prompt: Int, _ completion: Int) -> ModelEvent {
        ModelEvent(.usage(Usage(promptTokens: prompt, completionTokens: completion)))
    }

    private static func ending(_ text: String, _ prompt: Int, _ completion: Int) -> PlayedModel.Play {
        PlayedModel.Play(events: [ModelEvent(.text(text)), ModelEvent(.finish(.stop)), told(prompt, completion)])
    }

    @Test("the client hears of all the text, the ledger of both prompts, each at its own price")
    func two() async throws {
        // Forty bytes of text, which are ten tokens of the second one's prompt.
        let first = PlayedModel.Play.breaking("Ten tokens of text, ", "which was shown here")
        let (usage, record) = try await Self.ask(["a": [first], "b": [Self.ending(" and more.", 110, 4)]])
        #expect(usage == Usage(promptTokens: 110, completionTokens: 14))
        #expect(record?.provider == "b")
        #expect(record?.tokens.input == 210 && record?.tokens.output == 14)
        // 100 + 10 × 10 at the first one's, 110 + 4 × 10 at the second one's.
        #expect(record?.cost == Money(picodollars: 200 * 1_000_000 + 150 * 3_000_000))
    }

    @Test("of three each pays for what it was sent, and for what it has written")
    func three() async throws {
        let (usage, record) = try await Self.ask([
            "a": [.breaking("Three of it.")], "b": [.breaking(" Then four more.")],
            "c": [Self.ending(" End.", 107, 2)],
        ])
        #expect(usage == Usage(promptTokens: 107, completionTokens: 3 + 4 + 2))
        #expect(record?.tokens.input == 100 + 103 + 107 && record?.tokens.output == 9)
    }

    @Test("what a model has told before it broke off is no estimate; what it has shown is the least it has written")
    func toldBefore() async throws {
        var first = PlayedModel.Play.breaking("Three of it.")
        first.events.insert(Self.told(90, 1), at: 0)
        let (usage, record) = try await Self.ask(["a": [first], "b": [Self.ending(" End.", 103, 2)]])
        #expect(usage == Usage(promptTokens: 103, completionTokens: 5))
        #expect(record?.tokens.input == 193 && record?.tokens.output == 5)
        first.events.append(Self.told(90, 30))
        let more = try await Self.ask(["a": [first], "b": [Self.ending(" End.", 103, 2)]])
        #expect(more.usage?.completionTokens == 32 && more.record?.tokens.output == 32)
    }

    @Test("where the last one tells nothing, what the first one has told is not taken for all of it")
    func firstAlone() async throws {
        var first = PlayedModel.Play.breaking("Three of it.")
        let cached = Usage(promptTokens: 90, completionTokens: 1, cachedTokens: 80)
        first.events.insert(ModelEvent(.usage(cached)), at: 0)
        let (usage, record) = try await Self.ask(["a": [first], "b": [.text(" Then four more.")]])
        #expect(usage == Usage(promptTokens: 93, completionTokens: 3 + 4))
        #expect(record?.tokens.output == 7 && record?.cost != nil)
        // What the first had cached counts once.
        #expect(record?.tokens.input == 90 - 80 + 93 || record?.tokens.input == 90 + 93)
    }

    @Test("nothing that nobody has told is told, and no count is below zero")
    func untold() async throws {
        let silent = try await Self.ask(["a": [.breaking("Three of it.")], "b": [.text(" End.")]])
        #expect(silent.usage == nil && silent.record == nil)
        let odd = try await Self.ask(["a": [.breaking("Three of it.")], "b": [Self.ending(" End.", 1, .max)]])
        #expect(odd.usage?.completionTokens == .max)
        #expect(odd.record?.tokens.input == 1)
    }
}
