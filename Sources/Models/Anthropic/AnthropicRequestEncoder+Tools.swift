internal import JSON

extension Anthropic {
    static func writeTools(of request: ChatRequest, to writer: inout JSONWriter) {
        // A choice, and whether there may be several calls, mean nothing without tools.
        guard !request.tools.isEmpty else { return }
        writer.key("tools")
        writer.beginArray()
        for tool in request.tools { write(tool, to: &writer) }
        writer.endArray()
        let oneAtATime = request.parallelToolCalls == false
        var choice: JSON
        switch request.toolChoice {
        case nil:
            guard oneAtATime else { return }
            choice = ["type": "auto"]
        case .auto: choice = ["type": "auto"]
        case .required: choice = ["type": "any"]
        case .function(let name): choice = ["type": "tool", "name": .string(name)]
        case ToolChoice.none?: return writer.member("tool_choice", ["type": "none"])
        case .other(let node):
            writer.key("tool_choice")
            return writer.value(node)
        }
        if oneAtATime { choice["disable_parallel_tool_use"] = true }
        writer.member("tool_choice", choice)
    }

    private static func write(_ tool: ToolDefinition, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("name", tool.name)
        writer.member("description", ifPresent: tool.description)
        writer.key("input_schema")
        write(schema: tool.parameters, to: &writer)
        if let strict = tool.strict { writer.member("strict", strict) }
        write(tool.cacheMark, to: &writer)
        writer.endObject()
    }

    /// A schema must be there and must say that it is one of an object.
    private static func write(schema: JSONNode?, to writer: inout JSONWriter) {
        guard let schema else { return writer.value(["type": "object", "properties": [:]]) }
        guard schema["type"] == nil else { return writer.value(schema) }
        writer.beginObject()
        writer.member("type", "object")
        for member in schema.members {
            writer.key(member.key.string ?? "")
            writer.value(member.value)
        }
        writer.endObject()
    }

    static func write(_ mark: CacheMark?, to writer: inout JSONWriter) {
        guard let mark else { return }
        writer.key("cache_control")
        writer.beginObject()
        writer.member("type", "ephemeral")
        writer.member("ttl", ifPresent: mark.lifetime)
        writer.endObject()
    }
}
