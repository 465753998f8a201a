import Base
import Models
import Resilience
import Synchronization
import Testing

/// A model that counts tokens as it was told to, and answers nothing.
private final class CountingModel: ChatModel, TokenCounter {
    private let failure: CodedError?
    private let asked = Mutex<[(key: Int, total: Duration?)]>([])

    init(failing failure: CodedError? = nil) { self.failure = failure }

    var calls: [(key: Int, total: Duration?)] { asked.withLock { $0 } }

    func start(_ call: ModelCall, context: RunContext) async throws(CodedError) -> any ModelStream {
        throw CodedError(.internalError, "It only counts.")
    }

    func countTokens(
        of request: ChatRequest, model: String, key: Int, timeouts: Timeouts?, context: RunContext
    ) async throws(CodedError) -> [UInt8]? {
        asked.withLock { $0.append((key, timeouts?.total)) }
        if let failure { throw failure }
        return Array("7".utf8)
    }
}

@Suite("Counting tokens through the gateway")
struct GatewayTokenCountTests {
    private func gateway(
        _ model: CountingModel, keys: Int = 1, _ change: (inout ResilienceSettings) -> Void = { _ in }
    ) -> Gateway {
        var settings = ResilienceSettings()
        change(&settings)
        let clock = TickingClock()
        return Gateway(
            models: ["p": model],
            resilience: GatewayResilience(
                settings, keys: keys > 1 ? ["p": .init(count: keys, strategy: .roundRobin)] : [:], time: clock,
                generator: SeededGenerator(seed: 1)),
            observer: RecordingObserver(), clock: clock)
    }

    private func count(_ gateway: Gateway) async throws -> [UInt8]? {
        try await gateway.countTokens(
            of: GatewayWorld.request(), route: GatewayWorld.route(["p/m"]), context: testContext())
    }

    @Test("a count goes within the time limits of the provider")
    func limits() async throws {
        let model = CountingModel()
        let counted = try await count(gateway(model) { $0.timeouts.total = .seconds(9) })
        #expect(counted == Array("7".utf8))
        #expect(model.calls.map(\.total) == [.seconds(9)])
    }

    @Test("a provider whose circuit has opened is not asked for counts either")
    func circuit() async throws {
        let model = CountingModel(failing: CodedError(.providerFailed, "It fails."))
        let gateway = gateway(model) { $0.breaker.failures = 3 }
        for _ in 0..<10 { #expect(try await count(gateway) == nil) }
        #expect(model.calls.count == 3)
    }

    @Test("keys take turns, and a key that is refused leaves it to the next one")
    func keys() async throws {
        let well = CountingModel()
        let gateway = gateway(well, keys: 3)
        for _ in 0..<6 { _ = try await count(gateway) }
        #expect(Set(well.calls.map(\.key)) == [0, 1, 2])
        let limited = CountingModel(failing: CodedError(.providerRateLimited, "Too many."))
        #expect(try await count(self.gateway(limited, keys: 3)) == nil)
        #expect(limited.calls.map(\.key).sorted() == [0, 1, 2])
    }

    @Test("the caller's fault is told")
    func fault() async throws {
        let model = CountingModel(failing: CodedError(.invalidValue, "It is wrong."))
        await #expect(throws: CodedError.self) { try await count(gateway(model)) }
    }
}
