internal import Base
internal import JSON

/// A tool whose arguments are the answer: how a model that has tools, but cannot be given a JSON schema, is brought to
/// answer by one. The caller sees neither the tool nor the call.
struct AnswerTool: Sendable {
    enum Plan: Sendable {
        /// The provider is told of the format, or there is none.
        case native
        case emulated(AnswerTool)
        /// The format is left out: the caller forces a tool of its own, so that the answer is that call.
        case none
    }

    /// What the model may do besides.
    enum Choice: Sendable, Equatable {
        /// Nothing: this tool is called.
        case forced
        /// Call the caller's tools before, or beside it.
        case oneOfAll
        /// The model takes no orders which tool to call; the tool's description alone asks for it.
        case offered
    }

    let definition: ToolDefinition
    /// Whether the answer is the argument ``AnswerSchema/argument``, for only objects can be arguments.
    let isWrapped: Bool
    let choice: Choice

    var name: String { definition.name }

    /// What is done about the format that the call asks for, at a provider of this dialect.
    /// - Throws: `unsupported_by_model` where the model has no tools either, or a schema is meant and missing.
    static func plan(for call: ModelCall, at upstream: Dialect) throws(CodedError) -> Plan {
        let request = call.request
        let schema: JSONNode?
        switch request.responseFormat {
        case nil, .text: return .native
        case .jsonObject:
            // Providers of OpenAI's dialect have it, or say themselves that they don't.
            guard upstream == .anthropic else { return .native }
            schema = nil
        case .jsonSchema(_, let given, _):
            guard !hasSchemas(call, at: upstream) else { return .native }
            guard let given else {
                if upstream == .anthropic { throw refusal(of: request) }
                return .native
            }
            schema = given
        }
        // Without the client's bytes nobody knows what those tools were; with them, a choice of its dialect stands.
        if request.hasForeignTools, request.original?.dialect != upstream { return .native }
        if case .other? = request.toolChoice { return .native }
        if case .function? = request.toolChoice, request.hasTools { return .none }
        if call.entry?.supports(.tools) == false { throw refusal(of: request) }
        return .emulated(try AnswerTool(for: request, schema: schema, entry: call.entry))
    }

    /// Whether the model is to be told of the schema itself: it is known to take one, or nothing says that it doesn't.
    private static func hasSchemas(_ call: ModelCall, at upstream: Dialect) -> Bool {
        // What there is to an answer without its schema, only its client knows.
        guard upstream == .anthropic else {
            return upstream != .openai || call.entry?.supports(.jsonSchema) != false
        }
        if let known = call.entry?.supports(.jsonSchema) { return known }
        // The client of the same dialect knows its model better than a guess by the name. For others, a forced tool is
        // what every model of the dialect understands.
        if call.request.original?.dialect == .anthropic { return true }
        return Anthropic.hasSchemas(call.model)
    }

    private static func refusal(of request: ChatRequest) -> CodedError {
        if case .jsonObject? = request.responseFormat {
            return .foreign(request.param(.format), "JSON without a schema")
        }
        return .foreign(request.param(.format), "a JSON schema")
    }

    private init(for request: ChatRequest, schema: JSONNode?, entry: CatalogueEntry?) throws(CodedError) {
        choice =
            if !Self.canBeForced(entry) { .offered } else if request.mayCallTools { .oneOfAll } else { .forced }
        isWrapped = schema.map { !AnswerSchema.isOfAnObject($0) } ?? false
        let parameters: JSONNode
        do {
            parameters =
                if let schema { isWrapped ? try AnswerSchema.wrapping(schema) : schema } else {
                    try JSONDocument(#"{"type":"object"}"#).root
                }
        } catch {
            let param = request.param(.format)
            throw CodedError(.invalidValue, "'\(param)' holds a schema that is \(error.message).", param: param)
        }
        definition = ToolDefinition(
            name: Self.name(for: request), description: Self.description(choice), parameters: parameters)
    }

    /// Some models refuse every choice but their own, DeepSeek's while they think.
    private static func canBeForced(_ entry: CatalogueEntry?) -> Bool {
        guard let entry else { return true }
        return !entry.refuses(.forcedTool) && !(entry.provider == "deepseek" && entry.supports(.thinking) == true)
    }

    private static func description(_ choice: Choice) -> String {
        switch choice {
        case .forced: "Gives the answer. The arguments are the whole answer."
        case .oneOfAll:
            "Gives the answer. Call it once, when no other tool is needed any more, and say nothing besides. The "
                + "arguments are the whole answer."
        case .offered:
            "Gives the answer. Every answer must be given by a call of this tool, once, and never as text. The "
                + "arguments are the whole answer."
        }
    }

    /// The schema's name in the letters that tools' names may have, and none of the caller's.
    private static func name(for request: ChatRequest) -> String {
        let longest = 64
        var wanted = "answer"
        if case .jsonSchema(let name, _, _)? = request.responseFormat, !name.isEmpty { wanted = name }
        let base = String(
            wanted.unicodeScalars.prefix(longest).map { scalar -> Character in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", "_", "-": Character(scalar)
                default: "_"
                }
            })
        let taken = Set(request.tools.map(\.name))
        guard taken.contains(base) else { return base }
        // One of so many names is none of the tools'.
        for number in 2...(taken.count + 2) {
            let suffix = "_\(number)"
            let name = String(base.prefix(longest - suffix.utf8.count)) + suffix
            if !taken.contains(name) { return name }
        }
        return base
    }
}

extension ChatRequest {
    fileprivate var hasTools: Bool { !tools.isEmpty || hasForeignTools }

    fileprivate var mayCallTools: Bool {
        if case ToolChoice.none? = toolChoice { return false }
        return hasTools
    }
}
