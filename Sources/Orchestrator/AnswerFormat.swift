internal import Base
internal import JSON
internal import Models

/// The form that a caller has asked an answer to have: ready to be checked, not only to be asked for.
struct AnswerFormat: Sendable {
    private enum Rule: Sendable {
        case anyObject
        case schema(JSONSchema)
    }

    /// What is said of an answer.
    enum Verdict: Sendable, Equatable {
        case conforms
        /// It is beyond what our reader holds, or takes more work than is allowed; it may be right.
        case undecided
        /// A sentence each, the first few.
        case violates([String])
    }

    private let rule: Rule
    /// Whether a check may take long even where the answer is short.
    let hasPatterns: Bool

    /// `nil` where any text will do. Throws `invalid_value` for a schema that cannot be followed, with its place in the
    /// client's request.
    init?(_ request: ChatRequest) throws(CodedError) {
        switch request.responseFormat {
        case nil, .text, .jsonSchema(_, nil, _): return nil
        case .jsonObject:
            rule = .anyObject
            hasPatterns = false
        case .jsonSchema(_, let schema?, let strict):
            let patterns = SchemaPatterns()
            let compiled = try JSONSchema(compiling: schema, param: request.formatParam) {
                pattern throws(CodedError) in patterns.compile(pattern)
            }
            // What is not to be strict is a wish: the provider does what it can. So it is by default, but with Anthropic.
            guard strict ?? (request.dialect == .anthropic) else { return nil }
            rule = .schema(compiled)
            hasPatterns = patterns.left < SchemaPatterns.budget
        }
        // The beginning of the answer stands in the request, and every provider joins the two in its own way.
        if request.prefill != nil { return nil }
    }

    /// Whether the whole of the answer is there and claims to be it: it was not cut off or refused, and does not go on
    /// with calls.
    static func isAnswer(_ choice: ChatCompletion.Choice) -> Bool {
        choice.finishReason == .stop && choice.toolCalls.isEmpty && (choice.refusal ?? "").isEmpty
    }

    /// Of several answers the first that is wrong. What is no answer is not read.
    func verdict(on completion: ChatCompletion) -> Verdict {
        var verdict = Verdict.conforms
        for choice in completion.choices where Self.isAnswer(choice) {
            switch self.verdict(on: choice.text ?? "") {
            case .conforms: continue
            case .undecided: verdict = .undecided
            case .violates(let violations): return .violates(violations)
            }
        }
        return verdict
    }

    private func verdict(on text: String) -> Verdict {
        let root: JSONNode
        do throws(JSONError) { root = try JSONDocument(Array(text.utf8)).root } catch {
            switch error.kind {
            // JSON knows no such limits; they are our reader's.
            case .tooDeep, .invalidNumber, .outOfMemory: return .undecided
            default: return .violates(["The answer is not JSON."])
            }
        }
        switch rule {
        case .anyObject: return root.kind == .object ? .conforms : .violates(["The answer must be a JSON object."])
        case .schema(let schema):
            let found = schema.violations(in: root)
            let violations = found.filter { $0.kind != .undecided }
            if !violations.isEmpty { return .violates(violations.map { $0.message + "." }) }
            return found.isEmpty ? .conforms : .undecided
        }
    }

    /// The answer without the fence of Markdown that many models put around JSON; `nil` where there is none.
    func unfenced(_ completion: ChatCompletion) -> ChatCompletion? {
        guard completion.choices.count == 1, let text = completion.choices[0].text else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.firstIndex(where: { $0.hasPrefix("```") }),
            let last = lines.lastIndex(where: { $0.hasPrefix("```") }), first < last
        else { return nil }
        var mended = completion
        // The provider's own bytes say something else.
        mended.frame = nil
        mended.choices[0].text = lines[(first + 1)..<last].joined(separator: "\n")
        if case .violates = verdict(on: mended) { return nil }
        return mended
    }
}

/// What happens to an answer that has not the form that its caller asked for.
public enum ViolationPolicy: String, Sendable, CaseIterable {
    /// The model is asked once more, with what was wrong; an answer that is still wrong is reported, and so is a
    /// streamed one, which has been shown by then.
    case repair
    /// The turn fails with `provider_invalid_answer`.
    case report
    /// The caller gets it as it is.
    case ignore
}

/// What has become of an answer that was checked.
public enum FormatOutcome: String, Sendable, CaseIterable {
    /// Nothing was found wrong, but not all of it could be looked at.
    case undecided
    case conforms, repaired, reported, ignored
}
