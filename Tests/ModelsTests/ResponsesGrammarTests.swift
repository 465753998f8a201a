import Base
import JSON
import Models
import Testing

@Suite("The grammar of responses' events, over random answers")
struct ResponsesGrammarTests {
    /// What a model might say, and what of it must be found again.
    struct Script {
        var events: [ModelEvent] = []
        var text = ""
        var refusal = ""
        var reasoning = ""
        var arguments: [String] = []

        init(seed: UInt64) {
            var generator = SeededGenerator(seed: seed)
            func draw(_ count: Int) -> Int { Int(generator.next() % UInt64(count)) }
            func words() -> String { ["", "a", "\"}{", "é\n", "\\", "北京 "][draw(6)] }
            // Arguments in pieces, some of them never whole.
            var rest: [Int: [Character]] = [:]
            for _ in 0..<draw(40) {
                switch draw(12) {
                case 0, 1, 2:
                    let piece = words()
                    text += piece
                    let logprobs = draw(6) == 0 ? [TokenLogprob(.init(token: piece, logprob: -1))] : []
                    events.append(ModelEvent(.text(piece), logprobs: piece.isEmpty ? [] : logprobs))
                case 3:
                    let piece = words()
                    reasoning += piece
                    events.append(ModelEvent(.reasoning(piece)))
                case 4:
                    let piece = words()
                    refusal += piece
                    events.append(ModelEvent(.refusal(piece)))
                case 5: events.append(ModelEvent([.signature("s"), .sealedReasoning("z"), .other][draw(3)]))
                case 6:
                    let reasons: [FinishReason] = [.stop, .toolCalls, .length, .contentFilter]
                    events.append(ModelEvent(.finish(reasons[draw(4)])))
                case 7: events.append(ModelEvent(.usage(Usage(promptTokens: draw(9), completionTokens: draw(9)))))
                // Another answer's, which this dialect does not show.
                case 8: events.append(ModelEvent([.text("other"), .finish(.stop)][draw(2)], choice: 1))
                case 9:
                    let index = arguments.count
                    arguments.append("")
                    rest[index] = Array(
                        ["{}", #"{"a":"}{\\\"["}"#, #" {"b":[{},[1,"é"]]} "#, "", " ", "[1]", "null", "7", "{\"a\":"][
                            draw(9)])
                    let id: String? = [nil, "", "same", "c\(index)"][draw(4)]
                    events.append(ModelEvent(.toolCall(ToolCallDelta(index: index, id: id, name: "f\(index)"))))
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
        }

        /// The completion that the same events are when they are put together, with the reason that a stream shows.
        var completion: ChatCompletion {
            var assembler = Assembler()
            for event in events where event.choice == 0 { assembler.add(event) }
            var completion = assembler.completion
            if completion.choices.isEmpty { completion.choices = [ChatCompletion.Choice()] }
            completion.choices[0].finishReason =
                events.lazy.filter { $0.choice == 0 }.compactMap { event in
                    if case .finish(let reason) = event.kind { reason } else { nil }
                }.first
            return completion
        }
    }

    /// White space behind the arguments comes too late where something else has begun by then.
    private static func ended(_ text: String) -> String {
        String(text.reversed().drop(while: \.isWhitespace).reversed())
    }

    @Test("every built stream keeps to the grammar and ends with what its pieces say", arguments: 0..<40)
    func grammar(_ part: UInt64) throws {
        for seed in part * 100..<(part + 1) * 100 {
            let script = Script(seed: seed)
            let bytes = try ResponsesStreamEncoderTests.write(script.events)
            let answer: ResponsesGrammar
            do { answer = try ResponsesGrammar(bytes) } catch {
                Issue.record("seed \(seed): \(error)\n\(text(bytes))")
                continue
            }
            #expect(answer.text("output_text") == script.text, "seed \(seed)")
            #expect(answer.text("refusal") == script.refusal, "seed \(seed)")
            #expect(answer.text("summary_text") == script.reasoning, "seed \(seed)")
            let arguments = script.arguments.map { $0.allSatisfy(\.isWhitespace) ? "{}" : Self.ended($0) }
            #expect(answer.calls.map { Self.ended($0["arguments"]?.string ?? "") } == arguments, "seed \(seed)")
            #expect(
                answer.calls.map { $0["name"]?.string } == script.arguments.indices.map { "f\($0)" }, "seed \(seed)")
            #expect(Set(answer.calls.map { $0["call_id"] }).count == script.arguments.count, "seed \(seed)")
            #expect(try bytes == ResponsesStreamEncoderTests.write(script.events), "seed \(seed): another time")
        }
    }

    @Test("a stream and a whole answer of the same pieces say the same", arguments: 0..<10)
    func streamIsWhole(_ part: UInt64) throws {
        for seed in part * 200..<(part + 1) * 200 {
            let script = Script(seed: seed)
            let answer = try ResponsesGrammar(ResponsesStreamEncoderTests.write(script.events))
            let (body, _) = try ResponsesCompletionTests.body(script.completion)
            let calls = body["output"]?.array?.filter { $0["type"] == "function_call" }
            for (streamed, whole) in zip(answer.calls, calls ?? []) {
                for field in ["call_id", "name", "arguments"] {
                    #expect(
                        Self.ended(streamed[field]?.string ?? "") == Self.ended(whole[field]?.string ?? ""),
                        "seed \(seed)")
                }
            }
            #expect(answer.calls.count == calls?.count, "seed \(seed)")
            for field in ["status", "incomplete_details", "usage", "model", "id", "tools"] {
                #expect(answer.response[field] == body[field], "seed \(seed): \(field)")
            }
        }
    }

    @Test("a whole answer that is told as a stream ends with the very same response", arguments: 0..<10)
    func wholeAsStream(_ part: UInt64) throws {
        for seed in part * 200..<(part + 1) * 200 {
            let completion = Script(seed: seed).completion
            let answer = try ResponsesGrammar(ResponsesStreamEncoderTests.write([ModelEvent(.whole(completion))]))
            #expect(try answer.response == ResponsesCompletionTests.body(completion).body, "seed \(seed)")
        }
    }

    @Test("a failure may come anywhere: what was shown before it keeps to the grammar")
    func failures() throws {
        for seed in UInt64(0)..<300 {
            var encoder = try ResponsesStreamEncoderTests.encoder()
            var output: [UInt8] = []
            for event in Script(seed: seed).events.prefix(Int(seed % 11)) { encoder.encode(event, into: &output) }
            encoder.fail(CodedError(.providerFailed, "x"), into: &output)
            #expect(try ResponsesGrammar(output).error?["code"] == "provider_failed", "seed \(seed)")
        }
    }
}
