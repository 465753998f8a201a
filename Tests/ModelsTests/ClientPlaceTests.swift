import Base
import JSON
import Testing

@testable import Models

@Suite("Errors name the place in the client's own request")
struct ClientPlaceTests {
    typealias Decoding = AnthropicRequestDecoderTests

    static let image = #"{"type":"image","source":{"type":"url","url":"https://x/y.png"}}"#
    static let marked = #"{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}"#
    static let use = #"{"type":"tool_use","id":"a","name":"f","input":{}}"#

    static func body(_ messages: String, system: String = "") -> String {
        #"{"model":"m","max_tokens":9,\#(system)"messages":[\#(messages)]}"#
    }

    static func user(_ blocks: String...) -> String {
        #"{"role":"user","content":[\#(blocks.joined(separator: ","))]}"#
    }

    static func result(_ blocks: String...) -> String {
        #"{"type":"tool_result","tool_use_id":"a","content":[\#(blocks.joined(separator: ","))]}"#
    }

    private static let other = #"{"type":"search_result"}"#
    private static let calling = #"{"role":"assistant","content":[{"type":"text","text":"t"},\#(use)]}"#

    @Test(
        "of Anthropic's clients: what no other dialect can say",
        arguments: [
            (body(user(marked, other), system: #""system":"s","#), "messages[0].content[1]"),
            (body(user(marked, marked, other)), "messages[0].content[2]"),
            (
                body([user(marked), calling, user(result(marked, other))].joined(separator: ",")),
                "messages[2].content[0].content[1]"
            ),
            (
                body([user(marked), calling, user(result(marked), marked, other)].joined(separator: ",")),
                "messages[2].content[2]"
            ),
            (
                body(
                    [user(marked), #"{"role":"assistant","content":[\#(marked),\#(use),\#(other)]}"#]
                        .joined(separator: ",")), "messages[1].content[2]"
            ),
            (
                body(
                    user(
                        #"{"type":"document","context":"c","source":{"type":"text","media_type":"text/plain","data":"d"}}"#,
                        other)), "messages[0].content[1]"
            ),
        ])
    func foreign(body: String, param: String) throws {
        let request = try Decoding.decode(body)
        let error = codedError {
            try request.refuseForeign(to: .openai)
        }
        #expect(error?.code == .unsupportedByModel && error?.param == param)
        #expect(request.beyondText?.param != nil)
    }

    @Test("of Anthropic's clients: what a model cannot see")
    func unseen() throws {
        let body = Self.body(
            [Self.user(Self.marked), Self.calling, Self.user(Self.result(Self.marked, Self.image))]
                .joined(separator: ","), system: #""system":[\#(Self.marked)],"#)
        let request = try Decoding.decode(body)
        let target = try #require(Target("openai/o3-mini"))
        let entry = try SteeringTests.entry("openai/o3-mini")
        let error = codedError { try request.check(against: entry, target) }
        #expect(error?.code == .unsupportedByModel && error?.param == "messages[2].content[0].content[1]")
        #expect(request.beyondText?.param == "messages[2].content[0].content[1]")
    }

    @Test("of Anthropic's clients whose request is written anew")
    func anew() throws {
        var request = try Decoding.decode(
            Self.body([Self.user(Self.marked), Self.calling, Self.user(Self.result())].joined(separator: ",")))
        request.original = nil
        request.messages.removeLast()
        func param(_ request: ChatRequest) -> String? {
            let call = ModelCall(request: request, model: "m", streaming: false)
            return codedError { _ = try Anthropic.encodeRequest(call, asksForUsage: true) }?.param
        }
        #expect(param(request) == "messages[1].content[1]")
        request.messages[1].toolCalls[0].arguments = "no"
        #expect(param(request) == "messages[1].content[1].input")
        request.messages = [ChatMessage(.user, "hi")]
        request.stop = ["x", " "]
        #expect(param(request) == "stop_sequences[1]")
    }

    @Test(
        "the form of an answer is named as the client named it",
        arguments: [
            (#""output_format":FORMAT"#, "output_format"),
            (#""output_config":{"format":FORMAT}"#, "output_config.format"),
            (#""output_config":{"format":FORMAT},"output_format":FORMAT"#, "output_config.format"),
            (#""output_config":{"effort":"low"},"output_format":FORMAT"#, "output_format"),
        ])
    func format(fields: String, param: String) throws {
        let format = #"{"type":"json_schema","schema":{"type":"object"}}"#
        let body = #"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}],\#(fields)}"#
        let request = try Decoding.decode(body.replacing("FORMAT", with: format))
        #expect(request.param(.format) == param && request.formatParam == param + ".schema")
    }

    @Test(
        "the schema of an answer has a place in every dialect",
        arguments: [
            (Dialect.openai, "response_format.json_schema.schema"), (.local, "response_format.json_schema.schema"),
            (.responses, "text.format.schema"), (.anthropic, "output_config.format.schema"),
        ])
    func schema(dialect: Dialect, param: String) {
        var request = ChatRequest(model: "m", messages: [])
        request.dialect = dialect
        #expect(request.formatParam == param)
    }

    @Test("messages that were put before the client's do not move what errors name")
    func inserted() throws {
        var request = try Decoding.decode(Self.body(Self.user(Self.marked, Self.other)))
        request.messages.insert(ChatMessage(.system, "ours"), at: 0)
        let error = codedError {
            try request.refuseForeign(to: .openai)
        }
        #expect(error?.code == .unsupportedByModel && error?.param == "messages[0].content[1]")
    }

    @Test("of OpenAI's clients, cache marks are not counted")
    func openAI() throws {
        let parts = #"{"type":"text","text":"a","cache_control":{}},{"type":"image_url","image_url":{"url":"u"}}"#
        let request = try OpenAI.decodeRequest(
            Array(Asking.body(messages: #"{"role":"user","content":[\#(parts)]}"#).utf8))
        let entry = try SteeringTests.entry("openai/o3-mini")
        let target = try #require(Target("openai/o3-mini"))
        let error = codedError {
            try request.check(against: entry, target)
        }
        #expect(error?.code == .unsupportedByModel && error?.param == "messages[0].content[1]")
        #expect(request.beyondText?.param == "messages[0].content[1]")
    }

    @Test(
        "a place is spelled as far as it goes",
        arguments: [
            (ClientPlace(.system), "system"), (ClientPlace(.system, 1), "system[1]"),
            (ClientPlace(.input, 0, block: 3), "input[0].content[3]"),
            (ClientPlace(.messages, 7, block: 0, inner: 2), "messages[7].content[0].content[2]"),
            (ClientPlace(.input, .max), "input[2147483647]"),
        ])
    func spelling(place: ClientPlace, path: String) { #expect(place.path == path) }

    @Test("calls and results are named as their dialect names them")
    func calls() {
        var message = ChatMessage(
            role: .assistant, content: .none, toolCalls: [ToolCall(id: "a", name: "f", arguments: "")])
        message.places = MessagePlaces(ClientPlace(.input, 4))
        message.places?.calls = [ClientPlace(.input, 5)]
        let responses = MessagePath(message, at: 0, in: .responses)
        #expect(responses.callID(0) == "input[5].call_id" && responses.arguments(0) == "input[5].arguments")
        #expect(responses.resultID == "input[4].call_id" && responses.call(1) == "input[4].tool_calls[1]")
        message.places = nil
        let plain = MessagePath(message, at: 2, in: .anthropic)
        #expect(plain.callID(0) == "messages[2].tool_calls[0].id" && plain.resultID == "messages[2].tool_call_id")
        #expect(plain.arguments(0) == "messages[2].tool_calls[0].function.arguments")
    }
}

/// What was thrown, if it is one of ours.
func codedError(_ work: () throws -> Void) -> CodedError? {
    do {
        try work()
        return nil
    } catch { return error as? CodedError }
}
