import Base
import Models
import Resilience
import Synchronization
import TestKit
import Testing

/// Answers its first call at once; every later answer is silent until it is cancelled.
private final class FallingSilent: ChatModel {
    private let calls = Mutex(0)
    let cancelled = Mutex(0)

    var count: Int { calls.withLock { $0 } }

    func start(_ call: ModelCall, context: RunContext) async throws(CodedError) -> any ModelStream {
        let isFirst = calls.withLock { calls in
            calls += 1
            return calls == 1
        }
        return isFirst
            ? ScriptedEvents([ModelEvent(.text("quick")), ModelEvent(.finish(.stop))]) : SilentStream(self)
    }

    func start(
        _ call: ModelCall, context: RunContext, token: CancellationToken
    ) async throws(CodedError) -> any ModelStream {
        try await start(call, context: context)
    }
}

private final class SilentStream: ModelStream {
    private let waiter = Mutex<(continuation: CheckedContinuation<Void, Never>?, isCancelled: Bool)>((nil, false))
    private let model: FallingSilent

    init(_ model: FallingSilent) { self.model = model }

    func next() async throws(CodedError) -> ModelEvent? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = waiter.withLock { waiter in
                    if !waiter.isCancelled { waiter.continuation = continuation }
                    return waiter.isCancelled
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            cancel()
        }
        throw CodedError(.cancelled, "The request was cancelled.")
    }

    func cancel() {
        let (continuation, isFirst) = waiter.withLock { waiter in
            defer { waiter = (nil, true) }
            return (waiter.continuation, !waiter.isCancelled)
        }
        if isFirst { model.cancelled.withLock { $0 += 1 } }
        continuation?.resume()
    }
}

