import Base
import Foundation
import JSON
import Models
import Testing

@Suite("Streaming answers in the dialect of responses")
struct ResponsesStreamEncoderTests {
    static let identity = ResponsesCompletionTests.identity

    static func encoder(_ id: String = "resp_1") throws -> Responses.StreamEncoder {
        Responses.StreamEncoder(
            as: AnswerIdentity(id: id, created: 5, model: "groq/x"), echo: try ResponsesCompletionTests.echo())
    }

    static func write(_ events: [ModelEvent]) throws -> [UInt8] {
        var encoder = try encoder()
        var output: [UInt8] = []
        for event in events { encoder.encode(event, into: &output) }
        encoder.finish(into: &output)
        return output
    }

    static func read(_ kinds: [ModelEvent.Kind]) throws -> ResponsesGrammar {
        try ResponsesGrammar(write(kinds.map { ModelEvent($0) }))
    }

    static func call(_ index: Int, _ id: String? = nil, _ name: String? = nil, _ arguments: String = "")
        -> ModelEvent.Kind
    { .toolCall(ToolCallDelta(index: index, id: id, name: name, arguments: arguments)) }

    // MARK: Built streams

    @Test("a text is a message of one part, each event as the dialect has it")
    func bytes() throws {
        let written = text(
            try Self.write([
                ModelEvent(.text("Hel")), ModelEvent(.text("lo\n")), ModelEvent(.finish(.stop)),
                ModelEvent(.usage(Usage(promptTokens: 9, completionTokens: 2))),
            ]))
        let id = try #require(written.firstMatch(of: /msg_[0-9A-Za-z]{24}/)).output
        let place = #""item_id":"\#(id)","output_index":0,"content_index":0"#
        let part = { (text: String) in
            #"{"type":"output_text","text":"\#(text)","annotations":[],"logprobs":[]}"#
        }
        let item = { (status: String, content: String) in
            #"{"id":"\#(id)","type":"message","status":"\#(status)","role":"assistant","content":[\#(content)]}"#
        }
        let head = #""response":{"id":"resp_1","object":"response","created_at":5,"status":"in_progress","error":null,"#
        let expected = [
            #"{"type":"response.created",\#(head)"#, #"{"type":"response.in_progress",\#(head)"#,
            #"{"type":"response.output_item.added","output_index":0,"item":\#(item("in_progress", "")),"sequence_number":2}"#,
            #"{"type":"response.content_part.added",\#(place),"part":\#(part("")),"sequence_number":3}"#,
            #"{"type":"response.output_text.delta",\#(place),"delta":"Hel","logprobs":[],"sequence_number":4}"#,
            #"{"type":"response.output_text.delta",\#(place),"delta":"lo\n","logprobs":[],"sequence_number":5}"#,
            #"{"type":"response.output_text.done",\#(place),"text":"Hello\n","logprobs":[],"sequence_number":6}"#,
            #"{"type":"response.content_part.done",\#(place),"part":\#(part(#"Hello\n"#)),"sequence_number":7}"#,
            #"{"type":"response.output_item.done","output_index":0,"item":\#(item("completed", part(#"Hello\n"#))),"sequence_number":8}"#,
            #"{"type":"response.completed","response":{"id":"resp_1","object":"response","created_at":5,"status":"completed""#,
        ]
        let events = written.components(separatedBy: "\n\n").dropLast()
        #expect(events.count == expected.count)
        for (event, expected) in zip(events, expected) {
            let type = expected.dropFirst(9).prefix { $0 != "\"" }
            #expect(event.hasPrefix("event: \(type)\ndata: \(expected)"))
        }
        #expect(try ResponsesGrammar(Array(written.utf8)).response["usage"]?["total_tokens"] == 11)
    }

    @Test("a message keeps every one of its many parts, in order")
    func parts() throws {
        let kinds = (0..<500).flatMap { [ModelEvent.Kind.text("t\($0)"), .refusal("r\($0)")] }
        let answer = try Self.read(kinds + [.finish(.stop)])
        #expect(answer.output.count == 1)
        let content = answer.output.first?["content"]?.array ?? []
        let words = content.map { ($0["text"] ?? $0["refusal"])?.string }
        #expect(words == (0..<500).flatMap { ["t\($0)", "r\($0)"] })
    }

