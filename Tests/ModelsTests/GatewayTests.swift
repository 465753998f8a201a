import Base
import HTTP
import HTTPClient
import JSON
import Models
import Testing

@Suite("The gateway and its providers")
struct GatewayTests {
    static let key = "sk-canary-0123456789abcdef"
    static let whole =
        #"{"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#
    static let streamed = StreamTests.hello + StreamTests.end + "data: [DONE]\n\n"

    struct World {
        let first: ScriptedClient
        let second: ScriptedClient
        let observer = RecordingObserver()
        let gateway: Gateway

        init(_ first: [ScriptedClient.Answer], _ second: [ScriptedClient.Answer] = []) {
            self.first = ScriptedClient(first)
            self.second = ScriptedClient(second)
            let clock = TickingClock()
            func provider(_ name: String, _ client: ScriptedClient) -> Provider<OpenAI> {
                Provider(
                    .init(name: name, baseURL: "https://\(name).test/v1/", key: Secret(GatewayTests.key)),
                    client: client,
                    clock: clock)
            }
            gateway = Gateway(
                models: ["a": provider("a", self.first), "b": provider("b", self.second)], observer: observer,
                clock: clock)
        }

        func answer(
            _ fields: String = "", streaming: Bool = true, chain: [String] = ["a/m", "b/m"],
            window: Int? = nil, context: RunContext = testContext()
        ) async throws -> Gateway.Answer {
            let request = try OpenAI.decodeRequest(Array(RequestDecodingTests.body(fields).utf8))
            return try await gateway.answer(
                request, route: Route(chain: chain.compactMap { Target($0) }, window: window), streaming: streaming,
                context: context)
        }
    }

