import Base
import Models
import Testing

@testable import Orchestrator

@Suite("The output guard over events")
struct GuardedStreamTests {
    private static func guarded(_ events: [ModelEvent], _ policy: GuardSettings.OutputPolicy = .redact) -> [ModelEvent]
    {
        guard var stream = GuardedStream(GuardSettings(output: policy)) else { return events }
        var output: [ModelEvent] = []
        for event in events { stream.take(event, into: &output) }
        stream.finish(into: &output)
        return output
    }

    private static func frame(_ name: String) -> ModelEvent.Source {
        .frame(Frame(dialect: .openai, bytes: Array(name.utf8)))
    }

    private static func text(_ text: String, _ source: ModelEvent.Source = .built, choice: Int = 0) -> ModelEvent {
        ModelEvent(.text(text), choice: choice, source: source)
    }

    private static func completion(_ events: [ModelEvent]) -> ChatCompletion {
        var assembler = Assembler()
        for event in events { assembler.add(event) }
        return assembler.completion
    }

    @Test("where the policy is off there is no stage")
    func off() { #expect(GuardedStream(GuardSettings(output: .off)) == nil) }

    @Test("events in which nothing is found pass as they are, with their frames")
    func untouched() {
        let logprob = TokenLogprob(.init(token: "a", logprob: -1))
        let events = [
            ModelEvent(.other, source: Self.frame("role")), Self.text("Hello", Self.frame("1")),
            ModelEvent(.text(" world"), logprobs: [logprob], source: Self.frame("2")),
            ModelEvent(.reasoning("hm"), source: .sameFrame), Self.text("jane", Self.frame("3")),
            Self.text(" and 12", Self.frame("4")), ModelEvent(.finish(.stop), source: .sameFrame),
            ModelEvent(.usage(Usage(promptTokens: 1, completionTokens: 2)), source: Self.frame("5")),
        ]
        #expect(Self.guarded(events) == events)
        #expect(Self.guarded(events, .flag) == events)
    }

    @Test("what is found over several events is replaced where it begins, and only those events change")
    func replaced() {
        let logprob = TokenLogprob(.init(token: "a", logprob: -1))
        let events = [
            Self.text("Mail ", Self.frame("1")),
            ModelEvent(.text("to jane"), logprobs: [logprob], source: Self.frame("2")),
            Self.text("@exam", Self.frame("3")),
            Self.text("ple.com ", Self.frame("4")), Self.text("now", Self.frame("5")),
            ModelEvent(.finish(.stop), source: Self.frame("6")),
        ]
        let output = Self.guarded(events)
        #expect(
            output == [
                events[0], Self.text("to [EMAIL]"), Self.text(" "), events[4], events[5],
            ])
        #expect(Self.guarded(events, .flag) == events)
    }

