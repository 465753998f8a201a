/// What a model has given of an answer before it broke off. Nobody tells what that took.
struct BrokenPart: Sendable, Hashable {
    /// What the model had told by then, if anything: of the prompt it is right.
    let told: Usage?
    /// About how many tokens it has written.
    let tokens: Int

    init(told: Usage?, shown: Substring) {
        // What has been shown was a token at least.
        let estimate = shown.isEmpty ? 0 : max(1, ChatRequest.tokens(in: shown))
        let known = max(0, told?.completionTokens ?? 0)
        tokens = max(estimate, known)
        self.told = told?.including(tokens: tokens - known)
    }
}

extension Usage {
    func including(prompt tokens: Int) -> Usage { adding(Usage(promptTokens: tokens, completionTokens: 0)) }

    func including(tokens: Int) -> Usage { adding(Usage(promptTokens: 0, completionTokens: tokens)) }

    /// What each model has used of an answer's usage, in the order in which they have answered. Who has not told its
    /// prompt had that of the last one, without what was shown in between.
    func shares(of parts: [BrokenPart]) -> (broken: [Usage], last: Usage) {
        var shown = parts.tokens
        var last = self
        last.completionTokens = max(0, max(0, completionTokens) - shown)
        last.totalTokens = max(0, max(0, totalTokens) - shown)
        var broken: [Usage] = []
        for part in parts {
            let prompt = max(0, max(0, promptTokens) - shown)
            broken.append(part.told ?? Usage(promptTokens: prompt, completionTokens: part.tokens))
            shown = max(0, shown - part.tokens)
        }
        return (broken, last)
    }
}

extension [BrokenPart] {
    /// Of all of them. Counts come from outside; a sum must not trap.
    var tokens: Int {
        reduce(0) { sum, part in
            let (sum, overflow) = sum.addingReportingOverflow(part.tokens)
            return overflow ? .max : sum
        }
    }
}
