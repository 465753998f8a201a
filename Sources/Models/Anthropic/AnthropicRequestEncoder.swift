public import Base
internal import JSON

extension Anthropic {
    /// The body for an upstream of this dialect: the client's own bytes with only the model and the stream flag
    /// changed, or built anew for a request of another dialect by ``TranslationRule/all``. Usage is always told, so
    /// `asksForUsage` changes nothing.
    /// - Throws: `unsupported_by_model` for what this dialect cannot say, `invalid_value` for what no model could take,
    ///   each with its `param`.
    public static func encodeRequest(_ call: ModelCall, asksForUsage: Bool) throws(CodedError) -> [UInt8] {
        guard let original = call.request.original, original.dialect == .anthropic else { return try build(call) }
        var body = JSONMembers.setting("model", to: JSON.string(call.model).bytes, in: original.bytes)
        if call.streaming != call.request.stream {
            body = JSONMembers.setting("stream", to: JSON.bool(call.streaming).bytes, in: body)
        }
        return body
    }

    private static func build(_ call: ModelCall) throws(CodedError) -> [UInt8] {
        let request = call.request
        try refuseUnspeakable(in: request)
        let (maxTokens, thinking) = try answerTokens(of: call)
        var writer = JSONWriter(reserving: 1024)
        writer.beginObject()
        writer.member("model", call.model)
        writer.member("max_tokens", maxTokens)
        try writeConversation(of: request, to: &writer)
        writeTools(of: request, to: &writer)
        thinking?.write(to: &writer)
        let hasSchemas = call.entry?.supports(.jsonSchema) ?? hasSchemas(call.model)
        try writeFormat(of: request, hasSchemas: hasSchemas, to: &writer)
        writeSampling(of: request, thinks: thinking != nil, to: &writer)
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
            throw .foreign("stop[\(index)]", "white space alone")
        }
        if let temperature = request.temperature, temperature > 1 { throw .foreign("temperature", "over 1") }
    }

    private static func writeSampling(of request: ChatRequest, thinks: Bool, to writer: inout JSONWriter) {
        // A model that thinks takes neither of the two.
        if !thinks {
            if let value = request.temperature { writer.member("temperature", value) }
            writer.member("top_k", ifPresent: request.topK)
        }
        if let value = request.topP { writer.member("top_p", value) }
        let stop = request.stop.filter { !$0.isEmpty }
        if !stop.isEmpty { writer.member("stop_sequences", .array(stop.map(JSON.string))) }
    }

    private static func writeFormat(
        of request: ChatRequest, hasSchemas: Bool, to writer: inout JSONWriter
    ) throws(CodedError) {
        switch request.responseFormat {
        case nil, .text: break
        case .jsonObject: throw .foreign("response_format", "JSON without a schema")
        case .jsonSchema(_, let schema, _):
            guard let schema, hasSchemas else { throw .foreign("response_format", "a JSON schema") }
            writer.key("output_config")
            writer.beginObject()
            writer.key("format")
            writer.beginObject()
            writer.member("type", "json_schema")
            writer.key("schema")
            writer.value(schema)
            writer.endObject()
            writer.endObject()
        }
    }

    /// Of models that the catalogue does not know: whether one can be held to a JSON schema: those of version 4.5 and later.
    static func hasSchemas(_ model: String) -> Bool {
        let words = model.lowercased().split { "-./:@".contains($0) }
        guard let name = words.lastIndex(of: "claude") else { return false }
        // Dates are numbers too, of eight digits.
        let version = words[(name + 1)...].drop { Int($0) == nil }.prefix { $0.utf8.count <= 2 && Int($0) != nil }
            .compactMap { Int($0) }
        guard let major = version.first else { return false }
        return major > 4 || major == 4 && version.dropFirst().first ?? 0 >= 5
    }
}
