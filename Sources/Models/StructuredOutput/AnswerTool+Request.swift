internal import Base
internal import JSON

extension AnswerTool {
    /// The call as a provider of this dialect can be asked, and the tool that its answer comes by, if it does. A call
    /// that has been through here comes out as it is.
    static func applied(
        to call: ModelCall, at upstream: Dialect
    ) throws(CodedError) -> (call: ModelCall, tool: AnswerTool?) {
        if case nil = call.request.responseFormat { return (call, nil) }
        var call = call
        switch try plan(for: call, at: upstream) {
        case .native: return (call, nil)
        case .none:
            call.request.responseFormat = nil
            if let original = call.request.original, original.dialect == upstream {
                call.request.original?.bytes = withoutFormat(original)
            }
            return (call, nil)
        case .emulated(let tool):
            tool.ask(in: &call.request, at: upstream)
            return (call, tool)
        }
    }

    private func ask(in request: inout ChatRequest, at upstream: Dialect) {
        // A model that takes no orders could call what the caller forbade.
        var hidesOthers = false
        if case ToolChoice.none? = request.toolChoice { hidesOthers = choice == .offered }
        request.responseFormat = nil
        request.tools = (hidesOthers ? [] : request.tools) + [definition]
        switch choice {
        case .forced:
            request.toolChoice = .function(name)
            // One call is the answer. Others than Anthropic may not know the field, and call a forced tool once anyway.
            if upstream == .anthropic { request.parallelToolCalls = false }
        case .oneOfAll: request.toolChoice = .required
        case .offered: request.toolChoice = nil
        }
        guard let original = request.original, original.dialect == upstream else { return }
        let bytes = asked(original, of: request, hidesOthers: hidesOthers)
        request.original?.bytes = bytes
    }

    /// The client's own bytes with the tool in the place of the format, so that what only they say stays.
    private func asked(
        _ original: ChatRequest.Original, of request: ChatRequest, hidesOthers: Bool
    ) -> [UInt8] {
        var alone = request
        alone.tools = [definition]
        var writer = JSONWriter(reserving: 512)
        writer.beginObject()
        if original.dialect == .anthropic {
            Anthropic.writeTools(of: alone, to: &writer)
        } else {
            OpenAI.writeTools(of: alone, to: &writer)
        }
        writer.endObject()
        var body = Self.withoutFormat(original)
        guard let tools = JSONMembers.find("tools", in: writer.bytes) else { return body }
        body =
            hidesOthers
            ? JSONMembers.setting("tools", to: Array(writer.bytes[tools.value]), in: body)
            : Self.appending(writer.bytes[tools.value], toToolsIn: body)
        if let choice = JSONMembers.find("tool_choice", in: writer.bytes) {
            body = JSONMembers.setting("tool_choice", to: Array(writer.bytes[choice.value]), in: body)
        } else {
            body = JSONMembers.removing("tool_choice", in: body)
        }
        // A model that must call a tool does not think before.
        if original.dialect == .anthropic, choice != .offered { body = JSONMembers.removing("thinking", in: body) }
        return body
    }

    /// A list of tools after those that the body has.
    private static func appending(_ list: ArraySlice<UInt8>, toToolsIn body: [UInt8]) -> [UInt8] {
        var tools = Array(list)
        if let member = JSONMembers.find("tools", in: body), body[member.value.lowerBound] == UInt8(ascii: "[") {
            let known = body[member.value].dropFirst().dropLast()
            if !known.allSatisfy({ $0 <= 0x20 }) {
                tools = [UInt8(ascii: "[")] + known + [UInt8(ascii: ",")] + list.dropFirst()
            }
        }
        return JSONMembers.setting("tools", to: tools, in: body)
    }

    /// The body without what it says of the answer's format.
    private static func withoutFormat(_ original: ChatRequest.Original) -> [UInt8] {
        guard original.dialect == .anthropic else { return JSONMembers.removing("response_format", in: original.bytes) }
        let body = JSONMembers.removing("output_format", in: original.bytes)
        guard let member = JSONMembers.find("output_config", in: body) else { return body }
        let rest = JSONMembers.removing("format", in: Array(body[member.value]))
        // An empty object would be a field that older models do not know.
        guard JSONMembers(of: rest).contains(where: { _ in true }) else {
            return JSONMembers.removing("output_config", in: body)
        }
        return JSONMembers.setting("output_config", to: rest, in: body)
    }
}
