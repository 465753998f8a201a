internal import Base
internal import JSON

extension Anthropic {
    static func readTools(
        of fields: FieldReader, into request: inout ChatRequest, limits: RequestLimits
    ) throws(CodedError) {
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
        // Tools in other forms: servers that the provider calls, a machine that it runs code on.
        if let servers = try fields.array("mcp_servers"), servers.count > 0 { request.foreignField = "mcp_servers" }
        for field in ["container", "thread"] where fields.present(field) != nil { request.foreignField = field }
        try readToolChoice(of: fields, into: &request, limits: limits)
    }

    /// `nil` for a tool that the provider defines.
    private static func definition(
        of tool: FieldReader, limits: RequestLimits
    ) throws(CodedError) -> ToolDefinition? {
        if let type = try tool.string("type"), type != "custom" { return nil }
        guard let name = try tool.name("name", limit: limits.name) else {
            throw tool.missing("name", "the tool's name")
        }
        guard let schema = try tool.object("input_schema") else {
            throw tool.missing("input_schema", "a JSON schema")
        }
        var definition = ToolDefinition(
            name: name, description: try tool.string("description"), parameters: schema.node,
            strict: try tool.bool("strict"))
        definition.cacheMark = try cacheMark(of: tool)
        return definition
    }

    private static func readToolChoice(
        of fields: FieldReader, into request: inout ChatRequest, limits: RequestLimits
    ) throws(CodedError) {
        guard let choice = try fields.object("tool_choice") else { return }
        guard let type = try choice.string("type") else { throw choice.missing("type", "auto, any, tool or none") }
        switch type {
        case "auto": request.toolChoice = .auto
        case "any": request.toolChoice = .required
        case "none": request.toolChoice = ToolChoice.none
        case "tool":
            guard let name = try choice.name("name", limit: limits.name) else {
                throw choice.missing("name", "the tool's name")
            }
            request.toolChoice = .function(name)
        default: request.toolChoice = .other(choice.node)
        }
        if try choice.bool("disable_parallel_tool_use") == true { request.parallelToolCalls = false }
    }
}
