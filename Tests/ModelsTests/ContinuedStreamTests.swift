import Base
import HTTP
import JSON
import Synchronization
import Testing

@testable import Models

@Suite("A stream that another target goes on with", .timeLimit(.minutes(1)))
struct ContinuedStreamTests {
    private typealias Reply = @Sendable (ChatRequest) -> Result<ScriptedEvents, CodedError>

    /// What was asked of the targets that go on, and with what.
    final class Asked: Sendable {
        let requests = Mutex<[ChatRequest]>([])
        let errors = Mutex<[CodedError]>([])
        let targets = Mutex<[Target]>([])
    }

    private static func stream(
        _ first: any ModelStream, _ request: ChatRequest = question(), _ asked: Asked = Asked(),
        replies: [Reply]
    ) -> ContinuedStream {
        ContinuedStream(first, request: request) { request, error throws(CodedError) in
            asked.errors.withLock { $0.append(error) }
            let turn = asked.requests.withLock { requests in
                requests.append(request)
                return requests.count - 1
            }
            guard turn < replies.count else { throw CodedError(.modelUnavailable, "none") }
            let stream = try replies[turn](request).get()
            return .init(stream: stream, target: Target(provider: "p\(turn)", model: "m"))
        } onContinue: { target, _ in
            asked.targets.withLock { $0.append(target) }
        }
    }

    static func question(maxTokens: Int? = nil) -> ChatRequest {
        var request = ChatRequest(model: "m", messages: [ChatMessage(.user, "Say it.")])
        request.maxTokens = maxTokens
        request.original = .init(dialect: .openai, bytes: Array("{}".utf8))
        return request
    }

    private static func broken(_ texts: String..., more: [ModelEvent] = []) -> ScriptedEvents {
        ScriptedEvents(
            [ModelEvent(.other)] + texts.map { ModelEvent(.text($0)) } + more, then: .failing(ScriptedEvents.broken))
    }

    private static func texts(of events: [ModelEvent]) -> String {
        events.map { if case .text(let text) = $0.kind { text } else { "" } }.joined()
    }

    private static let frame = ModelEvent.Source.frame(Frame(dialect: .openai, bytes: Array("{}".utf8)))
    private static let end = [ModelEvent(.finish(.stop), source: frame)]

