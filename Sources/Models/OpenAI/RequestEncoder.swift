public import Base
internal import JSON

extension OpenAI {
    public static let dialect = Dialect.openai

    /// The body for an upstream of this dialect: the client's own bytes with as little changed as can be (the model,
    /// the stream flag and, if `asksForUsage`, the stream options), or built anew for a request of another dialect,
    /// which throws what this one cannot say. A schema of the answer that the model does not know is a forced tool in
    /// either.
    public static func encodeRequest(_ call: ModelCall, asksForUsage: Bool) throws(CodedError) -> [UInt8] {
        if case nil = call.request.responseFormat { return try encode(call, asksForUsage: asksForUsage) }
        return try encode(try AnswerTool.applied(to: call, at: dialect).call, asksForUsage: asksForUsage)
    }

    private static func encode(_ call: ModelCall, asksForUsage: Bool) throws(CodedError) -> [UInt8] {
        let addsUsage = call.streaming && asksForUsage && !call.request.includeUsage
        guard let original = call.request.original, original.dialect == .openai else {
            try call.request.refuseForeign(to: .openai)
            return build(call, includeUsage: call.streaming && (asksForUsage || call.request.includeUsage))
        }
        var body = JSONMembers.setting("model", to: JSON.string(call.model).bytes, in: original.bytes)
        if call.streaming != call.request.stream {
            body = JSONMembers.setting("stream", to: JSON.bool(call.streaming).bytes, in: body)
            if !call.streaming { body = JSONMembers.removing("stream_options", in: body) }
        }
        if addsUsage {
            var options = [UInt8]("{}".utf8)
            if let known = JSONMembers.find("stream_options", in: body),
                body[known.value.lowerBound] == UInt8(ascii: "{")
            {
                options = Array(body[known.value])
            }
            options = JSONMembers.setting("include_usage", to: JSON.bool(true).bytes, in: options)
            body = JSONMembers.setting("stream_options", to: options, in: body)
        }
        return body
    }

    private static func build(_ call: ModelCall, includeUsage: Bool) -> [UInt8] {
        let request = call.request
        // A client of this dialect knows whom it gives them back to.
        let givesThoughts = request.dialect == .openai || call.entry?.provider == "deepseek"
        var writer = JSONWriter(reserving: 1024 + (request.original?.bytes.count ?? 0))
        writer.beginObject()
        writer.member("model", call.model)
        writer.key("messages")
        writer.beginArray()
        let messages = request.dialect == .openai ? request.messages : movingToolMedia(request.messages)
        let begun = needsPrefix(call) && request.prefill != nil ? messages.count - 1 : nil
        // A message is much to copy, so it is written where it stands.
        let standing = messages.span
        for index in standing.indices {
            write(standing[index], givesThoughts: givesThoughts, isBegun: index == begun, to: &writer)
        }
        writer.endArray()
        writeTools(of: request, to: &writer)
        if let format = request.responseFormat { write(format, to: &writer) }
        if !request.stop.isEmpty { writer.member("stop", .array(request.stop.map(JSON.string))) }
        writer.member("seed", ifPresent: request.seed)
        if request.logprobs { writer.member("logprobs", true) }
        writer.member("top_logprobs", ifPresent: request.topLogprobs)
        if request.n != 1 { writer.member("n", request.n) }
        let steered = Steered(call)
        if steered.takesSampling {
            if let value = request.temperature { writer.member("temperature", value) }
            if let value = request.topP { writer.member("top_p", value) }
        }
        if let value = request.frequencyPenalty { writer.member("frequency_penalty", value) }
        if let value = request.presencePenalty { writer.member("presence_penalty", value) }
        if let value = request.maxTokens {
            // The two names are the dialect's own; any other came from another dialect. OpenAI's models that think
            // refuse the older one, and all of them take the newer.
            if request.maxTokensField == "max_completion_tokens" || call.entry?.provider == "openai" {
                writer.member("max_completion_tokens", value)
            } else {
                writer.member("max_tokens", value)
            }
        }
        writer.member("user", ifPresent: request.user)
        writer.member("reasoning_effort", ifPresent: steered.effort)
        if call.streaming {
            writer.member("stream", true)
            if includeUsage { writer.member("stream_options", ["include_usage": true]) }
        }
        writer.endObject()
        return writer.bytes
    }

    private static func write(_ content: ChatMessage.Content, isFailure: Bool, to writer: inout JSONWriter) {
        // This dialect has no sign for a failed call but the words.
        let mark = isFailure ? "Error: " : ""
        switch content {
        case .none: if isFailure { writer.string("Error") } else { writer.null() }
        case .text(let text): writer.string(mark + text)
        case .parts(let parts):
            let shown = parts.filter { if case .cacheMark = $0 { false } else { true } }
            // Strict servers want a string where a mark was all that made an array of it.
            if shown.count < parts.count || shown.isEmpty || isFailure, shown.allSatisfy(\.isText) {
                return writer.string(mark + ChatMessage(role: .user, content: .parts(shown)).text)
            }
            writer.beginArray()
            for part in shown { write(part, to: &writer) }
            writer.endArray()
        }
    }

