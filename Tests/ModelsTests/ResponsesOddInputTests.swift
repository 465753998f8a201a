import Base
import JSON
import Models
import Testing

@Suite("Responses streams with values of the wrong kind")
struct ResponsesOddInputTests {
    private static let events = [
        #"{"type":"response.created","response":{"status":"in_progress","output":[]}}"#,
        #"{"type":"response.output_item.added","output_index":0,"item":{"id":"rs","type":"reasoning"}}"#,
        #"{"type":"response.reasoning_summary_text.delta","item_id":"rs","output_index":0,"summary_index":0,"delta":"hm"}"#,
        #"{"type":"response.reasoning_text.done","item_id":"rs","output_index":0,"content_index":0,"text":"so"}"#,
        #"{"type":"response.output_text.delta","item_id":"m","output_index":1,"content_index":0,"delta":"a"}"#,
        #"{"type":"response.output_text.done","item_id":"m","output_index":1,"content_index":0,"text":"a"}"#,
        #"{"type":"response.refusal.delta","item_id":"m","output_index":1,"content_index":1,"delta":"no"}"#,
        #"{"type":"response.output_item.added","output_index":2,"item":{"id":"fc","type":"function_call","call_id":"c","name":"f","arguments":""}}"#,
        #"{"type":"response.function_call_arguments.delta","item_id":"fc","output_index":2,"delta":"{}"}"#,
        #"{"type":"response.function_call_arguments.done","item_id":"fc","output_index":2,"arguments":"{}"}"#,
        #"{"type":"response.output_item.done","output_index":0,"item":{"id":"rs","type":"reasoning","summary":[{"type":"summary_text","text":"hm"}],"content":[{"type":"reasoning_text","text":"so"}],"encrypted_content":"s"}}"#,
        #"{"type":"response.completed","response":{"status":"completed","error":null,"incomplete_details":{"reason":"max_output_tokens"},"output":[{"id":"m","type":"message","content":[{"type":"output_text","text":"a"},{"type":"refusal","refusal":"no"}]},{"id":"fc","type":"function_call","call_id":"c","name":"f","arguments":"{}"}],"usage":{"input_tokens":3,"input_tokens_details":{"cached_tokens":1},"output_tokens":5,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":8}}}"#,
    ]

    private static let odd: [JSON] = [
        .null, 7, -1, .int(.max), .int(.min), 1e99, true, "", "x", .array([]), .array([7]), ["a": .null], ["type": "x"],
    ]

    /// The value with each of its members, at any depth, in turn replaced by each odd one or left out.
    private static func variants(of value: JSON) -> [JSON] {
        var found = odd
        if let members = value.object {
            for member in members {
                var without = value
                without[member.key] = nil
                found.append(without)
                for variant in variants(of: member.value) {
                    var changed = value
                    changed[member.key] = variant
                    found.append(changed)
                }
            }
        }
        if let elements = value.array {
            for (position, element) in elements.enumerated() {
                for variant in variants(of: element) {
                    var changed = elements
                    changed[position] = variant
                    found.append(.array(changed))
                }
            }
        }
        return found
    }

    @Test("they tell nothing, and each frame still goes through once", arguments: events.indices)
    func wrongKinds(position: Int) throws {
        let original = try JSON(Array(Self.events[position].utf8))
        let variants = Self.variants(of: original)
        #expect(variants.count > 40)
        for variant in variants {
            var frames = Self.events
            frames[position] = text(variant.bytes)
            let body = frames.map { "data: \($0)\n\n" }.joined()
            let (events, error) = ResponsesStreamTests.decode(body, cutEvery: 4096)
            let passed = events.compactMap { event -> String? in
                if case .frame(let frame) = event.source { text(frame.bytes) } else { nil }
            }
            #expect(passed == Array(frames.prefix(passed.count)))
            switch error?.code {
            case nil: #expect(passed.count == frames.count)
            // Without a type it is no event; as the last, it is no end; and an error may be told there.
            case .providerInvalidAnswer: #expect(variant["type"]?.string == nil)
            case .providerStreamBroken: #expect(position == frames.count - 1)
            default:
                #expect(error?.code == .providerFailed && position == frames.count - 1)
                #expect(variant["response"]?["error"] != .null)
            }
            var assembler = Assembler()
            for event in events { assembler.add(event) }
            let choice = assembler.completion.choices.first
            #expect((choice?.toolCalls.count ?? 0) <= 2)
            if let usage = assembler.completion.usage { #expect(min(usage.promptTokens, usage.completionTokens) >= 0) }
            if error == nil { #expect(choice?.finishReason != nil) }
        }
    }
}