    @Test("held text comes before its choice's finish reason, and before the end of a stream that breaks off")
    func beforeFinish() {
        let events = [Self.text("call +1 415 555 26"), Self.text("71"), ModelEvent(.finish(.stop))]
        #expect(
            Self.guarded(events) == [Self.text("call [PHONE]"), ModelEvent(.finish(.stop))])
        #expect(Self.guarded(Array(events.dropLast())) == [Self.text("call [PHONE]")])
        #expect(Self.guarded([Self.text("jane@exam")]) == [Self.text("jane@exam")])
    }

    @Test("a frame with several pieces goes through whole or not at all")
    func sharedFrames() {
        let secret = [
            ModelEvent(.reasoning("ok "), source: Self.frame("1")),
            ModelEvent(.text("jane@example.com "), source: .sameFrame), ModelEvent(.finish(.stop), source: .sameFrame),
        ]
        #expect(
            Self.guarded(secret) == [
                ModelEvent(.reasoning("ok ")), Self.text("[EMAIL] "), ModelEvent(.finish(.stop)),
            ])
        let choices = [
            Self.text("fine ", Self.frame("1")), Self.text("jane@example.com ", .sameFrame, choice: 1),
            Self.text("more ", Self.frame("2")),
        ]
        let output = Self.guarded(choices)
        #expect(output.allSatisfy { $0.source != .sameFrame && $0.source != Self.frame("1") })
        #expect(Self.completion(output).choices.map(\.text) == ["fine more ", "[EMAIL] "])
    }

    @Test("choices wait apart, and nothing of one finishes the other's secret")
    func choices() {
        var events: [ModelEvent] = []
        for (first, second) in zip(["jane", "@exam", "ple.com", " ok"], ["4111 1111", " 1111 ", "1111", " yes"]) {
            events += [Self.text(first), Self.text(second, choice: 1)]
        }
        events += [ModelEvent(.finish(.stop), choice: 1), ModelEvent(.finish(.stop))]
        let completion = Self.completion(Self.guarded(events))
        #expect(completion.choices.map(\.text) == ["[EMAIL] ok", "[CARD] yes"])
        #expect(completion.choices.map(\.finishReason) == [.stop, .stop])
    }

    @Test("arguments of calls stay JSON")
    func arguments() throws {
        func delta(_ index: Int, _ arguments: String, id: String? = nil) -> ModelEvent {
            ModelEvent(.toolCall(ToolCallDelta(index: index, id: id, name: id, arguments: arguments)))
        }
        let events = [
            delta(0, "", id: "send"), delta(0, #"{"to":"ja"#), delta(0, #"ne@example.com","card":41111111"#),
            delta(0, "11111111,"), delta(0, #""n":1}"#), delta(1, #"{"t":"a\n+4915112345678"}"#, id: "call"),
            ModelEvent(.finish(.toolCalls)),
        ]
        let calls = try #require(Self.completion(Self.guarded(events)).choices.first).toolCalls
        #expect(calls.map(\.arguments) == [#"{"to":"[EMAIL]","card":"[CARD]","n":1}"#, #"{"t":"a\n[PHONE]"}"#])
        #expect(calls.map(\.name) == ["send", "call"])
    }

    @Test("the proof of reasoning in which something was replaced is left out")
    func signatures() {
        let signature = ModelEvent(.signature("proof"))
        let changed = Self.guarded([ModelEvent(.reasoning("jane@example.com")), signature, Self.text("a ")])
        #expect(changed == [ModelEvent(.reasoning("[EMAIL]")), Self.text("a ")])
        let same = [ModelEvent(.reasoning("thinking")), signature, Self.text("a ")]
        #expect(Self.guarded(same) == same)
    }

    @Test("a whole answer is guarded in all its texts, and keeps its bytes when nothing is found")
    func whole() {
        let frame = Frame(dialect: .openai, bytes: [1])
        func event(_ text: String, _ arguments: String) -> ModelEvent {
            let call = ToolCall(id: "1", name: "f", arguments: arguments)
            let choice = ChatCompletion.Choice(
                text: text, reasoning: text, toolCalls: [call], logprobs: [TokenLogprob(.init(token: "a", logprob: 0))])
            return ModelEvent(.whole(ChatCompletion(choices: [choice], frame: frame)), source: .frame(frame))
        }
        let clean = event("Hello", "{}")
        #expect(Self.guarded([clean]) == [clean])
        let dirty = event("jane@example.com", #"{"n":4111111111111111}"#)
        #expect(Self.guarded([dirty], .flag) == [dirty])
        var choice = ChatCompletion.Choice(text: "[EMAIL]", reasoning: "[EMAIL]")
        choice.toolCalls = [ToolCall(id: "1", name: "f", arguments: #"{"n":"[CARD]"}"#)]
        #expect(Self.guarded([dirty]) == [ModelEvent(.whole(ChatCompletion(choices: [choice])))])
    }

    @Test("a long piece is the same as many short ones, wherever a finding stands in it", arguments: 0..<60)
    func longPieces(_ seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let secrets = ["jürgen.über@exämple.com", "DE89 3704 0044 0532 0130 00", "4111 1111 1111 1111", "世界"]
        // Around the end of what is looked at in one go.
        let filling = String(repeating: "ä ", count: Int.random(in: 650...700, using: &generator))
        let text = (0..<6).map { _ in
            filling + secrets[Int.random(in: 0..<secrets.count, using: &generator)]
                + String(repeating: "-", count: Int.random(in: 0...3, using: &generator))
        }.joined(separator: " ")
        let whole = Self.completion(Self.guarded([Self.text(text)])).text
        let short = Self.completion(Self.guarded(text.map { Self.text(String($0)) })).text
        #expect(whole == short)
        #expect(!whole.contains("3704") && !whole.contains("4111"))
        let completion = ChatCompletion(choices: [.init(text: text, finishReason: .stop)])
        #expect(Self.completion(Self.guarded([ModelEvent(.whole(completion))])).text == short)
    }

    @Test("findings are counted for all texts, under flag as under redact")
    func findings() throws {
        for policy in [GuardSettings.OutputPolicy.flag, .redact] {
            var stream = try #require(GuardedStream(GuardSettings(output: policy)))
            var output: [ModelEvent] = []
            for event in [
                Self.text("a@example.com b@exam"), Self.text("ple.com"), Self.text("415-555-2671", choice: 1),
                ModelEvent(.refusal("c@example.com")), ModelEvent(.finish(.stop)),
            ] {
                stream.take(event, into: &output)
            }
            stream.finish(into: &output)
            #expect(stream.findings.sorted.map(\.kind.name) == ["email", "phone"])
            #expect(stream.findings.sorted.map(\.count) == [3, 1])
            #expect(stream.findings.isRedacted == (policy == .redact))
        }
    }

    @Test("texts cut at random, in several choices and kinds, come together as they would whole", arguments: 0..<40)
    func random(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        var events: [ModelEvent] = []
        var expected: [String] = []
        var pieces: [[String]] = []
        for _ in 0..<3 {
            let lines = (0..<6).map { _ in
                GuardCorpus.lines[Int.random(in: 0..<GuardCorpus.lines.count, using: &generator)]
            }
            expected.append(lines.map(\.redacted).joined(separator: "\n"))
            pieces.append(
                OutputGuardTests.pieces(of: lines.map(\.text).joined(separator: "\n"), upTo: 12, &generator))
        }
        var frame = 0
        while let choice = pieces.indices.filter({ !pieces[$0].isEmpty }).randomElement(using: &generator) {
            let piece = pieces[choice].removeFirst()
            let source: ModelEvent.Source =
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: .built
                case 1 where frame > 0: .sameFrame
                default: Self.frame("\(frame)")
                }
            frame += 1
            events.append(Self.text(piece, source, choice: choice))
            if frame % 7 == 0 { events.append(ModelEvent(.other)) }
        }
        for choice in 0..<3 { events.append(ModelEvent(.finish(.stop), choice: choice)) }
        let output = Self.guarded(events)
        #expect(Self.completion(output).choices.map { $0.text ?? "" } == expected)
        // A frame that goes through has the text that it had.
        for event in output where event.source != .built { #expect(events.contains(event)) }
        #expect(output.count { $0.kind == .finish(.stop) } == 3)
    }
}
