internal import Base

extension ConfigurationLoader {
    /// What must be there and what does not go together.
    mutating func check(_ draft: ProviderDraft, path: String) {
        guard let dialect = draft.dialect else {
            let names = Configuration.Dialect.allCases.map(\.rawValue).joined(separator: ", ")
            return report("\(path) needs a dialect, one of \(names).", draft.source)
        }
        if dialect.value == .local { return checkLocal(draft, path: path) }
        if let second = draft.secondKeys {
            report("\(path).api_keys: there is an api_key beside it; write all keys in the list.", second)
        } else if let strategy = draft.keyStrategy, draft.apiKeys == nil, draft.unsetVariables.isEmpty {
            report("\(path).key_strategy is for api_keys, a list of keys.", strategy.source)
        }
        if dialect.value == .anthropic, let responses = draft.hasResponses, responses.value {
            report("\(path).responses can be native only for the dialect openai.", responses.source)
        }
        if draft.baseURL == nil {
            report("\(path) needs a base_url, such as https://api.example.org/v1.", draft.source)
        } else if let url = draft.baseURL, let problem = url.value.hostProblem {
            report("\(path).base_url: the host \(problem).", url.source)
        }
        if let proxy = draft.proxy, let problem = proxy.value.hostProblem {
            report("\(path).proxy: the host \(problem).", proxy.source)
        }
        if let model = draft.model {
            report("\(path).model is for the dialect local; write models: [NAME].", model.source)
        }
    }

    private mutating func checkLocal(_ draft: ProviderDraft, path: String) {
        let limit = draft.resilience.changes.first { $0.key.path.hasPrefix("resilience.timeouts.") }
        let section = limit.map { $0.path.dropFirst(2).dropLast().joined(separator: ".") } ?? ""
        let foreign: [(String, ConfigurationSource?)] = [
            ("base_url", draft.baseURL?.source), ("api_key", draft.apiKey?.source),
            ("api_keys", draft.apiKeys?.source), ("key_strategy", draft.keyStrategy?.source),
            ("proxy", draft.proxy?.source), ("models", draft.models?.source),
            ("allow", draft.allowsAnyModel),
            ("usage", draft.asksForUsage?.source), ("responses", draft.hasResponses?.source),
            (section, limit?.source),
        ]
        for (name, source) in foreign where source != nil {
            report("\(path).\(name) has no meaning for the dialect local.", source)
        }
        if draft.model == nil {
            report("\(path) needs a model, such as model: smollm2, or the path of a GGUF file.", draft.source)
        } else if let local = draft.localModel, !Names.isModel(local.name) {
            report(
                "\(path).model must be a name or a file's name of letters, digits, '.', '_', ':', '-', '@', '+' "
                    + "and '~'.",
                draft.model?.source
            )
        } else if let local = draft.localModel, local.path == nil, !capabilities.localModels.contains(local.name) {
            report(
                "\(path).model: there is no local model '\(local.name)'. Write "
                    + "\(capabilities.localModels.sorted().joined(separator: " or ")), or the path of a GGUF file.",
                draft.model?.source
            )
        }
    }
}
