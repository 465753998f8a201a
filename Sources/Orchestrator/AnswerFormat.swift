internal import Base
internal import JSON
internal import Models

/// The form that a caller has asked an answer to have: ready to be checked, not only to be asked for.
struct AnswerFormat: Sendable {
    private enum Rule: Sendable {
        case anyObject
        case schema(JSONSchema)
    }

    private let rule: Rule

    /// `nil` where any text will do. Throws `invalid_value` for a schema that cannot be followed, with its place in the
    /// client's request.
    init?(_ request: ChatRequest) throws(CodedError) {
        switch request.responseFormat {
        // What is not to be strict is a wish: the provider does what it can.
        case nil, .text, .jsonSchema(_, nil, _), .jsonSchema(_, _, false): return nil
        case .jsonObject: rule = .anyObject
        case .jsonSchema(_, let schema?, _):
            rule = .schema(
                try JSONSchema(compiling: schema, param: Self.param(of: request.dialect)) {
                    pattern throws(CodedError) in
                    // What this engine does not know is not checked.
                    guard let expression = RegularExpression(pattern) else { return nil }
                    return { text in expression.occurs(in: text) }
                })
        }
    }

    private static func param(of dialect: Dialect) -> String {
        switch dialect {
        case .openai, .local: "response_format.json_schema.schema"
        case .responses: "text.format.schema"
        case .anthropic: "output_config.format.schema"
        }
    }

    /// What is wrong with the answer, a sentence each, the first few. Only what claims to be the answer is read: not
    /// one that was cut off, refused or goes on with calls.
    func violations(in completion: ChatCompletion) -> [String] {
        for choice in completion.choices where Self.isAnswer(choice) {
            let found = violations(in: choice.text ?? "")
            if !found.isEmpty { return found }
        }
        return []
    }

    private static func isAnswer(_ choice: ChatCompletion.Choice) -> Bool {
        choice.finishReason == .stop && choice.toolCalls.isEmpty && (choice.refusal ?? "").isEmpty
    }

    private func violations(in text: String) -> [String] {
        let root: JSONNode
        do throws(JSONError) { root = try JSONDocument(Array(text.utf8)).root } catch {
            return ["The answer is not JSON."]
        }
        switch rule {
        case .anyObject: return root.kind == .object ? [] : ["The answer must be a JSON object."]
        case .schema(let schema):
            // What could not be decided with reasonable work is not held against the answer.
            return schema.violations(in: root).filter { $0.kind != .undecided }.map { $0.message + "." }
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
        return violations(in: mended).isEmpty ? mended : nil
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
    case conforms, repaired, reported, ignored
}
