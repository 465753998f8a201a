import Base
import JSON
import Models
import Testing

@Suite("Anthropic's grammar of events, over random answers")
struct AnthropicGrammarTests {
    /// What a model might say, and what of it must be found again.
    private struct Script {
        var events: [ModelEvent] = []
        var text = ""
        var reasoning = ""
        var sealed = ""
        var arguments: [String] = []
        private static let arguments = ["{}", #"{"a":"}{\"["}"#, #" {"b":[{},[1,"é"]]} "#, "", "[1]", "null", "7"]

        init(seed: UInt64) {
            var generator = SeededGenerator(seed: seed)
            func draw(_ count: Int) -> Int { Int(generator.next() % UInt64(count)) }
            func words() -> String { ["", "a", "\"}{", "é\n", "\\", "北京 "][draw(6)] }
            // Arguments in pieces, some of them never whole.
            var rest: [Int: [Character]] = [:]
            for _ in 0..<draw(40) {
                switch draw(13) {
                case 0, 1, 2:
                    let piece = words()
                    text += piece
                    events.append(ModelEvent(draw(5) == 0 ? .refusal(piece) : .text(piece)))
                case 3:
                    let piece = words()
                    reasoning += piece
                    events.append(ModelEvent(.reasoning(piece)))
                case 4: events.append(ModelEvent(.signature(words())))
                case 5:
                    sealed += "z"
                    events.append(ModelEvent(.sealedReasoning("z")))
                case 6:
                    let kinds: [ModelEvent.Kind] = [.other, .finish(.stop), .finish(.toolCalls), .finish(.length)]
                    events.append(ModelEvent(kinds[draw(4)]))
                // Another answer's, which this dialect does not show.
                case 9: events.append(ModelEvent([.text("other"), .finish(.stop)][draw(2)], choice: 1))
                case 7: events.append(ModelEvent(.usage(Usage(promptTokens: draw(9), completionTokens: draw(9)))))
                case 8:
                    let index = arguments.count
                    arguments.append("")
                    rest[index] = Array(
                        ["{}", #"{"a":"}{\\\"["}"#, #" {"b":[{},[1,"é"]]} "#, "", "[1]", "null", "7"][draw(7)])
                    let id: String? = [nil, "", "same", "c\(index)"][draw(4)]
                    let call = ToolCallDelta(index: index, id: id, name: "f\(index)")
                    events.append(ModelEvent(.toolCall(call)))
                default:
                    guard let index = rest.keys.sorted().randomElement(using: &generator), let left = rest[index],
                        !left.isEmpty
                    else { continue }
                    let piece = String(left.prefix(1 + draw(left.count)))
                    rest[index] = Array(left.dropFirst(piece.count))
                    arguments[index] += piece
                    events.append(ModelEvent(.toolCall(ToolCallDelta(index: index, arguments: piece))))
                }
            }
            // Whatever was begun is told to its end, so that a client can read it.
            for (index, left) in rest.sorted(by: { $0.key < $1.key }) where !left.isEmpty {
                arguments[index] += String(left)
                events.append(ModelEvent(.toolCall(ToolCallDelta(index: index, arguments: String(left)))))
            }
        }
    }

    /// As a client reads arguments; the rule for what is no object.
    private static func input(_ arguments: String) -> JSON {
        if arguments.allSatisfy(\.isWhitespace) || arguments == "null" { return [:] }
        if let value = try? JSON(Array(arguments.utf8)), case .object = value { return value }
        return ["_raw": .string(arguments)]
    }

    @Test("every built stream keeps to the grammar and loses nothing of the answer", arguments: 0..<40)
    func grammar(_ part: UInt64) throws {
        for seed in part * 100..<(part + 1) * 100 {
            let script = Script(seed: seed)
            let bytes = AnthropicResponseEncoderTests.write(script.events)
            let message: MessageGrammar
            do { message = try MessageGrammar(bytes) } catch {
                Issue.record("seed \(seed): \(error)\n\(text(bytes))")
                continue
            }
            #expect(message.isStopped, "seed \(seed)")
            #expect(message.texts("text", "text") == script.text, "seed \(seed)")
            #expect(message.texts("thinking", "thinking") == script.reasoning, "seed \(seed)")
            #expect(message.texts("redacted_thinking", "data") == script.sealed, "seed \(seed)")
            #expect(message.calls.map { $0["input"] } == script.arguments.map { Self.input($0) }, "seed \(seed)")
            #expect(
                message.calls.map { $0["name"]?.string } == script.arguments.indices.map { "f\($0)" }, "seed \(seed)")
            #expect(Set(message.calls.map { $0["id"] }).count == script.arguments.count, "seed \(seed)")
            for block in message.content { #expect(block["text"] != "", "seed \(seed): an empty text block") }
        }
    }

    @Test("a stream and a whole answer of the same pieces show the same calls, reason and usage", arguments: 0..<10)
    func streamIsWhole(_ part: UInt64) throws {
        for seed in part * 200..<(part + 1) * 200 {
            let events = Script(seed: seed).events.filter { $0.choice == 0 }
            var assembler = Assembler()
            for event in events { assembler.add(event) }
            var completion = assembler.completion
            if completion.choices.isEmpty { completion.choices = [ChatCompletion.Choice()] }
            // The stream shows the first reason.
            completion.choices[0].finishReason =
                events.lazy.compactMap { event in
                    if case .finish(let reason) = event.kind { reason } else { nil }
                }.first
            let message = try MessageGrammar(AnthropicResponseEncoderTests.write(events))
            let body = try JSON(
                Anthropic.encodeCompletion(completion, as: AnthropicResponseEncoderTests.identity))
            let calls = body["content"]?.array?.filter { $0["type"] == "tool_use" }
            #expect(message.calls == calls, "seed \(seed)")
            #expect(message.stopReason == body["stop_reason"]?.string, "seed \(seed)")
            #expect(message.usage == body["usage"], "seed \(seed)")
        }
    }

    @Test("a failure may come anywhere: what was shown before it keeps to the grammar")
    func failures() throws {
        for seed in UInt64(0)..<300 {
            let events = Script(seed: seed).events
            var encoder = Anthropic.StreamEncoder(as: AnthropicResponseEncoderTests.identity)
            var output: [UInt8] = []
            for event in events.prefix(Int(seed % 11)) { encoder.encode(event, into: &output) }
            encoder.fail(CodedError(.providerFailed, "x"), into: &output)
            #expect(try MessageGrammar(output).error?["type"] == "api_error", "seed \(seed)")
        }
    }
}
