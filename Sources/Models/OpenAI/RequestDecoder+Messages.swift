internal import Base
internal import JSON

extension OpenAI {
    static func messages(of fields: FieldReader, limits: RequestLimits) throws(CodedError) -> [ChatMessage] {
        guard let array = try fields.array("messages") else {
            throw fields.missing("messages", "an array with at least one message")
        }
        let count = array.count
        guard (1...limits.messages).contains(count) else {
            throw CodedError(
                .invalidValue, "'messages' holds \(count) messages; it must hold 1 to \(limits.messages).",
                param: "messages")
        }
        var messages: [ChatMessage] = []
        messages.reserveCapacity(count)
        for (index, element) in array.elements.enumerated() {
            messages.append(try message(fields.element(element, "messages", index), limits: limits))
        }
        return messages
    }

    private static func message(_ fields: FieldReader, limits: RequestLimits) throws(CodedError) -> ChatMessage {
        guard let roleName = try fields.string("role") else {
            throw fields.missing("role", "system, developer, user, assistant or tool")
        }
        guard let role = ChatMessage.Role(rawValue: roleName) else {
            let param = fields.param("role")
            throw CodedError(
                .invalidValue, "'\(param)' must be system, developer, user, assistant or tool.", param: param)
        }
        var message = ChatMessage(role: role, content: try content(of: fields))
        message.name = try fields.name("name", limit: limits.name)
        message.refusal = try fields.string("refusal")
        // What DeepSeek and others give, given back.
        if role == .assistant, let thought = try fields.string("reasoning_content"), !thought.isEmpty {
            message.reasoning = [.text(thought, signature: nil)]
        }
        message.toolCalls = try toolCalls(of: fields)
        message.toolCallID = try fields.string("tool_call_id")
        if case .none = message.content, role != .assistant, role != .function {
            throw fields.missing("content", "a string or an array of content parts")
        }
        if role == .tool, message.toolCallID == nil {
            throw fields.missing("tool_call_id", "the id of the tool call that this message answers")
        }
        return message
    }

    private static func content(of fields: FieldReader) throws(CodedError) -> ChatMessage.Content {
        guard let node = fields.present("content") else { return .none }
        if let text = node.string { return .text(text) }
        guard node.kind == .array else {
            throw fields.wrongType("content", is: node, expected: "a string or an array of content parts")
        }
        var parts: [ContentPart] = []
        parts.reserveCapacity(node.count)
        for (index, element) in node.elements.enumerated() {
            let fields = try fields.element(element, "content", index)
            parts.append(try part(fields))
            // Not OpenAI's own: OpenRouter and other gateways pass it on to Anthropic.
            if case .other? = parts.last {
            } else if let mark = try fields.object("cache_control") {
                parts.append(.cacheMark(CacheMark(lifetime: try mark.string("ttl"))))
            }
        }
        return .parts(parts)
    }

    private static func file(_ fields: FieldReader) throws(CodedError) -> ContentPart {
        guard let file = try fields.object("file") else { throw fields.missing("file", "an object") }
        let name = try file.string("filename")
        if let id = try file.string("file_id") { return .document(Document(.id(id), name: name)) }
        guard let data = try file.string("file_data") else {
            throw file.missing("file_data", "base64 text, a data: URL or the URL of a file")
        }
        if isURL(data) { return .document(Document(.url(data), name: name)) }
        let (mediaType, base64) = DataURL.parts(of: data) ?? ("application/pdf", data)
        try checkBase64(base64, file, "file_data")
        return .document(Document(.base64(mediaType: mediaType, data: base64), name: name))
    }

    private static func image(_ fields: FieldReader) throws(CodedError) -> ContentPart {
        // Some servers and clients write the URL without the object around it.
        if let url = fields.present("image_url")?.string {
            if let (_, data) = DataURL.parts(of: url) { try checkBase64(data, fields, "image_url") }
            return .image(url: url, detail: nil)
        }
        guard let image = try fields.object("image_url") else {
            throw fields.missing("image_url", "an object with a url")
        }
        guard let url = try image.string("url") else { throw image.missing("url", "a string") }
        if let (_, data) = DataURL.parts(of: url) { try checkBase64(data, image, "url") }
        return .image(url: url, detail: try image.string("detail"))
    }

