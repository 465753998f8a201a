import JSON
import Models
import Testing

@Suite("Mending whole answers for OpenAI's clients")
struct BodyRepairTests {
    static func body(_ calls: String, finish: String = #","finish_reason":"tool_calls""#) -> String {
        #"{ "x":1E2,"model":"r","choices":[{"index":0,"message":{"role":"assistant","content":null\#(calls)}\#(finish)}] }"#
    }

    static func calls(_ calls: String...) -> String { #","tool_calls":[\#(calls.joined(separator: ","))]"# }

    static func call(_ head: String, _ arguments: String? = #""{}""#) -> String {
        #"{\#(head)"function":{"name":"f"\#(arguments.map { #","arguments":\#($0)"# } ?? "")}}"#
    }

    static let one = call(#""id":"a","type":"function","#)

    static func show(_ body: String) throws -> (shown: String, repairs: Repairs) {
        var repairs = Repairs()
        let shown = try OpenAI.encodeCompletion(
            OpenAI.decodeCompletion(Array(body.utf8)), as: EncodingTests.identity, repairs: &repairs)
        return (text(shown).replacing(#""model":"local/x""#, with: #""model":"r""#), repairs)
    }

    @Test(
        "a body without a fault keeps its bytes",
        arguments: [
            body(calls(one)), body("", finish: #","finish_reason":"stop""#),
            body(calls(), finish: #","finish_reason":"length""#),
            body(calls(one, call(#""index":7,"id":"b","type":"function","#, "\"\""))),
            body(calls(#"{"id":"a","type":"custom","custom":{"name":"f","input":"x"}}"#)),
            body(calls(one), finish: #","finish_reason":"length""#),
        ])
    func sound(body: String) throws {
        let (shown, repairs) = try Self.show(body)
        #expect(shown == body)
        #expect(repairs.isEmpty)
    }

    static let odd: [(body: String, shown: String, kind: Repairs.Kind)] = [
        (body(calls(call(#""id":"a","#))), body(calls(call(#""type":"function","id":"a","#))), .toolCallType),
        (body(calls(call(#""id":"a","type":"function","#, nil))), body(calls(one)), .toolArguments),
        (body(calls(call(#""id":"a","type":"function","#, "null"))), body(calls(one)), .toolArguments),
        (body(calls(call(#""id":"a","type":"function","#, "{ }"))), body(calls(one)), .toolArguments),
        (body(calls(call(#""id":"a","type":"function","#, #""{}}""#))), body(calls(one)), .toolArguments),
        (body(calls(one), finish: #","finish_reason":"stop""#), body(calls(one)), .finishReason),
        (body(calls(one), finish: #","finish_reason":null"#), body(calls(one)), .finishReason),
        (body(calls(one), finish: ""), body(calls(one)), .finishReason),
        (body(""), body("", finish: #","finish_reason":"stop""#), .finishReason),
        (
            body("", finish: #","finish_reason":"model_length""#), body("", finish: #","finish_reason":"length""#),
            .finishReason
        ),
    ]

    @Test("a fault is mended, and every other member stays", arguments: odd)
    func mended(_ row: (body: String, shown: String, kind: Repairs.Kind)) throws {
        let (shown, repairs) = try Self.show(row.body)
        #expect(try JSON(Array(shown.utf8)) == JSON(Array(row.shown.utf8)))
        for kind in Repairs.Kind.allCases { #expect(repairs[kind] == (kind == row.kind ? 1 : 0), "\(kind)") }
    }

    @Test("arguments that are no JSON go out as the model said them, and are counted")
    func arguments() throws {
        let body = Self.body(Self.calls(Self.call(#""id":"a","type":"function","#, #""{]""#)))
        let (shown, repairs) = try Self.show(body)
        #expect(shown == body)
        #expect(repairs[.toolArguments] == 1)
    }

    @Test("ids are there, and each is one call's", arguments: ["", #""id":"","#, #""id":null,"#, #""id":"a","#])
    func ids(id: String) throws {
        let (shown, repairs) = try Self.show(Self.body(Self.calls(Self.one, Self.call(id + #""type":"function","#))))
        let calls = try JSON(Array(shown.utf8))["choices"]?[0]?["message"]?["tool_calls"]?.array ?? []
        #expect(calls.count == 2 && calls[0]["id"] == "a")
        #expect(calls.last?["id"]?.string?.hasPrefix("call_") == true)
        #expect(repairs[.toolCallID] == 1)
    }

    @Test("an answer that is built is mended as one that goes through")
    func built() throws {
        let call = ToolCall(id: "a", name: "f", arguments: "{}")
        let completion = ChatCompletion(choices: [.init(toolCalls: [call, call], finishReason: .stop)])
        var repairs = Repairs()
        let body = try JSON(OpenAI.encodeCompletion(completion, as: EncodingTests.identity, repairs: &repairs))
        let calls = body["choices"]?[0]?["message"]?["tool_calls"]?.array ?? []
        #expect(Set(calls.compactMap { $0["id"]?.string }).count == 2)
        #expect(body["choices"]?[0]?["finish_reason"] == "tool_calls")
        #expect(repairs[.toolCallID] == 1 && repairs[.finishReason] == 1)
    }
}
