import Base
import HTTP
import HTTPClient
import Models
import Resilience
import TestKit
import Testing

/// Every limit of an attempt, by a clock that whoever waits moves.
@Suite("Time limits of a call to a provider", .timeLimit(.minutes(1)))
struct ProviderTimeoutTests {
    typealias Reply = ScriptedClient.Answer

    static let timeouts = Timeouts(
        connect: .seconds(2), firstByte: .seconds(6), firstToken: .seconds(10), betweenTokens: .seconds(4),
        total: .seconds(60), minimum: .milliseconds(200))
    static let never = Duration.seconds(1_000_000)
    static let done = "data: [DONE]\n\n"
    static let role = #"data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"# + "\n\n"

    /// Pieces that come so many seconds after one another.
    static func pieces(
        _ pieces: [(after: Double, text: String)], connection: Double = 0, head: Double = 0
    ) -> Reply {
        var reply = Reply.events("")
        reply.pieces = pieces.map { Array($0.text.utf8) }
        reply.connection = .milliseconds(Int64(connection * 1000))
        reply.head = .milliseconds(Int64(head * 1000))
        reply.delays = pieces.map { .milliseconds(Int64($0.after * 1000)) } + [never]
        return reply
    }

    /// One call, and what came of it when.
    struct World {
        let clock = TestClock()
        let client: ScriptedClient
        let start: Instant

        init(_ replies: Reply...) {
            client = ScriptedClient(replies, clock: clock)
            start = clock.now()
        }

        var seconds: Double { clock.now().since(start).seconds }

        func at(_ seconds: Double) -> Instant { start.advanced(by: .milliseconds(Int64(seconds * 1000))) }

        func provider<Wire: ProviderDialect>(_ wire: Wire.Type, own: Timeouts = Timeouts()) -> Provider<Wire> {
            var settings = ProviderConfiguration(name: "p", baseURL: "https://p.test")
            settings.timeouts = own
            return Provider(settings, client: client, clock: clock)
        }

        func start(
            _ timeouts: Timeouts? = ProviderTimeoutTests.timeouts, streaming: Bool = true, isLast: Bool = false,
            deadline: Double? = nil, own: Timeouts = Timeouts(), anthropic: Bool = false
        ) async throws -> any ModelStream {
            var call = ModelCall(
                request: ChatRequest(model: "x", messages: [ChatMessage(.user, "hi")]), model: "m",
                streaming: streaming)
            call.timeouts = timeouts
            call.isLast = isLast
            let context = testContext(deadline: deadline.map(at))
            if anthropic { return try await provider(Anthropic.self, own: own).start(call, context: context) }
            return try await provider(OpenAI.self, own: own).start(call, context: context)
        }

        /// The limit that ended it, how many events came before, and whether none could be given.
        func limit(
            isLast: Bool = false, deadline: Double? = nil, streaming: Bool = true, anthropic: Bool = false
        ) async throws -> (limit: TimeLimit?, isBeforeFirst: Bool) {
            var isBeforeFirst = true
            do {
                let stream = try await start(
                    streaming: streaming, isLast: isLast, deadline: deadline, anthropic: anthropic)
                isBeforeFirst = false
                while try await stream.next() != nil {}
                return (nil, false)
            } catch let error as CodedError {
                #expect(TimeLimit(error) != nil, "\(error)")
                return (TimeLimit(error), isBeforeFirst)
            }
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var reply: Reply
        var isLast = false
        var deadline: Double?
        var limit: TimeLimit?
        var seconds: Double
        var isBeforeFirst = true

        var testDescription: String { name }
        /// Whether its head comes in time.
        var hasBody: Bool {
            reply.connection <= .seconds(2) && reply.connection + reply.head <= .seconds(min(5, deadline ?? 5))
        }
    }

    private static let hello = StreamTests.hello
    private static let usage = #"data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":0}}"# + "\n\n"
    private static let answered: [(Double, String)] = [(1, hello), (1, StreamTests.end), (1, done)]

