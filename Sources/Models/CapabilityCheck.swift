internal import Base

extension ChatRequest {
    /// Throws `unsupported_by_model` for the first thing that the model is known not to be able to do.
    func check(against entry: CatalogueEntry, _ target: Target) throws(CodedError) {
        func refuse(_ param: String, _ what: String) -> CodedError {
            CodedError(.unsupportedByModel, "'\(param)' is \(what), which \(target.name) cannot take.", param: param)
        }
        if entry.supports(.tools) == false, !tools.isEmpty { throw refuse("tools", "a list of tools") }
        guard entry.supports(.vision) == false || entry.supports(.documents) == false else { return }
        for (index, message) in messages.enumerated() {
            guard case .parts(let parts) = message.content else { continue }
            for (position, part) in parts.enumerated() {
                let param = "messages[\(index)].content[\(position)]"
                switch part {
                case .image where entry.supports(.vision) == false: throw refuse(param, "an image")
                // Whoever sees can be shown the pages.
                case .document where entry.supports(.documents) == false && entry.supports(.vision) == false:
                    throw refuse(param, "a document")
                default: continue
                }
            }
        }
    }
}
