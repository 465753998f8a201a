import Base
import HTTP
import HTTPClient
import JSON
import Models
import Testing

@Suite("Reading whole Responses answers, and asking for them")
struct ResponsesAnswerTests {
    private static func body(_ output: String, status: String = "completed", more: String = "") -> [UInt8] {
        Array(#"{"object":"response","status":"\#(status)","error":null,\#(more)"output":[\#(output)]}"#.utf8)
    }

    @Test("everything that an answer says, and its bytes")
    func everything() throws {
        let bytes = Self.body(
            #"{"type":"reasoning","summary":[{"type":"summary_text","text":"h"},{"type":"summary_text","text":"m"}],"content":[{"type":"reasoning_text","text":"so"}],"encrypted_content":"s"},{"type":"message","content":[{"type":"output_text","text":" a\n"},{"type":"refusal","refusal":"no"},{"type":"new","text":"x"}]},{"type":"message","content":[{"type":"output_text","text":"b"}]},{"type":"web_search_call"},{"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\":1}"},{"type":"function_call","id":"fc","name":"g","arguments":""},7,{"type":7}"#,
            more: #""usage":\#(ResponsesStreamTests.usage),"#)
        let completion = try Responses.decodeCompletion(bytes)
        #expect(
            completion.choices == [
                ChatCompletion.Choice(
                    text: " a\nb", reasoning: "hmso", refusal: "no",
                    toolCalls: [
                        ToolCall(id: "c", name: "f", arguments: #"{"a":1}"#),
                        ToolCall(id: "fc", name: "g", arguments: "{}"),
                    ], finishReason: .toolCalls)
            ])
        #expect(
            completion.usage
                == Usage(
                    promptTokens: 3, completionTokens: 5, totalTokens: 8, cachedTokens: 1, reasoningTokens: 2,
                    unpriced: .serverTools))
        #expect(completion.frame == Frame(dialect: .responses, bytes: bytes))
    }

    private static let call = #"{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}"#

    @Test(
        "why it ended, or that it has not",
        arguments: [
            ("completed", "", "", .stop), ("complete", "", "", .stop), ("completed", "", call, .toolCalls),
            ("incomplete", #""incomplete_details":{"reason":"max_output_tokens"},"#, call, .length),
            ("incomplete", #""incomplete_details":{"reason":"content_filter"},"#, "", .contentFilter),
            ("incomplete", "", "", .other("incomplete")), ("queued", "", "", .other("queued")),
            ("in_progress", #""usage":null,"#, "", .other("in_progress")),
            ("cancelled", "", "", .other("cancelled")),
        ] as [(String, String, String, FinishReason)])
    func reasons(status: String, more: String, output: String, expected: FinishReason) throws {
        let completion = try Responses.decodeCompletion(Self.body(output, status: status, more: more))
        #expect(completion.choices.map(\.finishReason) == [expected])
        #expect(completion.choices.first?.text == nil && completion.usage == nil)
    }

    @Test(
        "usage, whatever is missing of it",
        arguments: [
            ("{}", nil), ("null", nil), ("7", nil), (#"{"input_tokens":null}"#, nil),
            (#"{"input_tokens":3}"#, Usage(promptTokens: 3, completionTokens: 0)),
            (#"{"output_tokens":3}"#, Usage(promptTokens: 0, completionTokens: 3)),
            (
                #"{"input_tokens":-1,"output_tokens":2,"total_tokens":9,"input_tokens_details":null}"#,
                Usage(promptTokens: 0, completionTokens: 2, totalTokens: 9)
            ),
            (
                #"{"input_tokens":9223372036854775807,"output_tokens":9223372036854775807,"input_tokens_details":{"cached_tokens":4,"cache_write_tokens":5},"cost":0.1}"#,
                Usage(
                    promptTokens: .max, completionTokens: .max, totalTokens: .max, cachedTokens: 4, cacheWriteTokens: 5)
            ),
        ] as [(String, Usage?)])
    func usage(text: String, expected: Usage?) throws {
        #expect(try Responses.decodeCompletion(Self.body("", more: #""usage":\#(text),"#)).usage == expected)
    }

    @Test(
        "what is no answer",
        arguments: [
            ("", .providerInvalidAnswer), ("[]", .providerInvalidAnswer), ("{}", .providerInvalidAnswer),
            (#"{"output":{}}"#, .providerInvalidAnswer), ("<html>", .providerInvalidAnswer),
            (#"{"error":{"message":"no","code":"rate_limit_exceeded"}}"#, .providerRateLimited),
            (#"{"status":"failed","error":{"code":"server_error","message":"no"},"output":[]}"#, .providerFailed),
            (#"{"status":"failed","error":{"code":"invalid_prompt","message":"no"},"output":[]}"#, .providerRefused),
            (#"{"status":"failed","error":null,"output":[]}"#, .providerFailed),
        ] as [(String, ErrorCode)])
    func faults(body: String, expected: ErrorCode) {
        let error = #expect(throws: CodedError.self) { try Responses.decodeCompletion(Array(body.utf8)) }
        #expect(error?.code == expected)
        if body.contains("message") { #expect(error?.message.contains("no") == true) }
    }

    private static func asking(_ body: String, dialect: Dialect = .responses, streams: Bool = false) -> ChatRequest {
        var request = ChatRequest(model: "mine", messages: [ChatMessage(.user, "hi")])
        request.dialect = dialect
        request.stream = streams
        request.original = ChatRequest.Original(dialect: dialect, bytes: Array(body.utf8))
        return request
    }

    @Test(
        "only the model changes in what a client asked, and the stream flag where it must",
        arguments: [
            (#"{ "model" : "mine", "input":"\u00fc" }"#, false, false, #"{ "model" : "real", "input":"\u00fc" }"#),
            (#"{"model":"mine","stream":true}"#, true, true, #"{"model":"real","stream":true}"#),
            (#"{"model":"mine"}"#, false, true, #"{"model":"real","stream":true}"#),
            (
                #"{"model":"mine","stream_options":{"include_obfuscation":false},"stream":true}"#, true, false,
                #"{"model":"real","stream":false}"#
            ),
            (#"{"input":[{"model":"x"}]}"#, false, false, #"{"input":[{"model":"x"}],"model":"real"}"#),
        ] as [(String, Bool, Bool, String)])
    func encoded(body: String, streams: Bool, streaming: Bool, expected: String) throws {
        let call = ModelCall(request: Self.asking(body, streams: streams), model: "real", streaming: streaming)
        #expect(text(try Responses.encodeRequest(call, asksForUsage: true)) == expected)
    }

    @Test("what did not come in this dialect is not sent in it", arguments: [Dialect.openai, .anthropic, .local, nil])
    func foreign(dialect: Dialect?) {
        var request = Self.asking("{}", dialect: dialect ?? .responses)
        if dialect == nil { request.original = nil }
        let error = #expect(throws: CodedError.self) {
            try Responses.encodeRequest(
                ModelCall(request: request, model: "m", streaming: false), asksForUsage: true)
        }
        #expect(error?.code == .internalError)
    }

    @Test("errors have the form and the meaning of OpenAI's", arguments: [400, 401, 404, 429, 500, 418])
    func errors(status: Int) {
        let body = Array(#"{"error":{"message":"no","param":"input","code":"x"}}"#.utf8)
        let headers: HTTPHeaders = ["retry-after": "2"]
        #expect(
            Responses.decodeError(status: status, headers: headers, body: body, wall: ErrorsTests.wall)
                == OpenAI.decodeError(status: status, headers: headers, body: body, wall: ErrorsTests.wall))
    }

    @Test(
        "a provider with Responses is asked in it by its clients alone, one without never",
        arguments: [
            (true, Dialect.responses, "/responses"), (true, .openai, "/chat/completions"),
            (true, .anthropic, "/chat/completions"), (false, .responses, "/chat/completions"),
            (true, nil, "/chat/completions"),
        ] as [(Bool, Dialect?, String)])
    func routes(hasResponses: Bool, dialect: Dialect?, path: String) async throws {
        let isResponses = path == "/responses"
        let answer =
            isResponses
            ? text(Self.body(ResponsesStreamTests.message))
            : #"{"choices":[{"message":{"content":"hel"},"finish_reason":"stop"}]}"#
        let client = ScriptedClient([.json(answer)])
        var settings = ProviderConfiguration(name: "o", baseURL: "https://o.test/v1/")
        settings.keys = [Secret("key-of-ours")]
        let provider = OpenAIProvider(
            settings, hasResponses: hasResponses, client: client, clock: TickingClock())
        var request = Self.asking(#"{"model":"mine","input":"hi","messages":[]}"#, dialect: dialect ?? .responses)
        // A request that was changed on its way has lost its bytes.
        if dialect == nil { request.original = nil }
        let stream = try await provider.start(
            ModelCall(request: request, model: "real", streaming: false), context: testContext())
        let events = try await allEvents(of: stream)
        guard case .whole(let completion)? = events.first?.kind else { return #expect(Bool(false), "no answer") }
        #expect(completion.text == "hel")
        #expect(completion.frame?.dialect == (isResponses ? .responses : .openai))
        let sent = try #require(client.requests.first)
        #expect(sent.url == "https://o.test/v1\(path)")
        #expect(sent.headers["authorization"] == "Bearer key-of-ours")
        #expect(try JSON(sent.body)["model"] == "real")
        #expect((try JSON(sent.body)["input"] != nil) == (dialect != nil && (isResponses || dialect == .openai)))
    }

    @Test("a stream comes from the same address, and vectors still from theirs")
    func others() async throws {
        let client = ScriptedClient([
            .events(ResponsesStreamTests.hello + ResponsesStreamTests.end(ResponsesStreamTests.message), cutEvery: 9),
            .json(#"{"data":[{"index":0,"embedding":[1]}],"usage":{"prompt_tokens":1,"total_tokens":1}}"#),
        ])
        let provider: any ChatModel = OpenAIProvider(
            ProviderConfiguration(name: "o", baseURL: "https://o.test"), hasResponses: true, client: client,
            clock: TickingClock())
        let request = Self.asking(#"{"model":"mine","stream":true}"#, streams: true)
        let stream = try await provider.start(
            ModelCall(request: request, model: "real", streaming: true), context: testContext())
        var assembler = Assembler()
        for event in try await allEvents(of: stream) { assembler.add(event) }
        #expect(assembler.completion.text == "hel")
        let vectors = try #require(provider as? any EmbeddingModel)
        let embedding = EmbeddingRequest(model: "mine", count: 1, original: Array(#"{"input":"a"}"#.utf8))
        let answer = try await vectors.embed(embedding, model: "real", key: 0, timeouts: nil, context: testContext())
        #expect(answer.usage?.promptTokens == 1)
        #expect(client.requests.map(\.url) == ["https://o.test/responses", "https://o.test/embeddings"])
    }
}
