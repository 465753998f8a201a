import Base
import JSON
import Testing

@testable import Models

/// Answers of a model that was given the tool `person`, or `answer` where it stands in an object.
enum ToolAnswer {
    static func tool(wrapped: Bool = false, besides: Bool = false) throws -> AnswerTool {
        let format = wrapped ? Shaped.format(#"{"type":"array"}"#) : Shaped.schema
        let fields = besides ? "\(format),\(Shaped.tools)" : format
        let call = try Shaped.call(fields, entry: Shaped.entry([.tools]))
        return try #require(try AnswerTool.applied(to: call, at: .openai).tool)
    }

    static func begin(_ name: String?, _ index: Int = 0, id: String? = "c0", arguments: String = "") -> ModelEvent {
        let delta = ToolCallDelta(index: index, id: id, name: name, arguments: arguments)
        return ModelEvent(.toolCall(delta), source: .frame(Frame(dialect: .openai, bytes: [0x7b, 0x7d])))
    }

    static func more(_ arguments: String, _ index: Int = 0) -> ModelEvent {
        ModelEvent(.toolCall(ToolCallDelta(index: index, arguments: arguments)), source: .sameFrame)
    }

    static func read(
        _ events: [ModelEvent], _ tool: AnswerTool, limit: Int = 1 << 20
    ) throws(CodedError) -> [ModelEvent] {
        var reader = AnswerToolReader(tool, limit: limit)
        var output: [ModelEvent] = []
        for event in events { try reader.read(event, into: &output) }
        reader.finish(into: &output)
        return output
    }

    /// The kinds of the events, which must all be without frames.
    static func kinds(_ events: [ModelEvent]) -> [ModelEvent.Kind] {
        #expect(events.allSatisfy { $0.source == .built })
        return events.map(\.kind)
    }
}

@Suite("An answer that comes as a tool's arguments")
struct StructuredOutputAnswerTests {
    @Test("arguments are text as they come, and what is said besides is not shown")
    func streamed() throws {
        let events = [
            ModelEvent(.reasoning("hm")), ModelEvent(.text("Here it is: ")),
            ToolAnswer.begin("person"), ToolAnswer.more(#"{"name""#), ModelEvent(.text("!")),
            ToolAnswer.more(#":"Ada"}"#), ModelEvent(.finish(.toolCalls)),
            ModelEvent(.usage(Usage(promptTokens: 1, completionTokens: 2))),
        ]
        #expect(
            ToolAnswer.kinds(try ToolAnswer.read(events, ToolAnswer.tool())) == [
                .reasoning("hm"), .text(#"{"name""#), .text(#":"Ada"}"#), .finish(.stop),
                .usage(Usage(promptTokens: 1, completionTokens: 2)),
            ])
    }

    @Test("the first piece of the answer is there before the second has come")
    func atOnce() throws {
        var reader = AnswerToolReader(try ToolAnswer.tool(wrapped: true), limit: 1 << 20)
        var output: [ModelEvent] = []
        try reader.read(ToolAnswer.begin("person", arguments: #"{"answer": [1"#), into: &output)
        #expect(ToolAnswer.kinds(output) == [.text("[1")])
    }

    @Test("text alone is the answer, whole and before the end")
    func textAlone() throws {
        let events = [
            ModelEvent(.text("{}"), logprobs: [TokenLogprob(.init(token: "{}", logprob: -1))]), ModelEvent(.text(" ")),
            ModelEvent(.finish(.stop)),
        ]
        let read = try ToolAnswer.read(events, try ToolAnswer.tool())
        #expect(ToolAnswer.kinds(read) == [.text("{} "), .finish(.stop)])
        #expect(read[0].logprobs.count == 1)
        // A stream that tells no end of its own.
        #expect(ToolAnswer.kinds(try ToolAnswer.read([events[0]], ToolAnswer.tool())) == [.text("{}")])
    }

    @Test("the caller's calls come through beside, as if there had been no other")
    func beside() throws {
        let events = [
            ToolAnswer.begin("person", 0, id: "a", arguments: #"{"name":"#), ToolAnswer.begin("f", 1, id: "b"),
            ToolAnswer.more(#"{"x":1}"#, 1), ToolAnswer.more(#""Ada"}"#, 0),
            ToolAnswer.begin("g", 2, id: "c", arguments: "{}"),
            ModelEvent(.finish(.toolCalls)),
        ]
        #expect(
            ToolAnswer.kinds(try ToolAnswer.read(events, ToolAnswer.tool(besides: true))) == [
                .text(#"{"name":"#), .toolCall(ToolCallDelta(index: 0, id: "b", name: "f")),
                .toolCall(ToolCallDelta(index: 0, arguments: #"{"x":1}"#)), .text(#""Ada"}"#),
                .toolCall(ToolCallDelta(index: 1, id: "c", name: "g", arguments: "{}")), .finish(.toolCalls),
            ])
        let own = [ModelEvent(.text("Let me see.")), events[1], events[2], events[5]]
        #expect(
            ToolAnswer.kinds(try ToolAnswer.read(own, ToolAnswer.tool(besides: true))) == [
                .text("Let me see."), .toolCall(ToolCallDelta(index: 0, id: "b", name: "f")),
                .toolCall(ToolCallDelta(index: 0, arguments: #"{"x":1}"#)), .finish(.toolCalls),
            ])
    }

    @Test("of two answers the first counts, whether they have indices of their own or not", arguments: [0, 1])
    func twice(index: Int) throws {
        let events = [
            ToolAnswer.begin("person", 0, id: "a", arguments: "{}"),
            ToolAnswer.begin("person", index, id: "b", arguments: #"{"name":"Eve"}"#),
            ToolAnswer.more("x", index), ModelEvent(.finish(.toolCalls)),
        ]
        #expect(ToolAnswer.kinds(try ToolAnswer.read(events, ToolAnswer.tool())) == [.text("{}"), .finish(.stop)])
        let calls = ["a", "b"].map { ToolCall(id: $0, name: "person", arguments: #"{"id":"\#($0)"}"#) }
        let whole = try ToolAnswer.tool().answer(of: ChatCompletion(choices: [.init(toolCalls: calls)]))
        #expect(whole.choices == [.init(text: #"{"id":"a"}"#)])
    }

    @Test("calls without a name are of the only tool; beside others they are nobody's")
    func nameless() throws {
        let events = [ToolAnswer.begin(nil, arguments: #"{"a":1}"#)]
        #expect(ToolAnswer.kinds(try ToolAnswer.read(events, ToolAnswer.tool())) == [.text(#"{"a":1}"#)])
        let beside = try ToolAnswer.read(events, ToolAnswer.tool(besides: true))
        #expect(ToolAnswer.kinds(beside) == [events[0].kind])
    }

    @Test("several answers at once are kept apart")
    func choices() throws {
        let events = [
            ModelEvent(.text("no")), ModelEvent(ToolAnswer.begin("person", arguments: "[").kind, choice: 1),
            ModelEvent(ToolAnswer.more("]").kind, choice: 1), ModelEvent(.finish(.toolCalls), choice: 1),
            ModelEvent(.finish(.length)),
        ]
        let read = try ToolAnswer.read(events, try ToolAnswer.tool())
        #expect(ToolAnswer.kinds(read) == [.text("["), .text("]"), .finish(.stop), .text("no"), .finish(.length)])
        #expect(read.map(\.choice) == [1, 1, 1, 0, 0])
    }

    @Test("text that is kept back has a bound")
    func bound() throws {
        let long = [ModelEvent(.text(String(repeating: "x", count: 60))), ModelEvent(.text("yyyyy"))]
        #expect(try ToolAnswer.read(long, ToolAnswer.tool(), limit: 65).count == 1)
        let error = #expect(throws: CodedError.self) { try ToolAnswer.read(long, ToolAnswer.tool(), limit: 64) }
        #expect(error?.code == .providerInvalidAnswer)
        let wrapped = [ToolAnswer.begin("person", arguments: #"{"note":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"#)]
        #expect(throws: CodedError.self) { try ToolAnswer.read(wrapped, ToolAnswer.tool(wrapped: true), limit: 16) }
        // What is shown at once needs none.
        let shown = [ToolAnswer.begin("person", arguments: String(repeating: "x", count: 600))]
        #expect(try ToolAnswer.read(shown, ToolAnswer.tool(), limit: 16).count == 1)
    }

    @Test("a call without arguments is an empty object, unless it was cut off")
    func noArguments() throws {
        for (reason, shown) in [
            (FinishReason.toolCalls, [ModelEvent.Kind.text("{}"), .finish(.stop)]), (.length, [.finish(.length)]),
        ] {
            let events = [ToolAnswer.begin("person"), ModelEvent(.finish(reason))]
            #expect(ToolAnswer.kinds(try ToolAnswer.read(events, ToolAnswer.tool())) == shown)
        }
    }

    @Test("a whole answer: text, calls, end, and none of the provider's bytes")
    func whole() throws {
        let completion = ChatCompletion(
            choices: [
                .init(
                    text: "Here.", reasoning: "hm",
                    toolCalls: [
                        ToolCall(id: "b", name: "person", arguments: #"{"answer":[1, 2],"x":3}"#),
                        ToolCall(id: "a", name: "f", arguments: "{}"),
                    ], finishReason: .toolCalls), .init(index: 1, text: "[]", finishReason: .stop),
                .init(
                    index: 2, toolCalls: [ToolCall(id: "c", name: "person", arguments: "{\"answer\":null}")],
                    finishReason: .toolCalls),
            ], usage: Usage(promptTokens: 1, completionTokens: 1), frame: Frame(dialect: .openai, bytes: [0x7b, 0x7d]))
        let read = try ToolAnswer.tool(wrapped: true, besides: true).answer(of: completion)
        #expect(
            read
                == ChatCompletion(
                    choices: [
                        .init(
                            text: "[1, 2]", reasoning: "hm", toolCalls: [ToolCall(id: "a", name: "f", arguments: "{}")],
                            finishReason: .toolCalls), .init(index: 1, text: "[]", finishReason: .stop),
                        .init(index: 2, text: "null", finishReason: .stop),
                    ], usage: completion.usage))
    }
}

@Suite("Answers within an object")
struct WrappedAnswerTests {
    static func unwrap(_ pieces: [String]) -> String {
        var answer = WrappedAnswer()
        var text = ""
        for piece in pieces { text += answer.feed(piece) }
        return text + answer.finish()
    }

    static let samples: [(arguments: String, answer: String)] = [
        (#"{"answer":[1, {"answer":"}"}] }"#, #"[1, {"answer":"}"}]"#), (#"{"answer":"a\"}\\"}"#, #""a\"}\\""#),
        (" \n{ \"answer\" :\t-1.5e3\n}", "-1.5e3"), (#"{"answer":true,"x":1}"#, "true"), (#"{"answer":null}"#, "null"),
        (#"{"answer":{}}"#, "{}"), (#"{"answer":""}"#, #""""#), (#"{"answer":"é😀"}"#, #""é😀""#),
        (#"{"x":{"answer":1},"y":"answer","z":["answer",{"answer":2}],"answer":3}"#, "3"),
        (#"{"x":"\"answer\":4","answers":5,"answe":6,"answer":7}"#, "7"),
        (#"{"answer":1,"answer":2}"#, "1"),
        // Without the object, or without the answer: as it is.
        ("[1,2]", "[1,2]"), (#""answer""#, #""answer""#), ("7", "7"), ("true", "true"),
        (#"{"a":{"answer":1}}"#, #"{"a":{"answer":1}}"#), ("{}", "{}"), ("", ""), ("{\"answer", "{\"answer"),
        // What is cut off or no JSON at all.
        (#"{"answer":"#, ""), (#"{"answer":}"#, ""), (#"{"answer":,"x":1}"#, ""), (#"{"answer":[1,{"#, "[1,{"),
        (#"{"answer":"a\"#, #""a\"#), ("}}}{{", "}}}{{"), (#"{"answer":]]]1}"#, "]]]1"),
    ]

    @Test("the answer comes out of its object, however the text is cut", arguments: samples)
    func split(arguments: String, answer: String) {
        #expect(Self.unwrap([arguments]) == answer)
        let characters = Array(arguments.unicodeScalars)
        for first in 0...characters.count {
            for second in first...characters.count {
                let cuts = [characters[..<first], characters[first..<second], characters[second...]]
                let pieces = cuts.map { String(String.UnicodeScalarView($0)) }
                #expect(Self.unwrap(pieces) == answer, "\(pieces)")
            }
        }
    }

    @Test("any value comes out as it went in, cut anywhere, wherever it stands in its object")
    func random() throws {
        for seed in 0..<2_000 {
            var values = RandomValues(seed: UInt64(seed))
            let value = values.value(depth: 4)
            var members = (0..<Int.random(in: 0...2, using: &values.generator)).map {
                JSON.Member("m\($0)", values.value(depth: 2))
            }
            let place = Int.random(in: 0...members.count, using: &values.generator)
            members.insert(JSON.Member("answer", value), at: place)
            let text = Self.unwrap(values.cut(String(decoding: JSON.object(members).bytes, as: UTF8.self)))
            try #require(try JSON(Array(text.utf8)) == value, "seed \(seed): \(text)")
        }
    }

    @Test("any bytes are taken without a fault, and give the same in one piece as in many")
    func rubbish() throws {
        let letters = Array(#"{}[]":,\answer 1e-é"#)
        for seed in 0..<5_000 {
            var values = RandomValues(seed: UInt64(seed))
            let text = String((0..<24).map { _ in letters.randomElement(using: &values.generator) ?? "{" })
            let prefix = seed % 2 == 0 ? "" : #"{"answer":"#
            try #require(Self.unwrap([prefix + text]) == Self.unwrap(values.cut(prefix + text)), "\(prefix + text)")
        }
    }
}

/// JSON values by chance.
struct RandomValues {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func value(depth: Int) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2: return .int(Int64.random(in: -1000...1000, using: &generator))
        case 3: return .double(Double(Int.random(in: -999...999, using: &generator)) / 8 + 0.0625)
        case 4, 5: return .string(string())
        case 6:
            return .array((0..<Int.random(in: 0...3, using: &generator)).map { _ in value(depth: depth - 1) })
        default:
            return .object(
                (0..<Int.random(in: 0...3, using: &generator)).map {
                    JSON.Member(Bool.random(using: &generator) ? "answer" : "\(string())\($0)", value(depth: depth - 1))
                })
        }
    }

    mutating func string() -> String {
        let letters = Array("ab\"\\{}[]:, \n\u{1}é😀\u{301}answer")
        return String(
            (0..<Int.random(in: 0...6, using: &generator)).map { _ in letters.randomElement(using: &generator) ?? "a" })
    }

    /// The text in pieces.
    mutating func cut(_ text: String) -> [String] {
        var pieces: [String] = [""]
        for scalar in text.unicodeScalars {
            if Int.random(in: 0..<4, using: &generator) == 0 { pieces.append("") }
            pieces[pieces.count - 1].unicodeScalars.append(scalar)
        }
        return pieces
    }
}
