import Base
import HTTP
import JSON
import Models
import Testing

@Suite("What takes the place of an answer")
struct DegradeTests {
    /// A cache with one answer, or none.
    private struct Kept: StaleAnswers {
        var answer: StaleAnswer?

        func answer(to request: ChatRequest, context: RunContext) async -> StaleAnswer? { answer }
    }

    private static let local = Target(provider: "local", model: "small")
    private static let kept = StaleAnswer(
        ChatCompletion(
            choices: [.init(text: "Earlier.", finishReason: .stop)],
            usage: Usage(promptTokens: 9, completionTokens: 9),
            frame: Frame(dialect: .openai, bytes: Array("{}".utf8))),
        of: Target(provider: "a", model: "m"))
    private static let text =
        "Nobody can answer now. Please ask again in a minute; we are working on it, and are sorry."

    private func degrade(
        _ order: [Degradation], text: String = text, request: ChatRequest? = nil, streaming: Bool = true,
        stale: StaleAnswer? = nil, local: ListedModel? = nil
    ) async throws -> Degrade.Answer? {
        var settings = ResilienceSettings()
        (settings.degrade, settings.degradedText) = (order, text)
        let request = request ?? ChatRequest(model: "auto", messages: [ChatMessage(.user, "Hi")])
        return await Degrade.answer(
            to: request, streaming: streaming, settings: settings, context: testContext(), stale: Kept(answer: stale)
        ) { () throws(CodedError) -> Degrade.Local? in
            guard let local else { throw CodedError(.overloaded, "Full.") }
            let call = ModelCall(request: request, model: "small", streaming: streaming)
            return (try await local.start(call, context: testContext()), Self.local)
        }
    }

