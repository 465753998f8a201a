import Base
import HTTPClient
import JSON
import Models
import Testing

@Suite("Structured output by a forced tool, from the request to the answer")
struct StructuredOutputProviderTests {
    static let completion =
        #"{"type":"message","content":[{"type":"text","text":"Sure."},"#
        + #"{"type":"tool_use","id":"t","name":"NAME","input":{"name":"Ada"}}],"#
        + #""stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":2}}"#
    static let chat =
        #"{"choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"c","#
        + #""type":"function","function":{"name":"NAME","arguments":"{\"name\":\"Ada\"}"}}]},"finish_reason":"stop"}]}"#

    static let frames = [
        #"{"type":"message_start","message":{"usage":{"input_tokens":1}}}"#,
        #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Sure."}}"#,
        #"{"type":"content_block_stop","index":0}"#,
        #"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"NAME","input":{}}}"#,
        #"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}"#,
        #"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"name\":"}}"#,
        #"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"\"Ada\"}"}}"#,
        #"{"type":"content_block_stop","index":1}"#,
        #"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":2}}"#,
        #"{"type":"message_stop"}"#,
    ].map { "data: \($0)\n\n" }
    static let stream = frames.joined()

    /// What the caller gets, from a model that is known to have tools and no schemas.
    static func answer<Wire: ProviderDialect>(
        of wire: Wire.Type, _ answer: ScriptedClient.Answer, client dialect: Dialect, name: String, streaming: Bool
    ) async throws -> (events: [ModelEvent], sent: JSON) {
        let http = ScriptedClient([answer])
        let provider = Provider<Wire>(
            .init(name: "lab", baseURL: "https://lab.test/v1"), client: http, clock: TickingClock())
        var row = CatalogueRow(provider: "lab", model: "m")
        row.capabilities = [.tools]
        let gateway = Gateway(
            models: ["lab": provider], catalogue: Catalogue.builtIn.merging([row]), observer: RecordingObserver(),
            clock: TickingClock())
        let fields =
            dialect == .anthropic
            ? #""max_tokens":9,\#(StructuredOutputPlanTests.config)"# : Shaped.format(Shaped.person, name: name)
        let body = Array(Asking.body(fields).utf8)
        let request = dialect == .anthropic ? try Anthropic.decodeRequest(body) : try OpenAI.decodeRequest(body)
        let target = try #require(Target("lab/m"))
        let begun = try await gateway.answer(
            request, route: Route(chain: [target]), streaming: streaming, context: testContext())
        let sent = try JSON(try #require(http.requests.first?.body))
        return (try await allEvents(of: begun.stream), sent)
    }

    static func shown(_ events: [ModelEvent]) -> ChatCompletion {
        #expect(events.allSatisfy { $0.source == .built })
        var assembler = Assembler()
        for event in events { assembler.add(event) }
        return assembler.completion
    }

    @Test("whole and streamed, to clients of either dialect", arguments: [Dialect.openai, .anthropic], [false, true])
    func anthropic(client: Dialect, streaming: Bool) async throws {
        let name = client == .anthropic ? "answer" : "person"
        let body = (streaming ? Self.stream : Self.completion).replacing("NAME", with: name)
        for size in streaming ? [1, 7, 4096] : [4096] {
            let (events, sent) = try await Self.answer(
                of: Anthropic.self, streaming ? .events(body, cutEvery: size) : .json(body), client: client, name: name,
                streaming: streaming)
            #expect(sent["tool_choice"]?["name"]?.string == name && sent["output_config"] == nil)
            let answer = Self.shown(events)
            #expect(answer.choices == [.init(text: #"{"name":"Ada"}"#, finishReason: .stop)])
            #expect(answer.usage == Usage(promptTokens: 1, completionTokens: 2))
        }
    }

    @Test("an upstream of OpenAI's dialect, for clients of either", arguments: [Dialect.openai, .anthropic])
    func openAI(client: Dialect) async throws {
        let name = client == .anthropic ? "answer" : "person"
        let (events, sent) = try await Self.answer(
            of: OpenAI.self, .json(Self.chat.replacing("NAME", with: name)), client: client, name: name,
            streaming: false)
        #expect(sent["tool_choice"]?["function"]?["name"]?.string == name && sent["response_format"] == nil)
        #expect(Self.shown(events).choices == [.init(text: #"{"name":"Ada"}"#, finishReason: .stop)])
    }

    @Test("a stream that breaks off after the answer has begun shows what came")
    func broken() async throws {
        let body = Self.frames.prefix(7).joined().replacing("NAME", with: "person")
        let http = ScriptedClient([.events(body)])
        let provider = Provider<Anthropic>(
            .init(name: "lab", baseURL: "https://lab.test"), client: http, clock: TickingClock())
        let request = try OpenAI.decodeRequest(Array(Asking.body(Shaped.schema).utf8))
        let stream = try await provider.start(
            ModelCall(request: request, model: "m", streaming: true), context: testContext())
        var shown = ""
        let error = await #expect(throws: CodedError.self) {
            while let event = try await stream.next() {
                if case .text(let text) = event.kind { shown += text }
            }
        }
        #expect(error?.code == .providerStreamBroken)
        #expect(shown == #"{"name":"#)
    }
}
