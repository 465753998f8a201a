internal import Base

extension ChatRequest {
    /// Throws `unsupported_by_model` for the first thing that the model is known not to be able to do.
    func check(against entry: CatalogueEntry, _ target: Target) throws(CodedError) {
        func refuse(_ param: String, _ what: String) -> CodedError {
            CodedError(.unsupportedByModel, "'\(param)' is \(what), which \(target.name) cannot take.", param: param)
        }
        if entry.supports(.tools) == false, !tools.isEmpty { throw refuse("tools", "a list of tools") }
        if forcesTool, entry.refuses(.forcedTool) {
            throw refuse("tool_choice", "a choice that forces a tool to be called")
        }
        // Whose dialect has the beginning of an answer, means it so. To others it is one message more.
        if dialect == .anthropic, entry.supports(.prefill) == false, let index = prefill {
            throw refuse(path(of: index).whole, Self.prefillName)
        }
        try checkMedia(against: entry, refuse)
    }

    private func checkMedia(
        against entry: CatalogueEntry, _ refuse: (String, String) -> CodedError
    ) throws(CodedError) {
        guard entry.supports(.vision) == false || entry.supports(.documents) == false else { return }
        for (index, message) in messages.enumerated() {
            guard case .parts(let parts) = message.content else { continue }
            for (position, part) in parts.enumerated() {
                switch part {
                case .image where entry.supports(.vision) == false:
                    throw refuse(path(of: index).part(position), "an image")
                // Whoever sees can be shown the pages.
                case .document where entry.supports(.documents) == false && entry.supports(.vision) == false:
                    throw refuse(path(of: index).part(position), "a document")
                default: continue
                }
            }
        }
    }

    static let prefillName = "an assistant's message at the end, the beginning of the answer"

    /// Where the beginning of the answer stands, if the conversation ends with one.
    public var prefill: Int? {
        guard let last = messages.last, last.role == .assistant, last.toolCalls.isEmpty else { return nil }
        let says: Bool =
            switch last.content {
            case .none: false
            case .text(let text): !text.allSatisfy(\.isWhitespace)
            case .parts(let parts):
                parts.contains { if case .text(let text) = $0 { !text.allSatisfy(\.isWhitespace) } else { true } }
            }
        return says || last.refusal?.allSatisfy(\.isWhitespace) == false ? messages.count - 1 : nil
    }

    /// Whether the model is not free to call no tool.
    var forcesTool: Bool {
        guard !tools.isEmpty else { return false }
        switch toolChoice {
        case .required, .function: return true
        default: return false
        }
    }
}
