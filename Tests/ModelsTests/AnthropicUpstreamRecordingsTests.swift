import Base
import JSON
import Models
import Testing

@Suite("Recorded exchanges with Anthropic", .enabled(if: Recording.isThere, Recording.skipped))
struct AnthropicUpstreamRecordingsTests {
    static let all = RecordedExchange.anthropic

    @Test("there are as many as we count on")
    func count() {
        #expect(Self.all.count == 62)
        #expect(Self.all.filter(\.isStream).count == 15)
        #expect(Self.all.filter { $0.status == 200 }.count == 62)
    }

    @Test("a whole answer is what its JSON says", arguments: all.filter { !$0.isStream })
    func whole(exchange: RecordedExchange) throws {
        let completion = try Anthropic.decodeCompletion(exchange.body)
        try ExpectedAnswer(whole: try JSON(exchange.body)).check(completion)
        #expect(completion.frame == Frame(dialect: .anthropic, bytes: exchange.body))
    }

    @Test("a stream is what its frames say, each of which goes through", arguments: all.filter(\.isStream))
    func streamed(exchange: RecordedExchange) throws {
        let (events, error) = AnthropicStreamTests.decode(exchange.body, cutEvery: 61)
        #expect(error == nil)
        let frames = exchange.frames
        let expected = try ExpectedAnswer(frames: frames.map { try JSON(Array($0.utf8)) })
        var assembler = Assembler()
        var seals: [String] = []
        var signatures: [String] = []
        var passed: [String] = []
        for event in events {
            assembler.add(event)
            if case .sealedReasoning(let data) = event.kind { seals.append(data) }
            if case .signature(let signature) = event.kind { signatures.append(signature) }
            if case .frame(let frame) = event.source { passed.append(text(frame.bytes)) }
        }
        try expected.check(assembler.completion)
        #expect(seals == expected.seals)
        #expect(signatures == expected.signatures)
        #expect(passed == frames)
        #expect(events.filter { if case .usage = $0.kind { true } else { false } }.count == 1)
        #expect(events.filter { if case .finish = $0.kind { true } else { false } }.count == 1)
    }

    @Test("cut at every byte, a stream gives the same events", arguments: all.filter(\.isStream))
    func cuts(exchange: RecordedExchange) {
        // The end of a long stream is like its beginning: the cost grows with the square.
        let bytes = Array(exchange.body.prefix(3000))
        let whole = AnthropicStreamTests.decode(bytes, cutEvery: bytes.count)
        for cut in 1..<bytes.count {
            var decoder = Anthropic.StreamDecoder()
            var events: [ModelEvent] = []
            try? decoder.feed(Array(bytes[..<cut]), into: &events)
            try? decoder.feed(Array(bytes[cut...]), into: &events)
            try? decoder.finish(into: &events)
            #expect(events == whole.events)
        }
        let complete = AnthropicStreamTests.decode(exchange.body, cutEvery: exchange.body.count)
        #expect(AnthropicStreamTests.decode(exchange.body, cutEvery: 1).events == complete.events)
    }

    @Test("what clients asked goes on byte for byte but for the model and the stream flag", arguments: all)
    func sameDialect(exchange: RecordedExchange) throws {
        let asked = try JSON(exchange.request)
        var request = ChatRequest(model: "mine", messages: [])
        request.dialect = .anthropic
        request.stream = asked["stream"]?.bool ?? false
        request.original = ChatRequest.Original(dialect: .anthropic, bytes: exchange.request)
        for streaming in [true, false] {
            let call = ModelCall(request: request, model: "real", streaming: streaming)
            let sent = try Anthropic.encodeRequest(call, asksForUsage: true)
            #expect(try JSON(sent)["model"] == "real")
            #expect(try JSON(sent)["stream"]?.bool ?? false == streaming)
            var restored = sent
            for (name, value) in [("model", asked["model"]), ("stream", asked["stream"])] {
                let bytes = value.map(\.bytes)
                restored =
                    bytes.map { JSONMembers.replacing(name, with: $0, in: restored) }
                    ?? JSONMembers.removing(name, in: restored)
            }
            #expect(text(restored) == text(exchange.request))
        }
    }
}

@Suite(
    "Recorded requests in OpenAI's dialect, asked of Anthropic", .enabled(if: Recording.isThere, Recording.skipped))
struct CrossDialectRecordingsTests {
    static let all = RecordedExchange.chat

    @Test("each is accepted as Anthropic would have it, or refused by a rule", arguments: all)
    func translated(exchange: RecordedExchange) throws {
        let request = try OpenAI.decodeRequest(exchange.request)
        let sent: JSON
        do {
            sent = try Asking.encode(request, streaming: request.stream)
        } catch {
            #expect([.unsupportedByModel, .invalidValue].contains(error.code))
            let param = try #require(error.param)
            #expect(["tools", "response_format", "messages"].contains(param) || param.hasPrefix("messages["))
            return
        }
        let messages = try #require(sent["messages"])
        #expect(AnthropicConversation.faults(in: messages).isEmpty)
        #expect(sent["max_tokens"]?.int ?? 0 > 0)
        // Every text of the client's is there, in order.
        let asked = try JSON(exchange.request)["messages"]?.array ?? []
        let said = asked.filter { $0["role"] == "user" || $0["role"] == "assistant" }.flatMap {
            Self.texts($0["content"])
        }
        let passed = (messages.array ?? []).flatMap { Self.texts($0["content"]) }
        #expect(passed == said.filter { !$0.allSatisfy(\.isWhitespace) })
        #expect((sent["tools"]?.array?.count ?? 0) == request.tools.count)
    }

    @Test("most of them are accepted")
    func accepted() throws {
        let requests = try Self.all.map { try OpenAI.decodeRequest($0.request) }
        let refused = requests.filter { (try? Asking.encode($0)) == nil }
        #expect(requests.count == 134)
        #expect(refused.count < 15)
    }

    private static func texts(_ content: JSON?) -> [String] {
        if let text = content?.string { return [text] }
        return (content?.array ?? []).filter { $0["type"] == "text" }.compactMap { $0["text"]?.string }
    }
}