    @Test("it is asked for the rest of the text, in a request that is written anew")
    func request() async throws {
        let asked = Asked()
        let stream = Self.stream(
            Self.broken("Once upon ", "a time "), Self.question(maxTokens: 100), asked,
            replies: [
                { _ in
                    .success(
                        ScriptedEvents(
                            [
                                ModelEvent(.other, source: Self.frame),
                                ModelEvent(.text(" in a land"), source: Self.frame),
                            ]
                                + Self.end))
                }
            ])
        let (events, error) = await drained(stream)
        #expect(error == nil)
        // The frames of another answer are not shown as they are.
        #expect(
            events == [
                ModelEvent(.other), ModelEvent(.text("Once upon ")), ModelEvent(.text("a time ")),
                ModelEvent(.text("in a land")), ModelEvent(.finish(.stop)),
            ])
        let sent = try #require(asked.requests.withLock { $0.first })
        #expect(sent.original == nil && sent.prefill == 1 && sent.messages.last?.text == "Once upon a time")
        // Seventeen letters and spaces.
        #expect(sent.maxTokens == 96)
        #expect(asked.errors.withLock { $0 } == [ScriptedEvents.broken])
        #expect(asked.targets.withLock { $0.map(\.name) } == ["p0/m"])
    }

    @Test("the text is whole and once, wherever it breaks, with an echo and without", arguments: [false, true])
    func everyPlace(echoes: Bool) async throws {
        let text = "Dies ist  der\n\nganze Text: «ä👍🏽» e\u{301}\tund  sein Ende. "
        let scalars = Array(text.unicodeScalars)
        var random = SeededGenerator(seed: 3)
        for place in 1..<scalars.count {
            let shown = String(String.UnicodeScalarView(scalars[..<place]))
            let begin = EchoFilter.split(shown).begin
            if echoes, begin.count < EchoFilter.leastEcho { continue }
            let pieces = EchoFilterTests.cut(shown, using: &random).map { ModelEvent(.text($0)) }
            let seed = UInt64(place)
            let stream = Self.stream(
                ScriptedEvents(pieces, then: .failing(ScriptedEvents.broken), waits: [place / 2, place]),
                replies: [
                    { request in
                        var random = SeededGenerator(seed: seed)
                        let given = request.messages.last?.text ?? ""
                        let rest = String(text.unicodeScalars.dropFirst(given.unicodeScalars.count))
                        let answer = (echoes ? given : "") + rest
                        let pieces = EchoFilterTests.cut(answer, using: &random)
                        return .success(ScriptedEvents(pieces.map { ModelEvent(.text($0)) } + Self.end, waits: [1]))
                    }
                ])
            let (events, error) = await drained(stream)
            #expect(error == nil)
            #expect(Array(Self.texts(of: events).utf8) == Array(text.utf8), "broken after \(place)")
            #expect(events.filter { $0.kind == .finish(.stop) }.count == 1)
        }
    }

    @Test("it is continued three times and no more, and then the error is told")
    func times() async throws {
        let asked = Asked()
        let more: Reply = { request in
            .success(Self.broken(" and \(request.messages.last?.text.utf8.count ?? 0)"))
        }
        let (events, error) = await drained(
            Self.stream(Self.broken("One"), Self.question(), asked, replies: [more, more, more, more]))
        #expect(Self.texts(of: events) == "One and 3 and 9 and 15")
        #expect(error == ScriptedEvents.broken && asked.requests.withLock { $0.count } == 3)
        #expect(asked.targets.withLock { $0.count } == 3)
    }

    @Test("when nobody can go on, the caller hears why the stream broke, for good")
    func nobody() async throws {
        let stream = Self.stream(
            Self.broken("One"), replies: [{ _ in .failure(CodedError(.providerRefused, "no prefill")) }])
        let (events, error) = await drained(stream)
        #expect(Self.texts(of: events) == "One" && error == ScriptedEvents.broken)
        #expect(await drained(stream).error == ScriptedEvents.broken)
        let gone = Self.stream(Self.broken("One"), replies: [{ _ in .failure(CodedError(.cancelled, "gone")) }])
        #expect(await drained(gone).error?.code == .cancelled)
    }

    @Test(
        "what is no plain text cannot be gone on with",
        arguments: [
            [.reasoning("r"), .text("a")], [.text("a"), .toolCall(ToolCallDelta(index: 0))],
            [.text("a"), .refusal("r")],
            [.signature("s"), .text("a")], [.sealedReasoning("s"), .text("a")], [.text(" \n")],
            [.usage(Usage(promptTokens: 1, completionTokens: 1))], [],
        ] as [[ModelEvent.Kind]])
    func notPlain(kinds: [ModelEvent.Kind]) async throws {
        let asked = Asked()
        let first = ScriptedEvents(kinds.map { ModelEvent($0) }, then: .failing(ScriptedEvents.broken))
        #expect(await drained(Self.stream(first, Self.question(), asked, replies: [])).error == ScriptedEvents.broken)
        #expect(asked.requests.withLock { $0.isEmpty })
    }

    @Test("nor can what was asked for in a way that a request written anew does not say, or another model not take up")
    func requests() async throws {
        let changes: [@Sendable (inout ChatRequest) -> Void] = [
            { $0.n = 2 }, { $0.logprobs = true }, { $0.responseFormat = .jsonObject }, { $0.hasForeignTools = true },
            { $0.responseFormat = .jsonSchema(name: "x", schema: nil, strict: nil) }, { $0.foreignField = "x" },
        ]
        for change in changes {
            var request = Self.question()
            change(&request)
            let asked = Asked()
            #expect(
                await drained(Self.stream(Self.broken("a"), request, asked, replies: [])).error == ScriptedEvents.broken
            )
            #expect(asked.requests.withLock { $0.isEmpty })
        }
    }

    @Test(
        "faults that are not a provider's are told at once",
        arguments: [.cancelled, .contextLengthExceeded] as [ErrorCode])
    func others(code: ErrorCode) async throws {
        let asked = Asked()
        let first = ScriptedEvents([ModelEvent(.text("a"))], then: .failing(CodedError(code, "x")))
        #expect(await drained(Self.stream(first, Self.question(), asked, replies: [])).error?.code == code)
        #expect(asked.requests.withLock { $0.isEmpty })
    }

    @Test("an answer that has said its end is whole, whatever comes after")
    func finished() async throws {
        for waits in [[], [2]] as [Set<Int>] {
            let first = ScriptedEvents(
                [ModelEvent(.toolCall(ToolCallDelta(index: 0))), ModelEvent(.finish(.toolCalls))],
                then: .failing(ScriptedEvents.broken), waits: waits)
            let (events, error) = await drained(Self.stream(first, replies: []))
            #expect(events.count == 2 && error == nil)
        }
    }

    private static func tokens(_ count: Int) -> Usage { Usage(promptTokens: count, completionTokens: count) }

    @Test(
        "the usage is that of the provider that ends the answer, and all of the text; its whole answer is taken apart")
    func usage() async throws {
        let whole = ChatCompletion(
            choices: [.init(text: " two", finishReason: .length)], usage: Self.tokens(7),
            frame: Frame(dialect: .openai, bytes: Array("{}".utf8)))
        let first = Self.broken("One", more: [ModelEvent(.usage(Self.tokens(5)))])
        let stream = Self.stream(
            first, replies: [{ _ in .success(ScriptedEvents([ModelEvent(.whole(whole), source: Self.frame)])) }])
        let (events, _) = await drained(stream)
        var assembler = Assembler()
        for event in events { assembler.add(event) }
        let usage = Usage(promptTokens: 7, completionTokens: 12)
        #expect(assembler.completion.text == "One two" && assembler.completion.usage == usage)
        #expect(assembler.completion.choices.first?.finishReason == .length)
    }

    @Test("cancelled, it says so, before it is continued, meanwhile and after")
    func cancelling() async throws {
        let before = Self.stream(Self.broken("One"), replies: [])
        before.cancel()
        #expect(await drained(before).error?.code == .cancelled)
        let box = Mutex<ContinuedStream?>(nil)
        let late = ScriptedEvents([ModelEvent(.text(" two"))])
        let meanwhile = ContinuedStream(Self.broken("One"), request: Self.question()) { _, _ throws(CodedError) in
            box.withLock { $0 }?.cancel()
            return .init(stream: late, target: Target(provider: "p", model: "m"))
        } onContinue: { _, _ in
            Issue.record("nobody is to go on")
        }
        box.withLock { $0 = meanwhile }
        let (events, error) = await drained(meanwhile)
        box.withLock { $0 = nil }
        #expect(Self.texts(of: events) == "One" && error?.code == .cancelled && late.isCancelled)
    }

    @Test("headers and counts are the first target's, and it is marked by all that took part")
    func passes() async throws {
        var marks = AnswerMarks()
        marks.isChaotic = true
        let chaotic = marks
        let first = ScriptedEvents(
            [ModelEvent(.text("One"))], then: .failing(ScriptedEvents.broken), headers: ["x-ratelimit-limit": "3"],
            rateCount: RateCount(remaining: 1, reset: 2))
        let stream = Self.stream(
            first,
            replies: [
                { _ in
                    .success(
                        ScriptedEvents(Self.end, rateCount: RateCount(remaining: 9, reset: 9), marks: chaotic))
                }
            ])
        #expect(stream.marks.isClean)
        _ = await drained(stream)
        #expect(stream.rateCount == RateCount(remaining: 1, reset: 2) && !stream.marks.isClean)
        #expect(stream.forwardedHeaders == ["x-ratelimit-limit": "3"])
    }

    @Test("what the client has said of the answer goes on in the same message")
    func beginning() throws {
        var request = ChatRequest(model: "m", messages: [ChatMessage(.user, "q"), ChatMessage(.assistant, "So, ")])
        request.dialect = .anthropic
        #expect(request.continuing(after: "it is ").messages.map(\.text) == ["q", "So, it is"])
        request.messages[1].content = .parts([.text("So, ")])
        #expect(request.continuing(after: "it is ").messages.map(\.text) == ["q", "So, it is"])
        // In OpenAI's dialect it is one message more.
        request.dialect = .openai
        #expect(request.continuing(after: "it is").messages.map(\.text) == ["q", "So, ", "it is"])
        #expect(Self.question(maxTokens: 3).continuing(after: String(repeating: "word ", count: 99)).maxTokens == 1)
    }

    @Test("Mistral's and DeepSeek's models are told that the message begins the answer")
    func prefixes() throws {
        for (provider, isTold) in [("mistral", true), ("deepseek", true), ("groq", false)] {
            let entry = CatalogueEntry(CatalogueRow(provider: provider, model: "m"), over: nil)
            func sent(_ request: ChatRequest) throws -> JSON {
                let call = ModelCall(request: request, model: "m", streaming: true, entry: entry)
                return try JSON(OpenAI.encodeRequest(call, asksForUsage: true))
            }
            var plain = Self.question()
            plain.original = nil
            let body = try sent(plain.continuing(after: "it is"))
            #expect(body["messages"]?[1]?["prefix"]?.bool == (isTold ? true : nil))
            #expect(body["messages"]?[0]?["prefix"] == nil)
            #expect(try sent(plain)["messages"]?[0]?["prefix"] == nil)
        }
    }
}
