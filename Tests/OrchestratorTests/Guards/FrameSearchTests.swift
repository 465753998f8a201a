import JSON
import Models
import Testing

@testable import Orchestrator

@Suite("The output guard over what providers say beside their texts")
struct FrameSearchTests {
    private static func guarded(
        _ events: [ModelEvent], _ policy: GuardSettings.OutputPolicy = .redact
    ) throws -> (events: [ModelEvent], found: [String: Int]) {
        var stream = try #require(GuardedStream(GuardSettings(output: policy)))
        var output: [ModelEvent] = []
        for event in events { stream.take(event, into: &output) }
        stream.finish(into: &output)
        return (output, Dictionary(uniqueKeysWithValues: stream.findings.sorted.map { ($0.kind.name, $0.count) }))
    }

    private static func frame(_ text: String, _ dialect: Dialect = .anthropic) -> ModelEvent.Source {
        .frame(Frame(dialect: dialect, bytes: Array(text.utf8)))
    }

    @Test(
        "what is found in a frame that nobody reads is replaced in it, and counted under either policy",
        arguments: [
            (
                #"{"type":"content_block_delta","delta":{"type":"citations_delta","cited_text":"Ask jane@example.com."}}"#,
                #"{"type":"content_block_delta","delta":{"type":"citations_delta","cited_text":"Ask [EMAIL]."}}"#,
                "email"
            ),
            (
                #"{"type":"content_block_start","content_block":{"type":"server_tool_use","input":{"n":4111111111111111}}}"#,
                #"{"type":"content_block_start","content_block":{"type":"server_tool_use","input":{"n":"[CARD]"}}}"#,
                "card"
            ),
            (
                #"{"choices":[{"delta":{"audio":{"transcript":"Call +49 151 12345678 now"}}}]}"#,
                #"{"choices":[{"delta":{"audio":{"transcript":"Call [PHONE] now"}}}]}"#, "phone"
            ),
        ])
    func unread(bytes: String, expected: String, kind: String) throws {
        for dialect in [Dialect.anthropic, .openai] {
            let event = ModelEvent(.other, source: Self.frame(bytes, dialect))
            let redacted = try Self.guarded([event])
            #expect(redacted.events == [ModelEvent(.other, source: Self.frame(expected, dialect))])
            #expect(redacted.found == [kind: 1])
            let flagged = try Self.guarded([event], .flag)
            #expect(flagged.events == [event])
            #expect(flagged.found == [kind: 1])
        }
    }

    @Test("behind escapes it is found as well, and the frame is left out where marks cannot stand in it")
    func escapes() throws {
        let texts = [
            #"{"cited_text":"jane\u0040example.com"}"#, #"{"cited_text":"a\njane@example.com"}"#,
            #"{"cited_text":"Tel.\n415-555-2671"}"#,
        ]
        for text in texts {
            let event = ModelEvent(.other, source: Self.frame(text))
            let (events, found) = try Self.guarded([event, ModelEvent(.text("Hi "))])
            #expect(events.last == ModelEvent(.text("Hi ")))
            for case .frame(let frame) in events.map(\.source) {
                let cited = JSON(try JSONDocument(frame.bytes).root)["cited_text"]?.string ?? ""
                #expect(cited.contains("[") && !cited.contains("jane") && !cited.contains("2671"))
            }
            #expect(found.values.reduce(0, +) == 1)
            #expect(try Self.guarded([event], .flag).events == [event])
        }
        let hidden = ModelEvent(.other, source: Self.frame(texts[0]))
        #expect(try Self.guarded([hidden]).events.isEmpty)
    }

    @Test("what has a form of our own loses its frame, and what came with it as well")
    func read() throws {
        let bytes = #"{"choices":[{"delta":{"annotations":["jane@example.com"]},"finish_reason":"stop"}]}"#
        let usage = ModelEvent.Kind.usage(Usage(promptTokens: 1, completionTokens: 2))
        let finish = [
            ModelEvent(.finish(.stop), source: Self.frame(bytes, .openai)), ModelEvent(usage, source: .sameFrame),
        ]
        #expect(try Self.guarded(finish).events == [ModelEvent(.finish(.stop)), ModelEvent(usage)])
        #expect(try Self.guarded(finish, .flag).events == finish)
    }

