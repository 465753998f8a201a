public import Base
internal import JSON

extension OpenAI {
    /// Reads the body of an answer that does not stream.
    /// - Throws: ``ErrorCode/providerInvalidAnswer``, or the error that the body tells of although its status was 200.
    public static func decodeCompletion(
        _ body: [UInt8], secrets: Secrets = Secrets()
    ) throws(CodedError) -> ChatCompletion {
        let root: JSONNode
        do { root = try JSONDocument(body).root } catch {
            throw CodedError(.providerInvalidAnswer, "The provider's answer is \(error.message).")
        }
        if let error = errorObject(in: root) { throw streamError(error, secrets: secrets) }
        let fields = root.fields
        guard let list = fields["choices"], list.kind == .array, list.count > 0 else {
            throw CodedError(.providerInvalidAnswer, "The provider's answer has no choices.")
        }
        var choices: [ChatCompletion.Choice] = []
        choices.reserveCapacity(list.count)
        for (position, node) in list.elements.enumerated() {
            choices.append(choice(node, position: position))
        }
        return ChatCompletion(
            choices: choices, usage: usage(fields["usage"], in: root, tier: fields["service_tier"]?.string),
            frame: Frame(dialect: .openai, bytes: body))
    }

    private static func choice(_ node: JSONNode, position: Int) -> ChatCompletion.Choice {
        let node = node.fields
        var choice = ChatCompletion.Choice(index: node["index"]?.int.flatMap { Int(exactly: $0) } ?? position)
        choice.finishReason = node["finish_reason"]?.string.map(FinishReason.init)
        choice.logprobs = logprobs(node["logprobs"])
        guard let message = node["message"]?.fields else { return choice }
        choice.refusal = message["refusal"]?.string
        choice.reasoning = message["reasoning_content"]?.string ?? message["reasoning"]?.string
        if let content = message["content"], content.kind == .array {
            var pieces: [ModelEvent] = []
            readPieces(content, choice: choice.index, into: &pieces)
            for piece in pieces {
                if case .text(let text) = piece.kind { choice.text = (choice.text ?? "") + text }
                if case .reasoning(let text) = piece.kind { choice.reasoning = (choice.reasoning ?? "") + text }
            }
        } else {
            choice.text = message["content"]?.string
        }
        if let calls = message["tool_calls"] {
            choice.toolCalls = calls.elements.map { call in
                ToolCall(
                    id: call["id"]?.string ?? "", name: call["function"]?["name"]?.string ?? "",
                    arguments: arguments(call["function"]?["arguments"]))
            }
        }
        return choice
    }

    /// The body for a client: the provider's own with only `model` changed and what the client would trip over, or
    /// built anew.
    public static func encodeCompletion(_ completion: ChatCompletion, as identity: AnswerIdentity) -> [UInt8] {
        var repairs = Repairs()
        return encodeCompletion(completion, as: identity, repairs: &repairs)
    }

    /// The same, and counts what had to be mended.
    public static func encodeCompletion(
        _ completion: ChatCompletion, as identity: AnswerIdentity, repairs: inout Repairs
    ) -> [UInt8] {
        var mender = AnswerMender(answer: identity.id)
        defer { repairs += mender.repairs }
        if let frame = completion.frame, frame.dialect == .openai {
            let body = completion.choices.allSatisfy(\.isPlain) ? frame.bytes : mender.body(frame.bytes)
            return JSONMembers.setting("model", to: JSON.string(identity.model).bytes, in: body)
        }
        let completion = mender.mended(completion)
        var writer = JSONWriter(reserving: 512)
        writer.beginObject()
        writer.member("id", identity.id)
        writer.member("object", "chat.completion")
        writer.member("created", identity.created)
        writer.member("model", identity.model)
        writer.key("choices")
        writer.beginArray()
        for choice in completion.choices { write(choice, to: &writer) }
        writer.endArray()
        if let usage = completion.usage {
            writer.key("usage")
            write(usage, to: &writer)
        }
        writer.endObject()
        return writer.bytes
    }

    private static func write(_ choice: ChatCompletion.Choice, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("index", choice.index)
        writer.key("message")
        writer.beginObject()
        writer.member("role", "assistant")
        writer.member("content", orNull: choice.text)
        writer.member("refusal", orNull: choice.refusal)
        writer.member("reasoning_content", ifPresent: choice.reasoning)
        if !choice.toolCalls.isEmpty {
            writer.key("tool_calls")
            writer.beginArray()
            for call in choice.toolCalls { write(call, to: &writer) }
            writer.endArray()
        }
        writer.endObject()
        writer.key("logprobs")
        write(choice.logprobs, to: &writer)
        writer.member("finish_reason", orNull: choice.finishReason?.name)
        writer.endObject()
    }

    static func write(_ usage: Usage, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("prompt_tokens", usage.promptTokens)
        writer.member("completion_tokens", usage.completionTokens)
        writer.member("total_tokens", usage.totalTokens)
        writer.key("prompt_tokens_details")
        writer.beginObject()
        writer.member("cached_tokens", usage.cachedTokens ?? 0)
        writer.endObject()
        writer.key("completion_tokens_details")
        writer.beginObject()
        writer.member("reasoning_tokens", usage.reasoningTokens ?? 0)
        writer.endObject()
        writer.endObject()
    }

    /// `null` for none.
    static func write(_ logprobs: [TokenLogprob], to writer: inout JSONWriter) {
        guard !logprobs.isEmpty else { return writer.null() }
        writer.beginObject()
        writer.key("content")
        writer.beginArray()
        for entry in logprobs {
            writer.beginObject()
            writeMembers(of: entry.chosen, to: &writer)
            writer.key("top_logprobs")
            writer.beginArray()
            for candidate in entry.top {
                writer.beginObject()
                writeMembers(of: candidate, to: &writer)
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
        writer.member("refusal", JSON.null)
        writer.endObject()
    }

    private static func writeMembers(of candidate: TokenLogprob.Candidate, to writer: inout JSONWriter) {
        writer.member("token", candidate.token)
        writer.member("logprob", candidate.logprob)
        writer.key("bytes")
        guard let bytes = candidate.bytes else { return writer.null() }
        writer.beginArray()
        for byte in bytes { writer.int(byte) }
        writer.endArray()
    }
}