@Suite("Hedged calls through the gateway", .timeLimit(.minutes(1))) struct GatewayHedgeTests {
    private static let route = GatewayWorld.route(["a/m", "b/m"])

    private let clock = TestClock()
    private let observer = RecordingObserver()

    private func gateway(_ first: any ChatModel, _ second: PlayedModel.Play, perProvider: Int = 4) -> Gateway {
        var settings = ResilienceSettings()
        settings.hedge = HedgePolicy(isEnabled: true, percentile: 0.95, budget: 1, minimum: 1)
        settings.limits = LimitsPolicy(perProvider: perProvider, total: 8, queue: 8)
        return Gateway(
            models: ["a": first, "b": PlayedModel([second], clock: clock)],
            resilience: GatewayResilience(settings, time: clock, generator: SeededGenerator(seed: 7)),
            observer: observer, clock: clock)
    }

    private func ask(_ gateway: Gateway) async throws -> (text: String, answer: Gateway.Answer) {
        let answer = try await gateway.answer(
            GatewayWorld.request(), route: Self.route, streaming: true, context: testContext())
        return (await drained(answer.stream).events.compactMap(\.text).joined(), answer)
    }

    /// So many calls of each provider have a place, and so many wait for one.
    private func places(_ gateway: Gateway) -> [String: [Int]] {
        var places: [String: [Int]] = [:]
        for (provider, limiter) in gateway.resilience.limiters {
            places[provider] = [limiter.snapshot.inFlight, limiter.snapshot.waitingInteractive]
        }
        return places
    }

    private var hedges: [String] {
        observer.events.compactMap { event in
            guard case .hedge(let target, let event) = event else { return nil }
            return switch event {
            case .hedged: "hedged \(target)"
            case .won: "won \(target)"
            case .lost: "lost \(target)"
            case .skipped: "skipped \(target)"
            }
        }
    }

    private func until(_ isSo: () -> Bool) async { while !isSo() { await Task.yield() } }

    @Test("a first target that has begun and is silent is stopped in its stream; only a timer waits before")
    func silent() async throws {
        let first = FallingSilent()
        let gateway = gateway(first, .text("second"))
        #expect(try await ask(gateway).text == "quick")
        #expect(clock.sleeperCount == 0, "The first call has left its timer.")
        let pending = Task { try await ask(gateway) }
        await until { clock.sleeperCount == 1 && first.count == 2 }
        clock.advance(by: .seconds(1))
        let (text, answer) = try await pending.value
        #expect(text == "second" && answer.target.name == "b/m")
        #expect(answer.attempts.map(\.target.name) == ["a/m", "b/m"])
        #expect(answer.attempts.map(\.error?.code) == [.cancelled, nil])
        #expect(first.cancelled.withLock { $0 } == 1)
        #expect(places(gateway) == ["a": [0, 0], "b": [0, 0]] && gateway.resilience.total?.snapshot.inFlight == 0)
        #expect(hedges == ["hedged b/m", "won b/m", "lost a/m"])
        #expect(observer.events.count == 3, "Whoever is overtaken has not broken off.")
        #expect(observer.reports.map(\.target.name) == ["a/m", "b/m"] && clock.sleeperCount == 0)
    }

    @Test("the call that was stopped is paid for with the answer, which tells the same prompt")
    func booked() async throws {
        let first = FallingSilent()
        let gateway = gateway(first, .text("second"))
        let usage = Usage(promptTokens: 10, completionTokens: 5)
        let alone = try await ask(gateway).answer
        #expect(gateway.record(alone, usage)?.tokens == TokenCounts(usage))
        let pending = Task { try await ask(gateway) }
        await until { clock.sleeperCount == 1 && first.count == 2 }
        clock.advance(by: .seconds(1))
        let record = try #require(gateway.record(try await pending.value.answer, usage))
        #expect(record.model == "m" && record.provider == "b")
        #expect(record.tokens.input == 20 && record.tokens.output == 5)
    }

    @Test("a first target that waits for a place leaves the queue when the other one has won")
    func queued() async throws {
        let gateway = gateway(
            PlayedModel([.text("quick"), .text("long", finish: false)], clock: clock), .text("second"), perProvider: 1)
        #expect(try await ask(gateway).text == "quick")
        let running = try await gateway.answer(
            GatewayWorld.request(), route: Self.route, streaming: true, context: testContext())
        #expect(places(gateway)["a"] == [1, 0])
        let pending = Task { try await ask(gateway) }
        // The queue has a timer of its own.
        await until { places(gateway)["a"] == [1, 1] && clock.sleeperCount == 2 }
        clock.advance(by: .milliseconds(200))
        let (text, answer) = try await pending.value
        #expect(text == "second")
        let usage = Usage(promptTokens: 10, completionTokens: 5)
        #expect(gateway.record(answer, usage)?.tokens == TokenCounts(usage), "What was not sent costs nothing.")
        #expect(places(gateway) == ["a": [1, 0], "b": [0, 0]])
        running.stream.cancel()
        #expect(places(gateway)["a"] == [0, 0])
    }

    @Test("a caller that goes stops both, and leaves no place taken", arguments: [false, true])
    func cancelled(isHedged: Bool) async throws {
        let first = FallingSilent()
        let gateway = gateway(first, PlayedModel.Play.text("second").after(.seconds(60)))
        #expect(try await ask(gateway).text == "quick")
        let pending = Task { try await ask(gateway) }
        await until { clock.sleeperCount == 1 && first.count == 2 }
        if isHedged {
            clock.advance(by: .seconds(1))
            await until { clock.sleeperCount == 1 && places(gateway)["b"] == [1, 0] }
        }
        pending.cancel()
        await #expect { try await pending.value } throws: { ($0 as? CodedError)?.code == .cancelled }
        #expect(first.cancelled.withLock { $0 } == 1 && clock.sleeperCount == 0)
        #expect(places(gateway).values.allSatisfy { $0 == [0, 0] })
        #expect(gateway.resilience.total?.snapshot.inFlight == 0)
    }

    @Test("when the second fails the first goes on, and the error of both is told when it fails as well")
    func secondFails() async throws {
        let plays = [PlayedModel.Play.text("quick"), PlayedModel.Play.text("late").after(.seconds(9))]
        let gateway = gateway(PlayedModel(plays, clock: clock), .failing(.providerFailed))
        #expect(try await ask(gateway).text == "quick")
        let pending = Task { try await ask(gateway) }
        await until { clock.sleeperCount == 2 }
        clock.advance(by: .seconds(1))
        await until { observer.attempts.contains { $0.error?.code == .providerFailed } }
        clock.advance(by: .seconds(8))
        let (text, answer) = try await pending.value
        #expect(text == "late" && answer.attempts.map(\.target.name) == ["b/m", "a/m"])
        #expect(places(gateway) == ["a": [0, 0], "b": [0, 0]] && clock.sleeperCount == 0)
    }

    @Test(
        "a second that was silent too is not asked again, and what it refused ends the request",
        arguments: [ErrorCode.providerTimeout, .providerRefused])
    func bothFail(code: ErrorCode) async throws {
        let plays = [PlayedModel.Play.text("quick"), PlayedModel.Play.failing(.providerTimeout).after(.seconds(9))]
        let gateway = gateway(PlayedModel(plays, clock: clock), .failing(code))
        #expect(try await ask(gateway).text == "quick")
        let pending = Task { try await ask(gateway).text }
        await until { clock.sleeperCount == 2 }
        clock.advance(by: .seconds(1))
        await until { observer.attempts.contains { $0.error?.code == code } }
        clock.advance(by: .seconds(8))
        let error = await #expect(throws: CodedError.self) { try await pending.value }
        #expect(error?.code == code)
        #expect(observer.attempts.map(\.target.name) == ["a/m", "b/m", "a/m"])
        #expect(places(gateway) == ["a": [0, 0], "b": [0, 0]] && clock.sleeperCount == 0)
    }
}

extension ModelEvent {
    fileprivate var text: String? { if case .text(let text) = kind { text } else { nil } }
}
