internal import Base
internal import Models

/// Whether a plan of several experts can give what a request asks for.
enum PlanFit {
    /// Costs nothing for a pinned plan, which gives what its model does.
    /// - Throws: `unsupported_by_model` with the field that cannot be honoured.
    static func check(_ request: ChatRequest, _ plan: Plan) throws(CodedError) {
        func refuse(_ param: String, _ why: String) -> CodedError {
            CodedError(
                .unsupportedByModel, "\(why) Leave '\(param)' out, or name a model instead of '\(plan.model)'.",
                param: param)
        }
        if request.n > 1 { throw refuse("n", "'\(plan.model)' makes one answer of several experts' answers.") }
        if request.hasForeignTools {
            throw refuse("tools", "'\(plan.model)' can hand on tools that are functions, and no others.")
        }
        if let field = request.foreignField {
            throw refuse(field, "'\(plan.model)' asks several models, and only one dialect knows this field.")
        }
        if let prefill = request.prefill {
            throw refuse("messages[\(prefill)]", "'\(plan.model)' cannot go on with an answer that is begun.")
        }
        if plan.lead != nil { return }
        if request.logprobs {
            throw refuse("logprobs", "'\(plan.model)' has no single model whose tokens the answer would be.")
        }
        if !request.tools.isEmpty {
            throw refuse("tools", "'\(plan.model)' has no single expert whose calls of tools would be the answer.")
        }
        switch request.responseFormat {
        case .jsonObject, .jsonSchema:
            guard case .concatenate = plan.fusion else { return }
            throw refuse(
                request.formatField ?? "response_format",
                "'\(plan.model)' puts several texts together, which have no form as a whole.")
        case nil, .text: return
        }
    }
}