    @Test("frames in which nothing is found pass as they are")
    func clean() throws {
        let events = [
            ModelEvent(
                .other, source: Self.frame(#"{"type":"message_start","message":{"id":"msg_01XFDUDYJgAACzvnptvV"}}"#)),
            ModelEvent(.other, source: Self.frame(#"{"type":"ping"}"#)),
            ModelEvent(.other, source: Self.frame(#"{"text":"line\nline \"quoted\""}"#)),
            ModelEvent(.finish(.stop), source: Self.frame(#"{"id":"chatcmpl-9","created":1732345678}"#, .openai)),
        ]
        let (output, found) = try Self.guarded(events)
        #expect(output == events)
        #expect(found.isEmpty)
    }

    @Test("a whole answer whose texts are clean, but not its bytes, is told in our own form")
    func whole() throws {
        let bytes = #"{"choices":[{"message":{"content":"Hi","annotations":[{"title":"jane@example.com"}]}}]}"#
        let frame = Frame(dialect: .openai, bytes: Array(bytes.utf8))
        let choice = ChatCompletion.Choice(text: "Hi", finishReason: .stop)
        let event = ModelEvent(.whole(ChatCompletion(choices: [choice], frame: frame)), source: .frame(frame))
        let (output, found) = try Self.guarded([event])
        #expect(output == [ModelEvent(.whole(ChatCompletion(choices: [choice])))])
        #expect(found == ["email": 1])
        #expect(try Self.guarded([event], .flag).events == [event])
        #expect(try Self.guarded([event], .flag).found == ["email": 1])
    }

    @Test("of a response the output alone is searched, and what it tells again counts once")
    func responses() throws {
        let asked = #"{"type":"response.created","response":{"instructions":"You are jane@example.com","output":[]}}"#
        let done = #"{"type":"response.output_text.done","text":"Ask bob@example.com "}"#
        let end =
            #"{"type":"response.completed","response":{"instructions":"x@example.com","output":["bob@example.com"]}}"#
        let events = [
            ModelEvent(.other, source: Self.frame(asked, .responses)), ModelEvent(.text("Ask bob@exam")),
            ModelEvent(.text("ple.com")), ModelEvent(.other, source: Self.frame(done, .responses)),
            ModelEvent(.finish(.stop), source: Self.frame(end, .responses)),
        ]
        for policy in [GuardSettings.OutputPolicy.flag, .redact] {
            let (output, found) = try Self.guarded(events, policy)
            #expect(output.first == events[0])
            #expect(output.last?.source == (policy == .flag ? events[4].source : .built))
            #expect(found == ["email": 1])
        }
    }

    @Test(
        "what says nothing beside what is read from it is not searched, whatever stands in it",
        arguments: [
            (
                #"{"id":"1","choices":[{"index":0,"message":{"role":"assistant","content":"x"}}],"usage":{"n":1}}"#,
                false
            ),
            (
                #"{"choices":[{"message":{"content":"x","annotations":[],"audio":null,"refusal":""}}],"x":[ ],"y":{}}"#,
                false
            ),
            (#"{"choices":[{"message":{"content":"a \"annotations\": b"}}]}"#, false),
            (#"{"choices":[{"message":{"content":"x","annotations":[1]}}]}"#, true),
            (#"{"choices":[{"message":{"content":"x","function_call":{"name":"f"}}}]}"#, true),
            (#"{"citations" : [ "https://x.org" ]}"#, true), (#"{"note":"#, true), (#"{"a"#, true),
            (#"{"content":[{"type":"tool_use","input":{"n":4111111111111111}}]}"#, true),
        ])
    func beside(text: String, isSearched: Bool) {
        let isFound = UnreadMembers.areIn(text.utf8.span, texts: true)
        #expect(isFound == isSearched)
    }

    @Test("of a frame of which nothing is read, texts count too")
    func alone() {
        let role = UnreadMembers.areIn(#"{"delta":{"role":"assistant","content":""}}"#.utf8.span, texts: false)
        let piece = UnreadMembers.areIn(#"{"delta":{"partial_json":"4111"}}"#.utf8.span, texts: false)
        #expect(!role && piece)
    }
}
