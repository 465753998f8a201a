import Base
import HTTP
import HTTPClient
import Models
import Resilience
import TestKit
import Testing

@Suite("Time limits of answers that come whole", .timeLimit(.minutes(1)))
struct ProviderWholeTimeoutTests {
    private typealias World = ProviderTimeoutTests.World
    private typealias Reply = ScriptedClient.Answer

    /// A JSON body in pieces that come so many seconds after one another.
    private static func json(
        _ pieces: [(after: Double, text: String)], status: Int = 200, connection: Double = 0, head: Double = 0
    ) -> Reply {
        var reply = ProviderTimeoutTests.pieces(pieces, connection: connection, head: head)
        reply.status = status
        reply.headers = ["content-type": "application/json"]
        return reply
    }

    private static func ended(_ reply: Reply) -> Reply {
        var reply = reply
        reply.delays[reply.delays.count - 1] = .zero
        return reply
    }

    @Test("only the connection and the whole are limited")
    func whole() async throws {
        let halves = (GatewayTests.whole.prefix(30), GatewayTests.whole.dropFirst(30))
        let slow = World(Self.ended(Self.json([(20, "\(halves.0)"), (19, "\(halves.1)")], head: 20)))
        let stream = try await slow.start(streaming: false)
        var assembler = Assembler()
        for event in try await allEvents(of: stream) { assembler.add(event) }
        #expect(assembler.completion.text == "hi" && slow.seconds == 59)
        for (reply, limit, seconds) in [
            (Self.json([], connection: 3), TimeLimit.connect, 2), (Self.json([], head: 61), .total, 60),
            (Self.json([(30, "{")], head: 20), .total, 60), (Self.json([(1, "{")]), .total, 60),
        ] {
            let world = World(reply)
            #expect(try await world.limit(streaming: false) == (limit, true))
            #expect(world.seconds == Double(seconds))
        }
        let hurried = World(Self.json([(1, "{")], head: 2))
        #expect(try await hurried.limit(deadline: 7, streaming: false) == (.deadline, true))
        #expect(hurried.seconds == 7)
    }

    @Test("a provider that does not stream when it is asked to has the time to its first token, asked last all of it")
    func wholeForStream() async throws {
        for (isLast, limit, seconds) in [(false, TimeLimit.firstToken, 10.0), (true, .total, 60)] {
            let world = World(Self.json([(1, "{")], head: 1))
            #expect(try await world.limit(isLast: isLast) == (limit, true))
            #expect(world.seconds == seconds)
        }
    }

    @Test("an error whose body does not come is judged by its status, soon", arguments: [true, false])
    func errorBody(streaming: Bool) async throws {
        let world = World(Self.json([(1, #"{"error""#)], status: 503, head: 3))
        let error = await #expect(throws: CodedError.self) { try await world.start(streaming: streaming) }
        #expect(error?.code == .providerOverloaded && error?.providerStatus == 503)
        #expect(error.flatMap(TimeLimit.init) == nil)
        #expect(world.seconds == 5 && world.client.cancelledBodies == 1)
    }

    @Test("vectors and counts of tokens have the limits of whole answers")
    func others() async throws {
        let embedding = EmbeddingRequest(model: "m", count: 1, original: Array(#"{"input":"a"}"#.utf8))
        let request = try Anthropic.decodeRequest(
            Array(#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#.utf8))
        for (reply, deadline, limit, seconds) in [
            (Self.json([], connection: 3), nil, TimeLimit.connect, 2.0), (Self.json([], head: 61), nil, .total, 60),
            (Self.json([(30, "{")], head: 20), nil, .total, 60), (Self.json([(30, "{")], head: 20), 30, .deadline, 30),
        ] as [(Reply, Double?, TimeLimit, Double)] {
            let vectors = World(reply)
            let first = await #expect(throws: CodedError.self) {
                try await vectors.provider(OpenAI.self, own: ProviderTimeoutTests.timeouts).embed(
                    embedding, model: "m", key: 0, timeouts: nil,
                    context: testContext(deadline: deadline.map(vectors.at)))
            }
            #expect(first.flatMap(TimeLimit.init) == limit && vectors.seconds == seconds)
            let counts = World(reply)
            let second = await #expect(throws: CodedError.self) {
                try await counts.provider(Anthropic.self, own: ProviderTimeoutTests.timeouts).countTokens(
                    of: request, model: "m", key: 0, timeouts: nil,
                    context: testContext(deadline: deadline.map(counts.at)))
            }
            #expect(second.flatMap(TimeLimit.init) == limit && counts.seconds == seconds)
        }
    }
}
