public import Base
internal import JSON

extension Responses {
    /// Reads the body of an answer that does not stream. One that runs in the background may hold nothing yet; the
    /// reason of its end is then its status.
    /// - Throws: ``ErrorCode/providerInvalidAnswer``, or the error that the body tells of although its status was 200.
    public static func decodeCompletion(
        _ body: [UInt8], secrets: Secrets = Secrets()
    ) throws(CodedError) -> ChatCompletion {
        let root: JSONNode
        do { root = try JSONDocument(body).root } catch {
            throw CodedError(.providerInvalidAnswer, "The provider's answer is \(error.message).")
        }
        if let failure = failure(of: root) { throw streamError(failure, secrets: secrets) }
        guard let list = root["output"], list.kind == .array else {
            throw CodedError(.providerInvalidAnswer, "The provider's answer has no output.")
        }
        var output = OutputReader()
        var events: [ModelEvent] = []
        output.readAll(of: root, into: &events)
        var assembler = Assembler()
        for event in events { assembler.add(event) }
        var choice = assembler.completion.choices.first ?? ChatCompletion.Choice()
        choice.finishReason = finishReason(
            of: root, status: root["status"]?.string ?? "completed", hasCalls: !choice.toolCalls.isEmpty)
        return ChatCompletion(
            choices: [choice], usage: usage(of: root), frame: Frame(dialect: .responses, bytes: body))
    }
}