    /// Whether a message that begins the answer must say so. Mistral refuses it otherwise; DeepSeek documents no other
    /// way.
    private static func needsPrefix(_ call: ModelCall) -> Bool {
        call.entry?.provider == "mistral" || call.entry?.provider == "deepseek"
    }

    private static func write(
        _ message: ChatMessage, givesThoughts: Bool, isBegun: Bool, to writer: inout JSONWriter
    ) {
        writer.beginObject()
        writer.member("role", message.role.rawValue)
        writer.key("content")
        write(message.content, isFailure: message.isFailure, to: &writer)
        let thoughts = message.reasoning.compactMap { if case .text(let text, _) = $0 { text } else { nil } }
        if givesThoughts, !thoughts.isEmpty { writer.member("reasoning_content", thoughts.joined()) }
        writer.member("name", ifPresent: message.name)
        writer.member("refusal", ifPresent: message.refusal)
        writer.member("tool_call_id", ifPresent: message.toolCallID)
        if isBegun { writer.member("prefix", true) }
        if !message.toolCalls.isEmpty {
            writer.key("tool_calls")
            writer.beginArray()
            for call in message.toolCalls { write(call, to: &writer) }
            writer.endArray()
        }
        writer.endObject()
    }

    private static func write(_ part: ContentPart, to writer: inout JSONWriter) {
        switch part {
        case .other(_, let node):
            writer.value(node)
            return
        case .text(let text): writer.value(["type": "text", "text": .string(text)])
        case .refusal(let text): writer.value(["type": "refusal", "refusal": .string(text)])
        case .image(let url, let detail):
            var image: JSON = ["url": .string(url)]
            image["detail"] = detail.map(JSON.string)
            writer.value(["type": "image_url", "image_url": image])
        case .audio(let data, let format):
            writer.value(["type": "input_audio", "input_audio": ["data": .string(data), "format": .string(format)]])
        case .document(let document): writer.value(["type": "file", "file": file(document)])
        // Providers of this dialect cache by themselves.
        case .cacheMark: break
        }
    }

    private static func file(_ document: Document) -> JSON {
        var file: JSON
        switch document.source {
        case .base64(let mediaType, let data):
            file = ["file_data": .string(DataURL.make(mediaType: mediaType, data: data))]
        case .url(let url): file = ["file_data": .string(url)]
        case .text(let text):
            file = ["file_data": .string(DataURL.make(mediaType: "text/plain", data: DataURL.base64(text)))]
        case .id(let id): file = ["file_id": .string(id)]
        }
        file["filename"] = document.name.map(JSON.string)
        return file
    }

    static func write(_ call: ToolCall, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", call.id)
        writer.member("type", "function")
        writer.key("function")
        writer.beginObject()
        writer.member("name", call.name)
        writer.member("arguments", call.arguments)
        writer.endObject()
        writer.endObject()
    }

    static func writeTools(of request: ChatRequest, to writer: inout JSONWriter) {
        if !request.tools.isEmpty {
            writer.key("tools")
            writer.beginArray()
            for tool in request.tools { write(tool, to: &writer) }
            writer.endArray()
        }
        switch request.toolChoice {
        case nil: break
        case ToolChoice.none?: writer.member("tool_choice", "none")
        case .auto: writer.member("tool_choice", "auto")
        case .required: writer.member("tool_choice", "required")
        case .function(let name):
            writer.member("tool_choice", ["type": "function", "function": ["name": .string(name)]])
        case .other(let node):
            writer.key("tool_choice")
            writer.value(node)
        }
        if let parallel = request.parallelToolCalls { writer.member("parallel_tool_calls", parallel) }
    }

    private static func write(_ tool: ToolDefinition, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", "function")
        writer.key("function")
        writer.beginObject()
        writer.member("name", tool.name)
        writer.member("description", ifPresent: tool.description)
        if let parameters = tool.parameters {
            writer.key("parameters")
            writer.value(parameters)
        }
        if let strict = tool.strict { writer.member("strict", strict) }
        writer.endObject()
        writer.endObject()
    }

    private static func write(_ format: ResponseFormat, to writer: inout JSONWriter) {
        writer.key("response_format")
        writer.beginObject()
        switch format {
        case .text: writer.member("type", "text")
        case .jsonObject: writer.member("type", "json_object")
        case .jsonSchema(let name, let schema, let strict):
            writer.member("type", "json_schema")
            writer.key("json_schema")
            writer.beginObject()
            writer.member("name", name)
            if let schema {
                writer.key("schema")
                writer.value(schema)
            }
            if let strict { writer.member("strict", strict) }
            writer.endObject()
        }
        writer.endObject()
    }
}