    static let failures: [(ScriptedClient.Answer, ErrorCode, Bool)] = [
        (.failing(.unreachable), .providerUnreachable, true), (.failing(.badAddress), .providerUnreachable, true),
        (.failing(.tls), .providerUnreachable, true),
        (.failing(.timeout(.connect)), .providerTimeout, true),
        (.failing(.timeout(.firstByte)), .providerTimeout, true),
        (.failing(.broken), .providerInvalidAnswer, true), (.failing(.badURL), .modelUnavailable, true),
        (.failing(.cancelled), .cancelled, false), (.failing(.shutdown), .shuttingDown, false),
        (.json("{}", status: 500), .providerFailed, true), (.json("{}", status: 429), .providerRateLimited, true),
        (.json("{}", status: 401), .providerRejectedKey, true), (.json("{}", status: 404), .modelUnavailable, true),
        (.json("{}", status: 302), .providerInvalidAnswer, true), (.json("{}", status: 400), .providerRefused, false),
        // The windows of these models are not known, and the next one may be large enough.
        (.json(#"{"error":{"code":"context_length_exceeded"}}"#, status: 400), .contextLengthExceeded, true),
        (.events(""), .providerStreamBroken, true), (.events("data: [DONE]\n\n"), .providerInvalidAnswer, true),
        (.events("data: rubbish\n\n"), .providerInvalidAnswer, true),
        (.events(": hello\n\n"), .providerStreamBroken, true),
        (.events("data: {\"error\":{\"message\":\"x\"}}\n\n"), .providerFailed, true),
        (.json("rubbish"), .providerInvalidAnswer, true),
        (.events("", then: HTTPClientError(.broken, "x")), .providerStreamBroken, true),
        (.events("", then: HTTPClientError(.timeout(.firstByte), "x")), .providerTimeout, true),
    ]

    @Test(
        "what breaks before the first event is mended by the next target, but for the caller's faults",
        arguments: failures)
    func fallOver(answer: ScriptedClient.Answer, code: ErrorCode, mended: Bool) async throws {
        let world = World([answer], [.events(Self.streamed)])
        do {
            let answer = try await world.answer()
            #expect(mended)
            #expect(answer.target.name == "b/m")
            #expect(answer.attempts.map { $0.error?.code } == [code, nil])
            #expect(try await allEvents(of: answer.stream).map(\.kind) == [.text("hel"), .finish(.stop)])
        } catch let error as CodedError {
            #expect(!mended)
            #expect(error.code == code)
            #expect(world.second.requests.isEmpty)
        }
        #expect(world.observer.attempts.first?.error?.code == code)
    }

    @Test(
        "when all fail the most telling error is given",
        arguments: [
            ([500, 429], .providerRateLimited), ([401, 500], .providerFailed), ([404, 401], .providerRejectedKey),
            ([500, 400], .providerRefused),
        ] as [([Int], ErrorCode)])
    func allFail(statuses: [Int], expected: ErrorCode) async throws {
        let world = World([.json("{}", status: statuses[0])], [.json("{}", status: statuses[1])])
        let error = await #expect(throws: CodedError.self) { try await world.answer() }
        #expect(error?.code == expected)
        if expected.fault == .provider { #expect(error?.message.contains("All 2 models") == true) }
    }

    @Test("after the first event there is no second target: the error is in the stream")
    func midStream() async throws {
        let world = World([.events(StreamTests.hello, then: HTTPClientError(.broken, "x"))], [.events(Self.streamed)])
        let answer = try await world.answer()
        #expect(try await answer.stream.next()?.kind == .text("hel"))
        let error = await #expect(throws: CodedError.self) { try await answer.stream.next() }
        #expect(error?.code == .providerStreamBroken)
        #expect(world.second.requests.isEmpty)
        #expect(world.observer.reports.map(\.error) == [.providerStreamBroken])
    }

    @Test("the request to a provider has its key, and nothing of the caller's")
    func request() async throws {
        let world = World([.json(Self.whole)])
        let answer = try await world.answer(#""zz":1"#, streaming: false)
        let sent = try #require(world.first.requests.first)
        #expect(sent.method == "POST")
        #expect(sent.url == "https://a.test/v1/chat/completions")
        #expect(sent.headers["authorization"] == "Bearer \(Self.key)")
        #expect(sent.headers.map(\.name).sorted() == ["accept", "authorization", "content-type"])
        #expect(text(sent.body) == RequestDecodingTests.body(#""zz":1"#))
        #expect(try await answer.stream.next() != nil)
        #expect(world.observer.reports.count == 1)
        #expect(try await answer.stream.next() == nil)
        let again = try await World([.json(Self.whole)]).answer(streaming: false)
        let events = try await allEvents(of: again.stream)
        guard case .whole(let completion)? = events.first?.kind, events.count == 1 else {
            Issue.record("one whole answer expected")
            return
        }
        #expect(completion.text == "hi")
        #expect(world.observer.reports.first?.usage?.totalTokens == 2)
        #expect(world.observer.reports.first?.finishReason == .stop)
        #expect(world.observer.reports.first?.error == nil)
    }

    @Test("a provider that does not stream is taken as it is")
    func wholeForStream() async throws {
        let world = World([.json(Self.whole)])
        let events = try await allEvents(of: world.answer().stream)
        #expect(events.count == 1)
        let written = EncodingTests.write(events)
        #expect(written.contains(#""content":"hi""#) && written.hasSuffix("data: [DONE]\n\n"))
    }

    @Test("headers reach the caller by allow-list")
    func headers() async throws {
        var reply = ScriptedClient.Answer.json(Self.whole)
        reply.headers = [
            "content-type": "application/json", "OpenAI-Processing-Ms": "7", "x-ratelimit-remaining-tokens": "9",
            "set-cookie": "c",
            "openai-organization": "secret", "retry-after": "1", "x-ratelimit-bad": "a\nb", "server": "s",
        ]
        let answer = try await World([reply]).answer(streaming: false)
        #expect(
            answer.stream.forwardedHeaders.map { "\($0.name): \($0.value)" }.sorted()
                == ["openai-processing-ms: 7", "retry-after: 1", "x-ratelimit-remaining-tokens: 9"])
    }

    @Test("what is over or called off is not sent")
    func deadlines() async throws {
        let world = World([.json(Self.whole)])
        let late = await #expect(throws: CodedError.self) {
            try await world.answer(context: testContext(deadline: Instant(nanoseconds: 1)))
        }
        #expect(late?.code == .deadlineExceeded)
        let cancelled = await withTaskGroup(of: ErrorCode?.self) { group in
            group.cancelAll()
            group.addTask {
                do {
                    _ = try await world.answer()
                    return nil
                } catch { return (error as? CodedError)?.code }
            }
            return await group.next() ?? nil
        }
        #expect(cancelled == .cancelled)
        #expect(world.first.requests.isEmpty)
    }

    @Test("a deadline bounds the call")
    func totalTime() async throws {
        let world = World([.failing(.timeout(.total)), .failing(.timeout(.total))])
        let soon = testContext(deadline: Instant(nanoseconds: 5_000_000_000))
        let error = await #expect(throws: CodedError.self) { try await world.answer(chain: ["a/m"], context: soon) }
        #expect(error?.code == .deadlineExceeded)
        #expect((world.first.requests.first?.timeouts.total ?? .seconds(9)) < .seconds(5))
        let own = await #expect(throws: CodedError.self) { try await world.answer(chain: ["a/m"]) }
        #expect(own?.code == .providerTimeout)
    }

    @Test("an answer that a model cannot give is not asked for")
    func window() async throws {
        let world = World([.json(Self.whole)], [.json(Self.whole)])
        let error = await #expect(throws: CodedError.self) {
            try await world.answer(#""max_completion_tokens":20000"#, streaming: false, chain: ["a/gpt-4o", "b/gpt-4"])
        }
        #expect(error?.code == .invalidValue)
        #expect(error?.param == "max_completion_tokens")
        #expect(world.first.requests.isEmpty && world.second.requests.isEmpty)
        let answer = try await world.answer(#""max_tokens":20000"#, streaming: false, chain: ["a/gpt-4o", "b/gpt-4.1"])
        #expect(answer.target.name == "b/gpt-4.1")
    }

    @Test("the window that the configuration gives a name goes before what is known of its models")
    func configuredWindow() async throws {
        let world = World([.json(Self.whole)], [.json(Self.whole)])
        let error = await #expect(throws: CodedError.self) {
            try await world.answer(#""max_tokens":101"#, streaming: false, chain: ["a/unheard-of"], window: 100)
        }
        #expect(error?.code == .invalidValue && error?.param == "max_tokens")
        #expect(world.first.requests.isEmpty)
        _ = try await world.answer(#""max_tokens":20000"#, streaming: false, chain: ["a/gpt-4"], window: 32_000)
        #expect(world.first.requests.count == 1)
    }

    @Test("a whole answer has no first byte to wait for: it may take as long as the call")
    func wholeAnswerTimeouts() async throws {
        let world = World([.json(Self.whole), .json(Self.whole)], [.json(Self.whole)])
        _ = try await world.answer("", streaming: false, chain: ["a/m"])
        _ = try? await world.answer("", streaming: true, chain: ["a/m"])
        let timeouts = world.first.requests.map(\.timeouts)
        #expect(timeouts[0].firstByte == timeouts[0].total)
        #expect(timeouts[1].firstByte < timeouts[1].total)
    }

    @Test("cancelling and dropping end the transfer and are reported once")
    func cancelling() async throws {
        let world = World([.events(Self.streamed, cutEvery: 90), .events(Self.streamed, cutEvery: 90)])
        let answer = try await world.answer()
        _ = try await answer.stream.next()
        answer.stream.cancel()
        #expect(world.first.cancelledBodies == 1)
        let error = await #expect(throws: CodedError.self) { try await answer.stream.next() }
        #expect(error?.code == .cancelled)
        do { _ = try await world.answer() }
        #expect(world.observer.reports.map(\.error) == [.cancelled, .cancelled])
    }

    @Test("no key is in any error, whatever the provider says")
    func canary() async throws {
        let quoting =
            #"{"error":{"message":"key \#(Self.key) is bad","code":"\#(Self.key)","type":"\#(Self.key)","param":"\#(Self.key)"}}"#
        for status in [200, 400, 401, 403, 404, 429, 500] {
            for events in [true, false] {
                let reply =
                    events && status == 200
                    ? ScriptedClient.Answer.events("data: \(quoting)\n\n") : .json(quoting, status: status)
                let error = await #expect(throws: CodedError.self) { try await World([reply]).answer(chain: ["a/m"]) }
                var seen = ""
                dump(error, to: &seen)
                #expect(!seen.contains("canary"), "status \(status)")
            }
        }
        var shown = ""
        dump(World([]).gateway, to: &shown)
        #expect(!shown.contains("canary"))
    }
}
