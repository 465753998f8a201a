internal import Base
internal import JSON
internal import Models
internal import Orchestrator

/// The body of a turn in Tutti's own shape, decoded and checked. It holds no fields but its own.
struct NativeTurn: Sendable {
    let shared: Shared<ChatRequest>
    var stream: Bool
    /// Whether the run goes on when the client's connection ends.
    let isResumable: Bool
    let requestID: String?
    let conversationID: String?
    let personaID: String?

    var request: ChatRequest { shared.value }

    init(body: [UInt8]) throws(CodedError) {
        try self.init(try RequestBody.object(body, like: #"{"message": "…"}"#))
    }

    /// - Parameter others: Fields that it may have besides, which somebody else reads.
    init(_ root: JSONNode, also others: [Field] = []) throws(CodedError) {
        try root.refuseOthers(than: NativeTurn.fields + others)
        stream = try NativeTurn.flag("stream", root) ?? false
        isResumable = try NativeTurn.flag("resumable", root) ?? false
        requestID = try NativeTurn.identifier("requestId", root)
        conversationID = try NativeTurn.identifier("conversationId", root)
        personaID = try NativeTurn.identifier("personaId", root)
        if let personaID {
            throw CodedError(.notFound, "There is no persona '\(personaID)'.", param: "personaId")
        }
        shared = Shared(try NativeTurn.chatRequest(root, model: try NativeTurn.model(root)))
    }

    /// `plan` is short for the model `plan/NAME`.
    private static func model(_ root: JSONNode) throws(CodedError) -> String {
        let model = try text("model", root)
        guard let plan = try text("plan", root) else { return model ?? "auto" }
        guard model == nil else {
            throw CodedError(.invalidValue, "Send 'model' or 'plan', not both.", param: "plan")
        }
        guard PlanCheck.isName(plan) else {
            throw CodedError(
                .modelNotFound, "There is no plan of this name. GET /v1/models lists them as 'plan/NAME'.",
                param: "plan")
        }
        return PlanBook.prefix + plan
    }

    /// The conversation as OpenAI's dialect would have it, so that one decoder checks both.
    private static func chatRequest(_ root: JSONNode, model: String) throws(CodedError) -> ChatRequest {
        var writer = JSONWriter(reserving: 512)
        writer.beginObject()
        writer.member("model", model)
        writer.key("messages")
        switch (present("message", root), present("messages", root)) {
        case (let message?, nil):
            guard let text = message.string else { throw wrongType("message", "a text") }
            writer.beginArray()
            writer.beginObject()
            writer.member("role", "user")
            writer.member("content", text)
            writer.endObject()
            writer.endArray()
        case (nil, let messages?): writer.value(messages)
        case (nil, nil):
            throw CodedError(.missingField, "Send 'message' (a text) or 'messages' (a conversation).", param: "message")
        default:
            throw CodedError(.invalidValue, "Send 'message' or 'messages', not both.", param: "messages")
        }
        if let options = root["options"], !options.isNull {
            guard options.kind == .object else { throw wrongType("options", "an object") }
            try options.refuseOthers(than: NativeTurn.options, in: "options.")
            for (ours, theirs) in optionNames {
                guard let value = options[ours], !value.isNull else { continue }
                writer.key(theirs)
                writer.value(value)
            }
        }
        writer.endObject()
        var request: ChatRequest
        do throws(CodedError) { request = try OpenAI.decodeRequest(writer.bytes) } catch {
            throw renamed(error)
        }
        request.maxTokensField = "options.maxTokens"
        // The bytes are ours, not the client's: an upstream gets the request built anew.
        request.original = nil
        return request
    }

    private static let optionNames: [(String, StaticString)] = [
        ("temperature", "temperature"), ("maxTokens", "max_tokens"), ("topP", "top_p"), ("stop", "stop"),
        ("seed", "seed"),
    ]

    /// The error with the field as the client named it.
    private static func renamed(_ error: CodedError) -> CodedError {
        guard let param = error.param else { return error }
        for (ours, theirs) in optionNames {
            let name = "\(theirs)"
            guard param == name || param.hasPrefix(name + "[") else { continue }
            var error = error
            error.param = "options.\(ours)\(param.dropFirst(name.count))"
            error.message = error.message.split(separator: "'\(name)", omittingEmptySubsequences: false)
                .joined(separator: "'options.\(ours)")
            return error
        }
        return error
    }

    /// A member that is there and not null.
    private static func present(_ name: String, _ root: JSONNode) -> JSONNode? {
        root[name].flatMap { $0.isNull ? nil : $0 }
    }

    private static func text(_ name: String, _ root: JSONNode) throws(CodedError) -> String? {
        guard let value = root[name], !value.isNull else { return nil }
        guard let text = value.string else { throw wrongType(name, "a text") }
        return text
    }

    private static func flag(_ name: String, _ root: JSONNode) throws(CodedError) -> Bool? {
        guard let value = root[name], !value.isNull else { return nil }
        guard let flag = value.bool else { throw wrongType(name, "true or false") }
        return flag
    }

    private static func identifier(_ name: String, _ root: JSONNode) throws(CodedError) -> String? {
        guard let id = try text(name, root) else { return nil }
        guard Identifier.isAcceptable(id) else {
            throw CodedError(
                .invalidValue, "'\(name)' must be 1 to 64 of the characters A-Z a-z 0-9 . _ -", param: name)
        }
        return id
    }

    private static func wrongType(_ name: String, _ wanted: String) -> CodedError {
        CodedError(.invalidType, "'\(name)' must be \(wanted).", param: name)
    }
}
