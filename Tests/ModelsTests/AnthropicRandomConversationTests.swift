import Base
import JSON
import Models
import Testing

@Suite("Conversations by chance, asked of Anthropic")
struct AnthropicRandomConversationTests {
    @Test("each becomes one that Anthropic accepts, or is refused by a rule", arguments: 0..<8 as Range<UInt64>)
    func random(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var accepted = 0
        for _ in 0..<500 {
            let request = ChatRequest(model: "m", messages: Self.messages(&generator))
            do {
                let sent = try #require(Asking.encode(request)["messages"])
                let faults = AnthropicConversation.faults(in: sent)
                #expect(faults.isEmpty)
                accepted += 1
            } catch let error as CodedError {
                #expect([.unsupportedByModel, .invalidValue].contains(error.code))
                #expect(error.param?.hasPrefix("messages") == true)
            }
        }
        #expect(accepted > 100 && accepted < 500)
    }

    /// Mostly well-formed, with a fault now and then.
    private static func messages(_ generator: inout SeededGenerator) -> [ChatMessage] {
        var messages: [ChatMessage] = []
        func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }
        func pick<T>(_ values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &generator)] }
        if chance(50) { messages.append(ChatMessage(.system, pick(["", "be brief"]))) }
        for _ in 0..<Int.random(in: 1..<6, using: &generator) {
            for _ in 0..<pick([1, 1, 2]) { messages.append(ChatMessage(.user, pick(["", "a", "b"]))) }
            if chance(2) { messages.append(ChatMessage(.system, "late")) }
            var assistant = ChatMessage(role: .assistant, content: pick([.none, .text(""), .text("c")]))
            assistant.reasoning = pick([[], [.sealed("z")], [.text("hm", signature: nil)]])
            if chance(50) {
                for position in 0..<Int.random(in: 1..<4, using: &generator) {
                    let id = chance(3) ? "same" : "\(pick(["", "call.", "call_"]))\(position)"
                    assistant.toolCalls.append(
                        ToolCall(id: id, name: "f", arguments: chance(2) ? "no" : pick(["", "{}", #"{"a":[1]}"#])))
                }
            }
            messages.append(assistant)
            for call in assistant.toolCalls.shuffled(using: &generator) where !chance(2) {
                let id = chance(2) ? "none" : call.id
                messages.append(
                    ChatMessage(role: .tool, content: .text(pick(["", "r"])), toolCallID: id))
            }
        }
        return messages
    }
}