    private static func audio(_ fields: FieldReader) throws(CodedError) -> ContentPart {
        guard let audio = try fields.object("input_audio") else {
            throw fields.missing("input_audio", "an object with data and format")
        }
        guard let data = try audio.string("data") else { throw audio.missing("data", "base64 text") }
        guard let format = try audio.string("format") else { throw audio.missing("format", "wav or mp3") }
        // Alibaba's models take URLs of either kind too.
        if !isURL(data) { try checkBase64(DataURL.parts(of: data)?.data ?? data, audio, "data") }
        return .audio(data: data, format: format)
    }

    private static func isURL(_ text: String) -> Bool { text.hasPrefix("https://") || text.hasPrefix("http://") }

    private static func checkBase64(_ text: String, _ fields: FieldReader, _ field: String) throws(CodedError) {
        guard !DataURL.isBase64(text) else { return }
        let param = fields.param(field)
        throw CodedError(
            .invalidValue, "'\(param)' does not hold base64. Send it without line ends, in a URL after ';base64,'.",
            param: param)
    }

    private static func part(_ fields: FieldReader) throws(CodedError) -> ContentPart {
        guard let type = try fields.string("type") else {
            throw fields.missing("type", "text, image_url, input_audio, file or refusal")
        }
        switch type {
        case "text":
            guard let text = try fields.string("text") else { throw fields.missing("text", "a string") }
            return .text(text)
        case "refusal":
            guard let text = try fields.string("refusal") else { throw fields.missing("refusal", "a string") }
            return .refusal(text)
        case "image_url": return try image(fields)
        case "input_audio": return try audio(fields)
        case "file": return try file(fields)
        default: return .other(type: type, fields.node)
        }
    }

    private static func toolCalls(of fields: FieldReader) throws(CodedError) -> [ToolCall] {
        guard let array = try fields.array("tool_calls") else { return [] }
        var calls: [ToolCall] = []
        for (index, element) in array.elements.enumerated() {
            let call = try fields.element(element, "tool_calls", index)
            guard let id = try call.string("id") else { throw call.missing("id", "a string") }
            // A kind of call that only the client's own dialect knows goes upstream in the original bytes.
            if let type = try call.string("type"), type != "function" { continue }
            guard let function = try call.object("function") else {
                throw call.missing("function", "an object with name and arguments")
            }
            guard let name = try function.string("name") else { throw function.missing("name", "a string") }
            calls.append(ToolCall(id: id, name: name, arguments: try function.string("arguments") ?? ""))
        }
        return calls
    }

    static func readTools(
        of fields: FieldReader, into request: inout ChatRequest, limits: RequestLimits
    ) throws(CodedError) {
        request.parallelToolCalls = try fields.bool("parallel_tool_calls")
        let functions = try fields.array("functions")?.count ?? 0
        request.hasForeignTools = functions > 0
        let array = try fields.array("tools")
        let count = max(array?.count ?? 0, functions)
        guard count <= limits.tools else {
            let param = functions > limits.tools ? "functions" : "tools"
            throw CodedError(
                .invalidValue, "'\(param)' holds \(count) tools; at most \(limits.tools) are allowed.", param: param)
        }
        if let array {
            for (index, element) in array.elements.enumerated() {
                let tool = try fields.element(element, "tools", index)
                if let definition = try definition(of: tool, limits: limits) {
                    request.tools.append(definition)
                } else {
                    request.hasForeignTools = true
                }
            }
        }
        request.toolChoice = try toolChoice(of: fields)
    }

    /// `nil` for a tool that is no function.
    private static func definition(
        of tool: FieldReader, limits: RequestLimits
    ) throws(CodedError) -> ToolDefinition? {
        // Mistral takes functions without it.
        if let type = try tool.string("type"), type != "function" { return nil }
        guard let function = try tool.object("function") else {
            throw tool.missing("function", "an object with a name")
        }
        guard let name = try function.name("name", limit: limits.name) else {
            throw function.missing("name", "the function's name")
        }
        return ToolDefinition(
            name: name, description: try function.string("description"),
            parameters: try function.object("parameters")?.node, strict: try function.bool("strict"))
    }

    private static func toolChoice(of fields: FieldReader) throws(CodedError) -> ToolChoice? {
        guard let node = fields.present("tool_choice") else { return nil }
        if let name = node.string {
            return switch name {
            case "none": ToolChoice.none
            case "auto": .auto
            case "required": .required
            default: .other(node)
            }
        }
        guard node.kind == .object else {
            throw fields.wrongType("tool_choice", is: node, expected: "none, auto, required or an object")
        }
        if node["type"]?.isString("function") == true, let name = node["function"]?["name"]?.string {
            return .function(name)
        }
        return .other(node)
    }
}
