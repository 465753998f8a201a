import Base
import HTTP
import Resilience
import TestKit
import Testing

@testable import Models

@Suite("A model with faults on purpose", .timeLimit(.minutes(1)))
struct ChaosModelTests {
    private let clock = TestClock()

    private static func call(
        streaming: Bool = true, timeouts: Timeouts? = nil, isLast: Bool = false
    ) -> ModelCall {
        var call = ModelCall(
            request: ChatRequest(model: "x", messages: [ChatMessage(.user, "Hi")]), model: "m", streaming: streaming)
        call.timeouts = timeouts
        call.isLast = isLast
        return call
    }

    private func chaotic<Model: ChatModel>(
        _ model: Model, seed: UInt64 = 1, observer: RecordingObserver? = nil, _ set: (inout ChaosSettings) -> Void
    ) -> ChaosModel<Model> {
        var settings = ChaosSettings()
        set(&settings)
        return ChaosModel(
            model, of: "a", settings: settings, observer: observer, time: clock,
            generator: SeededGenerator(seed: seed))
    }

    /// Runs a call and moves the clock to the instants that somebody waits for.
    private func sleeping<Value: Sendable>(
        advancing steps: [Duration], _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = Task { try await work() }
        for step in steps {
            while clock.sleeperCount == 0 { await Task.yield() }
            clock.advance(by: step)
        }
        return try await task.value
    }

    private func error(_ work: () async throws -> Void) async -> CodedError? {
        do { try await work() } catch { return error as? CodedError }
        return nil
    }

    @Test("an untouched call goes through as it is, unmarked, and nobody is told")
    func untouched() async throws {
        let observer = RecordingObserver()
        let model = ListedModel.pieces(2)
        let stream = try await chaotic(model, observer: observer) { _ in }.start(Self.call(), context: testContext())
        #expect(stream is ListedStream)
        #expect(stream.marks.isClean)
        #expect(observer.events.isEmpty)
    }

    @Test("errors are those of a provider, made before it is asked, and say in the log what they are")
    func errors() async throws {
        var seen: Set<ErrorCode> = []
        for seed in 0..<64 as Range<UInt64> {
            let observer = RecordingObserver()
            let model = ListedModel.pieces(2)
            let chaos = chaotic(model, seed: seed, observer: observer) { $0.errorRate = 1 }
            let thrown = await error { _ = try await chaos.start(Self.call(), context: testContext()) }
            let error = try #require(thrown)
            seen.insert(error.code)
            #expect(error.detail == "chaos")
            #expect(error.code.fault == .provider && error.code.retryable)
            switch error.code {
            case .providerFailed: #expect(error.providerStatus == 500)
            case .providerOverloaded: #expect(error.providerStatus == 503)
            case .providerRateLimited:
                #expect(error.providerStatus == 429)
                let wait = try #require(error.retryAfter)
                #expect(wait >= .seconds(1))
            default: #expect(error.providerStatus == nil)
            }
            #expect(model.calls.isEmpty)
            #expect(observer.events == [.chaos(Target(provider: "a", model: "m"))])
        }
        #expect(seen == [.providerFailed, .providerOverloaded, .providerRateLimited, .providerStreamBroken])
    }

    @Test("a call waits before it is made, and its provider has so much less time")
    func latency() async throws {
        let model = ListedModel.pieces(1)
        let chaos = chaotic(model) { ($0.latencyRate, $0.latency) = (1, .seconds(2)) }
        let before = clock.now()
        let stream = try await sleeping(advancing: [.seconds(2)]) {
            try await chaos.start(Self.call(timeouts: Timeouts()), context: testContext())
        }
        #expect(clock.now().since(before) == .seconds(2))
        #expect(stream.marks.isChaotic && stream.marks.degraded == nil)
        #expect(stream.forwardedHeaders["x-ratelimit-limit"] == "7" && stream.rateCount?.remaining == 3)
        #expect(try await allEvents(of: stream).count == 3)
        let timeouts = try #require(model.calls.first?.timeouts)
        #expect(timeouts.firstByte == .seconds(28) && timeouts.firstToken == .seconds(28))
        #expect(timeouts.total == .seconds(298) && timeouts.betweenTokens == .seconds(30))
    }

    @Test("nothing is asked while the call waits, and a cancellation ends the wait")
    func latencyCancelled() async throws {
        let model = ListedModel.pieces(1)
        let chaos = chaotic(model) { ($0.latencyRate, $0.latency) = (1, .seconds(60)) }
        let task = Task { _ = try await chaos.start(Self.call(), context: testContext()) }
        while clock.sleeperCount == 0 { await Task.yield() }
        task.cancel()
        let thrown = await error { try await task.value }
        #expect(thrown?.code == .cancelled)
        #expect(model.calls.isEmpty && clock.sleeperCount == 0)
    }

