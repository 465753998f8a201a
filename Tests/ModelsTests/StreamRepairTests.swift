import Base
import JSON
import Models
import Testing

@Suite("Mending streams for OpenAI's clients")
struct StreamRepairTests {
    static func frame(_ delta: String, finish: String? = "null", choice: Int = 0) -> String {
        let reason = finish.map { #","finish_reason":\#($0)"# } ?? ""
        return
            #"{"id":"up","x":[1.50],"model":"r","choices":[{"index":\#(choice),"delta":{\#(delta)}\#(reason),"own":1E2}],"p":"é"}"#
    }

    static func calls(_ calls: String..., finish: String? = "null") -> String {
        frame(#""tool_calls":[\#(calls.joined(separator: ","))]"#, finish: finish)
    }

    static func call(_ members: String, _ function: String = #""name":"f","arguments":"{}""#) -> String {
        #"{\#(members.isEmpty ? "" : members + ",")"function":{\#(function)}}"#
    }

    static let text = frame(#""content":"hi""#)
    static let stop = frame("", finish: #""stop""#)
    static let end = frame("", finish: #""tool_calls""#)
    static let whole = #""index":0,"id":"a","type":"function""#

    /// What a client sees of a provider's frames: the data of its events, the model's name put back.
    static func show(
        _ frames: [String], done: Bool = true, includeUsage: Bool = false
    ) -> (shown: [String], repairs: Repairs) {
        let body = (frames + (done ? ["[DONE]"] : [])).map { "data: \($0)\n\n" }.joined()
        var encoder = OpenAI.StreamEncoder(as: EncodingTests.identity, includeUsage: includeUsage)
        var output: [UInt8] = []
        for event in StreamTests.decode(body).events { encoder.encode(event, into: &output) }
        encoder.finish(into: &output)
        let shown = TestSupport.data(of: output).map { $0.replacing(#""model":"local/x""#, with: #""model":"r""#) }
        return (shown, encoder.repairs)
    }

    static let sound: [[String]] = [
        [text, stop], [text, text, frame("", finish: #""length""#)], [calls(call(whole)), end],
        // The same reason once more is no harm, and some providers say it again with the usage.
        [text, stop, stop, frame(#""content":"""#)],
        [
            calls(call(whole, #""name":"f","arguments":"""#)),
            calls(call(#""index":0"#, #""arguments":"{\"tool_calls""#)),
            calls(call(#""index":0,"id":null"#, #""arguments":"\":1}""#)),
            calls(call(#""index":1,"id":"b","type":"function""#)), end,
        ],
        [frame(#""content":"\"tool_calls\": \"finish_reason\":""#), stop],
        [calls(#"{"index":0,"id":"a","type":"custom","custom":{"name":"f","input":"x"}}"#), end],
        [frame(#""content":null,"tool_calls":null"#, finish: nil), frame(#""tool_calls":[]"#), stop],
        [frame("", finish: #""content_filter""#)], [frame("", finish: #""function_call""#)],
        [text, frame("", finish: #""pause_turn""#)],
    ]

    @Test("frames without a fault keep their bytes", arguments: sound)
    func soundFrames(frames: [String]) {
        let (shown, repairs) = Self.show(frames)
        #expect(shown == frames + ["[DONE]"])
        #expect(repairs.isEmpty)
    }

    static let odd: [(frames: [String], shown: [String?], kinds: [Repairs.Kind])] = [
        // Ids.
        (
            [calls(call(whole)), calls(call(#""index":0,"id":"a""#, #""arguments":" ""#)), end],
            [nil, calls(call(#""index":0"#, #""arguments":" ""#)), nil], [.toolCallID]
        ),
        // Indices.
        (
            [calls(call(#""id":"a","type":"function""#)), end],
            [calls(call(whole)), nil], [.toolCallIndex]
        ),
        (
            [
                calls(call(#""index":3,"id":"a","type":"function""#, #""name":"f","arguments":"""#)),
                calls(call(#""index":3"#, #""arguments":"{}""#)), end,
            ],
            [calls(call(whole, #""name":"f","arguments":"""#)), calls(call(#""index":0"#, #""arguments":"{}""#)), nil],
            [.toolCallIndex]
        ),
        (
            [calls(call(whole)), calls(call(#""index":0,"id":"b","type":"function""#)), end],
            [nil, calls(call(#""index":1,"id":"b","type":"function""#)), nil], [.toolCallIndex]
        ),
        // Types.
        (
            [calls(call(#""index":0,"id":"a""#)), end], [calls(call(#""type":"function","index":0,"id":"a""#)), nil],
            [.toolCallType]
        ),
        // Arguments.
        (
            [calls(call(whole, #""name":"f","arguments":{"a":[1]}"#)), end],
            [calls(call(whole, #""name":"f","arguments":"{\"a\":[1]}""#)), nil], [.toolArguments]
        ),
        (
            [calls(call(whole, #""name":"f","arguments":"{} {}""#)), end],
            [calls(call(whole, #""name":"f","arguments":"{}""#)), nil], [.toolArguments]
        ),
        ([calls(call(whole, #""name":"f","arguments":"{]""#)), end], [nil, nil], [.toolArguments]),
        // Reasons.
        ([calls(call(whole)), stop], [nil, end], [.finishReason]),
        ([text, end], [nil, stop], [.finishReason]),
        ([text, stop, frame("", finish: #""length""#)], [nil, nil, frame("")], [.finishReason]),
        ([text, frame("", finish: #""eos""#)], [nil, stop], [.finishReason]),
        ([text, frame("", finish: #""MAX_TOKENS""#)], [nil, frame("", finish: #""length""#)], [.finishReason]),
        (
            [frame(#""content":"a""#, finish: #""""#), frame(#""content":"b""#, finish: #""""#), stop],
            [frame(#""content":"a""#), frame(#""content":"b""#), nil], [.finishReason]
        ),
        // A call of the model's own kind keeps it.
        (
            [calls(#"{"id":"a","type":"custom","custom":{"name":"f","input":"x"}}"#), end],
            [calls(#"{"index":0,"id":"a","type":"custom","custom":{"name":"f","input":"x"}}"#), nil], [.toolCallIndex]
        ),
    ]

    @Test("a frame with a fault is mended in its place, and nothing else of it or of others changes", arguments: odd)
    func oddFrames(_ row: (frames: [String], shown: [String?], kinds: [Repairs.Kind])) throws {
        let (shown, repairs) = Self.show(row.frames)
        #expect(shown.count == row.frames.count + 1)
        for (position, (found, wanted)) in zip(shown, row.shown).enumerated() {
            if let wanted {
                #expect(try JSON(Array(found.utf8)) == JSON(Array(wanted.utf8)))
                #expect(found.contains(#""x":[1.5]"#))
            } else {
                #expect(found == row.frames[position])
            }
        }
        for kind in Repairs.Kind.allCases { #expect(repairs[kind] == row.kinds.count { $0 == kind }, "\(kind)") }
    }

    @Test("ids that are missing, empty or another call's are made up, the same for the same answer")
    func ids() throws {
        let frames = [
            Self.calls(Self.call(#""index":0,"id":"a","type":"function""#)),
            Self.calls(Self.call(#""index":1,"type":"function""#)),
            Self.calls(Self.call(#""index":2,"id":"","type":"function""#)),
            Self.calls(Self.call(#""index":3,"id":"a","type":"function""#)),
            Self.calls(Self.call(#""index":4,"id":null,"type":"function""#)), Self.end,
        ]
        let (shown, repairs) = Self.show(frames)
        let ids = try shown.dropLast(2).map {
            try JSON(Array($0.utf8))["choices"]?[0]?["delta"]?["tool_calls"]?[0]?["id"]?.string ?? ""
        }
        #expect(ids.first == "a" && Set(ids).count == 5)
        for id in ids.dropFirst() { #expect(id.hasPrefix("call_") && id.utf8.count == 29) }
        #expect(repairs[.toolCallID] == 4)
        #expect(Self.show(frames).shown == shown)
        // As a whole answer with the same pieces has them.
        var assembler = Assembler()
        for event in StreamTests.decode(frames.map { "data: \($0)\n\n" }.joined()).events { assembler.add(event) }
        let body = try JSON(OpenAI.encodeCompletion(assembler.completion, as: EncodingTests.identity))
        #expect(body["choices"]?[0]?["message"]?["tool_calls"]?.array?.map { $0["id"]?.string } == ids)
    }

    @Test("an end that is not said is said", arguments: [false, true])
    func ends(hasCalls: Bool) throws {
        let (shown, repairs) = Self.show([hasCalls ? Self.calls(Self.call(Self.whole)) : Self.text])
        #expect(shown.count == 3 && shown.last == "[DONE]")
        let choice = try JSON(Array(shown[1].utf8))["choices"]?[0]
        #expect(choice?["finish_reason"] == (hasCalls ? "tool_calls" : "stop"))
        #expect(choice?["delta"] == [:])
        #expect(repairs[.finishReason] == 1)
    }

    @Test("calls after the end make it an end for calls")
    func callsAfterEnd() throws {
        for last in [[], [Self.end]] {
            let (shown, repairs) = Self.show([Self.stop, Self.calls(Self.call(Self.whole))] + last)
            #expect(shown.count == 4)
            #expect(try JSON(Array(shown[2].utf8))["choices"]?[0]?["finish_reason"] == "tool_calls")
            #expect(repairs[.finishReason] == 1)
        }
    }

    @Test("a stream that ends without [DONE] after its reason ends with it", arguments: [false, true])
    func done(isThere: Bool) {
        let (shown, repairs) = Self.show([Self.text, Self.stop], done: isThere)
        #expect(shown == [Self.text, Self.stop, "[DONE]"])
        #expect(repairs[.streamEnd] == (isThere ? 0 : 1))
        var other = Anthropic.StreamEncoder(as: EncodingTests.identity)
        var output: [UInt8] = []
        let body = [Self.text, Self.stop].map { "data: \($0)\n\n" }.joined() + (isThere ? "data: [DONE]\n\n" : "")
        for event in StreamTests.decode(body).events { other.encode(event, into: &output) }
        other.finish(into: &output)
        #expect(other.repairs[.streamEnd] == (isThere ? 0 : 1))
    }

    @Test("calls beyond the bound are left out and counted; the choices of an answer are their own")
    func bound() throws {
        let many = (0..<1030).map { Self.call(#""index":\#($0),"id":"c\#($0)","type":"function""#) }
        let frames = [Self.frame(#""tool_calls":[\#(many.joined(separator: ","))]"#), Self.end]
        let (shown, repairs) = Self.show(frames)
        #expect(try JSON(Array(shown[0].utf8))["choices"]?[0]?["delta"]?["tool_calls"]?.array?.count == 1024)
        #expect(repairs[.toolCallDropped] == 6)
        let other = Self.frame(
            #""tool_calls":[\#(Self.call(#""index":0,"id":"a","type":"function""#))]"#, choice: 1)
        #expect(Self.show([Self.calls(Self.call(Self.whole)), other]).repairs[.toolCallID] == 0)
    }

    @Test("built streams tell calls apart too, and say each end once")
    func built() throws {
        let deltas = [
            ToolCallDelta(index: 4, id: nil, name: "f", arguments: "{}"),
            ToolCallDelta(index: 4, id: nil, name: "g", arguments: "{} x"),
        ]
        var encoder = OpenAI.StreamEncoder(as: EncodingTests.identity, includeUsage: false)
        var output: [UInt8] = []
        for delta in deltas { encoder.encode(ModelEvent(.toolCall(delta)), into: &output) }
        for reason in [FinishReason.stop, .toolCalls] { encoder.encode(ModelEvent(.finish(reason)), into: &output) }
        encoder.finish(into: &output)
        let choices = try TestSupport.data(of: output).dropLast().compactMap { try JSON(Array($0.utf8))["choices"]?[0] }
        let calls = choices.compactMap { $0["delta"]?["tool_calls"]?[0] }
        #expect(calls.map { $0["index"] } == [0, 1])
        #expect(Set(calls.compactMap { $0["id"]?.string }).count == 2)
        #expect(calls.map { $0["function"]?["arguments"] } == ["{}", "{}"])
        #expect(choices.compactMap { $0["finish_reason"]?.string } == ["tool_calls"])
        #expect(encoder.repairs[.toolCallID] == 2 && encoder.repairs[.toolCallIndex] == 2)
        #expect(encoder.repairs[.toolArguments] == 1 && encoder.repairs[.finishReason] == 1)
    }

    @Test("random frames never trap, and every frame that is shown is JSON", arguments: 0..<10 as Range<UInt64>)
    func fuzz(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let members = [
            #""index":0"#, #""index":-1"#, #""index":1e300"#, #""id":"a""#, #""id":"""#, #""id":7"#, #""type":null"#,
            #""function":{"name":"f","arguments":"{]"}"#, #""function":7"#, #""function":{"arguments":[{}]}"#,
            #""function":{"name":null}"#,
        ]
        let reasons = [nil, "null", #""stop""#, #""""#, "7", #""tool_calls""#, #""odd""#]
        for _ in 0..<300 {
            let frames = (0..<4).map { _ in
                let calls = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                    let chosen = members.shuffled(using: &generator).prefix(3).joined(separator: ",")
                    return Bool.random(using: &generator) ? "{\(chosen)}" : "[]"
                }
                return Self.frame(
                    #""tool_calls":[\#(calls.joined(separator: ","))]"#,
                    finish: reasons.randomElement(using: &generator) ?? nil,
                    choice: Int.random(in: -1...1, using: &generator))
            }
            for shown in Self.show(frames).shown.dropLast() {
                #expect(throws: Never.self) { try JSON(Array(shown.utf8)) }
            }
        }
    }
}

/// What several suites need.
enum TestSupport {
    /// The data of each event of a stream.
    static func data(of stream: [UInt8]) -> [String] {
        text(stream).split(separator: "\n\n").map { String($0.trimmingPrefix("data: ")) }
    }
}
