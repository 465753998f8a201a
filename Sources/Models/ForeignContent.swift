internal import Base

extension ChatRequest {
    /// Throws `unsupported_by_model` for the first thing in the request that only the client's own dialect can say. Its
    /// meaning would change if it were left out.
    func refuseForeign(to other: Dialect) throws(CodedError) {
        guard dialect != other else { return }
        if let foreignField { throw .foreign(foreignField, "a field that only its own dialect has") }
        if maxTokens == 0 { throw .foreign(maxTokensField, "0, which only fills a cache") }
        if hasForeignTools { throw .foreign("tools", "a tool that only its own dialect has") }
        if case .other? = toolChoice { throw .foreign("tool_choice", "a choice that only its own dialect has") }
        for (index, message) in messages.enumerated() {
            guard case .parts(let parts) = message.content else { continue }
            for (position, part) in parts.enumerated() {
                guard case .other(let type, _) = part else { continue }
                throw .foreign(path(of: index).part(position), "'\(type)' content")
            }
        }
    }
}

extension CodedError {
    /// Another target of a chain may be able to.
    static func foreign(_ param: String, _ what: String) -> CodedError {
        CodedError(
            .unsupportedByModel, "'\(param)' is \(what), which this model's provider cannot be asked for.",
            param: param)
    }
}
