internal import JSON

extension Anthropic {
    /// The body for a client: the provider's own with only `model` changed, or built anew from the first choice, the
    /// only one that this dialect has.
    public static func encodeCompletion(_ completion: ChatCompletion, as identity: AnswerIdentity) -> [UInt8] {
        var repairs = Repairs()
        return encodeCompletion(completion, as: identity, repairs: &repairs)
    }

    /// The same, and counts what had to be mended.
    public static func encodeCompletion(
        _ completion: ChatCompletion, as identity: AnswerIdentity, repairs: inout Repairs
    ) -> [UInt8] {
        if let frame = completion.frame, frame.dialect == .anthropic {
            return JSONMembers.setting("model", to: JSON.string(identity.model).bytes, in: frame.bytes)
        }
        let choice = completion.choices.first { $0.index == 0 } ?? completion.choices.first ?? ChatCompletion.Choice()
        var writer = JSONWriter(reserving: 512)
        writer.beginObject()
        writer.member("id", identity.id)
        writer.member("type", "message")
        writer.member("role", "assistant")
        writer.member("model", identity.model)
        writer.key("content")
        writer.beginArray()
        writeBlocks(of: choice, answer: identity.id, repairs: &repairs, to: &writer)
        writer.endArray()
        writer.member(
            "stop_reason",
            stopReason(choice.finishReason, hasCalls: !choice.toolCalls.isEmpty, repairs: &repairs))
        writer.member("stop_sequence", JSON.null)
        writer.key("usage")
        write(completion.usage, to: &writer)
        writer.endObject()
        return writer.bytes
    }

    private static func writeBlocks(
        of choice: ChatCompletion.Choice, answer: String, repairs: inout Repairs, to writer: inout JSONWriter
    ) {
        if let reasoning = choice.reasoning, !reasoning.isEmpty {
            writer.beginObject()
            writer.member("type", "thinking")
            writer.member("thinking", reasoning)
            writer.member("signature", "")
            writer.endObject()
        }
        // An empty text block would be refused when the client sends the answer back.
        let text = (choice.text ?? "") + (choice.refusal ?? "")
        if !text.isEmpty {
            writer.beginObject()
            writer.member("type", "text")
            writer.member("text", text)
            writer.endObject()
        }
        var ids = CallIDs(answer: answer, form: .anthropic)
        for (position, call) in choice.toolCalls.enumerated() {
            writer.beginObject()
            writer.member("type", "tool_use")
            writer.member("id", ids.id(for: call.id, position: position, repairs: &repairs))
            writer.member("name", call.name)
            writer.member("input", raw: input(from: call.arguments, repairs: &repairs))
            writer.endObject()
        }
    }
}
