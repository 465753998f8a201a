public import Base
internal import JSON

extension Anthropic {
    /// Reads the body of an answer that does not stream.
    /// - Throws: ``ErrorCode/providerInvalidAnswer``, or the error that the body tells of although its status was 200.
    public static func decodeCompletion(
        _ body: [UInt8], secrets: Secrets = Secrets()
    ) throws(CodedError) -> ChatCompletion {
        let root: JSONNode
        do { root = try JSONDocument(body).root } catch {
            throw CodedError(.providerInvalidAnswer, "The provider's answer is \(error.message).")
        }
        if let error = errorObject(in: root) { throw streamError(error, in: root, secrets: secrets) }
        let fields = root.fields
        guard let content = fields["content"], content.kind == .array else {
            throw CodedError(.providerInvalidAnswer, "The provider's answer has no content.")
        }
        var choice = ChatCompletion.Choice()
        for block in content.elements { read(block, into: &choice) }
        choice.finishReason = fields["stop_reason"]?.string.map(finishReason)
        var counts = Counts()
        counts.merge(fields["usage"])
        return ChatCompletion(
            choices: [choice], usage: counts.usage, frame: Frame(dialect: .anthropic, bytes: body))
    }

    /// Blocks that only this dialect knows are for clients of the same alone, who get the whole body.
    private static func read(_ block: JSONNode, into choice: inout ChatCompletion.Choice) {
        guard let type = block["type"] else { return }
        if type.isString("text") {
            append(block["text"], to: &choice.text)
        } else if type.isString("thinking") {
            append(block["thinking"], to: &choice.reasoning)
        } else if type.isString("tool_use") {
            let input = OpenAI.arguments(block["input"])
            choice.toolCalls.append(
                ToolCall(
                    id: block["id"]?.string ?? "", name: block["name"]?.string ?? "",
                    arguments: input.isEmpty ? "{}" : input))
        }
    }

    private static func append(_ piece: JSONNode?, to text: inout String?) {
        guard let piece = piece?.string, !piece.isEmpty else { return }
        text = (text ?? "") + piece
    }
}
