import Base
import JSON
import Testing

@testable import Models

@Suite("What an upstream is sent")
struct ForwardingTests {
    static func encode(_ body: String, model: String = "real", streaming: Bool? = nil, asksForUsage: Bool = true) throws
        -> String
    {
        let request = try OpenAI.decodeRequest(Array(body.utf8))
        let call = ModelCall(request: request, model: model, streaming: streaming ?? request.stream)
        return text(try OpenAI.encodeRequest(call, asksForUsage: asksForUsage))
    }

    static let odd = """
        {\t"zz_unknown" : {"big":18446744073709551615, "e":1E5, "f":1.10, "model":"inner"},
          "messages" :[ {"content":"a\\u00e9\\/\\n\\"model\\"" , "role":"user","x":[ ]} ] ,"model": "al\\u0069as"  , "y":-0 }

        """

    @Test("every byte but the model's is the client's")
    func bytes() throws {
        #expect(try Self.encode(Self.odd) == Self.odd.replacing(#""al\u0069as""#, with: #""real""#))
    }

    @Test("a model's name is escaped")
    func escaping() throws {
        let body = #"{"model":"m","messages":[{"role":"user","content":"x"}]}"#
        #expect(try Self.encode(body, model: "a\"\n\ndata:b").hasPrefix(#"{"model":"a\"\n\ndata:b","messages""#))
    }

    @Test(
        "a stream is asked for its usage, unless it is already or may not be",
        arguments: [
            (#""stream":true"#, true, #""stream":true,"stream_options":{"include_usage":true}"#),
            (
                #""stream":true,"stream_options":{"include_usage":true}"#, true,
                #""stream":true,"stream_options":{"include_usage":true}"#
            ),
            (
                #""stream":true,"stream_options":{"include_usage":false,"x":1}"#, true,
                #""stream":true,"stream_options":{"include_usage":true,"x":1}"#
            ),
            (#""stream":true,"stream_options":{ }"#, true, #""stream":true,"stream_options":{ "include_usage":true}"#),
            (#""stream":true,"stream_options":null"#, true, #""stream":true,"stream_options":{"include_usage":true}"#),
            (#""stream":true"#, false, #""stream":true"#),
            (#""stream":false"#, true, #""stream":false"#),
        ])
    func usage(fields: String, asks: Bool, expected: String) throws {
        let start = #"{"model":"real","messages":[{"role":"user","content":"x"}],"#
        #expect(try Self.encode(start + fields + "}", asksForUsage: asks) == start + expected + "}")
    }

    @Test("a call that streams otherwise than its client says so")
    func streamFlag() throws {
        let body =
            #"{"model":"real","messages":[{"role":"user","content":"x"}],"stream":true,"stream_options":{"include_usage":true}}"#
        #expect(
            try Self.encode(body, streaming: false)
                == #"{"model":"real","messages":[{"role":"user","content":"x"}],"stream":false}"#)
    }

    @Test("a request without original bytes is built, and reads as the same request")
    func built() throws {
        let body =
            #"{"model":"real","messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"t"},{"type":"image_url","image_url":{"url":"u","detail":"low"}},{"type":"odd","a":[1,{}]}],"name":"ann"},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","content":"r","tool_call_id":"c"}],"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","n":1.5},"strict":false}}],"tool_choice":"required","parallel_tool_calls":true,"response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{},"strict":true}},"stop":["a"],"seed":4,"logprobs":true,"top_logprobs":2,"n":3,"temperature":0.5,"top_p":0.25,"frequency_penalty":1.0,"presence_penalty":-1.0,"max_completion_tokens":9,"user":"u","stream":true,"stream_options":{"include_usage":true}}"#
        var request = try OpenAI.decodeRequest(Array(body.utf8))
        request.original = nil
        let built = try OpenAI.encodeRequest(
            ModelCall(request: request, model: "real", streaming: true), asksForUsage: true)
        let expected = try #require(try JSON(Array(body.utf8)).object)
        let actual = try #require(try JSON(built).object)
        func sorted(_ value: [JSON.Member]) -> [String] {
            value.map { "\($0.key)=\(text(Self.sortedKeys($0.value).bytes))" }.sorted()
        }
        #expect(sorted(actual) == sorted(expected))
    }

    static func sortedKeys(_ value: JSON) -> JSON {
        switch value {
        case .array(let elements): .array(elements.map(sortedKeys))
        case .object(let members):
            .object(members.map { JSON.Member($0.key, sortedKeys($0.value)) }.sorted { $0.key < $1.key })
        default: value
        }
    }
}