    static let rows: [Row] = [
        Row(name: "no connection", reply: pieces([], connection: 3), limit: .connect, seconds: 2),
        Row(name: "no head", reply: pieces([], connection: 1, head: 30), limit: .firstByte, seconds: 6),
        Row(
            name: "no head, asked last", reply: pieces([], connection: 1, head: 30), isLast: true, limit: .firstByte,
            seconds: 6),
        Row(name: "no token", reply: pieces([], head: 5), limit: .firstToken, seconds: 10),
        Row(name: "a late token", reply: pieces([(9, hello)], head: 5), limit: .firstToken, seconds: 10),
        Row(
            name: "a late token, asked last", reply: pieces([(40, hello)] + answered, head: 5), isLast: true,
            seconds: 48, isBeforeFirst: false),
        Row(
            name: "stalled", reply: pieces([(1, hello), (3.9, hello)]), limit: .betweenTokens, seconds: 8.9,
            isBeforeFirst: false),
        Row(
            name: "stalled, asked last", reply: pieces([(1, hello)]), isLast: true, limit: .betweenTokens, seconds: 5,
            isBeforeFirst: false),
        Row(
            name: "endless", reply: pieces(Array(repeating: (3, hello), count: 50)), limit: .total, seconds: 60,
            isBeforeFirst: false),
        Row(
            name: "endless, with a deadline", reply: pieces(Array(repeating: (3, hello), count: 50)), deadline: 20,
            limit: .deadline, seconds: 20, isBeforeFirst: false),
        Row(name: "no head before the deadline", reply: pieces([], head: 9), deadline: 4, limit: .deadline, seconds: 4),
        Row(
            name: "no connection before it", reply: pieces([], connection: 9), deadline: 1, limit: .deadline, seconds: 1
        ),
        Row(
            name: "no token before it", reply: pieces([], head: 1), deadline: 4, limit: .deadline, seconds: 4),
        Row(
            name: "neither [DONE] nor a close after the finish reason",
            reply: pieces([(1, hello), (1, StreamTests.end)]), seconds: 4, isBeforeFirst: false),
        Row(
            name: "usage, and then neither", reply: pieces([(1, hello), (1, StreamTests.end), (1.9, usage)]),
            seconds: 4.1, isBeforeFirst: false),
        Row(
            name: "the deadline in that time", reply: pieces([(1, hello), (1, StreamTests.end)]), deadline: 3,
            seconds: 3, isBeforeFirst: false),
        Row(name: "all in time", reply: pieces(answered, head: 5), seconds: 8, isBeforeFirst: false),
    ]

    @Test("each limit holds to the moment, and says its name", arguments: rows)
    func limits(_ row: Row) async throws {
        let world = World(row.reply)
        let found = try await world.limit(isLast: row.isLast, deadline: row.deadline)
        #expect(found.limit == row.limit)
        #expect(found.isBeforeFirst == row.isBeforeFirst)
        #expect(world.seconds == row.seconds)
        // Nothing is left under way.
        #expect(world.client.cancelledBodies == (row.hasBody ? 1 : 0))
    }

    @Test(
        "signs of life are no tokens: a server that only pings runs into the same limits",
        arguments: [
            ": ping\n\n", "\n", role, #"data: {"choices":[]}"# + "\n\n", #"data: {"choices":[],"usage":null}"# + "\n\n",
        ])
    func pings(ping: String) async throws {
        let pings = Array(repeating: (after: 0.75, text: ping), count: 200)
        let before = World(Self.pieces(pings))
        let first = try await before.limit()
        #expect(first.limit == .firstToken && first.isBeforeFirst && before.seconds == 10)
        let after = World(Self.pieces([(1, Self.hello)] + pings))
        let second = try await after.limit()
        #expect(second.limit == .betweenTokens && !second.isBeforeFirst && after.seconds == 5)
    }

    @Test("Anthropic's pings and the message's start are no tokens either, its thinking is one")
    func anthropic() async throws {
        let ping = AnthropicStreamTests.event("ping")
        let pings = Array(repeating: (after: 0.75, text: ping), count: 200)
        let before = World(Self.pieces([(0, AnthropicStreamTests.start)] + pings))
        #expect(try await before.limit(anthropic: true) == (.firstToken, true))
        #expect(before.seconds == 10)
        let thought = AnthropicStreamTests.event(
            "content_block_delta", #""index":0,"delta":{"type":"thinking_delta","thinking":"so"}"#)
        let after = World(Self.pieces([(0, AnthropicStreamTests.start), (2, thought)] + pings))
        #expect(try await after.limit(anthropic: true) == (.betweenTokens, false))
        #expect(after.seconds == 6)
    }

    @Test("while nobody reads no time passes between tokens, and pings that are read late win none")
    func backPressure() async throws {
        let pings = Array(repeating: (after: 1.0, text: Self.role), count: 200)
        let world = World(Self.pieces([(1, Self.hello), (0, Self.hello)] + pings))
        let stream = try await world.start()
        #expect(try await stream.next()?.kind == .text("hel"))
        world.clock.advance(by: .seconds(20))
        #expect(try await stream.next()?.kind == .text("hel"))
        // At 21 s. Pings have been waiting all the time, and each is looked at for 100 ms.
        let error = await #expect(throws: CodedError.self) {
            while let event = try await stream.next() {
                #expect(event.kind == .other)
                world.clock.advance(by: .milliseconds(100))
            }
        }
        #expect(error.flatMap(TimeLimit.init) == .betweenTokens)
        // Twenty of the pings were there when the reader came back, then four seconds were waited in all.
        #expect(world.seconds > 25 && world.seconds < 28)
    }

