public import Base
internal import JSON

extension Anthropic {
    public static let dialect = Dialect.anthropic

    /// The body for an upstream of this dialect: the client's own bytes with only the model and the stream flag
    /// changed, or built anew for a request of another dialect by ``TranslationRule/all``. A format of the answer that
    /// the model does not know is a forced tool in either. Usage is always told, so `asksForUsage` changes nothing.
    /// - Throws: `unsupported_by_model` for what this dialect cannot say, `invalid_value` for what no model could take,
    ///   each with its `param`.
    public static func encodeRequest(_ call: ModelCall, asksForUsage: Bool) throws(CodedError) -> [UInt8] {
        let call = try AnswerTool.applied(to: call, at: dialect).call
        guard let original = call.request.original, original.dialect == .anthropic else { return try build(call) }
        let own = passable(call.request, original.bytes)
        var body = JSONMembers.setting("model", to: JSON.string(call.model).bytes, in: own)
        if call.streaming != call.request.stream {
            body = JSONMembers.setting("stream", to: JSON.bool(call.streaming).bytes, in: body)
        }
        return body
    }

    private static func build(_ call: ModelCall) throws(CodedError) -> [UInt8] {
        let request = call.request
        try refuseUnspeakable(in: request)
        if call.entry?.supports(.prefill) == false, let index = request.prefill {
            throw .foreign(request.path(of: index).whole, ChatRequest.prefillName)
        }
        let (maxTokens, thinking) = try answerTokens(of: call)
        var writer = JSONWriter(reserving: 1024 + (request.original?.bytes.count ?? 0))
        writer.beginObject()
        writer.member("model", call.model)
        writer.member("max_tokens", maxTokens)
        try writeConversation(of: request, to: &writer)
        writeTools(of: request, to: &writer)
        thinking?.write(to: &writer)
        writeOutputConfig(effort: thinking?.effort, schema: try schema(of: request), to: &writer)
        try writeSampling(
            of: request, thinks: thinking?.isOn == true, refuses: steering(of: call)?.refuses ?? [], to: &writer)
        let stop = request.stop.filter { !$0.isEmpty }
        if !stop.isEmpty { writer.member("stop_sequences", .array(stop.map(JSON.string))) }
        if let user = request.user, !user.isEmpty { writer.member("metadata", ["user_id": .string(user)]) }
        if call.streaming { writer.member("stream", true) }
        writer.endObject()
        return writer.bytes
    }

    private static func refuseUnspeakable(in request: ChatRequest) throws(CodedError) {
        try request.refuseForeign(to: .anthropic)
        // Even in its own dialect: what such a tool was stands only in the bytes, which are given up.
        if request.hasForeignTools { throw .foreign("tools", "a tool that is no function") }
        if request.n > 1 { throw .foreign("n", "over 1") }
        if request.logprobs { throw .foreign("logprobs", "true") }
        for (index, text) in request.stop.enumerated() where !text.isEmpty && text.allSatisfy(\.isWhitespace) {
            throw .foreign(request.param(.stop(index)), "white space alone")
        }
    }

    /// The schema that the answer is to obey. ``AnswerTool`` has taken over what the model cannot be told of.
    private static func schema(of request: ChatRequest) throws(CodedError) -> JSONNode? {
        switch request.responseFormat {
        case nil, .text: return nil
        case .jsonObject: throw .foreign(request.param(.format), "JSON without a schema")
        case .jsonSchema(_, let schema, _):
            guard let schema else { throw .foreign(request.param(.format), "a JSON schema") }
            return schema
        }
    }

    /// Of models that the catalogue does not know: whether one can be held to a JSON schema: those of version 4.5 and later.
    static func hasSchemas(_ model: String) -> Bool {
        version(of: model).map { $0 >= (4, 5) } ?? false
    }
}
