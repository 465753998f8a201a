import Testing

@testable import Models

@Suite("The calls of an answer that comes as a tool's arguments")
struct StructuredOutputCallsTests {
    /// Streams that tell one call in an odd way, each of arguments `{"city":"Rome"}`.
    static let odd: [(what: String, pieces: [ToolCallDelta])] = [
        (
            "a new id with every piece",
            [
                ToolCallDelta(index: 0, id: "a", name: "person"),
                ToolCallDelta(index: 0, id: "b", arguments: #"{"city":"#),
                ToolCallDelta(index: 0, id: "c", name: "", arguments: #""Rome"}"#),
            ]
        ),
        (
            "the whole call once more",
            [
                ToolCallDelta(index: 0, id: "a", name: "person", arguments: #"{"city":"Rome"}"#),
                ToolCallDelta(index: 0, id: "a", name: "person", arguments: #"{"city":"Rome"}"#),
            ]
        ),
        (
            "more behind the end",
            [
                ToolCallDelta(index: 0, id: "a", name: "person", arguments: #"{"city":"Rome"}"#),
                ToolCallDelta(index: 0, arguments: "</tool_call>"),
            ]
        ),
        (
            "more behind the end in the same piece",
            [ToolCallDelta(index: 0, id: "a", name: "person", arguments: #"{"city":"Rome"}</tool_call>"#)]
        ),
    ]

    @Test("a call that is told in an odd way is one answer", arguments: odd, [false, true])
    func oddPieces(_ row: (what: String, pieces: [ToolCallDelta]), besides: Bool) throws {
        let events = row.pieces.map { ModelEvent(.toolCall($0)) } + [ModelEvent(.finish(.toolCalls))]
        let kinds = ToolAnswer.kinds(try ToolAnswer.read(events, ToolAnswer.tool(besides: besides)))
        var text = ""
        for case .text(let piece) in kinds { text += piece }
        #expect(text == #"{"city":"Rome"}"#, "\(row.what)")
        #expect(kinds.last == .finish(.stop), "\(row.what)")
        #expect(!kinds.contains { if case .toolCall = $0 { true } else { false } }, "\(row.what)")
    }

    @Test("a whole answer ends where its arguments do")
    func wholeTrimmed() throws {
        let call = ToolCall(id: "a", name: "person", arguments: #"{"city":"Rome"}</tool_call>"#)
        let whole = try ToolAnswer.tool().answer(of: ChatCompletion(choices: [.init(toolCalls: [call])]))
        #expect(whole.choices == [.init(text: #"{"city":"Rome"}"#)])
    }

    @Test("the caller's calls are numbered each by itself and keep their pieces, whatever the provider numbers them")
    func numbered() throws {
        let events = [
            ToolAnswer.begin("person", 0, id: "a", arguments: #"{"n":0}"#),
            ToolAnswer.begin("f", 1, id: "b", arguments: #"{"n":"#), ToolAnswer.begin("g", 0, id: "c"),
            ToolAnswer.more("1}", 1), ToolAnswer.more(#"{"n":"#, 0), ToolAnswer.begin(nil, 0, id: "d", arguments: "2}"),
            ToolAnswer.begin("f", 0, id: "e", arguments: #"{"n":3}"#), ModelEvent(.finish(.toolCalls)),
        ]
        var assembler = Assembler()
        var numbers: [Int] = []
        for event in try ToolAnswer.read(events, ToolAnswer.tool(besides: true)) {
            assembler.add(event)
            if case .toolCall(let delta) = event.kind { numbers.append(delta.index) }
        }
        #expect(numbers == [0, 1, 0, 1, 1, 2])
        let calls = [("b", "f", 1), ("c", "g", 2), ("e", "f", 3)].map {
            ToolCall(id: $0, name: $1, arguments: #"{"n":\#($2)}"#)
        }
        #expect(
            assembler.completion.choices
                == [.init(text: #"{"n":0}"#, toolCalls: calls, finishReason: .toolCalls)])
    }

    @Test("what is said beside the caller's calls is shown in its place, and no answer is put behind it")
    func turnOfTools() throws {
        let tool = try ToolAnswer.tool(besides: true)
        let own = ToolAnswer.begin("f", 0, id: "a", arguments: "{}")
        let answer = ToolAnswer.begin("person", 1, id: "b", arguments: #"{"n":1}"#)
        let end = ModelEvent(.finish(.toolCalls))
        let said = ModelEvent(.text("Let me see."), logprobs: [TokenLogprob(.init(token: "Let", logprob: -1))])
        let before = try ToolAnswer.read([said, own, answer, end], tool)
        #expect(ToolAnswer.kinds(before) == [said.kind, own.kind, end.kind])
        #expect(before[0].logprobs == said.logprobs)
        let between = ToolAnswer.kinds(try ToolAnswer.read([own, ModelEvent(.text("")), said, answer, end], tool))
        #expect(between == [own.kind, said.kind, end.kind])
        // Nothing is said that the answer could spoil.
        let silent = ToolAnswer.kinds(try ToolAnswer.read([own, ModelEvent(.text("")), answer, end], tool))
        #expect(silent == [own.kind, .text(#"{"n":1}"#), end.kind])
        // The text is there before the call goes on.
        var reader = AnswerToolReader(tool, limit: 1 << 20)
        var output: [ModelEvent] = []
        for event in [said, own] { try reader.read(event, into: &output) }
        #expect(ToolAnswer.kinds(output) == [said.kind, own.kind])
    }

    @Test("a stream and the whole answer show the same text and calls")
    func likeWhole() throws {
        let tool = try ToolAnswer.tool(besides: true)
        let calls = ["f", "person"].map { ToolCall(id: "c-\($0)", name: $0, arguments: #"{"n":"\#($0)"}"#) }
        for text in [nil, "Let me see."] {
            for chosen in [[], [calls[0]], [calls[1]], calls, calls.reversed()] {
                let reason = chosen.isEmpty ? FinishReason.stop : .toolCalls
                var assembler = Assembler()
                let pieces = chosen.enumerated().map { position, call in
                    ToolAnswer.begin(call.name, position, id: call.id, arguments: call.arguments)
                }
                let start = text.map { [ModelEvent(.text($0))] } ?? []
                for event in try ToolAnswer.read(start + pieces + [ModelEvent(.finish(reason))], tool) {
                    assembler.add(event)
                }
                let whole = ChatCompletion(choices: [.init(text: text, toolCalls: chosen, finishReason: reason)])
                #expect(assembler.completion.choices == tool.answer(of: whole).choices)
            }
        }
    }
}
