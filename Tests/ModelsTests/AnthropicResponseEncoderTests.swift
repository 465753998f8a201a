import Base
import JSON
import Models
import Testing

@Suite("Streaming answers in Anthropic's dialect")
struct AnthropicResponseEncoderTests {
    static let identity = AnswerIdentity(id: "msg_1", created: 5, model: "groq/x")

    static func write(_ events: [ModelEvent]) -> [UInt8] {
        var encoder = Anthropic.StreamEncoder(as: identity)
        var output: [UInt8] = []
        for event in events { encoder.encode(event, into: &output) }
        encoder.finish(into: &output)
        return output
    }

    static func read(_ kinds: [ModelEvent.Kind]) throws -> MessageGrammar {
        try MessageGrammar(write(kinds.map { ModelEvent($0) }))
    }

    static func call(_ index: Int, _ id: String? = nil, _ name: String? = nil, _ arguments: String = "")
        -> ModelEvent.Kind
    { .toolCall(ToolCallDelta(index: index, id: id, name: name, arguments: arguments)) }

    // MARK: Built streams

    @Test("a text is a message of one block, and its end says what only the end knows")
    func bytes() {
        let usage = Usage(promptTokens: 9, completionTokens: 2, cachedTokens: 3)
        let written = Self.write([
            ModelEvent(.text("Hel")), ModelEvent(.text("lo\n")), ModelEvent(.finish(.stop)), ModelEvent(.usage(usage)),
        ])
        let counts = { (read: Int, input: Int, output: Int) in
            #""usage":{"input_tokens":\#(input),"cache_creation_input_tokens":0,"cache_read_input_tokens":\#(read),"output_tokens":\#(output)}"#
        }
        let events = [
            #"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"groq/x","content":[],"stop_reason":null,"stop_sequence":null,\#(counts(0, 0, 0))}}"#,
            #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo\n"}}"#,
            #"{"type":"content_block_stop","index":0}"#,
            #"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},\#(counts(3, 6, 2))}"#,
            #"{"type":"message_stop"}"#,
        ]
        let expected = events.map { event in
            "event: \(event.dropFirst(9).prefix { $0 != "\"" })\ndata: \(event)\n\n"
        }
        #expect(text(written) == expected.joined())
    }

    @Test("thoughts, text and calls are blocks of their own, in the order in which they came")
    func blocks() throws {
        let message = try Self.read([
            .reasoning("hm"), .reasoning("m"), .signature("sig"), .reasoning("again"), .sealedReasoning("xyz"),
            .text("I look"), .text(""), .refusal(" no"), Self.call(0, "c1", "look", ""),
            Self.call(0, nil, nil, #"{"a""#),
            Self.call(0, nil, nil, ":[1]}"), .text("after"), .finish(.toolCalls),
        ])
        #expect(
            message.content == [
                ["type": "thinking", "thinking": "hmm", "signature": "sig"],
                ["type": "thinking", "thinking": "again", "signature": ""],
                ["type": "redacted_thinking", "data": "xyz"], ["type": "text", "text": "I look no"],
                ["type": "tool_use", "id": "c1", "name": "look", "input": ["a": [1]]],
                ["type": "text", "text": "after"],
            ])
        #expect(message.stopReason == "tool_use")
    }

    @Test("a signature alone is a thought, and an empty one is not shown")
    func signatures() throws {
        #expect(
            try Self.read([.signature("s"), .text("x")]).content.first
                == ["type": "thinking", "thinking": "", "signature": "s"])
        #expect(try Self.read([.signature("")]).content.isEmpty)
        let written = text(Self.write([ModelEvent(.reasoning("a")), ModelEvent(.signature(""))]))
        #expect(!written.contains("signature_delta"))
    }

    @Test("an answer without anything is a message without anything")
    func empty() throws {
        let message = try Self.read([])
        #expect(message.content.isEmpty)
        #expect(message.stopReason == "end_turn")
        #expect(try Self.read([.text(""), .reasoning(""), .other]).content.isEmpty)
    }

    @Test("pieces of several calls among one another come out call by call")
    func interleaved() throws {
        let message = try Self.read([
            Self.call(0, "a", "f", #"{"x":"#), Self.call(1, "b", "g", "{"), .text("meanwhile"),
            Self.call(0, nil, nil, "1"),
            Self.call(2, "c", "h", "{}"), Self.call(1, nil, nil, "}"), Self.call(0, nil, nil, "}"), .finish(.toolCalls),
        ])
        #expect(
            message.content == [
                ["type": "tool_use", "id": "a", "name": "f", "input": ["x": 1]],
                ["type": "tool_use", "id": "b", "name": "g", "input": [:]], ["type": "text", "text": "meanwhile"],
                ["type": "tool_use", "id": "c", "name": "h", "input": [:]],
            ])
    }

    @Test("a call whose arguments are whole keeps nothing waiting")
    func sequentialCalls() {
        var encoder = Anthropic.StreamEncoder(as: Self.identity)
        var output: [UInt8] = []
        for kind in [Self.call(0, "a", "f", #"{"x":"}\""}"#), Self.call(1, "b", "g", "{")] {
            encoder.encode(ModelEvent(kind), into: &output)
        }
        #expect(text(output).contains(#""id":"b""#))
        // And one whose are not keeps the next until they are.
        output = []
        encoder.encode(ModelEvent(Self.call(2, "c", "h", "{}")), into: &output)
        #expect(output.isEmpty)
        encoder.encode(ModelEvent(Self.call(1, nil, nil, "}")), into: &output)
        #expect(text(output).contains(#""id":"c""#))
    }

    @Test("the first reason to end is shown, once, with whatever usage came last")
    func ends() throws {
        let message = try Self.read([
            .text("x"), .finish(.length), .usage(Usage(promptTokens: 1, completionTokens: 1)), .finish(.stop),
            .usage(Usage(promptTokens: 7, completionTokens: 3)),
        ])
        #expect(message.stopReason == "max_tokens")
        #expect(message.usage["input_tokens"] == 7)
        #expect(message.usage["output_tokens"] == 3)
    }

    @Test("nothing follows the end, neither of an answer nor of a failure")
    func once() throws {
        var encoder = Anthropic.StreamEncoder(as: Self.identity, requestID: "req_7")
        var output: [UInt8] = []
        encoder.encode(ModelEvent(.text("x")), into: &output)
        encoder.fail(CodedError(.providerStreamBroken, "It \"broke\"."), into: &output)
        let message = try MessageGrammar(output)
        #expect(message.error == ["type": "api_error", "message": "It \"broke\"."])
        #expect(text(output).hasSuffix(#","request_id":"req_7"}"# + "\n\n"))
        let length = output.count
        encoder.finish(into: &output)
        encoder.fail(CodedError(.overloaded, "x"), into: &output)
        encoder.encode(ModelEvent(.text("y")), into: &output)
        #expect(output.count == length)
    }

    @Test("only the first answer is shown: this dialect cannot ask for more")
    func choices() throws {
        let message = try MessageGrammar(
            Self.write([
                ModelEvent(.text("b"), choice: 1), ModelEvent(.text("a")), ModelEvent(.finish(.length), choice: 1),
                ModelEvent(.finish(.stop)),
            ]))
        #expect(message.content == [["type": "text", "text": "a"]])
        #expect(message.stopReason == "end_turn")
    }

    @Test("what has line ends stays within one data line")
    func hostile() throws {
        let name = "x\n\ndata: {\"evil\":1}\r\n\r\n"
        let message = try Self.read([.text(name), Self.call(0, "a", name, "{}"), .sealedReasoning(name)])
        #expect(
            message.content.map { $0["text"] ?? $0["name"] ?? $0["data"] } == [
                .string(name), .string(name), .string(name),
            ])
    }

    // MARK: Calls

    @Test("ids that are missing, empty, another call's or of other letters are made up, the same for the same answer")
    func ids() throws {
        let calls = [
            Self.call(0, "a", "f", "{}"), Self.call(1, nil, "g", "{}"), Self.call(2, "", "h", "{}"),
            Self.call(3, "a", "i", "{}"), Self.call(4, "a b", "j", "{}"), Self.call(5, "call_00_x-Y", "k", "{}"),
        ]
        var encoder = Anthropic.StreamEncoder(as: Self.identity)
        var output: [UInt8] = []
        for call in calls { encoder.encode(ModelEvent(call), into: &output) }
        encoder.finish(into: &output)
        let ids = try MessageGrammar(output).calls.compactMap { $0["id"]?.string }
        #expect(Set(ids).count == 6)
        #expect(ids.first == "a" && ids.last == "call_00_x-Y")
        for id in ids.dropFirst().dropLast() { #expect(id.hasPrefix("toolu_") && id.utf8.count == 30) }
        #expect(encoder.repairs[.toolCallID] == 4)
        #expect(try Self.read(calls).calls.compactMap { $0["id"]?.string } == ids)
        var other = Anthropic.StreamEncoder(as: AnswerIdentity(id: "msg_2", created: 5, model: "groq/x"))
        var bytes: [UInt8] = []
        for call in calls { other.encode(ModelEvent(call), into: &bytes) }
        other.finish(into: &bytes)
        #expect(try MessageGrammar(bytes).calls[1]["id"]?.string != ids[1])
    }

    @Test("whole calls that all have the same index are calls of their own, with ids and without")
    func sameIndex() throws {
        for id in ["a", "b"].map(Optional.some) + [nil] {
            let message = try Self.read([
                Self.call(0, id, "f", #"{"n":1}"#), Self.call(0, id.map { $0 + "2" }, "f", #"{"n":2}"#),
            ])
            #expect(message.calls.map { $0["input"]?["n"] } == [1, 2])
        }
    }

    @Test("a name that comes late is waited for")
    func lateName() throws {
        let message = try Self.read([Self.call(0, "a", nil, "{"), Self.call(0, nil, "f", "}"), .finish(.toolCalls)])
        #expect(message.content == [["type": "tool_use", "id": "a", "name": "f", "input": [:]]])
        #expect(try Self.read([Self.call(0, "a")]).calls.map { $0["name"] } == [""])
    }

    @Test("more calls than any model makes are dropped")
    func manyCalls() throws {
        var encoder = Anthropic.StreamEncoder(as: Self.identity)
        var output: [UInt8] = []
        for index in 0..<1100 { encoder.encode(ModelEvent(Self.call(index, "c\(index)", "f", "{}")), into: &output) }
        encoder.finish(into: &output)
        #expect(try MessageGrammar(output).calls.count == 1024)
        #expect(encoder.repairs[.toolCallDropped] == 76)
    }

    @Test(
        "arguments that are no object, or not alone, are counted once a call; those of a cut answer may be broken off")
    func improperArguments() throws {
        func count(_ arguments: [String], _ reason: FinishReason = .toolCalls) -> Int {
            var encoder = Anthropic.StreamEncoder(as: Self.identity)
            var output: [UInt8] = []
            for (index, piece) in arguments.enumerated() {
                encoder.encode(ModelEvent(Self.call(index, "c\(index)", "f", piece)), into: &output)
            }
            encoder.encode(ModelEvent(.finish(reason)), into: &output)
            encoder.finish(into: &output)
            return encoder.repairs[.toolArguments]
        }
        #expect(count(["{}", "", " ", #"{"a":[1]} "#]) == 0)
        for odd in ["{]", "{]}", #"{"a":}"#, "{} {}", "[1]", "null", "7", "{", #"{"a":1}}"#] {
            #expect(count([odd, "{}"]) == 1, "\(odd)")
        }
        #expect(count(["{]", "{} x", "7"]) == 3)
        #expect(count([#"{"a":"#], .length) == 0)
    }

    // MARK: Whole answers

    @Test("a whole answer comes out as its body would say it")
    func whole() throws {
        let completion = ChatCompletion(
            choices: [
                .init(
                    text: "a", reasoning: "hm", refusal: "no",
                    toolCalls: [
                        ToolCall(id: "", name: "f", arguments: ""), ToolCall(id: "c", name: "g", arguments: "[1]"),
                        ToolCall(id: "c", name: "h", arguments: #"{"a": 1}"#),
                    ], finishReason: .stop)
            ], usage: Usage(promptTokens: 5, completionTokens: 2, cacheWriteTokens: 3, reasoningTokens: 1))
        let message = try MessageGrammar(Self.write([ModelEvent(.whole(completion))]))
        let body = try JSON(Anthropic.encodeCompletion(completion, as: Self.identity))
        #expect(.array(message.content) == body["content"])
        #expect(message.stopReason == body["stop_reason"]?.string)
        #expect(message.usage == body["usage"])
        #expect(message.start["usage"]?["input_tokens"] == 2)
    }
}
