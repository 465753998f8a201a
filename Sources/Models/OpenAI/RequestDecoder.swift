public import Base
internal import JSON

/// OpenAI's dialect: one file a capability.
public enum OpenAI: Sendable {}

extension OpenAI {
    /// What a request may hold at most.
    public struct RequestLimits: Sendable {
        public var messages = 10_000
        public var tools = 128
        public var answers = 8
        public var stopSequences = 4
        /// Unicode scalars of a tool's or participant's name.
        public var name = 256

        public init() {}
    }

    /// Reads and checks the body of `POST /v1/chat/completions`. Fields that the dialect does not name stay in
    /// ``ChatRequest/original``.
    /// - Throws: an error of the caller's with the offending `param`.
    public static func decodeRequest(
        _ body: [UInt8], limits: RequestLimits = RequestLimits()
    ) throws(CodedError) -> ChatRequest {
        let fields = FieldReader(try RequestBody.object(body, like: #"{"model": …, "messages": […]}"#))
        guard let model = try fields.string("model") else { throw fields.missing("model", "the name of a model") }
        guard !model.isEmpty else {
            throw CodedError(.invalidValue, "'model' is empty. Name a model of GET /v1/models.", param: "model")
        }
        var request = ChatRequest(model: model, messages: try messages(of: fields, limits: limits))
        try readTools(of: fields, into: &request, limits: limits)
        try readSampling(of: fields, into: &request, limits: limits)
        try readOutput(of: fields, into: &request)
        request.original = ChatRequest.Original(dialect: .openai, bytes: body)
        return request
    }

    private static func readSampling(
        of fields: FieldReader, into request: inout ChatRequest, limits: RequestLimits
    ) throws(CodedError) {
        request.temperature = try fields.number("temperature", in: 0...2)
        request.topP = try fields.number("top_p", in: 0...1)
        request.frequencyPenalty = try fields.number("frequency_penalty", in: -2...2)
        request.presencePenalty = try fields.number("presence_penalty", in: -2...2)
        request.seed = try fields.integer("seed", in: .min ... .max)
        request.n = Int(try fields.integer("n", in: 1...Int64(limits.answers)) ?? 1)
        request.stop = try stop(of: fields, limits: limits)
        // The newer field wins where a client sends both.
        for field in ["max_tokens", "max_completion_tokens"] {
            guard let most = try fields.integer(field, in: 1 ... .max) else { continue }
            request.maxTokens = Int(most)
            request.maxTokensField = field
        }
        request.logprobs = try fields.bool("logprobs") ?? false
        request.topLogprobs = (try fields.integer("top_logprobs", in: 0...20)).map { Int($0) }
        if request.topLogprobs != nil, !request.logprobs {
            throw CodedError(
                .invalidValue, "'top_logprobs' needs 'logprobs' to be true. Set it, or leave 'top_logprobs' out.",
                param: "top_logprobs")
        }
        _ = try fields.object("logit_bias")
    }

    private static func stop(of fields: FieldReader, limits: RequestLimits) throws(CodedError) -> [String] {
        guard let node = fields.present("stop") else { return [] }
        if let text = node.string { return [text] }
        guard node.kind == .array else {
            throw fields.wrongType("stop", is: node, expected: "a string or an array of strings")
        }
        guard node.count <= limits.stopSequences else {
            throw CodedError(
                .invalidValue, "'stop' holds \(node.count) strings; at most \(limits.stopSequences) are allowed.",
                param: "stop")
        }
        var result: [String] = []
        for (index, element) in node.elements.enumerated() {
            guard let text = element.string else {
                throw fields.wrongType("stop[\(index)]", is: element, expected: "a string")
            }
            result.append(text)
        }
        return result
    }

    private static func readOutput(of fields: FieldReader, into request: inout ChatRequest) throws(CodedError) {
        request.stream = try fields.bool("stream") ?? false
        if let options = try fields.object("stream_options") {
            request.includeUsage = try options.bool("include_usage") ?? false
        }
        request.user = try fields.string("user")
        // OpenAI's field, or OpenRouter's.
        var effort = try fields.string("reasoning_effort")
        if effort == nil, fields.present("reasoning")?.kind == .object {
            effort = try fields.object("reasoning")?.string("effort")
        }
        if let effort {
            request.reasoning = effort == "none" ? .off : .effort(effort)
        }
        _ = try fields.object("metadata")
        guard let format = try fields.object("response_format") else { return }
        guard let type = try format.string("type") else {
            throw format.missing("type", "text, json_object or json_schema")
        }
        switch type {
        case "text": request.responseFormat = .text
        case "json_object": request.responseFormat = .jsonObject
        case "json_schema":
            guard let schema = try format.object("json_schema") else {
                throw format.missing("json_schema", "an object with a name and a schema")
            }
            guard let name = try schema.string("name") else { throw schema.missing("name", "the schema's name") }
            request.responseFormat = .jsonSchema(
                name: name, schema: try schema.object("schema")?.node, strict: try schema.bool("strict"))
        default:
            throw CodedError(
                .invalidValue, "'response_format.type' must be text, json_object or json_schema.",
                param: "response_format.type")
        }
    }
}