    @Test("thoughts, words, refusals and calls are items of their own, in the order in which they came")
    func items() throws {
        let answer = try Self.read([
            .reasoning("hm"), .reasoning("m"), .signature("sig"), .reasoning("again"), .sealedReasoning("xyz"),
            .text("I look"), .text(""), .refusal(" no"), .text("!"), Self.call(0, "c1", "look", ""),
            Self.call(0, nil, nil, #"{"a""#), Self.call(0, nil, nil, ":[1]}"), .text("after"), .finish(.toolCalls),
        ])
        #expect(
            answer.output.map { $0["type"] } == ["reasoning", "reasoning", "message", "function_call", "message"])
        #expect(answer.output[0]["summary"] == [["type": "summary_text", "text": "hmm"]])
        #expect(answer.output[2]["content"]?.array?.map { $0["type"] } == ["output_text", "refusal", "output_text"])
        #expect(answer.output[3]["arguments"] == #"{"a":[1]}"# && answer.output[3]["call_id"] == "c1")
        #expect(answer.response["status"] == "completed")
    }

    @Test("an answer without anything is a response without anything")
    func empty() throws {
        #expect(try Self.read([]).types == ["response.created", "response.in_progress", "response.completed"])
        #expect(
            try Self.read([.text(""), .reasoning(""), .signature("s"), .sealedReasoning("x"), .other]).output == [])
    }

    @Test("pieces of several calls among one another come out call by call")
    func interleaved() throws {
        let answer = try Self.read([
            Self.call(0, "a", "f", #"{"x":"#), Self.call(1, "b", "g", "{"), .text("meanwhile"),
            Self.call(0, nil, nil, "1"), Self.call(2, "c", "h", "{}"), Self.call(1, nil, nil, "}"),
            Self.call(0, nil, nil, "}"), .finish(.toolCalls),
        ])
        #expect(answer.output.map { $0["call_id"]?.string } == ["a", "b", nil, "c"])
        #expect(answer.calls.map { $0["arguments"] } == [#"{"x":1}"#, "{}", "{}"])
        #expect(answer.text("output_text") == "meanwhile")
    }

    @Test("a call whose arguments are whole keeps nothing waiting, one whose are not does")
    func waiting() throws {
        var encoder = try Self.encoder()
        var output: [UInt8] = []
        for kind in [Self.call(0, "a", "f", #"{"x":"}\""}"#), Self.call(1, "b", "g", "{")] {
            encoder.encode(ModelEvent(kind), into: &output)
        }
        #expect(text(output).contains(#""call_id":"b""#))
        output = []
        encoder.encode(ModelEvent(.text("t")), into: &output)
        #expect(output.isEmpty)
        encoder.encode(ModelEvent(Self.call(1, nil, nil, "}")), into: &output)
        #expect(text(output).contains(#""delta":"t""#))
    }

    @Test("the first reason to end is shown, with whatever usage came last; an end told twice is counted")
    func ends() throws {
        var encoder = try Self.encoder()
        var output: [UInt8] = []
        let kinds: [ModelEvent.Kind] = [
            .text("x"), .finish(.length), .usage(Usage(promptTokens: 1, completionTokens: 1)), .finish(.stop),
            .usage(Usage(promptTokens: 7, completionTokens: 3)),
        ]
        for kind in kinds { encoder.encode(ModelEvent(kind), into: &output) }
        encoder.finish(into: &output)
        let answer = try ResponsesGrammar(output)
        #expect(answer.types.last == "response.incomplete")
        #expect(answer.response["incomplete_details"] == ["reason": "max_output_tokens"])
        #expect(answer.output[0]["status"] == "incomplete")
        #expect(answer.response["usage"]?["input_tokens"] == 7)
        #expect(encoder.repairs[.finishReason] == 1)
    }

    @Test("nothing follows the end, neither of an answer nor of a failure")
    func once() throws {
        var encoder = try Self.encoder()
        var output: [UInt8] = []
        encoder.encode(ModelEvent(.text("x")), into: &output)
        encoder.fail(CodedError(.providerStreamBroken, "It \"broke\".", param: "p"), into: &output)
        let answer = try ResponsesGrammar(output)
        #expect(answer.error?["code"] == "provider_stream_broken" && answer.error?["message"] == "It \"broke\".")
        #expect(answer.error?["param"] == "p" && answer.text("output_text") == "")
        let length = output.count
        encoder.finish(into: &output)
        encoder.fail(CodedError(.overloaded, "x"), into: &output)
        encoder.encode(ModelEvent(.text("y")), into: &output)
        #expect(output.count == length)
        // A failure before anything was shown.
        var early = try Self.encoder()
        output = []
        early.fail(CodedError(.overloaded, "x"), into: &output)
        #expect(try ResponsesGrammar(output).types == ["response.created", "response.in_progress", "error"])
    }

    @Test("only the first answer is shown")
    func choices() throws {
        let answer = try ResponsesGrammar(
            Self.write([
                ModelEvent(.text("b"), choice: 1), ModelEvent(.text("a")), ModelEvent(.finish(.length), choice: 1),
                ModelEvent(.finish(.stop)),
            ]))
        #expect(answer.text("output_text") == "a" && answer.response["status"] == "completed")
    }

    @Test("what has line ends stays within one data line")
    func hostile() throws {
        let name = "x\n\ndata: {\"evil\":1}\r\n\r\n"
        let answer = try Self.read([.text(name), Self.call(0, name, name, "{}"), .refusal(name)])
        #expect(answer.calls[0]["name"] == .string(name) && answer.text("output_text") == name)
        var encoder = Responses.StreamEncoder(
            as: AnswerIdentity(id: name, created: 5, model: name),
            echo: try ResponsesCompletionTests.echo("\"metadata\":{\n\"a\":\r\n\"b\"}"))
        var output: [UInt8] = []
        encoder.finish(into: &output)
        #expect(try ResponsesGrammar(output).response["metadata"] == ["a": "b"])
    }

    @Test("what was likely at each token is told with its piece, and again at the end")
    func logprobs() throws {
        let logprob = TokenLogprob(.init(token: "a", logprob: -1))
        let written = try Self.write([ModelEvent(.text("a"), logprobs: [logprob]), ModelEvent(.text("b"))])
        #expect(text(written).contains(#""delta":"a","logprobs":[{"token":"a""#))
        let answer = try ResponsesGrammar(written)
        #expect(answer.output[0]["content"]?[0]?["logprobs"]?.array?.count == 1)
    }

    // MARK: Calls

    @Test("ids that are missing, empty or another call's are made up, the same for the same answer")
    func ids() throws {
        let calls = [
            Self.call(0, "a", "f", "{}"), Self.call(1, nil, "g", "{}"), Self.call(2, "", "h", "{}"),
            Self.call(3, "a", "i", "{}"), Self.call(4, "functions.x:0", "j", "{}"),
        ]
        func ids(_ answer: String) throws -> [JSON?] {
            var encoder = try Self.encoder(answer)
            var output: [UInt8] = []
            for call in calls { encoder.encode(ModelEvent(call), into: &output) }
            encoder.finish(into: &output)
            #expect(encoder.repairs[.toolCallID] == 3)
            return try ResponsesGrammar(output).calls.map { $0["call_id"] }
        }
        let first = try ids("resp_1")
        #expect(Set(first).count == 5 && first[0] == "a" && first[4] == "functions.x:0")
        #expect(try ids("resp_1") == first)
        #expect(try ids("resp_2")[1] != first[1])
    }

    @Test("whole calls that all have the same index are calls of their own, with ids and without")
    func sameIndex() throws {
        for id in ["a", "b"].map(Optional.some) + [nil] {
            let answer = try Self.read([
                Self.call(0, id, "f", #"{"n":1}"#), Self.call(0, id.map { $0 + "2" }, "f", #"{"n":2}"#),
            ])
            #expect(answer.calls.map { $0["arguments"] } == [#"{"n":1}"#, #"{"n":2}"#])
        }
    }

    @Test("a name that comes late is waited for")
    func lateName() throws {
        let answer = try Self.read([Self.call(0, "a", nil, "{"), Self.call(0, nil, "f", "}"), .finish(.toolCalls)])
        #expect(answer.calls.map { $0["name"] } == ["f"] && answer.calls[0]["arguments"] == "{}")
        #expect(try Self.read([Self.call(0, "a")]).calls.map { $0["name"] } == [""])
    }

    @Test("more calls than any model makes are dropped")
    func manyCalls() throws {
        #expect(try Self.read((0..<1100).map { Self.call($0, "c\($0)", "f", "{}") }).calls.count == 1024)
    }
}
