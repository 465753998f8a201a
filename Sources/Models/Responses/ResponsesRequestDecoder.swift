public import Base
internal import JSON

extension Responses {
    /// What a request may hold at most.
    public struct RequestLimits: Sendable {
        /// Every call and every result is an item of its own.
        public var items = 100_000
        /// An agent with many tool servers sends a few hundred; more is a mistake, or is meant to cost memory.
        public var tools = 512
        /// Unicode scalars of a tool's name or a call's id.
        public var name = 256

        public init() {}
    }

    /// Reads and checks the body of `POST /v1/responses`. Fields that have no neutral form stay in
    /// ``ChatRequest/original``.
    /// - Throws: an error of the caller's with the offending `param`.
    public static func decodeRequest(
        _ body: [UInt8], limits: RequestLimits = RequestLimits()
    ) throws(CodedError) -> ChatRequest {
        let fields = FieldReader(try RequestBody.object(body, like: #"{"model": …, "input": …}"#))
        guard let model = try fields.string("model") else { throw fields.missing("model", "the name of a model") }
        guard !model.isEmpty else {
            throw CodedError(.invalidValue, "'model' is empty. Name a model of GET /v1/models.", param: "model")
        }
        try refuseMemory(fields)
        let input = try input(of: fields, limits: limits)
        var request = ChatRequest(model: model, messages: input.messages)
        request.dialect = .responses
        request.original = ChatRequest.Original(dialect: .responses, bytes: body)
        request.foreignField = input.foreign
        try readTools(of: fields, into: &request, limits: limits)
        try readSampling(of: fields, into: &request)
        try readOutput(of: fields, into: &request)
        try readForeignFields(of: fields, into: &request)
        return request
    }

    /// What only a server that keeps conversations can do, whoever gives the answer.
    private static func refuseMemory(_ fields: FieldReader) throws(CodedError) {
        let instead = "Conversations are not kept here: send all of it in 'input'."
        _ = try fields.string("previous_response_id")
        for (field, what) in [
            ("previous_response_id", "names a previous response"), ("conversation", "names a conversation"),
        ] where fields.present(field) != nil {
            throw CodedError(.invalidValue, "'\(field)' \(what). \(instead)", param: field)
        }
        if fields.present("prompt") != nil {
            throw CodedError(
                .invalidValue,
                "'prompt' names a stored prompt. None are stored here: send its text in 'instructions' and 'input'.",
                param: "prompt")
        }
        if try fields.bool("background") == true {
            throw CodedError(
                .invalidValue,
                "'background' cannot be true: answers are not kept for later. Set 'stream' to true for a long one.",
                param: "background")
        }
    }

    private static func readSampling(
        of fields: FieldReader, into request: inout ChatRequest
    ) throws(CodedError) {
        request.temperature = try fields.number("temperature", in: 0...2)
        request.topP = try fields.number("top_p", in: 0...1)
        request.maxTokens = (try fields.integer("max_output_tokens", in: 1 ... .max)).map { Int(clamping: $0) }
        request.maxTokensField = "max_output_tokens"
        request.topLogprobs = (try fields.integer("top_logprobs", in: 0...20)).map { Int($0) }
        request.logprobs = (request.topLogprobs ?? 0) > 0
        request.user = try fields.string("user")
    }

    private static func readOutput(of fields: FieldReader, into request: inout ChatRequest) throws(CodedError) {
        request.stream = try fields.bool("stream") ?? false
        // Usage is always told, and padding is the provider's own affair.
        _ = try fields.object("stream_options")
        // Nothing is kept, whatever is asked; a provider of this dialect may.
        _ = try fields.bool("store")
        _ = try fields.object("metadata")
        if let reasoning = try fields.object("reasoning") {
            if let effort = try reasoning.string("effort") {
                request.reasoning = effort == "none" ? .off : .effort(effort)
            }
            _ = try reasoning.string("summary")
        }
        guard let text = try fields.object("text") else { return }
        _ = try text.string("verbosity")
        guard let format = try text.object("format") else { return }
        guard let type = try format.string("type") else {
            throw format.missing("type", "text, json_object or json_schema")
        }
        switch type {
        case "text": request.responseFormat = .text
        case "json_object": request.responseFormat = .jsonObject
        case "json_schema":
            guard let name = try format.string("name") else { throw format.missing("name", "the schema's name") }
            guard let schema = try format.object("schema") else { throw format.missing("schema", "a JSON schema") }
            request.responseFormat = .jsonSchema(name: name, schema: schema.node, strict: try format.bool("strict"))
        default:
            let param = format.param("type")
            throw CodedError(.invalidValue, "'\(param)' must be text, json_object or json_schema.", param: param)
        }
    }

    /// What means something and that only this dialect can say. The first one is told of.
    private static func readForeignFields(
        of fields: FieldReader, into request: inout ChatRequest
    ) throws(CodedError) {
        var foreign = request.foreignField
        if let truncation = try fields.string("truncation"), truncation != "disabled" {
            foreign = foreign ?? "truncation"
        }
        if try fields.integer("max_tool_calls", in: 1 ... .max) != nil { foreign = foreign ?? "max_tool_calls" }
        if let management = fields.present("context_management"), management.kind != .array || management.count > 0 {
            foreign = foreign ?? "context_management"
        }
        if let include = try fields.array("include") {
            for (index, element) in include.elements.enumerated() {
                guard let value = element.string else {
                    throw fields.wrongType("include[\(index)]", is: element, expected: "a string")
                }
                switch value {
                // Only its provider can read it; there is none in what others answer.
                case "reasoning.encrypted_content": break
                case "message.output_text.logprobs": request.logprobs = true
                default: foreign = foreign ?? "include[\(index)]"
                }
            }
        }
        request.foreignField = foreign
    }
}
