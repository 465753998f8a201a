import Base
import JSON
import Models
import Testing

@Suite("What the items of a Responses stream tell")
struct ResponsesOutputTests {
    private typealias Stream = ResponsesStreamTests
    private static func event(_ type: String, _ fields: String) -> String { Stream.event("response.\(type)", fields) }
    private static func call(
        _ index: Int, _ id: String? = nil, _ name: String? = nil, _ arguments: String
    ) -> ModelEvent.Kind { Stream.call(index, id, name, arguments) }

    @Test("the pieces of an answer, and each frame once")
    func pieces() throws {
        let body =
            Stream.start
            + Self.event(
                "output_item.added",
                #""output_index":0,"item":{"id":"rs","type":"reasoning","encrypted_content":"early"}"#)
            + Self.event("reasoning_summary_part.added", #""item_id":"rs","output_index":0,"summary_index":0"#)
            + Self.event(
                "reasoning_summary_text.delta", #""item_id":"rs","output_index":0,"summary_index":0,"delta":"h""#)
            + Self.event(
                "reasoning_summary_text.delta", #""item_id":"rs","output_index":0,"summary_index":0,"delta":"m""#)
            + Self.event(
                "reasoning_summary_text.done", #""item_id":"rs","output_index":0,"summary_index":0,"text":"hm""#)
            + Self.event("reasoning_text.delta", #""item_id":"rs","output_index":0,"content_index":0,"delta":"so""#)
            + Self.event("reasoning_text.done", #""item_id":"rs","output_index":0,"content_index":0,"text":"so""#)
            + Self.event(
                "output_item.done",
                #""output_index":0,"item":{"id":"rs","type":"reasoning","summary":[{"type":"summary_text","text":"hm"}],"content":[{"type":"reasoning_text","text":"so"}],"encrypted_content":"sealed"}"#
            )
            + Self.event("web_search_call.searching", #""item_id":"ws","output_index":1"#)
            + Self.event("output_item.done", #""output_index":1,"item":{"id":"ws","type":"web_search_call"}"#)
            + Self.event("output_text.delta", #""item_id":"m","output_index":2,"content_index":0,"delta":" a""#)
            + Self.event("output_text.delta", #""item_id":"m","output_index":2,"content_index":0,"delta":"""#)
            + Self.event("output_text.done", #""item_id":"m","output_index":2,"content_index":0,"text":" a""#)
            + Self.event("output_text.delta", #""item_id":"m","output_index":2,"content_index":1,"delta":"b""#)
            + Self.event("refusal.delta", #""item_id":"m","output_index":2,"content_index":2,"delta":"no""#)
            + Self.event("refusal.done", #""item_id":"m","output_index":2,"content_index":2,"refusal":"no""#)
            + Stream.end(
                #"{"id":"rs","type":"reasoning","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"late"},{"id":"ws","type":"web_search_call"},{"id":"m","type":"message","content":[{"type":"output_text","text":" a"},{"type":"output_text","text":"b"},{"type":"refusal","refusal":"no"}]}"#
            )
        #expect(
            Stream.kinds(body) == [
                .reasoning("h"), .reasoning("m"), .reasoning("so"), .sealedReasoning("sealed"), .text(" a"), .text("b"),
                .refusal("no"), .finish(.stop),
                .usage(
                    Usage(
                        promptTokens: 3, completionTokens: 5, totalTokens: 8, cachedTokens: 1, reasoningTokens: 2,
                        unpriced: .serverTools)),
            ])
        let frames = Stream.decode(body).events.compactMap { event -> String? in
            guard case .frame(let frame) = event.source else {
                #expect(event.source == .sameFrame)
                return nil
            }
            #expect(frame.dialect == .responses)
            return text(frame.bytes)
        }
        let written = body.split(separator: "\n").filter { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
        #expect(frames == written)
    }

    private static let item =
        #"{"id":"m","type":"message","content":[{"type":"output_text","text":"a"},{"type":"output_text","text":"b"}]}"#
    private static let place = #""item_id":"m","output_index":0,"content_index""#
    private static let whole = Stream.start + Stream.end(item)

    @Test(
        "a text arrives once, wherever the provider says it first",
        arguments: [
            whole, Stream.start + event("output_item.done", #""output_index":0,"item":\#(item)"#) + Stream.end(item),
            Stream.start + event("output_item.done", #""item":\#(item)"#) + Stream.end(),
            Stream.start + event("output_text.done", #"\#(place):0,"text":"a""#) + Stream.end(item),
            Stream.start + event("output_text.delta", #"\#(place):0,"delta":"a""#)
                + event("output_item.done", #""output_index":0,"item":\#(item)"#) + Stream.end(item),
            // Numbers alone, names alone, and a name that changes.
            Stream.start + event("output_text.delta", #""output_index":0,"content_index":0,"delta":"a""#)
                + Stream.end(item),
            Stream.start + event("output_text.delta", #""item_id":"m","content_index":0,"delta":"a""#)
                + Stream.end(item),
            Stream.start
                + event("output_text.delta", #""item_id":"other","output_index":0,"content_index":0,"delta":"a""#)
                + Stream.end(item),
            // The items are not numbered as the last event lists them.
            Stream.start + event("output_text.delta", #""item_id":"m","output_index":5,"content_index":0,"delta":"a""#)
                + Stream.end(item),
            Stream.start + event("output_text.delta", #""delta":"a""#) + event("output_text.delta", #""delta":"b""#)
                + event("output_text.done", #""text":"ab""#) + Stream.end(item),
        ])
    func once(body: String) {
        let texts = Stream.kinds(body).compactMap { kind -> String? in
            if case .text(let text) = kind { text } else { nil }
        }
        #expect(texts == ["a", "b"])
    }

    @Test(
        "of refusals, thoughts and seals too",
        arguments: [
            (#"{"type":"message","content":[{"type":"refusal","refusal":"no"}]}"#, .refusal("no")),
            (#"{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]}"#, .reasoning("hm")),
            (#"{"type":"reasoning","content":[{"type":"reasoning_text","text":"hm"}]}"#, .reasoning("hm")),
            (#"{"type":"reasoning","summary":[],"encrypted_content":"s"}"#, .sealedReasoning("s")),
        ] as [(String, ModelEvent.Kind)])
    func others(item: String, expected: ModelEvent.Kind) {
        let done = Self.event("output_item.done", #""output_index":0,"item":\#(item)"#)
        for body in [Stream.start + Stream.end(item), Stream.start + done + Stream.end(item)] {
            #expect(Stream.kinds(body) == [expected, .finish(.stop), Stream.used])
        }
    }

    private static func added(_ index: Int, _ id: String, _ arguments: String = "") -> String {
        event("output_item.added", #""output_index":\#(index),"item":\#(function(id, arguments))"#)
    }

    private static func function(_ id: String, _ arguments: String, item: String? = nil) -> String {
        #"{"id":"\#(item ?? "fc_\(id)")","type":"function_call","call_id":"\#(id)","name":"f","arguments":"\#(arguments)"}"#
    }

    private static func delta(_ index: Int, _ piece: String) -> String {
        event("function_call_arguments.delta", #""output_index":\#(index),"delta":"\#(piece)""#)
    }

    private static func done(_ index: Int, _ arguments: String) -> String {
        event("function_call_arguments.done", #""output_index":\#(index),"arguments":"\#(arguments)""#)
    }

    @Test("calls are counted among themselves, and may come between one another")
    func parallel() {
        let body =
            Stream.hello + Self.added(1, "a") + Self.added(3, "b") + Self.delta(3, "[") + Self.delta(1, "{")
            + Self.delta(3, "]") + Self.delta(1, "}") + Self.done(1, "{}") + Self.done(3, "[]")
            + Stream.end(Stream.message + "," + Self.function("a", "{}") + "," + Self.function("b", "[]"))
        #expect(
            Stream.kinds(body) == [
                .text("hel"), Self.call(0, "a", "f", ""), Self.call(1, "b", "f", ""), Self.call(1, nil, nil, "["),
                Self.call(0, nil, nil, "{"), Self.call(1, nil, nil, "]"), Self.call(0, nil, nil, "}"),
                .finish(.toolCalls), Stream.used,
            ])
    }

    @Test(
        "a call's arguments arrive once, wherever the provider writes them first",
        arguments: [
            Stream.start + Stream.end(function("a", "[1]")),
            Stream.start + event("output_item.done", #""output_index":0,"item":\#(function("a", "[1]"))"#)
                + Stream.end(),
            Stream.start + added(0, "a", "[1]") + delta(0, "[1]") + done(0, "[1]") + Stream.end(function("a", "[1]")),
            Stream.start + added(0, "a") + done(0, "[1]") + Stream.end(function("a", "[1]")),
            Stream.start + added(0, "a") + delta(0, "") + delta(0, "[") + delta(0, "1]") + done(0, "[1]")
                + Stream.end(function("a", "[1]")),
            Stream.start + added(0, "a") + event("function_call_arguments.delta", #""delta":"[1]""#)
                + Stream.end(function("a", "[1]")),
            Stream.start + added(0, "a") + added(0, "a") + Stream.end(function("a", "[1]", item: "fc_other")),
            Stream.start + added(7, "a") + delta(7, "[1]") + Stream.end(function("a", "[1]", item: "fc_other")),
            // Pieces of a call that nobody announced wait for the whole.
            Stream.start + delta(0, "[1]") + Stream.end(function("a", "[1]")),
            Stream.start + Stream.end(#"{"type":"function_call","call_id":"a","name":"f","arguments":[1]}"#),
        ])
    func arguments(body: String) {
        var assembler = Assembler()
        for event in Stream.decode(body).events { assembler.add(event) }
        let choice = assembler.completion.choices.first
        #expect(choice?.toolCalls == [ToolCall(id: "a", name: "f", arguments: "[1]")])
        #expect(choice?.finishReason == .toolCalls)
    }

    @Test("calls with the same id are two, and those of other kinds are none")
    func twins() {
        let body =
            Stream.start
            + Self.event("output_item.added", #""output_index":0,"item":\#(Self.function("a", "", item: "x"))"#)
            + Self.event("output_item.added", #""output_index":1,"item":\#(Self.function("a", "", item: "y"))"#)
            + Self.event("output_item.added", #""output_index":2,"item":{"type":"custom_tool_call","call_id":"c"}"#)
            + Stream.end(
                Self.function("a", "[1]", item: "x") + "," + Self.function("a", "[2]", item: "y")
                    + #",{"type":"custom_tool_call","call_id":"c","name":"g","input":"free"}"#)
        #expect(
            Stream.kinds(body) == [
                Self.call(0, "a", "f", ""), Self.call(1, "a", "f", ""), Self.call(0, nil, nil, "[1]"),
                Self.call(1, nil, nil, "[2]"), .finish(.toolCalls), Stream.used,
            ])
    }

    @Test("a call without arguments has an empty object, once", arguments: [true, false])
    func empty(isListed: Bool) {
        let body =
            Stream.start + Self.added(0, "a") + Self.done(0, "") + Stream.end(isListed ? Self.function("a", "") : "")
        #expect(
            Stream.kinds(body) == [
                Self.call(0, "a", "f", ""), Self.call(0, nil, nil, "{}"), .finish(.toolCalls), Stream.used,
            ])
    }

    @Test("more calls than any model makes are dropped")
    func many() {
        let body = Stream.start + (0..<1100).map { Self.added($0, "c\($0)", "{}") }.joined() + Stream.end()
        var assembler = Assembler()
        let (events, error) = Stream.decode(body, cutEvery: 100_000)
        for event in events { assembler.add(event) }
        #expect(error == nil && assembler.completion.choices.first?.toolCalls.count == 1024)
        #expect(events.filter { if case .frame = $0.source { true } else { false } }.count == 1102)
    }

    /// What a server leaves out, and how it names items.
    private struct Manner {
        var deltas: Bool, dones: Bool, items: Bool, final: Bool, numbers: Bool, names: Bool, renames: Bool

        init(_ random: inout SeededGenerator) {
            deltas = .random(using: &random)
            dones = .random(using: &random)
            items = .random(using: &random)
            final = .random(using: &random)
            numbers = .random(using: &random)
            names = .random(using: &random) || !numbers
            renames = names && numbers && .random(using: &random)
            if !deltas, !dones, !items { final = true }
        }
    }

    @Test(
        "whatever a server leaves out, a stream tells the same answer as the whole", arguments: 0..<400 as Range<UInt64>
    )
    func anyManner(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let manner = Manner(&random)
        var body = Stream.start
        var output: [String] = []
        for number in 0..<Int.random(in: 0...5, using: &random) {
            let name = "i\(number)"
            let say = "\(number) é\(UInt8.random(in: 0...9, using: &random))"
            let isCall = Bool.random(using: &random)
            func item(_ name: String, empty: Bool = false) -> String {
                let named = manner.names ? #""id":"\#(name)","# : ""
                if isCall {
                    return
                        #"{\#(named)"type":"function_call","call_id":"c\#(number)","name":"f","arguments":"\#(empty ? "" : say)"}"#
                }
                return
                    #"{\#(named)"type":"message","content":[\#(empty ? "" : #"{"type":"output_text","text":"\#(say)"}"#)]}"#
            }
            let numbered = manner.numbers ? #""output_index":\#(number),"# : ""
            let place = numbered + (manner.names ? #""item_id":"\#(name)","# : "") + #""content_index":0,"#
            let kind = isCall ? "function_call_arguments" : "output_text"
            body += Self.event("output_item.added", numbered + #""item":\#(item(name, empty: true))"#)
            if manner.deltas {
                for piece in say { body += Self.event("\(kind).delta", place + #""delta":"\#(piece)""#) }
            }
            if manner.dones {
                body += Self.event("\(kind).done", place + #""\#(isCall ? "arguments" : "text")":"\#(say)""#)
            }
            if manner.items { body += Self.event("output_item.done", numbered + #""item":\#(item(name))"#) }
            output.append(item(manner.renames ? "new\(number)" : name))
        }
        let list = output.joined(separator: ",")
        let whole = try Responses.decodeCompletion(
            Array(#"{"status":"completed","output":[\#(list)],"usage":\#(Stream.usage)}"#.utf8))
        body += Stream.end(manner.final ? list : "")
        let (events, error) = Stream.decode(body, cutEvery: 97)
        #expect(error == nil)
        var assembler = Assembler()
        for event in events { assembler.add(event) }
        #expect(assembler.completion.choices == whole.choices)
        #expect(assembler.completion.usage == whole.usage)
    }
}
