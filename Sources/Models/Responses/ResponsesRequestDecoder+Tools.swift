internal import Base
internal import JSON

extension Responses {
    static func readTools(
        of fields: FieldReader, into request: inout ChatRequest, limits: RequestLimits
    ) throws(CodedError) {
        request.parallelToolCalls = try fields.bool("parallel_tool_calls")
        if let array = try fields.array("tools") {
            let count = array.count
            guard count <= limits.tools else {
                throw CodedError(
                    .invalidValue, "'tools' holds \(count) tools; at most \(limits.tools) are allowed.", param: "tools")
            }
            request.tools.reserveCapacity(count)
            for (index, element) in array.elements.enumerated() {
                let tool = try fields.element(element, "tools", index)
                if let definition = try definition(of: tool, limits: limits) {
                    request.tools.append(definition)
                } else {
                    request.hasForeignTools = true
                }
            }
        }
        request.toolChoice = try toolChoice(of: fields, limits: limits)
    }

    /// `nil` for a tool that is no function: the provider runs it, or its input has a grammar of its own.
    private static func definition(
        of tool: FieldReader, limits: RequestLimits
    ) throws(CodedError) -> ToolDefinition? {
        if let type = try tool.string("type"), type != "function" { return nil }
        guard let name = try tool.name("name", limit: limits.name) else {
            throw tool.missing("name", "the function's name, beside 'type' and not within 'function'")
        }
        return ToolDefinition(
            name: name, description: try tool.string("description"), parameters: try tool.object("parameters")?.node,
            strict: try tool.bool("strict"))
    }

    private static func toolChoice(
        of fields: FieldReader, limits: RequestLimits
    ) throws(CodedError) -> ToolChoice? {
        guard let node = fields.present("tool_choice") else { return nil }
        if let name = node.string {
            return switch name {
            case "none": ToolChoice.none
            case "auto": .auto
            case "required": .required
            default: .other(node)
            }
        }
        guard node.kind == .object, let choice = try fields.object("tool_choice") else {
            throw fields.wrongType("tool_choice", is: node, expected: "none, auto, required or an object")
        }
        guard try choice.string("type") == "function" else { return .other(node) }
        guard let name = try choice.name("name", limit: limits.name) else {
            throw choice.missing("name", "the function's name")
        }
        return .function(name)
    }
}
