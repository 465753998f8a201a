import Base
import HTTP
import HTTPClient
import Models
import Resilience
import Synchronization
import Testing

@Suite("The gateway when providers fail", .timeLimit(.minutes(1)))
struct GatewayResilienceTests {
    private typealias Reply = ScriptedClient.Answer

    /// Two providers behind a chain, a clock that jumps where somebody sleeps, and what was told.
    private struct World {
        let clients: [String: ScriptedClient]
        let clock = TickingClock()
        let gateway: Gateway
        let retries = RetryList()
        let events: EventList

        final class RetryList: Sendable {
            private let list = Mutex<[RetryDecision.Retry]>([])
            var all: [RetryDecision.Retry] { list.withLock { $0.map { $0 } } }
            func add(_ retry: RetryDecision.Retry) { list.withLock { $0.append(retry) } }
        }

        final class EventList: Sendable {
            private let list = Mutex<[String]>([])
            var all: [String] { list.withLock { $0.map { $0 } } }
            func add(_ line: String) { list.withLock { $0.append(line) } }
        }

        init(
            _ first: [Reply], _ second: [Reply] = [], retry: RetryPolicy = RetryPolicy(),
            breaker: BreakerPolicy = BreakerPolicy()
        ) {
            clients = ["a": ScriptedClient(first), "b": ScriptedClient(second)]
            let clock = clock
            let events = EventList()
            self.events = events
            let models = clients.map { name, client in
                (
                    name,
                    Provider<OpenAI>(.init(name: name, baseURL: "https://\(name).test"), client: client, clock: clock)
                )
            }
            var settings = ResilienceSettings()
            (settings.retry, settings.breaker) = (retry, breaker)
            gateway = Gateway(
                models: Dictionary(uniqueKeysWithValues: models.map { ($0, $1 as any ChatModel) }),
                resilience: GatewayResilience(
                    settings, time: clock, generator: SeededGenerator(seed: 1),
                    onEvent: { keyed, event in
                        let target = keyed.target
                        switch event {
                        case .transition(let change): events.add("\(target) \(change.from.name) \(change.to.name)")
                        case .cooling(let reason, _): events.add("\(target) rests: \(reason.rawValue)")
                        case .keyRejected: events.add("\(target) key rejected")
                        case .keyAccepted: events.add("\(target) key accepted")
                        }
                    }),
                observer: RecordingObserver(), clock: clock)
        }

        /// The model that answered, and what its stream ended with.
        @discardableResult
        func ask(
            _ chain: [String] = ["a/m", "b/m"], streaming: Bool = true, deadline: Instant? = nil
        ) async throws -> (target: String, events: [ModelEvent]) {
            let request = try OpenAI.decodeRequest(Array(RequestDecodingTests.body("").utf8))
            let answer = try await gateway.answer(
                request, route: Route(chain: chain.compactMap { Target($0) }), streaming: streaming,
                context: testContext(deadline: deadline)
            ) { step throws(CodedError) in
                if case .retry(_, let retry) = step { retries.add(retry) }
            }
            return (answer.target.name, try await allEvents(of: answer.stream))
        }

        func sent(to name: String) -> Int { clients[name]?.requests.count ?? 0 }
    }

    private static let good = Reply.events(GatewayTests.streamed)
    private static let failed = Reply.json("{}", status: 500)

    private static func limited(_ headers: HTTPHeaders) -> Reply {
        var reply = Reply.json("{}", status: 429)
        for (name, value) in headers { reply.headers.add(name, value) }
        return reply
    }

    @Test("a provider that fails once is asked again, and the caller hears of it", arguments: [true, false])
    func once(streaming: Bool) async throws {
        let world = World([Self.failed, streaming ? Self.good : .json(GatewayTests.whole)])
        #expect(try await world.ask(streaming: streaming).target == "a/m")
        #expect(world.sent(to: "a") == 2 && world.sent(to: "b") == 0)
        let told = world.retries.all
        #expect(told.count == 1 && told[0].attempt == 1 && told[0].max == 3 && told[0].delay <= .seconds(1))
    }

    @Test("one that goes on failing gives way to the next of the chain after its retries")
    func forGood() async throws {
        let world = World(Array(repeating: Self.failed, count: 9), [Self.good])
        #expect(try await world.ask().target == "b/m")
        #expect(world.sent(to: "a") == 4 && world.sent(to: "b") == 1)
    }

    @Test("what a provider asks to wait is waited, and where that is long the next one is asked")
    func retryAfter() async throws {
        let short = World([Self.limited(["retry-after": "2"]), Self.good])
        let start = short.clock.now()
        #expect(try await short.ask().target == "a/m")
        #expect(short.clock.now().since(start) >= .seconds(2))
        let long = World([Self.limited(["retry-after": "3600"])], [Self.good, Self.good])
        #expect(try await long.ask().target == "b/m")
        #expect(long.sent(to: "a") == 1)
        // The rest that it asked for is kept for others: nobody asks it before.
        #expect(try await long.ask().target == "b/m")
        #expect(long.sent(to: "a") == 1)
    }

