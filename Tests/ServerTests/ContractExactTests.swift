import Base
import JSON
import Models
import Testing

@testable import Orchestrator
@testable import Server

/// What the contract allows the server takes, and nothing else.
@Suite("The contract and the reader of a native turn agree")
struct ContractExactTests {
    /// The schema of a turn, with the other components as its definitions.
    private static func schema() throws -> JSONSchema {
        let components = ContractSchemas.all.map { JSON.Member($0.name, $0.schema) }
        let whole: JSON = ["$ref": "#/$defs/OrchestratorChatRequest", "$defs": .object(components)]
        let text = String(decoding: whole.bytes, as: UTF8.self).replacing("#/components/schemas/", with: "#/$defs/")
        return try JSONSchema(compiling: JSONDocument(Array(text.utf8)).root, param: "schema") { pattern in
            guard let expression = ECMAPattern.translated(pattern).flatMap({ RegularExpression($0) }) else {
                Issue.record("\(pattern) is not checked")
                return nil
            }
            return { expression.occurs(in: $0) }
        }
    }

    private static func message(_ fields: String) -> String { #"{"messages":[{\#(fields)}]}"# }
    private static func part(_ fields: String) -> String { message(#""role":"user","content":[{\#(fields)}]"#) }
    private static func named(_ name: String) -> String {
        message(#""role":"user","content":"x","name":"\#(name)""#)
    }
    private static func call(_ fields: String) -> String { message(#""role":"assistant","tool_calls":[{\#(fields)}]"#) }

    private static let taken: [String] = [
        #"{"message":""}"#, #"{"message":"x","messages":null}"#, #"{"message":"x","options":{"stop":null}}"#,
        #"{"message":"x","metadata":{"a":[{"b":1}]}}"#, #"{"message":"x","metadata":3}"#,
        // Names are counted in characters, whatever their bytes.
        named("x"), named(" "), named(String(repeating: "x", count: 256)), named(String(repeating: "é", count: 256)),
        named(String(repeating: "👍", count: 256)), named("e\u{301}"), named("\u{80}"), named("\\u0080\\u2028"),
        message(#""role":"tool","tool_call_id":"","content":"x","name":"f""#),
        message(#""role":"function""#), message(#""role":"assistant""#),
        message(#""role":"user","content":[],"tool_call_id":"x","refusal":null"#),
        part(#""type":"text","text":"x","cache_control":null"#),
        part(#""type":"text","text":"x","cache_control":{"ttl":"5m","more":1}"#),
        part(#""type":"image_url","image_url":"anything""#), part(#""type":"image_url","image_url":"data:x""#),
        part(#""type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":null}"#),
        part(#""type":"input_audio","input_audio":{"data":"AAA","format":"x"}"#),
        part(#""type":"input_audio","input_audio":{"data":"https://x","format":"x"}"#),
        part(#""type":"file","file":{"file_id":"","file_data":3}"#),
        part(#""type":"file","file":{"file_id":null,"file_data":"data:x;y;base64,AA==","filename":"f"}"#),
        part(#""type":"new","text":3"#),
        call(#""id":"","function":{"name":""}"#), call(#""id":"a","type":"new","function":3"#),
        call(#""id":"a","type":null,"function":{"name":"f","arguments":null}"#),
    ]

    private static let refused: [String] = [
        "{}", #"{"message":"x","messages":[]}"#, #"{"messages":[]}"#, #"{"message":3}"#, #"{"message":"\u0000"}"#,
        #"{"message":"x","metadata":{"a\u0000":1}}"#, #"{"message":"x","\u0000":1}"#,
        named(""), named(String(repeating: "x", count: 257)), named(String(repeating: "é", count: 257)),
        named("a\\nb"), named("a\\n"), named("\\u0000"), named("\\u001f"), named("\\u007f"), named("x\\u0000"),
        message(#""role":"tool","tool_call_id":"","content":"x","name":3"#),
        message(#""role":"tool","content":"x""#), message(#""role":"user""#),
        message(#""role":"user","content":"x","refusal":3"#), message(#""role":"user","content":"x","tool_calls":3"#),
        message(#""role":"user","content":"x","tool_call_id":3"#),
        message(#""role":"user","content":"x","a\u0000":1"#),
        part(#""type":"text","text":"x","cache_control":3"#),
        part(#""type":"text","text":"x","cache_control":{"ttl":3}"#),
        part(#""type":"image_url","image_url":"data:image/png;base64,A""#),
        part(#""type":"image_url","image_url":{"url":"data:;base64,"}"#),
        part(#""type":"image_url","image_url":{"url":"x","detail":3}"#),
        part(#""type":"input_audio","input_audio":{"data":"A","format":"x"}"#),
        part(#""type":"input_audio","input_audio":{"data":"data:x,AAAA","format":"x"}"#),
        part(#""type":"file","file":{}"#), part(#""type":"file","file":{"file_data":"AAA=="}"#),
        part(#""type":"file","file":{"file_id":3,"file_data":"AAAA"}"#),
        part(#""type":"file","file":{"file_data":"AAAA","filename":3}"#),
        call(#""id":"a""#), call(#""id":"a","type":"function","function":null"#), call(#""id":"a","function":{}"#),
        call(#""id":"a","type":3"#),
    ]

    @Test("what the contract allows is taken, and what it forbids is refused")
    func same() throws {
        let schema = try Self.schema()
        for (bodies, isTaken) in [(Self.taken, true), (Self.refused, false)] {
            for body in bodies {
                let bytes = Array(body.utf8)
                // The reader takes no NUL, so a schema cannot even be asked.
                if let document = try? JSONDocument(bytes) {
                    #expect(schema.violations(in: document.root).isEmpty == isTaken, "by contract: \(body.prefix(200))")
                }
                #expect(((try? NativeTurn(body: bytes)) != nil) == isTaken, "by the reader: \(body.prefix(200))")
            }
        }
    }

    @Test("base64 of every length and padding is told from what is none, by contract and reader alike")
    func base64() throws {
        let schema = try Self.schema()
        var random = SeededGenerator(seed: 31)
        let letters = Array("AZaz09+/==-_ ")
        var taken = 0
        for _ in 0..<3000 {
            let count = Int.random(in: 0...9, using: &random)
            var data = String((0..<count).map { _ in letters[Int.random(in: 0..<8, using: &random)] })
            data += String(repeating: "=", count: Int.random(in: 0...3, using: &random))
            if Int.random(in: 0..<5, using: &random) == 0 {
                data += String(letters[Int.random(in: 0..<letters.count, using: &random)])
            }
            let body = Array(
                Self.part(#""type":"input_audio","input_audio":{"data":"\#(data)","format":"x"}"#).utf8)
            let isTaken = (try? NativeTurn(body: body)) != nil
            #expect(schema.violations(in: try JSONDocument(body).root).isEmpty == isTaken, "'\(data)'")
            taken += isTaken ? 1 : 0
        }
        #expect((500...2500).contains(taken), "\(taken)")
    }
}