    @Test("the first that works answers, and the answer is marked with it")
    func order() async throws {
        let rows: [([Degradation], ListedModel?, StaleAnswer?, Degradation?)] = [
            ([], .pieces(1), Self.kept, nil), ([.local, .text], .pieces(1), nil, .local),
            ([.local, .text], nil, nil, .text), ([.local, .stale, .text], nil, Self.kept, .stale),
            ([.text, .local], .pieces(1), nil, .text), ([.stale, .local], .pieces(1), nil, .local),
            ([.local, .stale], nil, nil, nil),
            ([.stale], nil, StaleAnswer(ChatCompletion(choices: []), of: Self.local), nil),
        ]
        for (order, local, stale, expected) in rows {
            let answer = try await degrade(order, stale: stale, local: local)
            #expect(answer?.degradation == expected)
            #expect(answer?.stream.marks.degraded == expected)
            #expect(answer?.stream.marks.isClean != true)
            if expected == .local { #expect(answer?.target == Self.local) }
        }
    }

    @Test("a text is an answer of pieces with a finish and no tokens, or a whole one", arguments: [true, false])
    func text(streaming: Bool) async throws {
        let answer = try #require(try await degrade([.text], streaming: streaming))
        #expect(answer.target.name == "tutti/degraded-text")
        let events = try await allEvents(of: answer.stream)
        var assembler = Assembler()
        for event in events { assembler.add(event) }
        #expect(assembler.completion.text == Self.text)
        #expect(assembler.completion.choices.map(\.finishReason) == [.stop])
        #expect(assembler.completion.usage == Usage(promptTokens: 0, completionTokens: 0))
        let pieces = events.count {
            if case .text = $0.kind { true } else { false }
        }
        #expect(streaming ? (2...8).contains(pieces) : events.count == 1)
        #expect(try answer.stream.ready() == .end)
    }

    @Test(
        "pieces make the text again, whatever its characters",
        arguments: ["x", "é🇩🇪👩‍👩‍👧", String(repeating: "abc ", count: 50)])
    func pieces(text: String) async throws {
        let answer = try #require(try await degrade([.text], text: text))
        var assembler = Assembler()
        for event in try await allEvents(of: answer.stream) { assembler.add(event) }
        #expect(assembler.completion.text == text)
    }

    @Test("as many texts as answers were asked for")
    func choices() async throws {
        var request = ChatRequest(model: "auto", messages: [ChatMessage(.user, "Hi")])
        request.n = 3
        let answer = try #require(try await degrade([.text], request: request))
        var assembler = Assembler()
        for event in try await allEvents(of: answer.stream) { assembler.add(event) }
        #expect(assembler.completion.choices.map(\.index) == [0, 1, 2])
        #expect(assembler.completion.choices.allSatisfy { $0.text == Self.text })
    }

    @Test("no text answers a request whose answer must have a form, nor is an empty one an answer")
    func forms() async throws {
        let changes: [(ChatRequest) -> ChatRequest] = [
            {
                var request = $0; request.responseFormat = .jsonObject; return request
            },
            {
                var request = $0
                request.responseFormat = .jsonSchema(name: "a", schema: nil, strict: nil)
                return request
            },
            {
                var request = $0; request.toolChoice = .required; return request
            },
            {
                var request = $0; request.toolChoice = .function("f"); return request
            },
            {
                var request = $0; request.messages.append(ChatMessage(.assistant, "{")); return request
            },
        ]
        let request = ChatRequest(model: "auto", messages: [ChatMessage(.user, "Hi")])
        for change in changes { #expect(try await degrade([.text], request: change(request)) == nil) }
        var free = request
        (free.toolChoice, free.responseFormat) = (.auto, .text)
        #expect(try await degrade([.text], request: free) != nil)
        free.toolChoice = ToolChoice.none
        #expect(try await degrade([.text], request: free) != nil)
        #expect(try await degrade([.text], text: "") == nil)
    }

    @Test("an earlier answer names its model, and its tokens are not paid for again", arguments: [true, false])
    func stale(streaming: Bool) async throws {
        let answer = try #require(try await degrade([.stale], streaming: streaming, stale: Self.kept))
        #expect(answer.target.name == "a/m")
        var assembler = Assembler()
        for event in try await allEvents(of: answer.stream) { assembler.add(event) }
        #expect(assembler.completion.text == "Earlier.")
        #expect(assembler.completion.usage?.totalTokens == 0 && assembler.completion.frame == nil)
    }

    @Test("a marked stream is the other one with its marks besides")
    func marked() async throws {
        let answer = try #require(try await degrade([.local], local: .pieces(2)))
        #expect(answer.stream.forwardedHeaders["x-ratelimit-limit"] == "7")
        #expect(answer.stream.rateCount?.remaining == 3)
        #expect(try await allEvents(of: answer.stream).count == 4)
        var chaos = AnswerMarks()
        chaos.isChaotic = true
        let both = MarkedStream(answer.stream, chaos).marks
        #expect(both.isChaotic && both.degraded == .local)
    }

    @Test("a cancelled stream says so")
    func cancelled() async throws {
        let answer = try #require(try await degrade([.text]))
        _ = try await answer.stream.next()
        answer.stream.cancel()
        let error = await #expect(throws: CodedError.self) { try await answer.stream.next() }
        #expect(error?.code == .cancelled)
    }

    @Test("nobody is asked for a task that is cancelled")
    func cancelledTask() async throws {
        let model = ListedModel.pieces(1)
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await degrade([.local, .text], local: model) == nil
        }
        task.cancel()
        #expect(try await task.value)
        #expect(model.calls.isEmpty)
    }

    @Test(
        "an answer of less worth is wanted after faults of providers, not after the caller's or when nobody waits",
        arguments: ErrorCode.all)
    func wanted(code: ErrorCode) {
        let expected = code.fault == .provider || code == .modelUnavailable || code == .overloaded
        #expect(Degrade.isWanted(after: CodedError(code, "x")) == expected)
        let settled: [ErrorCode] = [.cancelled, .deadlineExceeded, .shuttingDown, .contextLengthExceeded]
        if settled.contains(code) { #expect(!expected) }
    }
}