    @Test("a provider that says nothing is asked once, and the next one at once")
    func silence() async throws {
        let world = World([.failing(.timeout(.firstByte)), Self.good], [Self.good])
        #expect(try await world.ask().target == "b/m")
        #expect(world.sent(to: "a") == 1)
        #expect(world.retries.all.isEmpty)
    }

    @Test("the caller's own faults end it at the first attempt")
    func callersFault() async throws {
        let world = World([.json("{}", status: 400)], [Self.good])
        let error = await #expect(throws: CodedError.self) { try await world.ask() }
        #expect(error?.code == .providerRefused)
        #expect(world.sent(to: "a") == 1 && world.sent(to: "b") == 0)
    }

    @Test("after five failures in a row nobody asks until the reset is over, and then one call tries")
    func breaker() async throws {
        let retry = RetryPolicy(retries: 0)
        let world = World(Array(repeating: Self.failed, count: 5) + [Self.good, Self.good], retry: retry)
        for _ in 0..<5 { await #expect(throws: CodedError.self) { try await world.ask(["a/m"]) } }
        let refused = await #expect(throws: CodedError.self) { try await world.ask(["a/m"]) }
        #expect(refused?.code == .modelUnavailable && world.sent(to: "a") == 5)
        #expect(try #require(refused?.retryAfter) > .seconds(29))
        try await world.clock.sleep(until: world.clock.now().advanced(by: .seconds(31)))
        #expect(try await world.ask(["a/m"]).target == "a/m")
        #expect(world.events.all == ["a/m closed open", "a/m open half_open", "a/m half_open closed"])
    }

    @Test("an open circuit costs the request no time: the next one of the chain answers")
    func openMovesOn() async throws {
        let world = World(
            Array(repeating: Self.failed, count: 5), Array(repeating: Self.good, count: 9),
            retry: RetryPolicy(retries: 0))
        for _ in 0..<8 { #expect(try await world.ask().target == "b/m") }
        #expect(world.sent(to: "a") == 5)
    }

    @Test("a stream that breaks off counts against its model, a caller who goes does not")
    func streams() async throws {
        let broken = Reply.events(StreamTests.hello, then: HTTPClientError(.broken, "x"))
        let world = World(
            Array(repeating: broken, count: 2), retry: RetryPolicy(retries: 0), breaker: BreakerPolicy(failures: 2))
        for _ in 0..<2 { await #expect(throws: CodedError.self) { try await world.ask(["a/m"]) } }
        #expect(world.events.all == ["a/m closed open"])
        let left = World(Array(repeating: Self.good, count: 9), breaker: BreakerPolicy(failures: 1))
        let request = try OpenAI.decodeRequest(Array(RequestDecodingTests.body("").utf8))
        for _ in 0..<3 {
            let answer = try await left.gateway.answer(
                request, route: Route(chain: [Target(provider: "a", model: "m")]), streaming: true,
                context: testContext())
            answer.stream.cancel()
        }
        #expect(left.events.all.isEmpty)
    }

    @Test("a rejected key rests for all models of its provider, a refused model for itself")
    func keys() async throws {
        let world = World([.json("{}", status: 401), Self.good], Array(repeating: Self.good, count: 9))
        for model in ["m", "n", "m"] { #expect(try await world.ask(["a/\(model)", "b/m"]).target == "b/m") }
        #expect(world.sent(to: "a") == 1)
        #expect(world.events.all == ["a/m key rejected"])
        let other = World([.json("{}", status: 403), Self.good], Array(repeating: Self.good, count: 9))
        #expect(try await other.ask(["a/m", "b/m"]).target == "b/m")
        #expect(try await other.ask(["a/n", "b/m"]).target == "a/n")
    }

    @Test("nothing is tried again when the request's time is nearly over")
    func deadline() async throws {
        let world = World([Self.failed, Self.good])
        let deadline = world.clock.now().advanced(by: .milliseconds(215))
        await #expect(throws: CodedError.self) { try await world.ask(["a/m"], deadline: deadline) }
        #expect(world.sent(to: "a") == 1)
    }

    @Test("what a conversation is too long for goes to a larger window, and to no other")
    func windows() async throws {
        let tooLong = Reply.json(#"{"error":{"code":"context_length_exceeded"}}"#, status: 400)
        let world = World([tooLong, Self.good], [Self.good])
        // 16,385 tokens of window, 8,192, and 128,000.
        let chain = ["a/gpt-3.5-turbo", "a/gpt-4", "b/gpt-4o"]
        #expect(try await world.ask(chain).target == "b/gpt-4o")
        #expect(world.sent(to: "a") == 1)
        let none = World([tooLong, Self.good])
        let error = await #expect(throws: CodedError.self) { try await none.ask(["a/gpt-3.5-turbo", "a/gpt-4"]) }
        #expect(error?.code == .contextLengthExceeded && none.sent(to: "a") == 1)
    }
}
