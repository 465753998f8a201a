import Base
import JSON
import Models
import Testing

@Suite("Whole answers in the dialect of responses")
struct ResponsesCompletionTests {
    static let identity = AnswerIdentity(id: "resp_1", created: 5, model: "groq/x")

    static func echo(_ fields: String = "") throws -> Responses.Echo {
        let body = #"{"model":"m","input":"hi"\#(fields.isEmpty ? "" : ",\(fields)")}"#
        return Responses.Echo(of: try ResponsesRequestTests.decode(body))
    }

    static func body(
        _ completion: ChatCompletion, echo fields: String = ""
    ) throws -> (body: JSON, repairs: Repairs) {
        var repairs = Repairs()
        let bytes = Responses.encodeCompletion(
            completion, as: identity, echo: try echo(fields), repairs: &repairs)
        return (try JSON(bytes), repairs)
    }

    static func body(_ choice: ChatCompletion.Choice) throws -> JSON {
        try body(ChatCompletion(choices: [choice])).body
    }

    @Test("an answer is the dialect's, every member of it")
    func members() throws {
        var repairs = Repairs()
        let usage = Usage(
            promptTokens: 9, completionTokens: 4, totalTokens: 13, cachedTokens: 3, reasoningTokens: 2)
        let bytes = Responses.encodeCompletion(
            ChatCompletion(choices: [.init(text: "Hi\n", finishReason: .stop)], usage: usage), as: Self.identity,
            echo: try Self.echo(), repairs: &repairs)
        let id = try #require(try JSON(bytes)["output"]?[0]?["id"]?.string)
        #expect(id.hasPrefix("msg_") && id.utf8.count == 28)
        #expect(
            text(bytes)
                == #"{"id":"resp_1","object":"response","created_at":5,"status":"completed","error":null,"incomplete_details":null,"model":"groq/x","#
                + #""output":[{"id":"\#(id)","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hi\n","annotations":[],"logprobs":[]}]}],"#
                + #""usage":{"input_tokens":9,"input_tokens_details":{"cached_tokens":3},"output_tokens":4,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":13},"#
                + #""instructions":null,"max_output_tokens":null,"metadata":{},"parallel_tool_calls":true,"reasoning":{"effort":null,"summary":null},"temperature":1.0,"text":{"format":{"type":"text"}},"tool_choice":"auto","tools":[],"top_p":1.0,"truncation":"disabled","user":null,"previous_response_id":null,"store":false}"#
        )
        #expect(repairs.isEmpty)
    }

    @Test("thoughts, words, a refusal and calls are items in this order")
    func items() throws {
        let body = try Self.body(
            ChatCompletion.Choice(
                text: "a", reasoning: "hm", refusal: "no",
                toolCalls: [ToolCall(id: "c", name: "f", arguments: #"{ "a" : 1.0 }"#)], finishReason: .toolCalls))
        let output = try #require(body["output"]?.array)
        #expect(output.map { $0["type"] } == ["reasoning", "message", "function_call"])
        #expect(output[0]["summary"] == [["type": "summary_text", "text": "hm"]])
        #expect(
            output[1]["content"] == [
                ["type": "output_text", "text": "a", "annotations": [], "logprobs": []],
                ["type": "refusal", "refusal": "no"],
            ])
        #expect(output[2]["call_id"] == "c" && output[2]["name"] == "f" && output[2]["status"] == "completed")
        // The model's own text.
        #expect(output[2]["arguments"] == #"{ "a" : 1.0 }"#)
        #expect(zip(output, ["rs_", "msg_", "fc_"]).allSatisfy { $0["id"]?.string?.hasPrefix($1) == true })
        #expect(body["status"] == "completed" && body["usage"] == .null)
    }

    @Test("an answer without anything has no items")
    func empty() throws {
        #expect(try Self.body(ChatCompletion(choices: [])).body["output"] == [])
        #expect(try Self.body(ChatCompletion.Choice(text: "", reasoning: "", refusal: ""))["output"] == [])
    }

    static let endings: [(FinishReason?, JSON, JSON)] = [
        (.stop, "completed", .null), (.toolCalls, "completed", .null), (nil, "completed", .null),
        (.other("pause_turn"), "completed", .null),
        (.length, "incomplete", ["reason": "max_output_tokens"]),
        (.contentFilter, "incomplete", ["reason": "content_filter"]),
    ]

    @Test("an answer that was cut is incomplete, and so is its last item", arguments: endings)
    func ends(reason: FinishReason?, status: JSON, details: JSON) throws {
        let body = try Self.body(
            ChatCompletion.Choice(
                text: "x", toolCalls: [ToolCall(id: "c", name: "f", arguments: "{")], finishReason: reason))
        #expect(body["status"] == status && body["incomplete_details"] == details)
        #expect(body["output"]?[0]?["status"] == "completed")
        #expect(body["output"]?[1]?["status"] == status)
    }

    static let arguments: [(String, String, Int)] = [
        ("{}", "{}", 0), ("", "{}", 0), (" \n", "{}", 0), (#" {"a":1} "#, #" {"a":1} "#, 0),
        (#"{"a":1}{"a":1}"#, #"{"a":1}"#, 1), ("[1]", "[1]", 1), ("null", "null", 1), ("oops", "oops", 1),
        (#"{"a":"#, #"{"a":"#, 1),
    ]

    @Test(
        "arguments stay as the model wrote them, but for none and too many; what is no object is counted",
        arguments: arguments)
    func argumentText(written: String, shown: String, repaired: Int) throws {
        let (body, repairs) = try Self.body(
            ChatCompletion(choices: [.init(toolCalls: [ToolCall(id: "c", name: "f", arguments: written)])]))
        #expect(body["output"]?[0]?["arguments"]?.string == shown)
        #expect(repairs[.toolArguments] == repaired)
    }

    @Test("ids of calls that are missing, another call's or too long are made up, and counted")
    func ids() throws {
        let own = ["a", "", "a", "functions.f:0", String(repeating: "x", count: 257)]
        let completion = ChatCompletion(
            choices: [.init(toolCalls: own.map { ToolCall(id: $0, name: "f", arguments: "{}") })])
        let (body, repairs) = try Self.body(completion)
        let ids = body["output"]?.array?.compactMap { $0["call_id"]?.string } ?? []
        #expect(ids.count == 5 && Set(ids).count == 5)
        #expect(ids[0] == "a" && ids[3] == "functions.f:0")
        for position in [1, 2, 4] { #expect(ids[position].hasPrefix("call_") && ids[position].utf8.count == 29) }
        #expect(repairs[.toolCallID] == 3)
        #expect(try Self.body(completion).body == body)
        #expect(Set(body["output"]?.array?.map { $0["id"] } ?? []).count == 5)
    }

    @Test("only the first answer is shown")
    func choices() throws {
        let body = try Self.body(ChatCompletion(choices: [.init(index: 1, text: "b"), .init(text: "a")])).body
        #expect(body["output"]?[0]?["content"]?[0]?["text"] == "a")
        #expect(body["output"]?.array?.count == 1)
    }

    @Test("the provider's own bytes go through but for the model")
    func passes() throws {
        let own = #"{ "id":"resp_up", "model" : "gpt-real","output":[ {"model":"x"} ],"store":true }"#
        var repairs = Repairs()
        let completion = ChatCompletion(
            choices: [.init(text: "x")], frame: Frame(dialect: .responses, bytes: Array(own.utf8)))
        let bytes = Responses.encodeCompletion(
            completion, as: Self.identity, echo: try Self.echo(), repairs: &repairs)
        #expect(text(bytes) == own.replacing("gpt-real", with: "groq/x"))
        let other = ChatCompletion(choices: [], frame: Frame(dialect: .openai, bytes: Array("{}".utf8)))
        #expect(try Self.body(other).body["object"] == "response")
    }

    @Test("what was likely at a token is told with its bytes")
    func logprobs() throws {
        let body = try Self.body(
            ChatCompletion.Choice(
                text: "é",
                logprobs: [
                    TokenLogprob(.init(token: "é", logprob: -0.5), top: [.init(token: "e", logprob: -1, bytes: [101])])
                ]))
        #expect(
            body["output"]?[0]?["content"]?[0]?["logprobs"] == [
                [
                    "token": "é", "logprob": -0.5, "bytes": [195, 169],
                    "top_logprobs": [["token": "e", "logprob": -1.0, "bytes": [101]]],
                ]
            ])
    }

    static let echoed: [(String, String, String)] = [
        (#""instructions" : "a\n \"b\" ""#, "instructions", #""a\n \"b\" ""#),
        (#""temperature": 0.70"#, "temperature", "0.70"), (#""top_p":1e-1"#, "top_p", "1e-1"),
        (
            "\"tools\": [ {\n \"type\" : \"function\",\t\"name\":\"f\" } ]", "tools",
            #"[{"type":"function","name":"f"}]"#
        ),
        (#""tool_choice":"required""#, "tool_choice", #""required""#),
        (#""metadata":{"a":"b c"}"#, "metadata", #"{"a":"b c"}"#),
        (#""parallel_tool_calls":false"#, "parallel_tool_calls", "false"), (#""user":"ada""#, "user", #""ada""#),
        (#""max_output_tokens":7"#, "max_output_tokens", "7"), (#""tool_choice":null"#, "tool_choice", #""auto""#),
        (#""text":{"verbosity":"low"}"#, "text", #"{"verbosity":"low","format":{"type":"text"}}"#),
        (#""text":{"format":{"type":"json_object"}}"#, "text", #"{"format":{"type":"json_object"}}"#),
        (#""reasoning":{"effort":"low"}"#, "reasoning", #"{"effort":"low"}"#), (#""store":true"#, "store", "false"),
        (#""\u0075ser":"ada""#, "user", #""ada""#), (#""previous_response_id":null"#, "previous_response_id", "null"),
    ]

    @Test("an answer repeats its request in the client's own text, on one line", arguments: echoed)
    func echo(fields: String, member: String, shown: String) throws {
        var repairs = Repairs()
        let bytes = Responses.encodeCompletion(
            ChatCompletion(choices: []), as: Self.identity, echo: try Self.echo(fields), repairs: &repairs)
        let found = try #require(JSONMembers.find(member, in: bytes))
        #expect(text(Array(bytes[found.value])) == shown)
        #expect(!bytes.contains(10))
        #expect(try JSON(bytes).object.map { Set($0.map(\.key)).count == $0.count } == true)
    }

    @Test("an answer to a request of another dialect repeats nothing of it")
    func foreignEcho() throws {
        let request = try OpenAI.decodeRequest(
            Array(#"{"model":"m","messages":[{"role":"user","content":"x"}],"temperature":0}"#.utf8))
        var repairs = Repairs()
        let bytes = Responses.encodeCompletion(
            ChatCompletion(choices: []), as: Self.identity, echo: Responses.Echo(of: request), repairs: &repairs)
        #expect(try JSON(bytes)["temperature"] == 1.0)
    }
}
