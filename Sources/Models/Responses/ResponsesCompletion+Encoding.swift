internal import Base
internal import JSON

extension Responses {
    /// The body for a client: the provider's own with only `model` changed, or built anew from the first choice, the
    /// only one that this dialect has. Counts what had to be mended.
    public static func encodeCompletion(
        _ completion: ChatCompletion, as identity: AnswerIdentity, echo: Echo, repairs: inout Repairs
    ) -> [UInt8] {
        if let frame = completion.frame, frame.dialect == .responses {
            return JSONMembers.setting("model", to: JSON.string(identity.model).bytes, in: frame.bytes)
        }
        let choice = completion.choices.first { $0.index == 0 } ?? completion.choices.first ?? ChatCompletion.Choice()
        let ending = Ending(choice.finishReason)
        var output = items(of: choice, answer: identity.id, repairs: &repairs)
        if !output.isEmpty { output[output.count - 1].status = ending.itemStatus }
        let response = Response(identity: identity, echo: echo)
        var writer = JSONWriter(reserving: 1024)
        response.write(ending.status, ending, output, completion.usage, to: &writer)
        return writer.bytes
    }

    private static func items(
        of choice: ChatCompletion.Choice, answer: String, repairs: inout Repairs
    ) -> [Item] {
        var items: [Item] = []
        func append(_ kind: Item.Kind) { items.append(Item(kind, answer: answer, position: items.count)) }
        if let reasoning = choice.reasoning, !reasoning.isEmpty { append(.reasoning([reasoning])) }
        var parts: [Item.Part] = []
        if let text = choice.text, !text.isEmpty { parts.append(.text(text, choice.logprobs)) }
        if let refusal = choice.refusal, !refusal.isEmpty { parts.append(.refusal(refusal)) }
        if !parts.isEmpty { append(.message(parts)) }
        var ids = CallIDs(answer: answer, form: .openai)
        for (position, call) in choice.toolCalls.enumerated() {
            let id = ids.id(for: call.id, position: position, repairs: &repairs)
            append(.call(id: id, name: call.name, arguments: arguments(of: call, repairs: &repairs)))
        }
        return items
    }

    /// Nothing means an empty object, and what follows an object is left out. What is no object stays as the model
    /// wrote it: here arguments are text, and clients check them.
    private static func arguments(of call: ToolCall, repairs: inout Repairs) -> String {
        var scanner = ArgumentsScanner()
        let (kept, isProper) = scanner.take(call.arguments)
        if scanner.form == .blank { return "{}" }
        if !isProper || (try? JSONDocument(Array(kept.utf8)).root.kind) != .object { repairs.note(.toolArguments) }
        return isProper ? call.arguments : kept
    }

    /// How an answer ended.
    enum Ending: Sendable {
        case whole
        /// With the dialect's word for why.
        case cut(StaticString)

        init(_ reason: FinishReason?) {
            switch reason {
            case .length: self = .cut("max_output_tokens")
            case .contentFilter: self = .cut("content_filter")
            case .stop, .toolCalls, .functionCall, .other, nil: self = .whole
            }
        }

        var itemStatus: Item.Status { if case .whole = self { .completed } else { .incomplete } }
        var status: StaticString { if case .whole = self { "completed" } else { "incomplete" } }
    }

    /// The object that every answer is, and that a stream begins and ends with.
    struct Response: Sendable {
        private let identity: AnswerIdentity
        private let repeated: [UInt8]
        private let begun: [UInt8]?

        /// `begun` is a provider's own response, as it was when it began, where another goes on with that.
        init(identity: AnswerIdentity, echo: Echo, begun: [UInt8]? = nil) {
            self.identity = identity
            self.begun = begun
            repeated = begun == nil ? echo.members : []
        }

        func write(
            _ status: StaticString, _ ending: Ending, _ output: [Item], _ usage: Usage?, to writer: inout JSONWriter
        ) {
            guard let begun else { return writeWhole(status, ending, output, usage, to: &writer) }
            var ended = JSONWriter()
            writeWhole(status, ending, output, usage, to: &ended)
            var bytes = begun
            // Everything else stays as it was said at the beginning.
            for key in ["status", "incomplete_details", "model", "output", "usage"] as [StaticString] {
                guard let member = JSONMembers.find(key.description, in: ended.bytes) else { continue }
                bytes = JSONMembers.setting(key, to: Array(ended.bytes[member.value]), in: bytes)
            }
            writer.raw(bytes)
        }

        private func writeWhole(
            _ status: StaticString, _ ending: Ending, _ output: [Item], _ usage: Usage?, to writer: inout JSONWriter
        ) {
            writer.beginObject()
            writer.member("id", identity.id)
            writer.member("object", "response")
            writer.member("created_at", identity.created)
            writer.member("status", "\(status)")
            writer.member("error", JSON.null)
            writer.key("incomplete_details")
            if case .cut(let reason) = ending {
                writer.value(["reason": .string("\(reason)")])
            } else {
                writer.null()
            }
            writer.member("model", identity.model)
            writer.key("output")
            writer.beginArray()
            for item in output { item.write(to: &writer) }
            writer.endArray()
            writer.key("usage")
            Responses.write(usage, to: &writer)
            writer.raw(repeated)
            writer.endObject()
        }
    }

    /// `null` where it is not known.
    private static func write(_ usage: Usage?, to writer: inout JSONWriter) {
        guard let usage else { return writer.null() }
        writer.beginObject()
        writer.member("input_tokens", usage.promptTokens)
        writer.key("input_tokens_details")
        writer.beginObject()
        writer.member("cached_tokens", usage.cachedTokens ?? 0)
        writer.member("cache_write_tokens", ifPresent: usage.cacheWriteTokens)
        writer.endObject()
        writer.member("output_tokens", usage.completionTokens)
        writer.key("output_tokens_details")
        writer.beginObject()
        writer.member("reasoning_tokens", usage.reasoningTokens ?? 0)
        writer.endObject()
        writer.member("total_tokens", usage.totalTokens)
        writer.endObject()
    }
}
