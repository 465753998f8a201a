import Base
import Models
import Testing

@testable import Server

@Suite("The body of a native turn")
struct NativeTurnTests {
    private func decode(_ body: String) throws(CodedError) -> NativeTurn { try NativeTurn(body: Array(body.utf8)) }

    @Test("a message alone is a turn of one user message for `auto`, answered whole")
    func message() throws {
        let turn = try decode(#"{"message":"Grüß \"dich\"\n"}"#)
        #expect(turn.request.model == "auto")
        #expect(turn.request.messages.count == 1)
        #expect(turn.request.messages.first?.role == .user)
        #expect(turn.request.messages.first?.text == "Grüß \"dich\"\n")
        #expect(!turn.stream)
        #expect(turn.requestID == nil)
        #expect(turn.conversationID == nil)
        #expect(turn.request.original == nil, "an upstream must get a request of its own dialect, not these bytes")
    }

    @Test("everything that can be set is set")
    func everything() throws {
        let turn = try decode(
            #"""
            {"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"Hi"}]}],
             "model":"groq/llama","stream":true,"resumable":false,"requestId":"my.id_1-A","conversationId":"conv_7",
             "options":{"temperature":0.5,"maxTokens":12,"topP":0.9,"stop":["a","b"],"seed":-3},
             "metadata":{"anything":[1]}}
            """#)
        #expect(turn.request.model == "groq/llama")
        #expect(turn.request.messages.map(\.role) == [.system, .user])
        #expect(turn.request.messages.map(\.text) == ["Be brief.", "Hi"])
        #expect(turn.stream)
        #expect(turn.requestID == "my.id_1-A")
        #expect(turn.conversationID == "conv_7")
        #expect(turn.request.temperature == 0.5)
        #expect(turn.request.maxTokens == 12)
        #expect(turn.request.topP == 0.9)
        #expect(turn.request.stop == ["a", "b"])
        #expect(turn.request.seed == -3)
    }

    @Test("fields that are null count as left out")
    func nulls() throws {
        let turn = try decode(
            #"""
            {"message":"x","model":null,"stream":null,"resumable":null,"requestId":null,"conversationId":null,
             "personaId":null,"plan":null,"options":null}
            """#)
        #expect(turn.request.model == "auto")
        #expect(turn.requestID == nil)
        #expect(try decode(#"{"message":"x","options":{"seed":null}}"#).request.seed == nil)
        #expect(try decode(#"{"message":"x","messages":null}"#).request.messages.count == 1)
        #expect(try decode(#"{"message":null,"messages":[{"role":"user","content":"x"}]}"#).request.messages.count == 1)
    }

    @Test("a plan is a model of its own prefix")
    func plan() throws {
        #expect(try decode(#"{"message":"x","plan":"council"}"#).request.model == "plan/council")
        #expect(try decode(#"{"message":"x","model":"plan/council","plan":null}"#).request.model == "plan/council")
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let body: String
        let code: ErrorCode
        let param: String?
        var testDescription: String { body }
    }

    private static func row(_ body: String, _ code: ErrorCode, _ param: String?) -> Refusal {
        Refusal(body: body, code: code, param: param)
    }

    static let refusals = [
        row("", .invalidJSON, nil), row("message=x", .invalidJSON, nil), row(#"{"message":"x"}{}"#, .invalidJSON, nil),
        row(#"{"message":"\ud800"}"#, .invalidJSON, "message"),
        row(#"{"message":"x","a":1e400}"#, .invalidJSON, "a"),
        row(#"{"message":"x","options":{"seed":99999999999999999999}}"#, .invalidJSON, "options.seed"),
        row("[]", .invalidType, nil), row("7", .invalidType, nil), row("null", .invalidType, nil),
        row(#"{"message":"x","message":"y"}"#, .invalidValue, "message"),
        row("{}", .missingField, "message"), row(#"{"text":"x"}"#, .invalidValue, "text"),
        row(#"{"message":7}"#, .invalidType, "message"), row(#"{"message":["x"]}"#, .invalidType, "message"),
        row(#"{"message":"x","messages":[]}"#, .invalidValue, "messages"),
        row(#"{"messages":[]}"#, .invalidValue, "messages"), row(#"{"messages":"x"}"#, .invalidType, "messages"),
        row(#"{"messages":["x"]}"#, .invalidType, "messages[0]"),
        row(#"{"messages":[{"role":"king","content":"x"}]}"#, .invalidValue, "messages[0].role"),
        row(#"{"messages":[{"role":"user","content":5}]}"#, .invalidType, "messages[0].content"),
        row(#"{"message":"x","model":7}"#, .invalidType, "model"),
        row(#"{"message":"x","model":""}"#, .invalidValue, "model"),
        row(#"{"message":"x","stream":"yes"}"#, .invalidType, "stream"),
        row(#"{"message":"x","stream":1}"#, .invalidType, "stream"),
        row(#"{"message":"x","resumable":"no"}"#, .invalidType, "resumable"),
        row(#"{"message":"x","requestId":7}"#, .invalidType, "requestId"),
        row(#"{"message":"x","requestId":""}"#, .invalidValue, "requestId"),
        row(#"{"message":"x","requestId":"a b"}"#, .invalidValue, "requestId"),
        row(#"{"message":"x","requestId":"a\r\nx: y"}"#, .invalidValue, "requestId"),
        row(#"{"message":"x","requestId":"\#(String(repeating: "a", count: 65))"}"#, .invalidValue, "requestId"),
        row(#"{"message":"x","conversationId":"../x"}"#, .invalidValue, "conversationId"),
        row(#"{"message":"x","personaId":"mr-blue"}"#, .notFound, "personaId"),
        row(#"{"message":"x","personaId":"\n"}"#, .invalidValue, "personaId"),
        row(#"{"message":"x","plan":"a b"}"#, .modelNotFound, "plan"),
        row(#"{"message":"x","plan":"council","model":"auto"}"#, .invalidValue, "plan"),
        row(#"{"message":"x","plan":{}}"#, .invalidType, "plan"),
        row(#"{"message":"x","options":[]}"#, .invalidType, "options"),
    ]

    @Test("what is wrong is refused by code and field", arguments: refusals)
    func refused(_ row: Refusal) {
        let error = #expect(throws: CodedError.self) { try decode(row.body) }
        #expect(error?.code == row.code)
        #expect(error?.param == row.param)
        #expect(error?.message.isEmpty == false)
    }

    @Test(
        "options of a wrong type or outside their range are refused, and the option is named",
        arguments: [
            (#"{"temperature":"hot"}"#, ErrorCode.invalidType), (#"{"temperature":3}"#, .invalidValue),
            (#"{"maxTokens":0}"#, .invalidValue), (#"{"maxTokens":"x"}"#, .invalidType),
            (#"{"topP":2}"#, .invalidValue),
            (#"{"stop":[1]}"#, .invalidType), (#"{"stop":["a","b","c","d","e"]}"#, .invalidValue),
            (#"{"seed":1.5}"#, .invalidType),
        ])
    func options(_ options: String, _ code: ErrorCode) {
        let error = #expect(throws: CodedError.self) { try decode(#"{"message":"x","options":\#(options)}"#) }
        #expect(error?.code == code)
        #expect(error?.param?.hasPrefix("options.") == true)
        #expect(error?.message.contains("_") == false)
    }

    @Test("a refusal holds nothing long or with line ends of what the client sent")
    func bounded() {
        let long = String(repeating: #"x\n\ndata: "#, count: 2000)
        for body in [#"{"message":"x","plan":"\#(long)"}"#, #"{"message":"x","\#(long)":1,"\#(long)":2}"#] {
            let error = #expect(throws: CodedError.self) { try decode(body) }
            #expect((error?.message.utf8.count ?? .max) < 300)
        }
    }
}