    @Test("a wait that is longer than the call's limit ends with the limit, as a silent provider's would")
    func latencyLimit() async throws {
        let model = ListedModel.pieces(1)
        // The draw of this seed is over a second.
        let chaos = chaotic(model) { ($0.latencyRate, $0.latency) = (1, .seconds(3600)) }
        let limits = Timeouts(firstByte: .seconds(1), firstToken: .seconds(2))
        let thrown = await error {
            _ = try await sleeping(advancing: [.seconds(1)]) {
                _ = try await chaos.start(Self.call(timeouts: limits), context: testContext())
            }
        }
        #expect(thrown?.code == .providerTimeout && thrown?.detail == "limit first_byte")
        #expect(model.calls.isEmpty)
        let deadline = clock.now().advanced(by: .seconds(1))
        let late = await error {
            _ = try await sleeping(advancing: [.seconds(1)]) {
                _ = try await chaos.start(Self.call(), context: testContext(deadline: deadline))
            }
        }
        #expect(late?.code == .deadlineExceeded)
    }

    @Test("a whole answer that is cut is none: another model can still be asked", arguments: 0..<8 as Range<UInt64>)
    func wholeCut(_ seed: UInt64) async throws {
        let whole = ChatCompletion(choices: [.init(text: "all", finishReason: .stop)])
        let model = ListedModel([ModelEvent(.whole(whole))])
        let chaos = chaotic(model, seed: seed) { $0.cutRate = 1 }
        let thrown = await error { _ = try await chaos.start(Self.call(streaming: false), context: testContext()) }
        #expect(thrown?.code == .providerStreamBroken && thrown?.detail == "chaos")
        #expect(model.cancelled == 1)
    }

    @Test("a stream that is cut shows a part, never its end; at once it is an error before the answer")
    func streamCut() async throws {
        var early = 0
        for seed in 0..<100 as Range<UInt64> {
            let model = ListedModel.pieces(10)
            let chaos = chaotic(model, seed: seed) { $0.cutRate = 1 }
            var shown: [ModelEvent] = []
            let thrown = await error {
                let stream = try await chaos.start(Self.call(), context: testContext())
                #expect(stream.marks.isChaotic)
                while let event = try await stream.next() { shown.append(event) }
            }
            #expect(thrown?.code == .providerStreamBroken && thrown?.detail == "chaos")
            #expect(shown.count <= 10)
            #expect(shown.map(\.kind) == (0..<shown.count).map { .text("\($0) ") })
            #expect(model.cancelled == 1)
            if shown.isEmpty { early += 1 }
        }
        #expect((1..<20).contains(early))
    }

    @Test("the same seed does the same to the same calls")
    func seeds() async throws {
        func course(_ seed: UInt64) async -> [String] {
            let chaos = chaotic(ListedModel.pieces(30), seed: seed) { ($0.errorRate, $0.cutRate) = (0.3, 0.5) }
            var lines: [String] = []
            for _ in 0..<50 {
                var count = 0
                let thrown = await error {
                    let stream = try await chaos.start(Self.call(), context: testContext())
                    while try await stream.next() != nil { count += 1 }
                }
                lines.append("\(count) \(thrown?.code.name ?? "end")")
            }
            return lines
        }
        let first = await course(5)
        #expect(await course(5) == first)
        #expect(await course(6) != first)
        #expect(Set(first).count > 5)
    }

    @Test("only the providers that are meant are touched, and what they can besides they still can")
    func applied() async throws {
        var settings = ChaosSettings()
        (settings.errorRate, settings.providers) = (1, ["a", "c"])
        let models: [String: any ChatModel] = [
            "a": ListedModel.pieces(1), "b": ListedModel.pieces(1), "c": SpeechlessModel(),
        ]
        let applied = settings.applied(
            to: models, observer: nil, time: clock, generator: SeededGenerator(seed: 1))
        #expect(applied["b"] is ListedModel)
        #expect(applied["a"] is ChaosModel<ListedModel>)
        #expect(!(applied["c"] is any EmbeddingModel), "what has no vectors gets none")
        let embedder = try #require(applied["a"] as? any EmbeddingModel)
        let request = EmbeddingRequest(model: "x", count: 1, original: [])
        let made = try await embedder.embed(request, model: "m", key: 0, timeouts: nil, context: testContext())
        #expect(made.body == Array("m".utf8))
        settings.errorRate = 0
        let off = settings.applied(to: models, observer: nil, time: clock, generator: SeededGenerator(seed: 1))
        #expect(off["a"] is ListedModel)
    }
}