    @Test("the first thing that is given is of the answer, with all that came before it in its order")
    func first() async throws {
        let world = World(Self.pieces([(1, Self.role), (1, Self.usage), (1, Self.role + Self.hello)] + Self.answered))
        let stream = try await world.start()
        #expect(world.seconds == 3)
        var kinds: [ModelEvent.Kind] = []
        while case .event(let event) = try stream.ready() { kinds.append(event.kind) }
        #expect(
            kinds == [
                .other, .usage(Usage(promptTokens: 1, completionTokens: 0)), .other, .text("hel"),
            ])
        #expect(try await allEvents(of: stream).map(\.kind) == [.text("hel"), .finish(.stop)])
    }

    @Test("pings without end are not gathered without end")
    func bounded() async throws {
        let flood = String(repeating: Self.role, count: 100)
        let world = World(Self.pieces(Array(repeating: (0, flood), count: 50)))
        let stream = try await world.start()
        var count = 0
        while case .event = try stream.ready() { count += 1 }
        #expect(count == 1000)
        // Read on as they are asked for, within the same limit.
        let error = await #expect(throws: CodedError.self) { while try await stream.next() != nil { count += 1 } }
        #expect(error.flatMap(TimeLimit.init) == .firstToken && count == 5000)
    }

    @Test("of several answers the end of one is not the end: a second one that stalls is a fault")
    func severalChoices() async throws {
        let world = World(Self.pieces([(1, Self.hello), (1, StreamTests.end)]))
        var request = ChatRequest(model: "x", messages: [ChatMessage(.user, "hi")])
        request.n = 2
        var call = ModelCall(request: request, model: "m", streaming: true)
        call.timeouts = Self.timeouts
        let stream = try await world.provider(OpenAI.self).start(call, context: testContext())
        let error = await #expect(throws: CodedError.self) { try await allEvents(of: stream) }
        #expect(error.flatMap(TimeLimit.init) == .betweenTokens && world.seconds == 6)
    }

    @Test("a call without limits of its own has the provider's")
    func ownLimits() async throws {
        var own = Timeouts()
        own.firstToken = .seconds(3)
        own.firstByte = .seconds(2)
        let world = World(Self.pieces([], head: 1), Self.pieces([], head: 9))
        let error = await #expect(throws: CodedError.self) { try await world.start(nil, own: own) }
        #expect(error?.detail == "limit first_token" && world.seconds == 3)
        await #expect(throws: CodedError.self) { try await world.start(nil, own: own) }
        #expect(world.seconds == 5)
        #expect(world.client.requests.map(\.timeouts.firstByte) == [.seconds(2), .seconds(2)])
    }

    @Test("nothing is sent with less than the minimum left, of any kind")
    func minimum() async throws {
        let world = World()
        for deadline in [0.199, 0, -5] {
            let error = await #expect(throws: CodedError.self) { try await world.start(deadline: deadline) }
            #expect(error.flatMap(TimeLimit.init) == .deadline)
        }
        let context = testContext(deadline: world.at(0.1))
        let embedding = EmbeddingRequest(model: "m", count: 1, original: Array(#"{"input":"a"}"#.utf8))
        let vectors = await #expect(throws: CodedError.self) {
            try await world.provider(OpenAI.self).embed(embedding, model: "m", key: 0, timeouts: nil, context: context)
        }
        #expect(vectors?.code == .deadlineExceeded)
        let request = try Anthropic.decodeRequest(
            Array(#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#.utf8))
        let count = await #expect(throws: CodedError.self) {
            try await world.provider(Anthropic.self).countTokens(
                of: request, model: "m", key: 0, timeouts: nil, context: context)
        }
        #expect(count?.code == .deadlineExceeded)
        #expect(world.client.requests.isEmpty && world.seconds == 0)
    }
}
