public import Base
internal import JSON

extension Anthropic {
    /// What a request may hold at most.
    public struct RequestLimits: Sendable {
        /// The provider's own limit.
        public var messages = 100_000
        /// An agent with many tool servers sends a few hundred; more is a mistake, or is meant to cost memory.
        public var tools = 512
        /// The provider names no limit. Each is looked for at every token.
        public var stopSequences = 64
        /// Unicode scalars of a tool's name or a call's id.
        public var name = 256

        public init() {}
    }

    /// Reads and checks the body of `POST /v1/messages`. Fields that have no neutral form stay in
    /// ``ChatRequest/original``.
    /// - Throws: an error of the caller's with the offending `param`.
    public static func decodeRequest(
        _ body: [UInt8], limits: RequestLimits = RequestLimits()
    ) throws(CodedError) -> ChatRequest {
        let fields = try fields(of: body)
        var request = try prompt(of: fields, body: body, limits: limits)
        // 0 asks for no answer, but to have the prompt cached.
        guard let most = try fields.integer("max_tokens", in: 0 ... .max) else {
            throw fields.missing("max_tokens", "the most tokens of the answer")
        }
        request.maxTokens = Int(clamping: most)
        request.maxTokensField = "max_tokens"
        request.stream = try fields.bool("stream") ?? false
        try readSampling(of: fields, into: &request, limits: limits)
        request.user = try fields.object("metadata")?.string("user_id")
        return request
    }

    /// Reads and checks the body of `POST /v1/messages/count_tokens`: the same without what is of the answer alone.
    /// - Throws: an error of the caller's with the offending `param`.
    public static func decodeTokenCountRequest(
        _ body: [UInt8], limits: RequestLimits = RequestLimits()
    ) throws(CodedError) -> ChatRequest {
        try prompt(of: try fields(of: body), body: body, limits: limits)
    }

    private static func fields(of body: [UInt8]) throws(CodedError) -> FieldReader {
        FieldReader(try RequestBody.object(body, like: #"{"model": …, "max_tokens": …, "messages": […]}"#))
    }

    /// What the model reads, and how it is to think and to answer.
    private static func prompt(
        of fields: FieldReader, body: [UInt8], limits: RequestLimits
    ) throws(CodedError) -> ChatRequest {
        guard let model = try fields.string("model") else { throw fields.missing("model", "the name of a model") }
        guard !model.isEmpty else {
            throw CodedError(.invalidValue, "'model' is empty. Name a model of GET /v1/models.", param: "model")
        }
        var request = ChatRequest(model: model, messages: try messages(of: fields, limits: limits))
        request.dialect = .anthropic
        request.original = ChatRequest.Original(dialect: .anthropic, bytes: body)
        try readTools(of: fields, into: &request, limits: limits)
        try readReasoning(of: fields, into: &request)
        try readFormat(of: fields, into: &request)
        // A mark for whatever comes last; other dialects' providers cache without being asked.
        _ = try fields.object("cache_control")
        return request
    }

    private static func readSampling(
        of fields: FieldReader, into request: inout ChatRequest, limits: RequestLimits
    ) throws(CodedError) {
        request.temperature = try fields.number("temperature", in: 0...1)
        request.topP = try fields.number("top_p", in: 0...1)
        request.topK = (try fields.integer("top_k", in: 0 ... .max)).map { Int(clamping: $0) }
        guard let array = try fields.array("stop_sequences") else { return }
        guard array.count <= limits.stopSequences else {
            throw CodedError(
                .invalidValue,
                "'stop_sequences' holds \(array.count) strings; at most \(limits.stopSequences) are allowed.",
                param: "stop_sequences")
        }
        for (index, element) in array.elements.enumerated() {
            guard let text = element.string else {
                throw fields.wrongType("stop_sequences[\(index)]", is: element, expected: "a string")
            }
            request.stop.append(text)
        }
    }

    private static func readReasoning(of fields: FieldReader, into request: inout ChatRequest) throws(CodedError) {
        let asked = try fields.object("output_config")?.string("effort").map { ReasoningRequest.effort($0) }
        guard let thinking = try fields.object("thinking") else {
            request.reasoning = asked
            return
        }
        guard let type = try thinking.string("type") else {
            throw thinking.missing("type", "enabled, adaptive or disabled")
        }
        switch type {
        case "enabled":
            guard let budget = try thinking.integer("budget_tokens", in: 1 ... .max) else {
                throw thinking.missing("budget_tokens", "the most tokens of the thinking")
            }
            request.reasoning = .budget(Int(clamping: budget))
        case "disabled": request.reasoning = .off
        // The model decides how much; the effort says around what.
        case "adaptive": request.reasoning = asked ?? .adaptive
        // A way of thinking that only the provider knows: in its dialect it passes, elsewhere the model decides.
        default: request.reasoning = asked
        }
    }

    private static func readFormat(of fields: FieldReader, into request: inout ChatRequest) throws(CodedError) {
        // The newer field wins where a client sends both.
        var found = try fields.object("output_config")?.object("format")
        if found == nil {
            found = try fields.object("output_format")
            if found != nil { request.formatField = "output_format" }
        }
        guard let format = found else { return }
        guard let type = try format.string("type") else { throw format.missing("type", "json_schema") }
        guard type == "json_schema" else {
            let param = format.param("type")
            throw CodedError(.invalidValue, "'\(param)' must be json_schema.", param: param)
        }
        guard let schema = try format.object("schema") else { throw format.missing("schema", "a JSON schema") }
        // The dialect gives it no name and promises that the answer obeys it.
        request.responseFormat = .jsonSchema(name: "answer", schema: schema.node, strict: true)
    }
}
